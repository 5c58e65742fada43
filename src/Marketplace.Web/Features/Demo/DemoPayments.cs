using System.Globalization;
using System.Security.Claims;
using System.Security.Cryptography;
using System.Text;
using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Features.Disputes;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Features.Orders;
using Marketplace.Web.Features.Payments;
using Marketplace.Web.Features.Reminders;
using Marketplace.Web.Pipeline;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Demo;

/// <summary>What the demo's people have done with their first bills when the clock starts: most have paid, some have not and will be reminded, one disputes
/// a line. Each deed has a name of its own, so that doing it again changes nothing.</summary>
internal static class DemoPayments
{
    /// <summary>Who disputes a line, and has not paid.</summary>
    private static readonly DemoAccount s_disputing = DemoAccounts.All[0];

    /// <summary>One member in so many has not paid.</summary>
    private const int LateOneIn = 9;

    private const long DisputedCents = 600;

    public static async Task SeedAsync(Requests requests, MarketplaceDb db, Loop loop, CancellationToken cancellationToken)
    {
        await SetTermsAsync(requests, db, loop, cancellationToken);
        await DisputeAsync(requests, db, loop, cancellationToken);
        await requests.Send(new SettleAccounts(loop.Id), Actor.System, cancellationToken);
        var disputing = await db.Members.Where(member => member.LoopId == loop.Id && member.Key == s_disputing.MemberKey).Select(member => member.Id).SingleAsync(cancellationToken);
        foreach (var entry in await OpenEntries.ReadAsync(db, loop.Id, owed: true, null, cancellationToken))
        {
            if (entry.MemberId != disputing && entry.MemberId % LateOneIn != 0)
            {
                await requests.Send(
                    new RecordReceipt(loop.Id, entry.MemberId, Named("paid/" + entry.Number), ReceiptKind.Payment, Money.FromCents(entry.OpenCents)), Actor.System, cancellationToken);
            }
        }
    }

    private static async Task SetTermsAsync(Requests requests, MarketplaceDb db, Loop loop, CancellationToken cancellationToken)
    {
        if (!await db.ReminderTerms.AnyAsync(terms => terms.LoopId == loop.Id, cancellationToken))
        {
            var clock = await requests.Send(new ShowMarketClock(loop.Id), Actor.System, cancellationToken);
            await requests.Send(
                new SetReminderTerms(loop.Id, clock.Today(loop.Calendar), [7, 21, 35], [0, 250, 500], 100, ReminderTerms.UsualAnswerDays, ReminderTerms.UsualGraceDays), Actor.System, cancellationToken);
        }
    }

    private static async Task DisputeAsync(Requests requests, MarketplaceDb db, Loop loop, CancellationToken cancellationToken)
    {
        var found = await (
            from bill in db.Bills
            join line in db.BillLines on new { bill.LoopId, BillId = bill.Id } equals new { line.LoopId, line.BillId }
            join member in db.Members on new { bill.LoopId, Id = bill.MemberId } equals new { member.LoopId, member.Id }
            where bill.LoopId == loop.Id && member.Key == s_disputing.MemberKey && bill.Role == Role.Consumer && line.AmountCents >= DisputedCents
            orderby bill.Id, line.AmountCents descending
            select new { bill.Number, line.Line, bill.MemberId }).FirstOrDefaultAsync(cancellationToken);
        var account = await db.Users.Where(user => user.Email == s_disputing.Email).Select(user => (Guid?)user.Id).SingleOrDefaultAsync(cancellationToken);
        if (found is null || account is null)
        {
            return;
        }

        var resident = Actor.From(new ClaimsPrincipal(new ClaimsIdentity(
            [new Claim(ClaimTypes.NameIdentifier, account.Value.ToString()), new RoleHeld(loop.Id, found.MemberId, Role.Consumer).ToClaim()], "demo")));
        await requests.Send(
            new OpenDispute(loop.Id, found.Number, found.Line, Named("dispute/" + found.Number), DisputedCents, "We were away from 12 to 18 October, and this counted on. Please look at the meter."),
            resident, cancellationToken);
    }

    private static Guid Named(string deed) => new(SHA256.HashData(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"demo/{deed}"))).AsSpan(0, 16));
}
