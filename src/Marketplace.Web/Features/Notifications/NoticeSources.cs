using Marketplace.Billing;
using Marketplace.Data;
using Marketplace.Web.Features.Alarms;

namespace Marketplace.Web.Features.Notifications;

/// <summary>
/// Where notifications come from, each source one statement over all members: account_id, key, member_id, variant, subject and facts. $1 is the loop;
/// what further values mean is said at each. A key names the thing, so that asking again answers the same.
/// </summary>
internal static class NoticeSources
{
    /// <summary>$7: the last document gone through.</summary>
    public static readonly string Documents =
        $"""
        SELECT s.account_id, 'bill/' || b.id AS key, b.member_id,
               CASE WHEN b.kind = {(int)DocumentKind.CreditNote} THEN 'CreditNote' WHEN b.role = {(short)Role.Consumer} THEN 'Bill' ELSE 'Statement' END AS variant,
               b.number::text AS subject, ARRAY[]::text[] AS facts
        FROM market.bills b JOIN market.memberships s ON s.loop_id = b.loop_id AND s.member_id = b.member_id
        WHERE b.loop_id = $1 AND b.id > $7::int
        """;

    /// <summary>$7: the earliest moment of those that are told.</summary>
    public const string Reminders =
        """
        SELECT s.account_id, 'reminder/' || r.id AS key, r.member_id, 'Reminder' AS variant, b.number::text AS subject, ARRAY[]::text[] AS facts
        FROM market.reminders r JOIN market.bills b ON b.loop_id = r.loop_id AND b.id = r.bill_id
        JOIN market.memberships s ON s.loop_id = r.loop_id AND s.member_id = r.member_id
        WHERE r.loop_id = $1 AND r.made_at >= $7
        """;

    /// <summary>Open alarms about their meters, for the members concerned. $7: the kinds that concern members.</summary>
    public const string MembersAlarms =
        """
        SELECT s.account_id, 'alarm/' || a.id AS key, m.member_id, 'MemberAlarm' AS variant, m.code::text AS subject, ARRAY[a.kind::text] AS facts
        FROM market.alarms a JOIN market.meters m ON m.loop_id = a.loop_id AND m.id = a.meter_id
        JOIN market.memberships s ON s.loop_id = m.loop_id AND s.member_id = m.member_id
        WHERE a.loop_id = $1 AND a.resolved_at IS NULL AND a.kind = ANY ($7)
        """;

    /// <summary>Open alarms that do not wait, for those who tend the loop.</summary>
    public static readonly string StaffAlarms =
        $"""
        SELECT DISTINCT s.account_id, 'staff-alarm/' || a.id AS key, NULL::integer AS member_id, 'StaffAlarm' AS variant, a.id::text AS subject, ARRAY[a.kind::text, a.subject::text] AS facts
        FROM market.alarms a
        JOIN market.member_roles r ON r.loop_id = a.loop_id AND r.role IN ({string.Join(", ", AlarmAccess.Roles.Select(role => ((short)role).ToString(System.Globalization.CultureInfo.InvariantCulture)))})
        JOIN market.memberships s ON s.loop_id = r.loop_id AND s.member_id = r.member_id
        WHERE a.loop_id = $1 AND a.resolved_at IS NULL AND a.severity <= {(short)AlarmSeverity.High}
        """;

    /// <summary>$7: market time.</summary>
    public const string Announcements =
        """
        SELECT DISTINCT s.account_id, 'announcement/' || a.id AS key, NULL::integer AS member_id, 'Announcement' AS variant, a.id::text AS subject, ARRAY[a.title::text] AS facts
        FROM market.announcements a JOIN market.memberships s ON s.loop_id = a.loop_id
        WHERE a.loop_id = $1 AND a.until > $7 AND a.withdrawn_at IS NULL
          AND (a.member_ids IS NULL OR s.member_id = ANY (a.member_ids))
          AND (a.carrier IS NULL OR EXISTS (SELECT FROM market.meters m WHERE m.loop_id = a.loop_id AND m.member_id = s.member_id AND m.carrier = a.carrier))
        """;

    /// <summary>Members who trade and have neither an order for the hour nor a standing one. $7: the hour; $8: how it stands in addresses; $9: who trades.</summary>
    public const string Gates =
        """
        SELECT DISTINCT s.account_id, 'gate/' || s.member_id || '/' || $8 AS key, s.member_id, 'Gate' AS variant, $8::text AS subject, ARRAY[]::text[] AS facts
        FROM market.notification_choices c JOIN market.memberships s ON s.loop_id = c.loop_id AND s.account_id = c.account_id
        JOIN market.member_roles r ON r.loop_id = s.loop_id AND r.member_id = s.member_id AND r.role = ANY ($9)
        WHERE c.loop_id = $1 AND c.kind = 5 AND (c.portal OR c.mail)
          AND NOT EXISTS (SELECT FROM market.orders o WHERE o.loop_id = $1 AND o.member_id = s.member_id AND o.hour = $7 AND o.withdrawn_at IS NULL)
          AND NOT EXISTS (SELECT FROM market.standing_orders o WHERE o.loop_id = $1 AND o.member_id = s.member_id AND o.ended_at IS NULL)
        """;

    /// <summary>Proposals that are open, for those who may vote. $7: market time.</summary>
    public const string OpenVotes =
        """
        SELECT DISTINCT s.account_id, 'vote/' || p.number AS key, NULL::integer AS member_id, 'Vote' AS variant, p.number::text AS subject, ARRAY[]::text[] AS facts
        FROM market.proposals p JOIN market.proposal_voters v ON v.loop_id = p.loop_id AND v.proposal = p.number
        JOIN market.memberships s ON s.loop_id = v.loop_id AND s.member_id = v.member_id
        WHERE p.loop_id = $1 AND p.opens_at <= $7 AND p.closes_at > $7
        """;

    /// <summary>How votes ended. $7: the earliest moment, on the market clock, of those that are told.</summary>
    public const string DecidedVotes =
        """
        SELECT DISTINCT s.account_id, 'vote/' || p.number || '/decided' AS key, NULL::integer AS member_id, 'VoteDecided' AS variant, p.number::text AS subject, ARRAY[d.outcome::text] AS facts
        FROM market.proposals p JOIN market.proposal_decisions d ON d.loop_id = p.loop_id AND d.proposal = p.number
        JOIN market.proposal_voters v ON v.loop_id = p.loop_id AND v.proposal = p.number
        JOIN market.memberships s ON s.loop_id = v.loop_id AND s.member_id = v.member_id
        WHERE p.loop_id = $1 AND p.closes_at >= $7
        """;

    /// <summary>What the auction accepted of orders that people placed by hand: one notification for a member, an hour and a side. $7, $8: after and up to which hour.</summary>
    public static readonly string Accepted =
        $"""
        SELECT s.account_id, 'accepted/' || o.member_id || '/' || o.side || '/' || to_char(o.hour AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24MI"Z"') AS key, o.member_id,
               CASE WHEN o.side = {(short)OrderSide.Sell} THEN 'OfferAccepted' ELSE 'OrderAccepted' END AS variant,
               to_char(o.hour AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24MI"Z"') AS subject, ARRAY[sum(a.accepted)::text] AS facts
        FROM market.orders o
        JOIN market.book_orders b ON b.loop_id = o.loop_id AND b.member_id = o.member_id AND b.hour = o.hour AND b.order_id = o.id AND b.source = {(short)OrderSource.Own}
        JOIN market.acceptances a ON a.loop_id = b.loop_id AND a.hour = b.hour AND a.position = b.position
        JOIN market.memberships s ON s.loop_id = o.loop_id AND s.member_id = o.member_id
        WHERE o.loop_id = $1 AND o.hour > $7 AND o.hour <= $8
        GROUP BY s.account_id, o.member_id, o.side, o.hour HAVING sum(a.accepted) > 0
        """;

    /// <summary>Members who took half as much again of a carrier in a day as on any of the same weekday in four weeks, and 3 kWh more at least.
    /// $7, $8: the day; $9: its name; $10, $11: the beginnings and ends of the four days compared with.</summary>
    public static readonly string UnusualUse =
        $"""
        WITH used AS (
            SELECT p.member_id, p.carrier, sum(p.metered)::bigint AS wh FROM market.positions p
            WHERE p.loop_id = $1 AND p.hour >= $7 AND p.hour < $8 AND p.direction = {(short)MeterDirection.Consumption} AND p.plant_code = ''
            GROUP BY p.member_id, p.carrier HAVING sum(p.metered) >= 3000),
        usual AS (
            SELECT d.number, p.member_id, p.carrier, sum(p.metered)::bigint AS wh
            FROM unnest($10, $11) WITH ORDINALITY AS d (beginning, ending, number)
            JOIN market.positions p ON p.loop_id = $1 AND p.hour >= d.beginning AND p.hour < d.ending AND p.direction = {(short)MeterDirection.Consumption} AND p.plant_code = ''
            GROUP BY d.number, p.member_id, p.carrier),
        most AS (SELECT member_id, carrier, max(wh) AS wh FROM usual GROUP BY member_id, carrier HAVING count(*) = cardinality($10))
        SELECT s.account_id, 'use/' || u.member_id || '/' || u.carrier || '/' || $9 AS key, u.member_id, 'UnusualUse' AS variant, $9::text AS subject,
               ARRAY[u.carrier::text, u.wh::text, m.wh::text] AS facts
        FROM used u JOIN most m ON m.member_id = u.member_id AND m.carrier = u.carrier
        JOIN market.memberships s ON s.loop_id = $1 AND s.member_id = u.member_id
        WHERE u.wh * 2 >= m.wh * 3 AND u.wh - m.wh >= 3000
        """;

    /// <summary>Members whose month, if it goes on as it began, comes to a quarter more than the month before, and 5 units of the currency more at least.
    /// $7, $8: the month so far; $9: its days; $10: the month's days; $11: its name; $12, $13: the month before; $14: the standing charge of a day in millionths.</summary>
    public static readonly string ForecastBill =
        $"""
        WITH before AS (
            SELECT b.member_id, sum(b.net_cents) AS net, sum(b.total_cents) AS total FROM market.bills b
            WHERE b.loop_id = $1 AND b.role = {(short)Role.Consumer} AND b.kind = {(int)DocumentKind.Invoice} AND b.period_start = $12 AND b.period_end = $13
              AND NOT EXISTS (SELECT FROM market.bills later WHERE later.loop_id = b.loop_id AND later.corrects_id = b.id)
            GROUP BY b.member_id HAVING sum(b.net_cents) > 0),
        far AS (
            SELECT p.member_id, sum(p.traded_amount + p.imbalance_amount + p.network_fee + p.wish_premium) + $14::numeric * $9 AS micro FROM market.positions p
            WHERE p.loop_id = $1 AND p.hour >= $7 AND p.hour < $8 AND p.direction = {(short)MeterDirection.Consumption} AND p.plant_code = ''
            GROUP BY p.member_id),
        expected AS (
            SELECT f.member_id, b.total, round(f.micro * $10 / $9 / 10000 * b.total / b.net)::bigint AS cents FROM far f JOIN before b ON b.member_id = f.member_id)
        SELECT s.account_id, 'forecast/' || e.member_id || '/' || $11 AS key, e.member_id, 'ForecastBill' AS variant, $11::text AS subject, ARRAY[e.cents::text, e.total::text] AS facts
        FROM expected e JOIN market.memberships s ON s.loop_id = $1 AND s.member_id = e.member_id
        WHERE e.cents * 4 >= e.total * 5 AND e.cents - e.total >= 500
        """;
}
