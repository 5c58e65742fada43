using System.Globalization;
using System.Text;
using Marketplace.Billing;
using Marketplace.Data;
using Marketplace.Web.Features.Mail;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Localization;

namespace Marketplace.Web.Features.Sending;

/// <summary>Writes a letter about a document when it is sent, in the recipient's language: a link, no amount and nothing about the person.</summary>
internal sealed class DocumentLetters(IStringLocalizer<Texts> texts, PublicAddress address)
{
    /// <summary>The letter, or why there is none.</summary>
    public async Task<(Letter? Letter, LetterState Otherwise)> WriteAsync(MarketplaceDb db, LetterRow row, CancellationToken cancellationToken)
    {
        var details = await db.BillRecipients.AsNoTracking().Where(recipient => recipient.LoopId == row.LoopId && recipient.MemberId == row.MemberId)
            .Select(recipient => recipient.Details).SingleOrDefaultAsync(cancellationToken);
        var people = await (
            from membership in db.Memberships
            join person in db.Users on membership.AccountId equals person.Id
            where membership.LoopId == row.LoopId && membership.MemberId == row.MemberId
            select new { person.Id, person.Email }).ToListAsync(cancellationToken);
        var to = row.AccountId is { } account ? people.Find(person => person.Id == account)?.Email : details?.Email;
        if (string.IsNullOrEmpty(to))
        {
            return (null, LetterState.NoAddress);
        }

        var topic = row.Topic.Split('/');
        var kind = topic[0] is "reminder" or "plan" ? LetterKind.Reminders : LetterKind.Documents;
        // An address that is nobody's account is refused when all who act for the member refuse.
        var deciding = people.Where(person => string.Equals(person.Email, to, StringComparison.OrdinalIgnoreCase)).ToList();
        var asked = deciding.Count > 0 ? deciding : people;
        var refusing = 0;
        foreach (var person in asked)
        {
            refusing += await MailRefusals.RefusesAsync(db, row.LoopId, person.Id, kind, cancellationToken) ? 1 : 0;
        }

        if (asked.Count > 0 && refusing == asked.Count)
        {
            return (null, LetterState.Refused);
        }

        if (topic[0] == "reminder" && !await IsOverdueAsync(db, row, cancellationToken))
        {
            return (null, LetterState.NoLongerTrue);
        }

        var bill = await db.Bills.AsNoTracking().Where(bill => bill.LoopId == row.LoopId && bill.Id == row.BillId)
            .Select(bill => new { bill.Number, bill.Kind, bill.Role }).SingleAsync(cancellationToken);
        var loop = await db.Loops.AsNoTracking().SingleAsync(loop => loop.Id == row.LoopId, cancellationToken);
        // The change of culture ends with this method.
        CultureInfo.CurrentUICulture = CultureInfo.CurrentCulture = Shell.Texts.Language(details?.Language);
        var (what, place) = topic switch
        {
            ["dispute", var id, var news, ..] => (news switch { "opened" => "DisputeOpened", "decided" => "DisputeDecided", _ => "DisputeNews" }, $"disputes/{id}"),
            ["reminder", ..] => ("Reminder", "account"),
            ["plan", _, var news, ..] => (news switch { "agreed" => "PlanAgreed", "broken" => "PlanBroken", _ => "PlanPart" }, "account"),
            _ => (bill.Kind == DocumentKind.CreditNote ? "CreditNote" : bill.Role == Role.Consumer ? "Bill" : "Statement", $"bills/{bill.Number}"),
        };
        var text = new StringBuilder().AppendLine(texts["Letter.Hello"]).AppendLine().AppendLine(texts["Letter." + what, loop.Name]).AppendLine()
            .AppendLine(address.Link($"/loops/{loop.Slug}/{place}")).AppendLine()
            .AppendLine(texts["Letter.SignIn"]).AppendLine(texts["Letter.Choose"]).AppendLine(address.Link($"/loops/{loop.Slug}/notifications/choices"));
        return (new Letter(to, texts[$"Letter.{what}.Subject", loop.Name], text.ToString()), LetterState.Sent);
    }

    // A letter may wait for its mail server for hours: what it reminds of may have been paid, disputed or collected meanwhile.
    private static Task<bool> IsOverdueAsync(MarketplaceDb db, LetterRow row, CancellationToken cancellationToken) => db.Database.SqlQuery<bool>(
        $"""
        SELECT EXISTS (
            SELECT FROM market.open_entries({row.LoopId}) e JOIN market.reminders r ON r.loop_id = {row.LoopId} AND r.bill_id = e.bill_id
            WHERE e.member_id = {row.MemberId} AND e.kind = 1 AND e.open_cents > e.held_cents AND e.in_file_cents = 0) AS "Value"
        """).SingleAsync(cancellationToken);
}

/// <summary>A letter that was taken up to be sent.</summary>
internal sealed record LetterRow(int LoopId, long Id, int BillId, int MemberId, Guid? AccountId, int Attempts, string Topic);
