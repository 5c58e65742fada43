using Marketplace.Billing;
using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Features.Bills;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Disputes;

/// <summary>A dispute with all that was said, for its member and the operator.</summary>
public sealed record ShowDispute(int LoopId, int DisputeId) : IRequest<DisputeView>, IGuarded
{
    public bool Permits(Actor actor) => actor.BelongsTo(LoopId);
}

/// <summary>What of a document can be disputed, for the form.</summary>
/// <param name="Number">The document's.</param>
public sealed record ShowDisputable(int LoopId, string Number) : IRequest<DisputableView>, IGuarded
{
    public bool Permits(Actor actor) => actor.BelongsTo(LoopId);
}

/// <param name="Lines">Its lines, each with what it comes to with tax.</param>
/// <param name="Open">The dispute about a line that is open, by the line's number.</param>
public sealed record DisputableView(
    string Number, int MemberId, Role Role, Interval Period, bool IsTakenBack, IReadOnlyList<(BillLineView Line, long Cents)> Lines, IReadOnlyDictionary<short, int> Open, int AnswerDays);

/// <param name="AsOperator">Whether the person looks as the operator.</param>
/// <param name="Line">The disputed line.</param>
/// <param name="LineCents">What it comes to with tax.</param>
/// <param name="Hours">The hours of the line that weigh most, the heaviest first; none for lines that are no sums of hours.</param>
/// <param name="EstimatedHours">Of the line's hours, those that rest on an estimate.</param>
/// <param name="CreditNote">The credit note that has taken the bill back.</param>
/// <param name="ReplacedBy">The document in its place.</param>
public sealed record DisputeView(
    Dispute Dispute, bool AsOperator, DateOnly Today, string MemberName, string Number, Role Role, Interval Period, BillLineView Line, long LineCents,
    IReadOnlyList<LineHour> Hours, int EstimatedHours, IReadOnlyList<DisputeNote> Notes, string? CreditNote, string? ReplacedBy)
{
    public bool IsOpen => Dispute.State == DisputeState.Open;

    /// <summary>Whether the operator has still to bring the revision about.</summary>
    public bool AwaitsRevision => Dispute.Cure == DisputeCure.Revision && CreditNote is null;

    public int DaysLeft => Dispute.AnswerBy.DayNumber - Today.DayNumber;
}

/// <summary>A message or a file.</summary>
/// <param name="Text">What was written; none where it is a file.</param>
public sealed record DisputeNote(DateTimeOffset At, bool FromOperator, string? Text, long? FileId, string FileName, string ContentType, int Bytes);

internal sealed class ShowDisputeHandler(Work work, DisputeBook book, LineHours hours) : IRequestHandler<ShowDispute, DisputeView>, IRequestHandler<ShowDisputable, DisputableView>
{
    private const int HeaviestHours = 5;

    public async Task<DisputeView> Handle(ShowDispute request, CancellationToken cancellationToken)
    {
        var (db, loopId) = (work.Db, request.LoopId);
        var dispute = await book.FindAsync(loopId, request.DisputeId, cancellationToken);
        var bill = await db.Bills.AsNoTracking().SingleAsync(bill => bill.LoopId == loopId && bill.Id == dispute.BillId, cancellationToken);
        var row = await db.BillLines.AsNoTracking().SingleAsync(line => line.LoopId == loopId && line.BillId == bill.Id && line.Line == dispute.Line, cancellationToken);
        var (line, tariff) = await hours.FindAsync(bill, dispute.Line, cancellationToken);
        var all = await LineHours.ReadAsync(db, bill, line, tariff.During, cancellationToken);
        var corrections = await db.Bills.AsNoTracking().Where(other => other.LoopId == loopId && other.CorrectsId == bill.Id).Select(other => new { other.Kind, other.Number }).ToListAsync(cancellationToken);
        var member = await db.Members.Where(member => member.LoopId == loopId && member.Id == dispute.MemberId).Select(member => member.Name).SingleAsync(cancellationToken);
        return new DisputeView(
            dispute, book.WritesAsOperator(dispute), await book.TodayAsync(loopId, cancellationToken), member, bill.Number, bill.Role, new Interval(bill.PeriodStart, bill.PeriodEnd), line,
            DisputeBook.LineCents(row), [.. all.OrderByDescending(hour => Math.Abs(hour.Amount.Micro)).ThenBy(hour => hour.Hour).Take(HeaviestHours)], all.Count(hour => hour.Estimated),
            await NotesAsync(dispute, cancellationToken),
            corrections.Find(other => other.Kind == DocumentKind.CreditNote)?.Number, corrections.Find(other => other.Kind == DocumentKind.Invoice)?.Number);
    }

    public async Task<DisputableView> Handle(ShowDisputable request, CancellationToken cancellationToken)
    {
        var (db, loopId) = (work.Db, request.LoopId);
        var bill = await db.Bills.AsNoTracking().SingleOrDefaultAsync(bill => bill.LoopId == loopId && bill.Number == request.Number, cancellationToken);
        if (bill is null || !book.ActsFor(loopId, bill.MemberId))
        {
            throw new NotPermittedException(nameof(ShowDisputable));
        }

        var rows = await db.BillLines.AsNoTracking().Where(line => line.LoopId == loopId && line.BillId == bill.Id).OrderBy(line => line.Line).ToListAsync(cancellationToken);
        var codes = rows.Select(row => row.PlantCode).OfType<string>().Distinct().ToArray();
        var plants = await db.Plants.AsNoTracking().Where(plant => plant.LoopId == loopId && codes.Contains(plant.Code)).ToDictionaryAsync(plant => plant.Code, plant => plant.Name, cancellationToken);
        var today = await book.TodayAsync(loopId, cancellationToken);
        return new DisputableView(
            bill.Number, bill.MemberId, bill.Role, new Interval(bill.PeriodStart, bill.PeriodEnd),
            bill.Kind == DocumentKind.CreditNote || await db.Bills.AnyAsync(other => other.LoopId == loopId && other.CorrectsId == bill.Id, cancellationToken),
            [.. rows.Select(row => (BillLineView.Of(row, plants), DisputeBook.LineCents(row))).Where(line => line.Item2 > 0)],
            await db.Disputes.AsNoTracking().Where(dispute => dispute.LoopId == loopId && dispute.BillId == bill.Id && dispute.State == DisputeState.Open)
                .ToDictionaryAsync(dispute => dispute.Line, dispute => dispute.Id, cancellationToken),
            (await Reminders.ReminderTermsOn.DayAsync(db, loopId, today, cancellationToken))?.AnswerDays ?? ReminderTerms.UsualAnswerDays);
    }

    private async Task<IReadOnlyList<DisputeNote>> NotesAsync(Dispute dispute, CancellationToken cancellationToken)
    {
        var db = work.Db;
        var messages = await db.DisputeMessages.AsNoTracking().Where(message => message.LoopId == dispute.LoopId && message.DisputeId == dispute.Id)
            .OrderBy(message => message.Id).Select(message => new DisputeNote(message.At, message.FromOperator, message.Text, null, "", "", 0)).ToListAsync(cancellationToken);
        var files = await db.DisputeFiles.AsNoTracking().Where(file => file.LoopId == dispute.LoopId && file.DisputeId == dispute.Id)
            .OrderBy(file => file.Id).Select(file => new DisputeNote(file.At, file.FromOperator, null, file.Id, file.FileName, file.ContentType, file.Content.Length)).ToListAsync(cancellationToken);
        return [.. messages.Concat(files).OrderBy(note => note.At)];
    }
}
