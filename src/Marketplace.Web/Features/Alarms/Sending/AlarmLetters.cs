using System.Globalization;
using System.Text;
using Marketplace.Data;
using Marketplace.Web.Features.Mail;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Localization;

namespace Marketplace.Web.Features.Alarms.Sending;

/// <summary>Writes the letters about alarms and announcements, when they are sent: what is in a letter is never stored. They say what happened
/// and where to read on; meters are named by their codes.</summary>
internal sealed class AlarmLetters(IStringLocalizer<Texts> texts, PublicAddress address)
{
    /// <summary>A letter names so many alarms; the page has all.</summary>
    private const int MostNamed = 10;

    /// <summary>The letter, or nothing where the person or the matter is gone.</summary>
    public async Task<Letter?> WriteAsync(MarketplaceDb db, Dispatch dispatch, CancellationToken cancellationToken)
    {
        var to = await db.Users.Where(person => person.Id == dispatch.AccountId).Select(person => person.Email).SingleOrDefaultAsync(cancellationToken);
        // Who has left the loop since hears nothing of it.
        if (to is null || !await db.Memberships.AnyAsync(membership => membership.AccountId == dispatch.AccountId && membership.LoopId == dispatch.LoopId, cancellationToken))
        {
            return null;
        }

        var loop = await db.Loops.AsNoTracking().SingleAsync(loop => loop.Id == dispatch.LoopId, cancellationToken);
        var details = await (
            from membership in db.Memberships
            join recipient in db.BillRecipients.AsNoTracking() on new { membership.LoopId, membership.MemberId } equals new { recipient.LoopId, recipient.MemberId }
            where membership.LoopId == dispatch.LoopId && membership.AccountId == dispatch.AccountId
            orderby membership.MemberId
            select recipient.Details).FirstOrDefaultAsync(cancellationToken);
        // The change of culture ends with this method.
        CultureInfo.CurrentUICulture = CultureInfo.CurrentCulture = Shell.Texts.Language(details?.Language);
        return dispatch.AnnouncementId is { } announcement
            ? await AnnouncementAsync(db, loop, to, announcement, dispatch, cancellationToken)
            : await AlarmsAsync(db, loop, to, dispatch, cancellationToken);
    }

    private async Task<Letter?> AlarmsAsync(MarketplaceDb db, Loop loop, string to, Dispatch dispatch, CancellationToken cancellationToken)
    {
        var alarms = await db.Alarms.AsNoTracking().Where(alarm => alarm.LoopId == loop.Id && dispatch.AlarmIds.Contains(alarm.Id))
            .OrderBy(alarm => alarm.Severity).ThenBy(alarm => alarm.Id).ToListAsync(cancellationToken);
        if (alarms.Count == 0 || dispatch.Act is not { } act)
        {
            return null;
        }

        var tends = await (
            from membership in db.Memberships
            join role in db.MemberRoles on new { membership.LoopId, membership.MemberId } equals new { role.LoopId, role.MemberId }
            where membership.LoopId == loop.Id && membership.AccountId == dispatch.AccountId && AlarmAccess.Roles.Contains(role.Role)
            select role).AnyAsync(cancellationToken);
        var words = tends ? "Staff" : "Member";
        var text = new StringBuilder().AppendLine(texts["Mail.Hello"]).AppendLine().AppendLine(texts[$"Mail.{words}.{Name(act)}", loop.Name]).AppendLine();
        var format = new Shell.Format(loop.Currency, loop.Calendar.Zone, CultureInfo.CurrentCulture);
        foreach (var alarm in alarms.Take(MostNamed))
        {
            text.AppendLine("- " + (tends
                ? texts["Mail.Line", texts["Severity." + alarm.Severity], texts["Title." + alarm.Kind, alarm.Subject], format.Moment(alarm.Since)]
                : texts[$"Member.{alarm.Kind}.{(act == AlarmAct.Opened ? "Open" : "Over")}", alarm.Subject, format.Moment(alarm.Since)]).Value);
        }

        if (alarms.Count > MostNamed)
        {
            text.AppendLine(texts["Mail.More", alarms.Count - MostNamed]);
        }

        text.AppendLine().AppendLine(address.Link(tends ? $"/loops/{loop.Slug}/operations/alarms" : $"/loops/{loop.Slug}/home"));
        return new Letter(to, texts[$"Mail.{words}.{Name(act)}.Subject", loop.Name], text.ToString());
    }

    private async Task<Letter?> AnnouncementAsync(MarketplaceDb db, Loop loop, string to, long id, Dispatch dispatch, CancellationToken cancellationToken)
    {
        var announcement = await db.Announcements.AsNoTracking().SingleOrDefaultAsync(one => one.LoopId == loop.Id && one.Id == id, cancellationToken);
        var isWithdrawal = dispatch.Key.StartsWith("withdrawn/", StringComparison.Ordinal);
        if (announcement is null || (!isWithdrawal && announcement.WithdrawnAt is not null))
        {
            return null;
        }

        var format = new Shell.Format(loop.Currency, loop.Calendar.Zone, CultureInfo.CurrentCulture);
        var text = new StringBuilder().AppendLine(texts["Mail.Hello"]).AppendLine()
            .AppendLine(texts[isWithdrawal ? "Mail.Withdrawn" : "Mail.Announced." + announcement.Kind, loop.Name, format.Moment(announcement.From), format.Moment(announcement.Until)]).AppendLine()
            .AppendLine(announcement.Title);
        if (!isWithdrawal)
        {
            text.AppendLine().AppendLine(announcement.Text);
        }

        text.AppendLine().AppendLine(address.Link($"/loops/{loop.Slug}/home"));
        return new Letter(to, texts[isWithdrawal ? "Mail.Withdrawn.Subject" : "Mail.Announced.Subject", announcement.Title, loop.Name], text.ToString());
    }

    private static string Name(AlarmAct act) => act switch
    {
        AlarmAct.Opened => "Opened",
        AlarmAct.Escalated => "Escalated",
        _ => "Over",
    };
}
