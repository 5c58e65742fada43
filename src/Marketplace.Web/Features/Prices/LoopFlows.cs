using FluentValidation;
using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Replica;
using Marketplace.Web.Features.Metering;
using Marketplace.Web.Features.Plants;
using Marketplace.Web.Pipeline;
using Marketplace.Web.Shell.Components.Charts;
using MediatR;
using Microsoft.EntityFrameworkCore;
using MeterDirection = Marketplace.Data.MeterDirection;

namespace Marketplace.Web.Features.Prices;

/// <summary>What flowed in the settled hours of a period, as measured: sources → carriers → converters → carriers → members and losses. What enters a
/// carrier or a converter is as wide as what leaves it, to the watt-hour. The public sees kinds of plants and members of which there are at least five.</summary>
public sealed record LoopFlows(int LoopId, Interval Period) : IRequest<FlowsOfLoop>, IPublic;

/// <param name="Nodes">With keys for labels: the page has the words.</param>
/// <param name="Hidden">Whether the picture would show what fewer than five members did.</param>
public sealed record FlowsOfLoop(IReadOnlyList<FlowNode> Nodes, IReadOnlyList<FlowLink> Links, bool Hidden);

public sealed class LoopFlowsValidator : AbstractValidator<LoopFlows>
{
    public LoopFlowsValidator() => RuleFor(request => request.Period.Length).LessThanOrEqualTo(TimeSpan.FromDays(32))
        .OverridePropertyName("Period").WithMessage("Ask for at most 32 days at once.");
}

internal sealed class LoopFlowsHandler(MarketplaceDb db, CurrentActor current) : IRequestHandler<LoopFlows, FlowsOfLoop>
{
    public async Task<FlowsOfLoop> Handle(LoopFlows request, CancellationToken cancellationToken)
    {
        var (loopId, from, to) = (request.LoopId, request.Period.Start, request.Period.End);
        var plants = (await db.Plants.AsNoTracking().Where(plant => plant.LoopId == loopId).ToListAsync(cancellationToken))
            .ToDictionary(plant => plant.Code, plant => PlantDefinition.Read(plant.Definition), StringComparer.Ordinal);
        var rows = await db.Database.SqlQuery<MovedRow>($"""
            SELECT p.member_id AS "MemberId", p.plant_code AS "Plant", p.carrier AS "Carrier",
                   sum(greatest(-p.metered, 0))::bigint AS "Given", sum(greatest(p.metered, 0))::bigint AS "Taken"
            FROM market.positions p
            WHERE p.loop_id = {loopId} AND p.hour >= {from} AND p.hour < {to} AND p.metered <> 0
            GROUP BY 1, 2, 3
            """).ToListAsync(cancellationToken);
        var kinds = await db.Members.Where(member => member.LoopId == loopId).ToDictionaryAsync(member => member.Id, member => member.Kind, cancellationToken);
        var whole = current.Actor.Operates(loopId) || current.Actor.Audits(loopId);
        return Of(rows, plants, kinds, whole);
    }

    private static FlowsOfLoop Of(List<MovedRow> rows, Dictionary<string, Plant> plants, Dictionary<int, string> kinds, bool whole)
    {
        var (sources, uses, runs) = (new List<Share>(), new List<Share>(), new List<Run>());
        foreach (var row in rows)
        {
            var (carrier, given, taken) = ((Carrier)row.Carrier, Energy.FromWh(row.Given), Energy.FromWh(row.Taken));
            var plant = plants.GetValueOrDefault(row.Plant);
            if (plant is { Kind: PlantKind.HeatPump or PlantKind.Chiller } or { Kind: PlantKind.Boiler, Input: not null })
            {
                runs.Add(new Run(plant.Kind, carrier, given, taken));
                continue;
            }

            // The grid and the balancing plant publish their prices, and nobody's habits stand behind them.
            var open = plant is { Kind: PlantKind.GridSupplier or PlantKind.BalancingPlant };
            sources.Add(new Share(plant is null ? "Members" : "Plant." + plant.Kind, carrier, given, row.MemberId, open));
            uses.Add(new Share(plant is null ? "Member." + kinds.GetValueOrDefault(row.MemberId, "") : "Plant." + plant.Kind, carrier, taken, row.MemberId, open));
        }

        var input = runs.Where(run => run.Taken > Energy.Zero).Select(run => run.Carrier).ToHashSet();
        if (runs.Exists(run => input.Contains(run.Carrier) && run.Given > Energy.Zero))
        {
            // A carrier that converters both make and use has no place in a picture that runs one way.
            return new FlowsOfLoop([], [], Hidden: false);
        }

        var moved = sources.Concat(uses).Where(share => share.Energy > Energy.Zero).ToList();
        return !whole && moved.GroupBy(share => share.Carrier).Any(carrier => Members(carrier).Count < PricesOfPeriod.SmallestGroup)
            ? new FlowsOfLoop([], [], Hidden: true)
            : Drawn(Shown(sources, whole), Shown(uses, whole), runs, input);
    }

    /// <summary>Kinds of which each has at least five members in each carrier; smaller ones together with the next larger until these are five; where
    /// that does not come about, all of the carrier together: as much as goes in comes out, and the other side says that already.</summary>
    private static List<Group> Shown(List<Share> shares, bool whole)
    {
        bool IsLarge(HashSet<int> members) => whole || members.Count >= PricesOfPeriod.SmallestGroup;
        var shown = new List<Group>();
        foreach (var carrier in shares.Where(share => share.Energy > Energy.Zero).GroupBy(share => share.Carrier))
        {
            var groups = carrier.GroupBy(share => (share.Kind, share.IsOpen))
                .Select(kind => (Group: new Group(kind.Key.Kind, carrier.Key, Sum(kind)), IsOpen: kind.Key.IsOpen, Members: Members(kind)))
                .ToList();
            var together = groups.Where(group => !group.IsOpen && !IsLarge(group.Members)).ToList();
            var members = together.SelectMany(group => group.Members).ToHashSet();
            foreach (var next in groups.Where(group => !group.IsOpen && IsLarge(group.Members)).OrderBy(group => group.Group.Energy).ToList())
            {
                if (together.Count == 0 || IsLarge(members))
                {
                    break;
                }

                together.Add(next);
                members.UnionWith(next.Members);
            }

            if (together.Count > 0 && !IsLarge(members))
            {
                shown.Add(new Group("All", carrier.Key, Sum(carrier)));
                continue;
            }

            shown.AddRange(groups.Except(together).Select(group => group.Group));
            if (together.Count > 0)
            {
                shown.Add(new Group("Others", carrier.Key, together.Aggregate(Energy.Zero, (sum, group) => sum + group.Group.Energy)));
            }
        }

        return shown;
    }

    private static FlowsOfLoop Drawn(List<Group> sources, List<Group> uses, List<Run> runs, HashSet<Carrier> input)
    {
        const int LastColumn = 4;
        var picture = new FlowPicture();
        foreach (var carrier in Carriers.All)
        {
            picture.Node(carrier.Name(), "Carrier." + carrier, input.Contains(carrier) ? 1 : 3, carrier);
        }

        foreach (var source in sources)
        {
            picture.Node("s/" + source.Kind, "Source." + source.Kind, 0);
            picture.Link("s/" + source.Kind, source.Carrier.Name(), source.Energy, source.Carrier);
        }

        foreach (var use in uses)
        {
            picture.Node("u/" + use.Kind, "Use." + use.Kind, LastColumn);
            picture.Link(use.Carrier.Name(), "u/" + use.Kind, use.Energy, use.Carrier);
        }

        foreach (var unit in runs.GroupBy(run => run.Kind))
        {
            var id = "c/" + unit.Key;
            picture.Node(id, "Converter." + unit.Key, 2);
            foreach (var run in unit)
            {
                picture.Link(run.Carrier.Name(), id, run.Taken, run.Carrier);
                picture.Link(id, run.Carrier.Name(), run.Given, run.Carrier);
            }

            // What a heat pump gives beyond the electricity it takes is moved, not made.
            var surplus = unit.Aggregate(Energy.Zero, (sum, run) => sum + run.Given - run.Taken);
            picture.Node(surplus > Energy.Zero ? "moved" : "lost", surplus > Energy.Zero ? "Source.Moved" : "Use.Lost", surplus > Energy.Zero ? 0 : LastColumn);
            picture.Link("moved", id, surplus, null);
            picture.Link(id, "lost", -surplus, null);
        }

        // What was measured going in and coming out differs by what pipes and cables lose, and by what no meter of the market sees.
        foreach (var carrier in Carriers.All)
        {
            var entered = Sum(sources.Where(share => share.Carrier == carrier)) + runs.Where(run => run.Carrier == carrier).Aggregate(Energy.Zero, (sum, run) => sum + run.Given);
            var left = Sum(uses.Where(share => share.Carrier == carrier)) + runs.Where(run => run.Carrier == carrier).Aggregate(Energy.Zero, (sum, run) => sum + run.Taken);
            picture.Node(entered > left ? "difference-out" : "difference-in", entered > left ? "Use.Difference" : "Source.Difference", entered > left ? LastColumn : 0);
            picture.Link(carrier.Name(), "difference-out", entered - left, carrier);
            picture.Link("difference-in", carrier.Name(), left - entered, carrier);
        }

        return new FlowsOfLoop(picture.Nodes, picture.Links, Hidden: false);
    }

    private static Energy Sum(IEnumerable<Share> shares) => shares.Aggregate(Energy.Zero, (sum, share) => sum + share.Energy);

    private static Energy Sum(IEnumerable<Group> groups) => groups.Aggregate(Energy.Zero, (sum, group) => sum + group.Energy);

    private static HashSet<int> Members(IEnumerable<Share> shares) => [.. shares.Select(share => share.MemberId)];

    /// <summary>What one member, or a plant of it, gave or took of a carrier.</summary>
    private sealed record Share(string Kind, Carrier Carrier, Energy Energy, int MemberId, bool IsOpen);

    private sealed record Group(string Kind, Carrier Carrier, Energy Energy);

    private sealed record Run(PlantKind Kind, Carrier Carrier, Energy Given, Energy Taken);

    private sealed record MovedRow(int MemberId, string Plant, short Carrier, long Given, long Taken);
}
