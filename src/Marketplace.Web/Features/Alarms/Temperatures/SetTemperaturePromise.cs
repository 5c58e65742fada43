using System.Globalization;
using FluentValidation;
using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Alarms.Temperatures;

/// <summary>Sets the temperatures promised at a meter, or at all meters of a carrier, from an hour on, in thousandths of a degree Celsius.
/// Without any limit the promise ends. What was promised for earlier hours stays.</summary>
/// <param name="MeterCode">One meter; null for all that take the carrier and are in service.</param>
/// <returns>How many meters have it.</returns>
public sealed record SetTemperaturePromise(
    int LoopId, string? MeterCode, Carrier Carrier, DateTimeOffset ValidFrom, int? SupplyAtLeast, int? SupplyAtMost, int? ReturnAtLeast, int? ReturnAtMost,
    int Tolerance = 500, long LeastLitres = 20) : IRequest<int>, IOperatorAct
{
    string IOperatorAct.Subject => string.Create(
        CultureInfo.InvariantCulture,
        $"{MeterCode ?? "all " + Carrier.Name() + " meters"} from {Instants.Iso(ValidFrom)}: supply {Span(SupplyAtLeast, SupplyAtMost)}, return {Span(ReturnAtLeast, ReturnAtMost)} mC");

    private static string Span(int? least, int? most) =>
        string.Create(CultureInfo.InvariantCulture, $"{least?.ToString(CultureInfo.InvariantCulture) ?? "open"} to {most?.ToString(CultureInfo.InvariantCulture) ?? "open"}");
}

public sealed class SetTemperaturePromiseValidator : AbstractValidator<SetTemperaturePromise>
{
    private const string Range = "Use a temperature from -30 to 150 °C.";

    public SetTemperaturePromiseValidator()
    {
        RuleFor(request => request.Carrier).Must(carrier => carrier is Carrier.Heat or Carrier.Cold).WithMessage("Temperatures are promised for heat and cold.");
        RuleFor(request => request.ValidFrom).Must(MarketHour.IsStart).WithMessage("Choose the start of an hour.");
        RuleFor(request => request.SupplyAtLeast).InclusiveBetween(-30_000, 150_000).WithMessage(Range);
        RuleFor(request => request.SupplyAtMost).InclusiveBetween(-30_000, 150_000).WithMessage(Range);
        RuleFor(request => request.ReturnAtLeast).InclusiveBetween(-30_000, 150_000).WithMessage(Range);
        RuleFor(request => request.ReturnAtMost).InclusiveBetween(-30_000, 150_000).WithMessage(Range);
        RuleFor(request => request.SupplyAtMost).Must((request, most) => !(most < request.SupplyAtLeast)).WithMessage("The highest supply is not below the least.");
        RuleFor(request => request.ReturnAtMost).Must((request, most) => !(most < request.ReturnAtLeast)).WithMessage("The highest return is not below the least.");
        RuleFor(request => request.Tolerance).InclusiveBetween(0, 10_000).WithMessage("The tolerance is 0 to 10 K.");
        RuleFor(request => request.LeastLitres).InclusiveBetween(0, 1_000_000).WithMessage("The least flow is 0 to 1,000,000 l/h.");
    }
}

internal sealed class SetTemperaturePromiseHandler(Work work, MarketTime marketTime, CurrentActor current, TimeProvider time) : IRequestHandler<SetTemperaturePromise, int>
{
    public async Task<int> Handle(SetTemperaturePromise request, CancellationToken cancellationToken)
    {
        var (db, loopId) = (work.Db, request.LoopId);
        await AlarmBook.LockAsync(db, loopId, cancellationToken);
        if (request.ValidFrom < MarketHour.Containing(await marketTime.NowAsync(loopId, cancellationToken)))
        {
            throw new RefusedException(nameof(request.ValidFrom), "Hours that are over keep what was promised for them: choose this hour or a later one.");
        }

        var meters = await db.Meters.AsNoTracking()
            .Where(meter => meter.LoopId == loopId && meter.Carrier == request.Carrier
                && (request.MeterCode == null ? meter.InServiceUntil == null && meter.Direction == MeterDirection.Consumption : meter.Code == request.MeterCode))
            .Select(meter => meter.Id).ToListAsync(cancellationToken);
        if (meters.Count == 0)
        {
            throw new RefusedException(nameof(request.MeterCode), request.MeterCode is null ? "No meter takes this carrier." : Said.Of($"This loop has no meter '{request.MeterCode}' of this carrier."));
        }

        var versions = await db.TemperatureTerms.Where(terms => terms.LoopId == loopId && meters.Contains(terms.MeterId))
            .GroupBy(terms => terms.MeterId).ToDictionaryAsync(terms => terms.Key, terms => terms.Max(version => version.Version), cancellationToken);
        await db.BulkInsertAsync(
            meters.ConvertAll(meter => new TemperatureTerms
            {
                LoopId = loopId, MeterId = meter, Version = versions.GetValueOrDefault(meter) + 1, ValidFrom = request.ValidFrom.ToUniversalTime(),
                SupplyAtLeast = request.SupplyAtLeast, SupplyAtMost = request.SupplyAtMost, ReturnAtLeast = request.ReturnAtLeast, ReturnAtMost = request.ReturnAtMost,
                Tolerance = request.Tolerance, LeastLitres = request.LeastLitres, SetAt = time.GetUtcNow(), SetBy = current.Actor.AccountId,
            }),
            cancellationToken);
        return meters.Count;
    }
}
