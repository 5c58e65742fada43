using System.Text.Json;
using System.Text.Json.Serialization;
using Marketplace.Billing;
using Marketplace.Data;
using Marketplace.Metering;
using Marketplace.Quantities;
using Marketplace.Replica;
using Marketplace.Web.Features.Plants;
using Marketplace.Web.Pipeline;
using Microsoft.EntityFrameworkCore;
using MeterDirection = Marketplace.Data.MeterDirection;

namespace Marketplace.Web.Features.Bills;

/// <summary>Facts as they are kept: JSON, of which the document's record holds the hash.</summary>
internal static class FactsJson
{
    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web) { Converters = { new JsonStringEnumConverter() } };

    public static string Write(LawFacts facts) => JsonSerializer.Serialize(facts, Options);

    public static LawFacts Read(string json) => JsonSerializer.Deserialize<LawFacts>(json, Options) ?? throw new InvalidOperationException("A bill's facts are empty");
}

/// <summary>Gathers what the law wants on consumers' bills of a period, for all members at once.</summary>
internal sealed class PeriodFacts(Work work)
{
    /// <summary>Fewer members of a kind would tell each other's consumption.</summary>
    private const int LeastAlike = 5;

    /// <summary>Heat from a boiler that burns: natural gas at 0.202 kg CO2 a kWh (IPCC 2006) with 84 % efficiency.</summary>
    private const long BurnedMilligramsPerKWh = Consumption.Carbon.HourlyCarbon.BurnedMilligramsPerKWh;

    /// <summary>The facts by member.</summary>
    /// <param name="accounts">The period's accounts. Where they are of some members only, so are the means of those alike: then what the loop states counts.</param>
    public async Task<Func<int, LawFacts>> ReadAsync(PeriodAccounts accounts, CancellationToken cancellationToken)
    {
        var (db, loop, period) = (work.Db, accounts.Loop, accounts.Period);
        var terms = await db.BillingTerms.AsNoTracking().Where(terms => terms.LoopId == loop.Id).OrderByDescending(terms => terms.Version).FirstOrDefaultAsync(cancellationToken)
            ?? new BillingTerms();
        var used = accounts.Inputs!.Positions.Where(sum => sum is { Plant: "", Side: EnergySide.Taken })
            .GroupBy(sum => (sum.Member, sum.Carrier)).ToDictionary(own => own.Key, own => own.Sum(sum => sum.Metered.WattHours));
        var estimated = accounts.Inputs.Positions.Where(sum => sum is { Plant: "", Side: EnergySide.Taken })
            .GroupBy(sum => (sum.Member, sum.Carrier)).ToDictionary(own => own.Key, own => own.Sum(sum => sum.EstimatedHours));
        var kinds = await db.Members.AsNoTracking().Where(member => member.LoopId == loop.Id).ToDictionaryAsync(member => member.Id, member => member.Kind, cancellationToken);
        var alike = used.GroupBy(own => (Kind: kinds.GetValueOrDefault(own.Key.Member, ""), own.Key.Carrier))
            .ToDictionary(group => group.Key, group => (Count: group.Count(), Sum: group.Aggregate((Int128)0, (sum, own) => sum + own.Value)));
        var before = LastYear(period, loop.Calendar);
        var lastYear = await LastYearAsync(loop.Id, before, cancellationToken);
        var (weather, weatherBefore) = (await WeatherOfPeriod.DegreeDaysAsync(db, loop, period, cancellationToken), await WeatherOfPeriod.DegreeDaysAsync(db, loop, before, cancellationToken));
        var sources = await SourcesAsync(accounts, cancellationToken);
        var estimates = await EstimatesAsync(loop.Id, period, cancellationToken);
        var days = loop.Calendar.DaysIn(period);
        return member => new LawFacts
        {
            ConsumerBodies = terms.ConsumerBodies, EnergyAgencies = terms.EnergyAgencies, Complaints = terms.Complaints, Disputes = terms.Disputes,
            Carriers = [.. Carriers.All.Where(carrier => used.ContainsKey((member, carrier))).Select(carrier => Of(member, carrier))],
        };

        CarrierFacts Of(int member, Carrier carrier)
        {
            var same = alike.GetValueOrDefault((kinds.GetValueOrDefault(member, ""), carrier));
            var stated = carrier switch { Carrier.Heat => terms.NormalHeat, Carrier.Cold => terms.NormalCold, _ => terms.NormalElectricity };
            var isMean = same.Count >= LeastAlike;
            long? then = lastYear.TryGetValue((member, carrier), out var wattHours) ? wattHours : null;
            var (now, ago) = (weather?.GetValueOrDefault(carrier), weatherBefore?.GetValueOrDefault(carrier));
            var isWeather = carrier is Carrier.Heat or Carrier.Cold;
            return new CarrierFacts
            {
                Carrier = carrier,
                UsedWh = used[(member, carrier)],
                LastYearWh = then,
                LastYearCorrectedWh = isWeather && then is { } known && now is { } here && ago is { } there ? DegreeDays.Corrected(known, there, here) : null,
                NoLastYear = then is not null ? NoLastYear.None : before.Start < loop.FirstHour ? NoLastYear.BeforeTheLoop : NoLastYear.NotSupplied,
                DegreeDays = isWeather ? now : null,
                LastYearDegreeDays = isWeather ? ago : null,
                Sources = sources.GetValueOrDefault(carrier) ?? [],
                NormalWh = isMean ? Rounding.DivideAwayFromZero(same.Sum, same.Count) : stated is { } year ? Rounding.DivideAwayFromZero((Int128)year * 1000 * days, 365) : null,
                NormalBasis = isMean ? NormalBasis.MembersAlike : stated is not null ? NormalBasis.Stated : NormalBasis.None,
                NormalMembers = isMean ? same.Count : 0,
                // What came in as an estimate has no method of ours.
                Estimates = estimates.Contains((member, carrier)) ? [.. estimates[(member, carrier)]]
                    : estimated.TryGetValue((member, carrier), out var delivered) && delivered > 0 ? [new EstimateCount("Delivered", delivered)] : [],
            };
        }
    }

    /// <summary>The same local days, and hours of the day, of the year before.</summary>
    private static Interval LastYear(Interval period, LoopCalendar calendar)
    {
        DateTimeOffset Before(DateTimeOffset instant)
        {
            var day = calendar.DayOf(instant);
            return (calendar.StartOf(day.AddYears(-1)) + (instant - calendar.StartOf(day))).ToUniversalTime();
        }

        var (start, end) = (Before(period.Start), Before(period.End));

        // The 29th of February has no like.
        return new Interval(start, end > start ? end : start + period.Length);
    }

    /// <summary>What members metered then, from their bills of that period.</summary>
    private async Task<Dictionary<(int Member, Carrier Carrier), long>> LastYearAsync(int loopId, Interval before, CancellationToken cancellationToken)
    {
        var (energy, imbalance) = ((short)BillLineKind.Energy, (short)BillLineKind.Imbalance);
        var rows = await (
            from bill in work.Db.Bills
            join line in work.Db.BillLines on new { bill.LoopId, BillId = bill.Id } equals new { line.LoopId, line.BillId }
            where bill.LoopId == loopId && bill.Role == Role.Consumer && bill.PeriodStart == before.Start && bill.PeriodEnd == before.End && bill.Kind == DocumentKind.Invoice
                && (line.Kind == energy || line.Kind == imbalance) && !work.Db.Bills.Any(later => later.LoopId == loopId && later.CorrectsId == bill.Id)
            group line by new { bill.MemberId, line.Carrier } into own
            select new { own.Key.MemberId, own.Key.Carrier, Wh = own.Sum(line => line.Quantity) }).ToListAsync(cancellationToken);
        return rows.ToDictionary(row => (row.MemberId, (Carrier)row.Carrier), row => row.Wh);
    }

    /// <summary>Where each carrier's energy came from in the period, and what a kWh of each source counts. What a converter made counts as the electricity it
    /// took for it; what the outside grid sold as the grid did in those hours; sun, waste heat, stores and members' own plants as nothing.</summary>
    private async Task<Dictionary<Carrier, IReadOnlyList<SourceShare>>> SourcesAsync(PeriodAccounts accounts, CancellationToken cancellationToken)
    {
        var loopId = accounts.Loop.Id;
        var plants = (await work.Db.Plants.AsNoTracking().Where(plant => plant.LoopId == loopId).ToListAsync(cancellationToken))
            .ToDictionary(plant => plant.Code, plant => PlantDefinition.Read(plant.Definition));
        var sums = await GivenAsync(accounts, cancellationToken);
        var grid = await GridMilligramsAsync(loopId, accounts.Period, [.. plants.Where(plant => plant.Value.Kind == PlantKind.GridSupplier).Select(plant => plant.Key)], cancellationToken);
        long OfSource(string plant, Carrier carrier, long currentRate)
        {
            if (!plants.TryGetValue(plant, out var definition))
            {
                return 0;
            }

            var (input, output) = (sums.Where(sum => sum.Plant == plant && sum.Wh > 0).Sum(sum => sum.Wh), sums.Where(sum => sum.Plant == plant && sum.Wh < 0).Sum(sum => -sum.Wh));
            return definition.Kind switch
            {
                PlantKind.GridSupplier => grid,
                PlantKind.HeatPump or PlantKind.Chiller => output == 0 ? 0 : Rounding.DivideAwayFromZero((Int128)currentRate * input, output),
                PlantKind.Boiler => definition.Input is null ? BurnedMilligramsPerKWh : output == 0 ? 0 : Rounding.DivideAwayFromZero((Int128)currentRate * input, output),
                PlantKind.BalancingPlant => definition.PerformanceMillionths is { } performance and > 0 ? Rounding.DivideAwayFromZero((Int128)currentRate * 1_000_000, performance) : 0,
                _ => 0,
            };
        }

        IReadOnlyList<SourceShare> Mix(Carrier carrier, long currentRate)
        {
            var given = sums.Where(sum => sum.Carrier == carrier && sum.Wh < 0)
                .GroupBy(sum => sum.Plant.Length == 0 ? "members" : plants.TryGetValue(sum.Plant, out var plant) ? plant.Kind.Name() : "members")
                .Select(group => (Source: group.Key, Wh: group.Sum(sum => -sum.Wh), Grams: group.Aggregate((Int128)0, (sum, own) => sum + ((Int128)(-own.Wh) * OfSource(own.Plant, carrier, currentRate)))))
                .OrderByDescending(source => source.Wh).ThenBy(source => source.Source, StringComparer.Ordinal).ToList();
            if (given.Count == 0)
            {
                return [];
            }

            var parts = LargestRemainder.Split(1_000_000, [.. given.Select(source => source.Wh)]);
            return [.. given.Select((source, i) => new SourceShare(source.Source, (int)parts[i], Rounding.DivideAwayFromZero(source.Grams, source.Wh)))];
        }

        var electricity = Mix(Carrier.Electricity, 0);
        var current = electricity.Aggregate(0L, (sum, source) => sum + (source.Millionths * source.MilligramsPerKWh)) / 1_000_000;
        return new Dictionary<Carrier, IReadOnlyList<SourceShare>>
        {
            [Carrier.Electricity] = electricity, [Carrier.Heat] = Mix(Carrier.Heat, current), [Carrier.Cold] = Mix(Carrier.Cold, current),
        };
    }

    /// <summary>What each plant, and members' own meters, took (above zero) and gave (below zero). Of the whole loop, whoever is billed.</summary>
    private async Task<List<(string Plant, Carrier Carrier, long Wh)>> GivenAsync(PeriodAccounts accounts, CancellationToken cancellationToken)
    {
        if (!accounts.IsOfSome)
        {
            return [.. accounts.Inputs!.Positions.Where(sum => sum.Plant.Length > 0 || sum.Side == EnergySide.Given).Select(sum => (sum.Plant, sum.Carrier, sum.Metered.WattHours))];
        }

        var (loopId, period) = (accounts.Loop.Id, accounts.Period);
        var rows = await work.Db.Positions.AsNoTracking()
            .Where(position => position.LoopId == loopId && position.Hour >= period.Start && position.Hour < period.End && (position.PlantCode != "" || position.Direction == MeterDirection.Production))
            .GroupBy(position => new { position.PlantCode, position.Carrier, position.Direction })
            .Select(own => new { own.Key.PlantCode, own.Key.Carrier, Wh = own.Sum(position => (long)(object)position.Metered) })
            .ToListAsync(cancellationToken);
        return [.. rows.Select(row => (row.PlantCode, row.Carrier, row.Wh))];
    }

    /// <summary>What a kWh of the outside grid counted in the hours in which it was bought, by how much was.</summary>
    private async Task<long> GridMilligramsAsync(int loopId, Interval period, string[] plants, CancellationToken cancellationToken)
    {
        var hours = await (
            from position in work.Db.Positions
            join hour in work.Db.Conditions on new { position.LoopId, position.Hour } equals new { hour.LoopId, hour.Hour }
            where position.LoopId == loopId && position.Hour >= period.Start && position.Hour < period.End && plants.Contains(position.PlantCode)
                && position.Direction == MeterDirection.Production && work.Db.Plants.Any(plant => plant.LoopId == loopId && plant.Code == position.PlantCode && plant.OwnerId == position.MemberId)
            select new { position.Metered, hour.CarbonGramsPerKWh }).ToListAsync(cancellationToken);
        var sold = hours.Aggregate((Int128)0, (sum, hour) => sum - hour.Metered.WattHours);
        return sold <= 0 ? 0 : Rounding.DivideAwayFromZero(hours.Aggregate((Int128)0, (sum, hour) => sum - ((Int128)hour.Metered.WattHours * hour.CarbonGramsPerKWh * 1000)), sold);
    }

    /// <summary>How hours of members' own meters were estimated, where the estimate still stands.</summary>
    private async Task<ILookup<(int Member, Carrier Carrier), EstimateCount>> EstimatesAsync(int loopId, Interval period, CancellationToken cancellationToken)
    {
        var rows = await (
            from estimate in work.Db.ReadingEstimates
            join meter in work.Db.Meters on new { estimate.LoopId, Id = estimate.MeterId } equals new { meter.LoopId, meter.Id }
            where estimate.LoopId == loopId && estimate.Hour >= period.Start && estimate.Hour < period.End && meter.PlantCode == null && meter.Direction == MeterDirection.Consumption
            group estimate by new { meter.MemberId, meter.Carrier, estimate.Applied } into own
            select new { own.Key.MemberId, own.Key.Carrier, own.Key.Applied, Hours = own.Count() }).ToListAsync(cancellationToken);
        return rows.OrderBy(row => row.Applied).ToLookup(row => (row.MemberId, row.Carrier), row => new EstimateCount(((EstimationMethod)row.Applied).ToString(), row.Hours));
    }
}
