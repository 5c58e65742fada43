using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Features.Consumption;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Home;

/// <summary>What a consumer's bill of the running month has come to so far.</summary>
public sealed record MonthSoFar(int LoopId, int MemberId) : IRequest<BillSoFar>, IGuarded
{
    public bool Permits(Actor actor) => actor.ActsFor(LoopId, MemberId) || actor.Operates(LoopId);
}

/// <param name="Period">From the month's start, or the market's, to the last settled hour; null before the first.</param>
/// <param name="Rows">One for each day and carrier.</param>
/// <param name="Standing">The standing charge of the days so far.</param>
/// <param name="Total">Energy, network and standing charge with VAT, rounded to the cent.</param>
public sealed record BillSoFar(Interval? Period, IReadOnlyList<ConsumptionRow> Rows, Money Standing, Money Total, decimal VatRate)
{
    public Money Energy => Rows.CostOf();
}

internal sealed class MonthSoFarHandler(MarketplaceDb db, IRequestHandler<ConsumptionOf, IReadOnlyList<ConsumptionRow>> consumption)
    : IRequestHandler<MonthSoFar, BillSoFar>
{
    public async Task<BillSoFar> Handle(MonthSoFar request, CancellationToken cancellationToken)
    {
        var loop = await db.Loops.AsNoTracking().SingleAsync(loop => loop.Id == request.LoopId, cancellationToken);
        var settled = await db.HourSteps
            .Where(step => step.LoopId == loop.Id && step.Step == HourStepKind.Settled)
            .MaxAsync(step => (DateTimeOffset?)step.Hour, cancellationToken);
        if (settled is not { } last)
        {
            return new BillSoFar(null, [], Money.Zero, Money.Zero, 0);
        }

        var month = loop.Calendar.Month(loop.Calendar.DayOf(last));
        var period = new Interval(month.Start < loop.FirstHour ? loop.FirstHour : month.Start, last + MarketHour.Length);
        var rows = await consumption.Handle(new ConsumptionOf(loop.Id, request.MemberId, period, Grain.Day), cancellationToken);
        var tariff = await db.Tariffs.AsNoTracking()
            .Where(tariff => tariff.LoopId == loop.Id && tariff.ValidFrom <= last)
            .OrderByDescending(tariff => tariff.Version)
            .FirstAsync(cancellationToken);
        var standing = Money.FromMicro(checked(tariff.StandingChargePerDay.Micro * loop.Calendar.DaysIn(period)));
        var net = (rows.CostOf() + standing).ToWholeCents();
        var vat = Money.FromMicro((long)decimal.Round(net.Micro * (decimal)tariff.VatBasisPoints / 10_000m, MidpointRounding.AwayFromZero)).ToWholeCents();
        return new BillSoFar(period, rows, standing, net + vat, tariff.VatBasisPoints / 10_000m);
    }
}
