using Marketplace.Billing;
using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Bills;

/// <summary>What a member's documents come to if they were issued now: of the running month up to the last settled hour, or of an earlier period. It
/// reads only; for the period that is issued it shows what stands there.</summary>
/// <param name="From">An hour of the month; the running month without it.</param>
public sealed record PreviewBill(int LoopId, int MemberId, DateTimeOffset? From = null) : IRequest<BillPreview>, IGuarded
{
    public bool Permits(Actor actor) => actor.ActsFor(LoopId, MemberId) || actor.Operates(LoopId);
}

/// <param name="Period">From the month's start to the last settled hour; null where nothing of it is settled.</param>
/// <param name="Month">The whole month.</param>
/// <param name="Blocks">What would keep it from being issued.</param>
public sealed record BillPreview(string MemberName, Interval? Period, Interval Month, IReadOnlyList<PreviewDocument> Documents, IReadOnlyList<Block> Blocks, LawFacts? Facts);

/// <param name="ExpectedCents">About what it comes to by the end of the month: what depends on use goes on as it did, day by day.</param>
public sealed record PreviewDocument(Role Role, IReadOnlyList<BillLineView> Lines, IReadOnlyList<VatGroup> Vat, long NetCents, long VatCents, long TotalCents, long ExpectedCents);

internal sealed class PreviewBillHandler(Work work, PeriodBilling billing, Blocks blocks) : IRequestHandler<PreviewBill, BillPreview>
{
    public async Task<BillPreview> Handle(PreviewBill request, CancellationToken cancellationToken)
    {
        var (db, loopId) = (work.Db, request.LoopId);
        var loop = await db.Loops.AsNoTracking().SingleAsync(loop => loop.Id == loopId, cancellationToken);
        var name = await db.Members.Where(member => member.LoopId == loopId && member.Id == request.MemberId).Select(member => member.Name).SingleOrDefaultAsync(cancellationToken)
            ?? throw new NotPermittedException("This member");
        var settled = await db.HourSteps.Where(step => step.LoopId == loopId && step.Step == HourStepKind.Settled)
            .OrderByDescending(step => step.Hour).Select(step => (DateTimeOffset?)step.Hour).FirstOrDefaultAsync(cancellationToken);
        var until = (settled ?? loop.FirstHour.AddHours(-1)) + MarketHour.Length;
        var month = loop.Calendar.Month(loop.Calendar.DayOf(request.From ?? (until > loop.FirstHour ? until.AddTicks(-1) : loop.FirstHour)));
        var start = (month.Start < loop.FirstHour ? loop.FirstHour : month.Start).ToUniversalTime();
        var end = (until < month.End ? until : month.End).ToUniversalTime();
        if (end <= start)
        {
            return new BillPreview(name, null, month, [], [], null);
        }

        var period = new Interval(start, end);
        var plants = await PlantsOfPeriod.ReadAsync(db, loopId, cancellationToken);
        var accounts = await billing.ReadAsync(loopId, period, plants.WithPartners([request.MemberId]), null, cancellationToken);
        if (accounts.Inputs is null)
        {
            return new BillPreview(name, period, month, [], [new Block(BlockKind.NoTariff, null, "No tariff is in force.")], null);
        }

        var (found, facts) = await blocks.OfMembersAsync(accounts, cancellationToken);
        var names = await db.Plants.AsNoTracking().Where(plant => plant.LoopId == loopId).ToDictionaryAsync(plant => plant.Code, plant => plant.Name, cancellationToken);
        var own = accounts.Documents.Where(document => document.Member == request.MemberId).ToList();
        return new BillPreview(
            name, period, month, [.. own.Select(document => Of(document, names, loop.Calendar.DaysIn(period), loop.Calendar.DaysIn(new Interval(start, month.End.ToUniversalTime()))))],
            [.. found.Where(block => block.Member == request.MemberId)], own.Exists(Completeness.Applies) ? facts(request.MemberId) : null);
    }

    private static PreviewDocument Of(BillDocument document, Dictionary<string, string> names, int days, int daysOfMonth)
    {
        var lines = document.Lines.Select((line, i) => BillLineView.Of(DocumentWriter.RowOf(line, 0, 0, i), names)).ToList();
        var expected = VatGroup.Of(document.Lines.Select(line => line with { Exact = Money.FromMicro(Rounding.DivideAwayFromZero((Int128)line.Exact.Micro * daysOfMonth, days)) }));
        return new PreviewDocument((Role)(short)document.Role, lines, document.Vat, document.NetCents, document.VatCents, document.TotalCents, expected.Sum(group => group.NetCents + group.TaxCents));
    }
}
