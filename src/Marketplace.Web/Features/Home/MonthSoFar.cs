using Marketplace.Billing;
using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Features.Bills;
using Marketplace.Web.Features.Consumption;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Home;

/// <summary>What a consumer's bill of the running month has come to so far, and why it is more or less than in the same days of the month
/// before and of the year before.</summary>
public sealed record MonthSoFar(int LoopId, int MemberId) : IRequest<BillSoFar>, IGuarded
{
    public bool Permits(Actor actor) => actor.ActsFor(LoopId, MemberId) || actor.Operates(LoopId);
}

/// <param name="Period">From the month's start, or the market's, to the last settled hour; null before the first.</param>
/// <param name="Rows">One for each day and carrier.</param>
/// <param name="Standing">The standing charge of the days so far.</param>
/// <param name="Total">Energy, network and standing charge with VAT, rounded to the cent.</param>
/// <param name="LastMonth">None where nothing was taken then, or the loop was not there yet.</param>
public sealed record BillSoFar(
    Interval? Period, IReadOnlyList<ConsumptionRow> Rows, Money Standing, Money Total, decimal VatRate, BillDifference? LastMonth, BillDifference? LastYear)
{
    public Money Energy => Rows.CostOf();
}

/// <summary>An earlier span beside the running one, by the same rules.</summary>
/// <param name="Total">What it came to then.</param>
/// <param name="Causes">What adds up to the difference, as on bills.</param>
public sealed record BillDifference(Interval Period, Money Total, IReadOnlyList<Change> Causes);

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
            return new BillSoFar(null, [], Money.Zero, Money.Zero, 0, null, null);
        }

        var tariffs = await db.Tariffs.AsNoTracking().Where(tariff => tariff.LoopId == loop.Id).OrderBy(tariff => tariff.Version).ToListAsync(cancellationToken);
        var month = loop.Calendar.Month(loop.Calendar.DayOf(last));
        var period = new Interval(month.Start < loop.FirstHour ? loop.FirstHour : month.Start, last + MarketHour.Length);
        var now = await OfAsync(loop, request.MemberId, period, tariffs, cancellationToken);
        var first = loop.Calendar.DayOf(month.Start);
        return new BillSoFar(
            period, now.Rows, now.Standing, now.Total, now.Vat,
            await BesideAsync(first.AddMonths(-1)), await BesideAsync(first.AddYears(-1)));

        async Task<BillDifference?> BesideAsync(DateOnly thenFirst)
        {
            var then = loop.Calendar.SameSoFar(period, first.AddMonths(1), thenFirst, thenFirst.AddMonths(1));
            if (then.Start < loop.FirstHour || period.Start != month.Start)
            {
                return null;
            }

            var before = await OfAsync(loop, request.MemberId, then, tariffs, cancellationToken);
            return before.Rows.Count == 0 ? null
                : new BillDifference(then, before.Total, WhatChanged.Between(await ComparedAsync(loop, before, then, cancellationToken), await ComparedAsync(loop, now, period, cancellationToken)));
        }
    }

    private async Task<SpanBill> OfAsync(Loop loop, int memberId, Interval span, List<Tariff> tariffs, CancellationToken cancellationToken)
    {
        var rows = await consumption.Handle(new ConsumptionOf(loop.Id, memberId, span, Grain.Day), cancellationToken);
        if ((tariffs.FindLast(tariff => tariff.ValidFrom < span.End) ?? tariffs.FirstOrDefault()) is not { } tariff)
        {
            return new SpanBill(rows, Money.Zero, rows.CostOf().ToWholeCents(), Money.Zero, 0);
        }

        var standing = Money.FromMicro(checked(tariff.StandingChargePerDay.Micro * loop.Calendar.DaysIn(span)));
        var net = (rows.CostOf() + standing).ToWholeCents();
        var vat = Money.FromMicro((long)decimal.Round(net.Micro * (decimal)tariff.VatBasisPoints / 10_000m, MidpointRounding.AwayFromZero)).ToWholeCents();
        return new SpanBill(rows, standing, net + vat, vat, tariff.VatBasisPoints / 10_000m);
    }

    /// <summary>As bills are compared, so that the causes here and there are the same.</summary>
    private async Task<ComparedBill> ComparedAsync(Loop loop, SpanBill bill, Interval span, CancellationToken cancellationToken) => new()
    {
        Lines =
        [
            .. bill.Rows.GroupBy(row => row.Carrier).SelectMany(rows => new[]
            {
                new ComparedLine(BillLineKind.Energy, rows.Key, "", rows.TradedOf().WattHours, rows.Aggregate(Money.Zero, (sum, row) => sum + row.Energy)),
                new ComparedLine(BillLineKind.Imbalance, rows.Key, "", (rows.MeteredOf() - rows.TradedOf()).WattHours, rows.Aggregate(Money.Zero, (sum, row) => sum + row.Imbalance)),
                new ComparedLine(BillLineKind.NetworkFee, rows.Key, "", rows.MeteredOf().WattHours, rows.Aggregate(Money.Zero, (sum, row) => sum + row.NetworkFee)),
            }),
            new ComparedLine(BillLineKind.StandingCharge, null, "", loop.Calendar.DaysIn(span), bill.Standing),
        ],
        TotalCents = bill.Total.Cents,
        VatCents = bill.VatAmount.Cents,
        Days = loop.Calendar.DaysIn(span),
        DegreeDays = await WeatherOfPeriod.DegreeDaysAsync(db, loop, span, cancellationToken) ?? [],
    };

    private sealed record SpanBill(IReadOnlyList<ConsumptionRow> Rows, Money Standing, Money Total, Money VatAmount, decimal Vat);
}
