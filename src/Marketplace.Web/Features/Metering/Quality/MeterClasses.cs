using FluentValidation;
using Marketplace.Data;
using Marketplace.Metering.Checks;
using Marketplace.Quantities;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Metering.Quality;

/// <summary>What an operator may set for a class of meters; the names and defaults are those of <see cref="MeterClass"/>.</summary>
public sealed record ClassParameters(
    decimal SpikeOverThirdPeak, decimal HampelDeviations, int StuckHours, int LongZeroHours, decimal HistoryFactor, decimal JumpFactor,
    decimal RegisterTolerance, decimal MostLoss, decimal HeatTolerance, decimal LeastDifference)
{
    public static ClassParameters Of(MeterClass meters) => new(
        meters.SpikeOverThirdPeak, meters.HampelDeviations, meters.StuckHours, meters.LongZeroHours, meters.HistoryFactor, meters.JumpFactor,
        meters.RegisterTolerance, meters.MostLoss, meters.HeatTolerance, meters.LeastDifference);

    public static ClassParameters Of(MeterClassTerms terms) => new(
        terms.SpikeOverThirdPeak, terms.HampelDeviations, terms.StuckHours, terms.LongZeroHours, terms.HistoryFactor, terms.JumpFactor,
        terms.RegisterTolerance, terms.MostLoss, terms.HeatTolerance, terms.LeastDifference);

    public MeterClass In(MeterClass meters) => meters with
    {
        SpikeOverThirdPeak = SpikeOverThirdPeak, HampelDeviations = HampelDeviations, StuckHours = StuckHours, LongZeroHours = LongZeroHours,
        HistoryFactor = HistoryFactor, JumpFactor = JumpFactor, RegisterTolerance = RegisterTolerance, MostLoss = MostLoss,
        HeatTolerance = HeatTolerance, LeastDifference = LeastDifference,
    };
}

/// <summary>The classes of meters of a loop, with their parameters in force and those before.</summary>
public sealed record ShowMeterClasses(int LoopId) : IRequest<IReadOnlyList<ClassView>>, IGuarded
{
    public bool Permits(Actor actor) => actor.Operates(LoopId) || actor.Audits(LoopId);
}

/// <param name="History">What was set, the latest first; empty while the defaults hold.</param>
public sealed record ClassView(Carrier Carrier, string Name, ClassParameters InForce, IReadOnlyList<MeterClassTerms> History);

/// <summary>Sets the parameters of a class of meters. Hours that come from now on are judged by them; flags that were raised stay.</summary>
public sealed record SetMeterClass(int LoopId, string ClassName, ClassParameters Parameters, string Reason) : IRequest<int>, IOperatorAct
{
    string IOperatorAct.Subject => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"checks of {ClassName}: {Parameters}");
}

public sealed class SetMeterClassValidator : AbstractValidator<SetMeterClass>
{
    public SetMeterClassValidator()
    {
        RuleFor(request => request.ClassName).Must(name => Carriers.All.Any(carrier => MeterClass.Of(carrier).Name == name)).WithMessage("There is no such class of meters.");
        RuleFor(request => request.Parameters.SpikeOverThirdPeak).InclusiveBetween(1m, 100m).WithMessage("Use a factor from 1 to 100.");
        RuleFor(request => request.Parameters.HampelDeviations).InclusiveBetween(1m, 100m).WithMessage("Use a number from 1 to 100.");
        RuleFor(request => request.Parameters.StuckHours).InclusiveBetween(2, 8_784).WithMessage("Use 2 to 8,784 hours.");
        RuleFor(request => request.Parameters.LongZeroHours).InclusiveBetween(2, 8_784).WithMessage("Use 2 to 8,784 hours.");
        RuleFor(request => request.Parameters.HistoryFactor).InclusiveBetween(1m, 1_000m).WithMessage("Use a factor from 1 to 1,000.");
        RuleFor(request => request.Parameters.JumpFactor).InclusiveBetween(1.1m, 1_000m).WithMessage("Use a factor from 1.1 to 1,000.");
        RuleFor(request => request.Parameters.RegisterTolerance).InclusiveBetween(0m, 1m).WithMessage("Use a share from 0 to 1.");
        RuleFor(request => request.Parameters.MostLoss).InclusiveBetween(0m, 1m).WithMessage("Use a share from 0 to 1.");
        RuleFor(request => request.Parameters.HeatTolerance).InclusiveBetween(0m, 1m).WithMessage("Use a share from 0 to 1.");
        RuleFor(request => request.Parameters.LeastDifference).InclusiveBetween(0m, 50m).WithMessage("Use 0 to 50 K.");
        RuleFor(request => request.Reason).NotEmpty().WithMessage("Say why.").MaximumLength(500).WithMessage("Use at most 500 characters.");
    }
}

/// <summary>By what each meter of a loop is judged.</summary>
internal sealed class MeterClasses(MarketplaceDb db)
{
    public async Task<IReadOnlyDictionary<Carrier, MeterClass>> OfAsync(int loopId, CancellationToken cancellationToken)
    {
        var set = await db.MeterClassTerms.AsNoTracking().Where(terms => terms.LoopId == loopId).ToListAsync(cancellationToken);
        return Carriers.All.ToDictionary(carrier => carrier, carrier =>
        {
            var meters = MeterClass.Of(carrier);
            var last = set.Where(terms => terms.ClassName == meters.Name).MaxBy(terms => terms.Version);
            return last is null ? meters : ClassParameters.Of(last).In(meters);
        });
    }

    /// <summary>The class with what is known of the meter itself: what its connection carries.</summary>
    public static MeterClass For(Meter meter, IReadOnlyDictionary<Carrier, MeterClass> classes) =>
        classes[meter.Carrier] with { CapacityPerHour = meter.CapacityWatts is { } watts ? new Energy(watts) : null };
}

internal sealed class MeterClassesHandler(Work work, MeterClasses classes, CurrentActor current, TimeProvider time)
    : IRequestHandler<ShowMeterClasses, IReadOnlyList<ClassView>>, IRequestHandler<SetMeterClass, int>
{
    public async Task<IReadOnlyList<ClassView>> Handle(ShowMeterClasses request, CancellationToken cancellationToken)
    {
        var inForce = await classes.OfAsync(request.LoopId, cancellationToken);
        var history = await work.Db.MeterClassTerms.AsNoTracking().Where(terms => terms.LoopId == request.LoopId)
            .OrderByDescending(terms => terms.Version).ToListAsync(cancellationToken);
        return [.. Carriers.All.Select(carrier => new ClassView(
            carrier, inForce[carrier].Name, ClassParameters.Of(inForce[carrier]), [.. history.Where(terms => terms.ClassName == inForce[carrier].Name)]))];
    }

    public async Task<int> Handle(SetMeterClass request, CancellationToken cancellationToken)
    {
        var (db, wished) = (work.Db, request.Parameters);
        await db.Database.ExecuteSqlAsync($"SELECT FROM market.loops WHERE id = {request.LoopId} FOR UPDATE", cancellationToken);
        var version = 1 + (await db.MeterClassTerms.Where(terms => terms.LoopId == request.LoopId && terms.ClassName == request.ClassName)
            .MaxAsync(terms => (int?)terms.Version, cancellationToken) ?? 0);
        db.MeterClassTerms.Add(new MeterClassTerms
        {
            LoopId = request.LoopId, ClassName = request.ClassName, Version = version,
            SpikeOverThirdPeak = wished.SpikeOverThirdPeak, HampelDeviations = wished.HampelDeviations, StuckHours = wished.StuckHours,
            LongZeroHours = wished.LongZeroHours, HistoryFactor = wished.HistoryFactor, JumpFactor = wished.JumpFactor,
            RegisterTolerance = wished.RegisterTolerance, MostLoss = wished.MostLoss, HeatTolerance = wished.HeatTolerance, LeastDifference = wished.LeastDifference,
            Reason = request.Reason.Trim(), SetBy = current.Actor.AccountId, SetAt = time.GetUtcNow(),
        });
        await db.SaveChangesAsync(cancellationToken);
        return version;
    }
}
