using System.Buffers.Binary;
using System.Security.Cryptography;
using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Replica;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Features.Metering;

namespace Marketplace.Web.Features.Replay;

/// <summary>The loop that a folder of recorded readings becomes.</summary>
/// <param name="Sentences">What was assumed where the folder says nothing.</param>
public sealed record ReplayPlan(LoopPlan Loop, IReadOnlyList<string> Sentences)
{
    /// <summary>The member that runs the loop, and so may sign in as its operator.</summary>
    public const string OperatorKey = "loop-operator";

    /// <param name="seed">Fixes salts and order ids, so that two runs end at the same root; null keeps them secret and random.</param>
    public static ReplayPlan Of(ReplayFolder folder, ulong? seed)
    {
        var span = folder.Span ?? throw new ArgumentException("A folder without readings has no span", nameof(folder));
        var participants = Participants(folder);
        var summary = Summary(folder, span);
        var given = GivenPlants(folder);
        var plants = given is null ? DefaultPlants.ForReplay(participants, summary) : DefaultPlants.Around(given, participants, summary);
        var members = folder.Participants
            .Select(participant => new LoopMember(participant.Building, participant.Building, MemberKind.Building, [RoleOf(participant.Role)]))
            .Concat(plants.ExtraMembers)
            .ToList();
        var tariff = TariffFrom(span.Start, folder.Currency);
        var loop = new LoopPlan(
            folder.Slug, folder.Name, LoopKind.Replay, folder.Currency, folder.TimeZone, seed is { } number ? SeedBytes(number) : null,
            span.Start, span.End, span.End.AddDays(1), tariff, members,
            folder.Participants.ToDictionary(participant => participant.Building, participant => participant.Attributes),
            [.. folder.Meters.Select(meter => new MeterPlan(meter.Code, meter.Building, meter.Carrier, Data.MeterDirection.Consumption, null))],
            plants.Plants,
            [.. plants.Shares.Select(share => new SharePlan(share.Plant, share.Holder, checked((int)share.ShareMillionths), Money.Zero))]);
        var sentences = plants.Sentences.ToList();
        sentences.Add(FormattableString.Invariant(
            $"Terms: a member without orders is supplied up to the import price + {tariff.DefaultLimitMargin.CentsPerKWh} hundredths per kWh; quantity as at the same hour yesterday, on the first day as metered; VAT {tariff.VatBasisPoints / 100m} %."));
        return new ReplayPlan(loop, sentences);
    }

    private static List<ReplayParticipant> Participants(ReplayFolder folder)
    {
        var meters = folder.Meters.Where(meter => meter.Carrier == Carrier.Electricity).ToLookup(meter => meter.Building);
        return [.. folder.Participants.Select(participant =>
        {
            var (sum, peak) = folder.TotalOf(meters[participant.Building]);
            return new ReplayParticipant(participant.Building, participant.RoleText, ReplayParticipant.RoofFrom(participant.Attributes), sum, peak);
        })];
    }

    private static ReplaySummary Summary(ReplayFolder folder, Interval span)
    {
        (Energy Sum, Energy Peak) Total(Carrier carrier) => folder.TotalOf(folder.Meters.Where(meter => meter.Carrier == carrier));
        var (heat, peakHeat) = Total(Carrier.Heat);
        var (electricity, peakElectricity) = Total(Carrier.Electricity);
        return new ReplaySummary((int)(span.Length / MarketHour.Length), heat, peakHeat, Total(Carrier.Cold).Sum, electricity, peakElectricity);
    }

    /// <summary>The good rows of plants.csv; what is wrong with the others joins the folder's problems.</summary>
    private static List<Plant>? GivenPlants(ReplayFolder folder)
    {
        if (folder.Plants is null)
        {
            return null;
        }

        var plants = new List<Plant>();
        foreach (var row in folder.Plants)
        {
            var reading = PlantRows.Read(new PlantRow(row.Plant, row.Owner, row.Kind, row.CarrierIn, row.CarrierOut, row.CapacityKw, row.EfficiencyOrCop, row.CostPerKWh));
            if (reading.Plant is not { } plant)
            {
                folder.Problems.Refuse(ReplayFolder.PlantsName, row.Line, reading.Error!.Field, "plant", reading.Error.Message);
            }
            else if (plants.Any(other => other.Id == plant.Id))
            {
                folder.Problems.Refuse(ReplayFolder.PlantsName, row.Line, "plant", "duplicate", $"the plant '{plant.Id}' stands in an earlier line already.");
            }
            else
            {
                plants.Add(plant);
                if (reading.Note is { } note)
                {
                    folder.Problems.Warn(ReplayFolder.PlantsName, row.Line, "", "plant", note);
                }
            }
        }

        return plants;
    }

    private static Tariff TariffFrom(DateTimeOffset start, string currency) => new()
    {
        ValidFrom = start,
        DefaultLimitMargin = Price.FromMicroPerKWh(80_000),
        FeedIn = Price.FromMicroPerKWh(50_000),
        BalancingHeat = Price.FromMicroPerKWh(120_000),
        BalancingCold = Price.FromMicroPerKWh(60_000),
        NetworkFeeHeat = Price.FromMicroPerKWh(12_000),
        NetworkFeeCold = Price.FromMicroPerKWh(8_000),
        NetworkFeeElectricity = Price.FromMicroPerKWh(30_000),
        StandingChargePerDay = Money.FromMicro(400_000),
        VatBasisPoints = currency == "GBP" ? 2000 : 1900,
    };

    private static LoopRole RoleOf(FolderRole role) => role switch
    {
        FolderRole.Consumer => LoopRole.Consumer,
        FolderRole.Producer => LoopRole.Producer,
        FolderRole.Prosumer => LoopRole.Prosumer,
        FolderRole.Storage => LoopRole.Storage,
        _ => throw new ArgumentOutOfRangeException(nameof(role), role, "Not a role"),
    };

    private static byte[] SeedBytes(ulong seed)
    {
        var bytes = new byte[8];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, seed);
        return SHA256.HashData(bytes);
    }
}
