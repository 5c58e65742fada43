using System.Text;
using Marketplace.Metering;
using Marketplace.Quantities;

namespace Marketplace.Web.Features.Metering;

/// <summary>What a folder is read for. Readings alone need neither prices nor weather.</summary>
public enum FolderUse
{
    Replay = 1,
    ReadingsOnly = 2,
}

/// <summary>A building that takes part. The role in the file may be free text; what is not one of the four roles is a consumer.</summary>
/// <param name="Attributes">All columns but building and role, by name.</param>
public sealed record FolderParticipant(int Line, string Building, FolderRole Role, string RoleText, IReadOnlyDictionary<string, string> Attributes);

public enum FolderRole
{
    Consumer = 1,
    Producer = 2,
    Prosumer = 3,
    Storage = 4,
}

/// <summary>Weather and grid of one hour.</summary>
/// <param name="Line">The row it comes from.</param>
/// <param name="IsCarriedForward">The hour's own row is missing or refused: these are the values of the hour before, and the problems say so.</param>
public sealed record FolderConditions(
    int Line, DateTimeOffset Hour, decimal AirTempC, decimal GhiWm2, Price ImportPrice, int CarbonGramsPerKWh, bool IsCarriedForward);

/// <summary>A meter as the readings imply it: one for each building and commodity that has a row.</summary>
public sealed record FolderMeter(string Building, Carrier Carrier, int Readings, DateTimeOffset First, DateTimeOffset Last, int MissingHours)
{
    public string Code => CodeOf(Building, Carrier);

    /// <summary>The code of the meter of a building and commodity, in every loop that comes from a folder.</summary>
    public static string CodeOf(string building, Carrier carrier) => $"{building}-{carrier.Name()}";
}

/// <summary>A row of plants.csv as it stands in the file.</summary>
public sealed record FolderPlant(
    int Line, string Plant, string Owner, string Kind, string CarrierIn, string CarrierOut, string CapacityKw, string EfficiencyOrCop, string CostPerKWh);

/// <summary>A folder of recorded readings (formats.md, "Replay folder"), read and checked. Good rows are here; whatever was
/// wrong is in <see cref="Problems"/> by file, line and field.</summary>
public sealed class ReplayFolder
{
    public const string ReadingsName = "readings.csv";
    public const string ParticipantsName = "participants.csv";
    public const string SiteName = "site_hourly.csv";
    public const string PlantsName = "plants.csv";
    public const string LoopName = "loop.json";

    private readonly ReadingsTable _readings;

    private ReplayFolder(string path, string slug, string name, string currency, string timeZone, FolderProblems problems, ReadingsTable readings)
    {
        Path = path;
        Slug = slug;
        Name = name;
        Currency = currency;
        TimeZone = timeZone;
        Problems = problems;
        _readings = readings;
    }

    public string Path { get; }

    /// <summary>The loop's name in addresses: the folder's name in lower-case letters, digits and hyphens.</summary>
    public string Slug { get; }

    /// <summary>The loop's name for people.</summary>
    public string Name { get; }

    /// <summary>ISO 4217.</summary>
    public string Currency { get; }

    /// <summary>IANA name.</summary>
    public string TimeZone { get; }

    /// <summary>The name of the file with the readings, for messages.</summary>
    public string ReadingsFileName { get; private init; } = ReadingsName;

    public FolderProblems Problems { get; }

    /// <summary>Whether there is enough to go on.</summary>
    public bool IsUsable => !Problems.IsFatal;

    /// <summary>In the order of the file.</summary>
    public IReadOnlyList<FolderParticipant> Participants { get; private init; } = [];

    /// <summary>Every hour from the first to the last with a reading, without gaps, in order. Empty when read for the readings only and there is no site file.</summary>
    public IReadOnlyList<FolderConditions> Conditions { get; private init; } = [];

    /// <summary>By building in the order of the participants, then by carrier.</summary>
    public IReadOnlyList<FolderMeter> Meters { get; private init; } = [];

    /// <summary>Null where the folder has no plants.csv.</summary>
    public IReadOnlyList<FolderPlant>? Plants { get; private init; }

    /// <summary>From the first hour with a reading to the end of the last; null without any good reading.</summary>
    public Interval? Span => _readings.Span;

    /// <summary>Rows of readings.csv, good or not.</summary>
    public int RowsRead => _readings.RowsRead;

    /// <summary>Good readings.</summary>
    public int ReadingCount => _readings.Count;

    /// <summary>The good readings of one meter in a span of time, as they are delivered.</summary>
    public IEnumerable<DeliveredReading> DeliveredBy(FolderMeter meter, Interval during) => _readings.Delivered(meter.Building, meter.Carrier, during, meter.Code);

    /// <summary>What these meters read together: over all hours, and in the hour in which it is most (zero where it is never positive).</summary>
    public (Energy Sum, Energy Peak) TotalOf(IEnumerable<FolderMeter> meters) => _readings.TotalOf(meters.Select(meter => (meter.Building, meter.Carrier)));

    /// <summary>Reads a folder, or the readings of a single file. It never throws for what is in the files.</summary>
    public static ReplayFolder Read(string path, FolderUse use = FolderUse.Replay)
    {
        var problems = new FolderProblems();
        var full = System.IO.Path.TrimEndingDirectorySeparator(System.IO.Path.GetFullPath(path));
        var isFile = File.Exists(full);
        var folder = isFile ? System.IO.Path.GetDirectoryName(full)! : full;
        var readingsName = isFile ? System.IO.Path.GetFileName(full) : ReadingsName;
        // A file that is called as the format says stands for its folder; any other names the loop itself.
        var named = isFile && readingsName != ReadingsName ? System.IO.Path.GetFileNameWithoutExtension(full) : System.IO.Path.GetFileName(folder);
        if (!isFile && !Directory.Exists(folder))
        {
            problems.Fail(named, 0, "", "missing-folder", $"there is no folder {path}.");
            return new ReplayFolder(full, SlugOf(named), named, "EUR", "UTC", problems, new ReadingsTable([], [], null, problems));
        }

        var settings = LoopFile.Read(folder, problems);
        var zone = TimeZoneInfo.FindSystemTimeZoneById(settings.TimeZone ?? "UTC");
        var site = use == FolderUse.Replay || File.Exists(System.IO.Path.Combine(folder, SiteName)) ? SiteFile.Read(folder, use, problems) : null;
        var participants = use == FolderUse.Replay || File.Exists(System.IO.Path.Combine(folder, ParticipantsName)) ? ParticipantsFile.Read(folder, problems) : null;
        var readings = ReadingsFile.Read(folder, readingsName, participants?.Select(participant => participant.Building), site?.Span, zone, problems);
        participants ??= [.. readings.Buildings.Select(building => new FolderParticipant(0, building, FolderRole.Consumer, "consumer", new Dictionary<string, string>()))];

        var meters = readings.Meters(participants);
        foreach (var idle in participants.Select(participant => participant.Building).Except(meters.Select(meter => meter.Building)))
        {
            problems.Warn(readingsName, 0, "building", "no-readings", $"no good reading of the participant '{idle}'.");
        }

        foreach (var meter in meters.Where(meter => meter.MissingHours > 0))
        {
            problems.Warn(readingsName, 0, "timestamp_utc", ReadingRule.Complete.Name, FormattableString.Invariant(
                $"{meter.Building} {meter.Carrier.Name()} lacks {meter.MissingHours} of {readings.HoursCovered} hours; they are estimated."));
        }

        return new ReplayFolder(full, SlugOf(named), settings.Name ?? named, settings.Currency ?? site?.Currency ?? "EUR", zone.Id, problems, readings)
        {
            ReadingsFileName = readingsName,
            Participants = participants,
            Conditions = readings.Span is { } span ? site?.Over(span, problems) ?? [] : [],
            Meters = meters,
            Plants = PlantsFile.Read(folder, problems),
        };
    }

    /// <summary>A name as it can stand in an address.</summary>
    public static string SlugOf(string name)
    {
        var slug = new StringBuilder();
        foreach (var c in name.ToLowerInvariant())
        {
            if (char.IsAsciiLetterOrDigit(c))
            {
                slug.Append(c);
            }
            else if (slug.Length > 0 && slug[^1] != '-')
            {
                slug.Append('-');
            }
        }

        var text = slug.ToString().Trim('-');
        return text.Length == 0 ? "replay" : text[..Math.Min(text.Length, 60)];
    }
}
