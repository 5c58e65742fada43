using Marketplace.Billing;
using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Features.Bills.Statements;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Features.Plants;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using NpgsqlTypes;
using Bill = Marketplace.Data.Bill;

namespace Marketplace.Web.Features.Bills;

/// <summary>One bill or statement with its lines, and what it cost day by day.</summary>
public sealed record ShowBill(int LoopId, string Number) : IRequest<BillView>, IOpenToGrants
{
    public GrantScope Scope => GrantScope.Bills;

    public int? GrantedMember => null;

    public bool Permits(Actor actor) => actor.BelongsTo(LoopId);
}

/// <summary>What a bill or statement shows.</summary>
public sealed record BillView
{
    public required string Number { get; init; }

    public required int MemberId { get; init; }

    public required string MemberName { get; init; }

    public required string MemberKey { get; init; }

    public required Role Role { get; init; }

    public required Interval Period { get; init; }

    public required DateTimeOffset IssuedAt { get; init; }

    public required DateOnly DueOn { get; init; }

    /// <summary>The loop's day on its market clock.</summary>
    public required DateOnly Today { get; init; }

    public required long NetCents { get; init; }

    public required long VatCents { get; init; }

    public required long TotalCents { get; init; }

    /// <summary>What has been paid of it, as far as the account's entries are matched.</summary>
    public long PaidCents { get; init; }

    public required IReadOnlyList<BillLineView> Lines { get; init; }

    public required IReadOnlyList<VatGroup> Vat { get; init; }

    /// <summary>Cost by day and carrier, from the same hours as the lines.</summary>
    public required IReadOnlyList<DayCost> Days { get; init; }

    /// <summary>Hours in which something was settled, and how many of them rest on an estimate.</summary>
    public required int Hours { get; init; }

    public required int EstimatedHours { get; init; }

    public required IReadOnlyList<StoreOfPeriod> Stores { get; init; }

    public DocumentKind Kind { get; init; } = DocumentKind.Invoice;

    public bool IsFinal { get; init; }

    /// <summary>The number of the document that this credit note takes back, or whose place this one takes.</summary>
    public string? Corrects { get; init; }

    /// <summary>The credit note that took this document back, or took back what this one replaces.</summary>
    public string? CreditNote { get; init; }

    /// <summary>The credit note that took this document back, where it has itself taken the place of another.</summary>
    public string? TakenBackBy { get; init; }

    /// <summary>The document that took this one's place, or that of what this credit note takes back.</summary>
    public string? ReplacedBy { get; init; }

    /// <summary>The lines of the document whose place this one takes, beside its own; none for an original.</summary>
    public IReadOnlyList<LineChangeView> Changes { get; init; } = [];

    /// <summary>The total of the document whose place this one takes.</summary>
    public long? CorrectedTotalCents { get; init; }

    /// <summary>What each plant of a statement did in the period; none on a bill.</summary>
    public IReadOnlyList<PlantAccount> Plants { get; init; } = [];

    /// <summary>What the network could not carry of what the member traded.</summary>
    public IReadOnlyList<CurtailedOfPeriod> Curtailed { get; init; } = [];

    /// <summary>What the law wants beside the lines; null where it does not ask for it.</summary>
    public LawFacts? Facts { get; init; }

    public bool IsCreditNote => Kind == DocumentKind.CreditNote;

    /// <summary>Whether it was taken back.</summary>
    public bool IsTakenBack { get; init; }

    /// <summary>The same member's document before and after this one.</summary>
    public required BillNeighbour? Earlier { get; init; }

    public required BillNeighbour? Later { get; init; }

    public Money Total => Money.FromCents(TotalCents);

    public bool IsBill => Role == Role.Consumer;
}

public sealed record BillNeighbour(string Number, DateTimeOffset PeriodStart, DateTimeOffset PeriodEnd, long TotalCents)
{
    public Interval Period => new(PeriodStart, PeriodEnd);
}

/// <summary>A line of a bill with what it was made of.</summary>
public sealed record BillLineView(
    short Number, BillLineKind Kind, Carrier? Carrier, string Plant, string? PlantName, long Quantity, Money Exact, long Cents, VatRate Vat, LineTrace Trace)
{
    /// <summary>The name of a levy, a shared amount or a clause; else empty.</summary>
    public string Name { get; init; } = "";

    /// <summary>What it is called in the languages that have a name of their own for it, by ISO 639-1.</summary>
    public IReadOnlyDictionary<string, string> Names { get; init; } = new Dictionary<string, string>();

    public Money Amount => Money.FromCents(Cents);

    public int Hours => (int)(Trace["hours"] ?? 0);

    public int EstimatedHours => (int)(Trace["estimatedHours"] ?? 0);

    /// <summary>Which side of the market its hours are on.</summary>
    public MeterDirection Direction => Trace["side"] == (long)EnergySide.Given ? MeterDirection.Production : MeterDirection.Consumption;

    /// <summary>The amount divided by the energy: derived, not what was charged in any hour.</summary>
    public Price? AveragePrice => (Kind.HasHours() || Kind == BillLineKind.Levy) && Quantity != 0
        ? new Price(Rounding.DivideAwayFromZero((Int128)Exact.Micro * 1000, Quantity))
        : null;

    internal static BillLineView Of(BillLineRow row, IReadOnlyDictionary<string, string> plantNames)
    {
        var (trace, vat) = TraceJson.Read(row.Trace);
        return new BillLineView(
            row.Line, (BillLineKind)row.Kind, row.Carrier == 0 ? null : (Carrier)row.Carrier, row.PlantCode ?? "",
            row.PlantCode is null ? null : plantNames.GetValueOrDefault(row.PlantCode, row.PlantCode),
            row.Quantity, row.Amount, row.AmountCents, VatRate.Of(vat, row.VatBasisPoints), trace) { Name = row.Name ?? "" };
    }
}

/// <summary>A line before and after a correction; null where there was, or is, none.</summary>
public sealed record LineChangeView(BillLineView? Before, BillLineView? After)
{
    public BillLineView Line => After ?? Before!;

    public Money Difference => Money.FromCents((After?.Cents ?? 0) - (Before?.Cents ?? 0));

    public bool IsChanged => Before is null || After is null || Before.Cents != After.Cents || Before.Quantity != After.Quantity;
}

/// <summary>What a carrier cost on a local day.</summary>
public sealed record DayCost(DateOnly Day, Carrier Carrier, Money Cost, Energy Metered, bool Estimated);

/// <summary>What a store did in a period.</summary>
public sealed record StoreOfPeriod(string Plant, string Name, Energy Charged, Energy Discharged, Energy Lost, Energy AtStart, Energy AtEnd)
{
    /// <summary>What it can hold; nothing where that is not known.</summary>
    public Energy Capacity { get; init; }

    /// <summary>Of what it held at the end of each hour.</summary>
    public Energy Lowest { get; init; }

    public Energy Highest { get; init; }

    public Energy Mean { get; init; }

    /// <summary>How often it was emptied and filled: what came out over what it can hold, in thousandths.</summary>
    public long? CyclesThousandths => Capacity > Energy.Zero ? Rounding.DivideAwayFromZero((Int128)Discharged.WattHours * 1000, Capacity.WattHours) : null;
}

internal sealed class ShowBillHandler(Work work, BillAccess access, ILineNames lineNames, MarketTime market, PlantAccounts plants) : IRequestHandler<ShowBill, BillView>
{
    public async Task<BillView> Handle(ShowBill request, CancellationToken cancellationToken)
    {
        var bill = await access.FindAsync(request.LoopId, request.Number, cancellationToken, request.Scope);
        var db = work.Db;
        var loop = await db.Loops.AsNoTracking().SingleAsync(loop => loop.Id == bill.LoopId, cancellationToken);
        var member = await db.Members.AsNoTracking().SingleAsync(member => member.LoopId == bill.LoopId && member.Id == bill.MemberId, cancellationToken);
        var rows = await db.BillLines.AsNoTracking().Where(line => line.LoopId == bill.LoopId && line.BillId == bill.Id).OrderBy(line => line.Line).ToListAsync(cancellationToken);
        var codes = rows.Where(row => row.PlantCode != null).Select(row => row.PlantCode!).Distinct().ToList();
        var names = await db.Plants.AsNoTracking().Where(plant => plant.LoopId == bill.LoopId && codes.Contains(plant.Code))
            .ToDictionaryAsync(plant => plant.Code, plant => plant.Name, cancellationToken);
        var lines = (await lineNames.NamedAsync(bill.LoopId, [.. rows.Select(row => BillLineView.Of(row, names))], cancellationToken)).ToList();
        var days = await DaysAsync(bill, lines, loop.TimeZone, cancellationToken);
        var same = db.Bills.AsNoTracking().Where(other => other.LoopId == bill.LoopId && other.MemberId == bill.MemberId && other.Role == bill.Role
            && other.Kind == DocumentKind.Invoice && !db.Bills.Any(later => later.LoopId == other.LoopId && later.CorrectsId == other.Id));
        var chain = await ChainAsync(bill, lines, names, cancellationToken);
        var stores = bill.Role == Role.Storage ? await StoresAsync(bill, codes, names, cancellationToken) : [];
        var (accounts, curtailed) = await plants.ReadAsync(bill, lines, stores, cancellationToken);
        return new BillView
        {
            Number = bill.Number,
            MemberId = bill.MemberId,
            MemberName = member.Name,
            MemberKey = member.Key,
            Role = bill.Role,
            Kind = bill.Kind,
            Facts = await db.BillFacts.AsNoTracking().Where(row => row.LoopId == bill.LoopId && row.BillId == bill.Id).Select(row => row.Facts).SingleOrDefaultAsync(cancellationToken) is { } json
                ? FactsJson.Read(json) : null,
            IsFinal = bill.IsFinal,
            Corrects = chain.Corrects,
            CreditNote = chain.CreditNote,
            ReplacedBy = chain.ReplacedBy,
            TakenBackBy = chain.TakenBackBy,
            Changes = chain.Changes,
            CorrectedTotalCents = chain.CorrectedTotalCents,
            IsTakenBack = bill.Kind == DocumentKind.Invoice && await db.Bills.AnyAsync(later => later.LoopId == bill.LoopId && later.CorrectsId == bill.Id, cancellationToken),
            Period = new Interval(bill.PeriodStart, bill.PeriodEnd),
            IssuedAt = bill.IssuedAt,
            DueOn = bill.DueOn,
            Today = loop.Calendar.DayOf(await market.NowAsync(loop.Id, cancellationToken)),
            NetCents = bill.NetCents,
            VatCents = bill.VatCents,
            TotalCents = bill.TotalCents,
            PaidCents = await db.PaymentAllocations
                .Where(paid => paid.LoopId == bill.LoopId && paid.OwedKind == EntryKind.Document && paid.OwedId == bill.Id).SumAsync(paid => paid.Cents, cancellationToken),
            Lines = lines,
            Vat = [.. lines.GroupBy(line => line.Vat).OrderBy(group => group.Key.Category).ThenBy(group => group.Key.BasisPoints)
                .Select(group => VatGroup.Of(group.Key, group.Sum(line => line.Cents)))],
            Days = days.Days,
            Hours = days.Hours,
            EstimatedHours = days.Estimated,
            Stores = stores,
            Plants = accounts,
            Curtailed = curtailed,
            Earlier = await same.Where(other => other.PeriodStart < bill.PeriodStart).OrderByDescending(other => other.PeriodStart)
                .Select(other => new BillNeighbour(other.Number, other.PeriodStart, other.PeriodEnd, other.TotalCents)).FirstOrDefaultAsync(cancellationToken),
            Later = await same.Where(other => other.PeriodStart > bill.PeriodStart).OrderBy(other => other.PeriodStart)
                .Select(other => new BillNeighbour(other.Number, other.PeriodStart, other.PeriodEnd, other.TotalCents)).FirstOrDefaultAsync(cancellationToken),
        };
    }

    private sealed record Chain(string? Corrects, string? CreditNote, string? ReplacedBy, IReadOnlyList<LineChangeView> Changes, long? CorrectedTotalCents, string? TakenBackBy = null);

    /// <summary>What came before and after in the chain of corrections.</summary>
    private async Task<Chain> ChainAsync(Bill bill, List<BillLineView> lines, Dictionary<string, string> names, CancellationToken cancellationToken)
    {
        var db = work.Db;
        var anchor = bill.Kind == DocumentKind.CreditNote ? bill.CorrectsId!.Value : bill.Id;
        var after = await db.Bills.AsNoTracking().Where(other => other.LoopId == bill.LoopId && other.CorrectsId == anchor)
            .Select(other => new { other.Kind, other.Number }).ToListAsync(cancellationToken);
        var before = bill.CorrectsId is not { } corrects ? null
            : await db.Bills.AsNoTracking().SingleAsync(other => other.LoopId == bill.LoopId && other.Id == corrects, cancellationToken);
        var replacedBy = after.SingleOrDefault(other => other.Kind == DocumentKind.Invoice)?.Number;
        if (bill.Kind == DocumentKind.CreditNote || before is null)
        {
            return new Chain(before?.Number, after.SingleOrDefault(other => other.Kind == DocumentKind.CreditNote && other.Number != bill.Number)?.Number, replacedBy, [], null);
        }

        var note = await db.Bills.AsNoTracking().Where(other => other.LoopId == bill.LoopId && other.CorrectsId == before.Id && other.Kind == DocumentKind.CreditNote)
            .Select(other => other.Number).SingleAsync(cancellationToken);
        var rows = await db.BillLines.AsNoTracking().Where(line => line.LoopId == bill.LoopId && (line.BillId == before.Id || line.BillId == bill.Id))
            .OrderBy(line => line.Line).ToListAsync(cancellationToken);
        var old = rows.Where(row => row.BillId == before.Id).ToList();
        var (oldLines, newLines) = (old.ConvertAll(TraceJson.LineOf), rows.Where(row => row.BillId == bill.Id).Select(TraceJson.LineOf).ToList());
        var oldViews = await lineNames.NamedAsync(bill.LoopId, [.. old.Select(row => BillLineView.Of(row, names))], cancellationToken);
        BillLineView? View(BillLine? line, bool isOld) => line is null ? null
            : isOld ? oldViews[IndexIn(oldLines, line)] : lines[IndexIn(newLines, line)];
        return new Chain(before.Number, note, replacedBy,
            [.. Revision.Compare(oldLines, newLines).Select(change => new LineChangeView(View(change.Before, true), View(change.After, false)))], before.TotalCents,
            after.SingleOrDefault(other => other.Kind == DocumentKind.CreditNote)?.Number);

        static int IndexIn(List<BillLine> lines, BillLine line) => lines.FindIndex(other => ReferenceEquals(other, line));
    }

    private async Task<(IReadOnlyList<DayCost> Days, int Hours, int Estimated)> DaysAsync(
        Bill bill, List<BillLineView> lines, string timeZone, CancellationToken cancellationToken)
    {
        var sides = lines.Where(line => line.Kind.HasHours()).Select(line => (line.Carrier, line.Plant, line.Direction)).Distinct().ToList();
        if (sides.Count == 0)
        {
            return ([], 0, 0);
        }

        await using var command = new NpgsqlCommand(
            """
            SELECT day, carrier, sum(cost)::bigint, sum(metered)::bigint, bool_or(estimated),
                   sum(count(DISTINCT hour) FILTER (WHERE first_of_hour)) OVER ()::int,
                   sum(count(DISTINCT hour) FILTER (WHERE first_of_hour AND hour_estimated)) OVER ()::int
            FROM (
                SELECT (p.hour AT TIME ZONE $5)::date AS day, p.hour, p.carrier, p.traded_amount + p.imbalance_amount + p.network_fee AS cost, p.metered, p.estimated,
                       row_number() OVER one = 1 AS first_of_hour, bool_or(p.estimated) OVER (PARTITION BY p.hour) AS hour_estimated
                FROM market.positions p
                WHERE p.loop_id = $1 AND p.member_id = $2 AND p.hour >= $3 AND p.hour < $4
                  AND (p.carrier, p.plant_code, p.direction) IN (SELECT * FROM unnest($6, $7, $8))
                WINDOW one AS (PARTITION BY p.hour ORDER BY p.carrier)) AS hours
            GROUP BY day, carrier ORDER BY day, carrier
            """,
            await work.ConnectionAsync(cancellationToken));
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = bill.LoopId });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = bill.MemberId });
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = bill.PeriodStart });
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = bill.PeriodEnd });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = timeZone });
        command.Parameters.Add(new NpgsqlParameter<short[]> { TypedValue = [.. sides.Select(side => (short)side.Carrier!.Value)], NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Smallint });
        command.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = [.. sides.Select(side => side.Plant)] });
        command.Parameters.Add(new NpgsqlParameter<short[]> { TypedValue = [.. sides.Select(side => (short)side.Direction)], NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Smallint });
        var days = new List<DayCost>();
        var (hours, estimated) = (0, 0);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            days.Add(new DayCost(reader.GetFieldValue<DateOnly>(0), (Carrier)reader.GetInt16(1), new Money(reader.GetInt64(2)), new Energy(reader.GetInt64(3)), reader.GetBoolean(4)));
            (hours, estimated) = (reader.GetInt32(5), reader.GetInt32(6));
        }

        return (days, hours, estimated);
    }

    private async Task<IReadOnlyList<StoreOfPeriod>> StoresAsync(Bill bill, List<string> codes, Dictionary<string, string> names, CancellationToken cancellationToken)
    {
        var levels = work.Db.StoreLevels.AsNoTracking().Where(level => level.LoopId == bill.LoopId && codes.Contains(level.PlantCode));
        var capacities = (await work.Db.Plants.AsNoTracking().Where(plant => plant.LoopId == bill.LoopId && codes.Contains(plant.Code)).ToListAsync(cancellationToken))
            .ToDictionary(plant => plant.Code, plant => PlantDefinition.Read(plant.Definition).Store?.Capacity ?? Energy.Zero);
        var stores = new List<StoreOfPeriod>();
        foreach (var hours in (await levels.Where(level => level.Hour >= bill.PeriodStart && level.Hour < bill.PeriodEnd).ToListAsync(cancellationToken))
            .GroupBy(level => level.PlantCode).OrderBy(group => group.Key, StringComparer.Ordinal))
        {
            var (first, last) = (hours.MinBy(level => level.Hour)!, hours.MaxBy(level => level.Hour)!);
            var (charged, discharged, lost) = hours.Aggregate((Energy.Zero, Energy.Zero, Energy.Zero), (sum, level) =>
                (sum.Item1 + level.Charged, sum.Item2 + level.Discharged, sum.Item3 + level.Lost));
            stores.Add(new StoreOfPeriod(hours.Key, names.GetValueOrDefault(hours.Key, hours.Key), charged, discharged, lost,
                first.Level - first.Charged + first.Discharged + first.Lost, last.Level)
            {
                Capacity = capacities.GetValueOrDefault(hours.Key),
                Lowest = hours.Min(level => level.Level),
                Highest = hours.Max(level => level.Level),
                Mean = new Energy(Rounding.DivideAwayFromZero(hours.Sum(level => level.Level.WattHours), hours.Count())),
            });
        }

        return stores;
    }
}
