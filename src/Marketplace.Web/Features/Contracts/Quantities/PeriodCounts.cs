using Marketplace.Contracts;

namespace Marketplace.Web.Features.Contracts.Quantities;

/// <summary>1 for each period: what a fixed charge is paid for.</summary>
internal sealed class EachPeriod : IContractQuantity
{
    public QuantityForm Form { get; } = new("period", Unit.Periods) { NeverNegative = true };

    public Task<long[]> MeasureAsync(MeasureScope scope, IReadOnlyList<Measure> asked, CancellationToken cancellationToken) =>
        Task.FromResult(asked.Select(_ => 1L).ToArray());
}

/// <summary>1 for the contract's first period, 0 for all others: what is paid once at the beginning.</summary>
internal sealed class FirstPeriod : IContractQuantity
{
    public QuantityForm Form { get; } = new("first-period", Unit.Periods) { NeverNegative = true };

    public Task<long[]> MeasureAsync(MeasureScope scope, IReadOnlyList<Measure> asked, CancellationToken cancellationToken) =>
        Task.FromResult(asked.Select(measure => scope.Period.Contains(measure.StartsAt) ? 1L : 0L).ToArray());
}

/// <summary>1 for the contract's last period, 0 for all others: what is paid once at the end.</summary>
internal sealed class LastPeriod : IContractQuantity
{
    public QuantityForm Form { get; } = new("last-period", Unit.Periods) { NeverNegative = true };

    public Task<long[]> MeasureAsync(MeasureScope scope, IReadOnlyList<Measure> asked, CancellationToken cancellationToken) =>
        Task.FromResult(asked.Select(measure => measure.EndsAt > scope.Period.Start && measure.EndsAt <= scope.Period.End ? 1L : 0L).ToArray());
}
