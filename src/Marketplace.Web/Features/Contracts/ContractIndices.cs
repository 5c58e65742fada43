using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Pipeline;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Contracts;

/// <summary>The indices that contracts may be tied to: the mean import price of the period, and whatever the operator enters with its source.</summary>
internal sealed class ContractIndices(Work work)
{
    /// <summary>The mean import price of the hours of the period, in millionths per kWh.</summary>
    public const string ImportPrice = "import-price";

    /// <summary>The names that templates of the loop may use.</summary>
    public async Task<IReadOnlyCollection<string>> NamesAsync(int loopId, CancellationToken cancellationToken) =>
        [ImportPrice, .. await work.Db.ContractIndexValues.Where(value => value.LoopId == loopId).Select(value => value.Name).Distinct().Order().ToListAsync(cancellationToken)];

    /// <summary>What an index is for a period: for those the operator enters, what held at the period's start. None where it is not known.</summary>
    public async Task<long?> OfAsync(int loopId, string name, Interval period, CancellationToken cancellationToken)
    {
        var (start, end) = (period.Start, period.End);
        if (name == ImportPrice)
        {
            var mean = await work.Db.Conditions.Where(hour => hour.LoopId == loopId && hour.Hour >= start && hour.Hour < end)
                .AverageAsync(hour => (decimal?)(long)(object)hour.ImportPrice, cancellationToken);
            return mean is { } price ? (long)decimal.Round(price, MidpointRounding.AwayFromZero) : null;
        }

        return await work.Db.ContractIndexValues.AsNoTracking()
            .Where(value => value.LoopId == loopId && value.Name == name && value.ValidFrom <= start)
            .OrderByDescending(value => value.ValidFrom).Select(value => (long?)value.Millionths).FirstOrDefaultAsync(cancellationToken);
    }
}
