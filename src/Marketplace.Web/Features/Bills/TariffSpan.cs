using Marketplace.Billing;
using Marketplace.Data;
using Marketplace.Quantities;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Bills;

/// <summary>A tariff and a part of a period in which it is in force and every rate of tax stays the same.</summary>
/// <param name="Part">Counts the parts under the same tariff, from 0.</param>
internal sealed record TariffSpan(Tariff Tariff, Interval During, int Part, IReadOnlyDictionary<short, VatRate> Vat)
{
    /// <summary>The parts of a period in time order; empty if no tariff is in force when it begins.</summary>
    public static IReadOnlyList<TariffSpan> Of(IEnumerable<Tariff> tariffs, IReadOnlyCollection<TaxRate> rates, Interval period)
    {
        // In force is the highest version that has begun, as settlement has it: an older version begun later never comes into force.
        var inForce = new List<Tariff>();
        foreach (var tariff in tariffs.Where(tariff => tariff.ValidFrom < period.End).OrderBy(tariff => tariff.ValidFrom).ThenBy(tariff => tariff.Version))
        {
            if (inForce.Count == 0 || tariff.Version > inForce[^1].Version)
            {
                inForce.Add(tariff);
            }
        }

        var spans = new List<TariffSpan>();
        for (var i = 0; i < inForce.Count; i++)
        {
            var start = inForce[i].ValidFrom < period.Start ? period.Start : inForce[i].ValidFrom.ToUniversalTime();
            var end = i + 1 < inForce.Count ? inForce[i + 1].ValidFrom.ToUniversalTime() : period.End;
            if (end > start)
            {
                spans.AddRange(Parts(inForce[i], new Interval(start, end), rates));
            }
        }

        return spans.Count > 0 && spans[0].During.Start == period.Start ? spans : [];
    }

    public static async Task<IReadOnlyList<TariffSpan>> ReadAsync(MarketplaceDb db, int loopId, Interval period, CancellationToken cancellationToken) => Of(
        await db.Tariffs.AsNoTracking().Where(tariff => tariff.LoopId == loopId && tariff.ValidFrom < period.End).ToListAsync(cancellationToken),
        await db.TaxRates.AsNoTracking().Where(rate => rate.LoopId == loopId && rate.ValidFrom < period.End).ToListAsync(cancellationToken),
        period);

    public TariffTerms Terms => new()
    {
        Version = Tariff.Version,
        Part = Part,
        During = During,
        StandingChargePerDay = Tariff.StandingChargePerDay,
        VatBasisPoints = Tariff.VatBasisPoints,
        VatOfCarriers = Carriers.All.Where(carrier => Vat.ContainsKey((short)carrier)).ToDictionary(carrier => carrier, carrier => Vat[(short)carrier]),
        VatOfRest = Vat.GetValueOrDefault((short)0),
        NetworkFees = Carriers.All.ToDictionary(carrier => carrier, Tariff.NetworkFee),
        ZoneFees = Tariff.ZoneFees.ToDictionary(fee => (fee.Zone, fee.Carrier), fee => fee.Fee),
        Levies = [.. Tariff.Levies.OrderBy(levy => levy.Number).Select(levy => new Levy(levy.Name, levy.Carrier, levy.Rate))],
    };

    private static IEnumerable<TariffSpan> Parts(Tariff tariff, Interval during, IReadOnlyCollection<TaxRate> rates)
    {
        var starts = rates.Select(rate => rate.ValidFrom.ToUniversalTime()).Where(from => from > during.Start && from < during.End).Prepend(during.Start).Distinct().Order().ToList();
        var parts = new List<(DateTimeOffset Start, Dictionary<short, VatRate> Vat)>();
        foreach (var start in starts)
        {
            var vat = At(rates, start);

            // A rate that says what held before divides nothing.
            if (parts.Count == 0 || !vat.OrderBy(rate => rate.Key).SequenceEqual(parts[^1].Vat.OrderBy(rate => rate.Key)))
            {
                parts.Add((start, vat));
            }
        }

        return parts.Select((part, i) => new TariffSpan(tariff, new Interval(part.Start, i + 1 < parts.Count ? parts[i + 1].Start : during.End), i, part.Vat));
    }

    private static Dictionary<short, VatRate> At(IEnumerable<TaxRate> rates, DateTimeOffset at) => rates
        .Where(rate => rate.ValidFrom <= at)
        .GroupBy(rate => rate.Carrier)
        .ToDictionary(own => own.Key, own => own.OrderBy(rate => rate.ValidFrom).ThenBy(rate => rate.Number).Select(rate => VatRate.Of(rate.Category, rate.BasisPoints)).Last());
}
