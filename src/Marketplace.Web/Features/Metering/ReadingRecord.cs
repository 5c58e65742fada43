using System.Globalization;
using System.Text;
using Marketplace.Data;
using Marketplace.Ledger;
using Marketplace.Quantities;

namespace Marketplace.Web.Features.Metering;

/// <summary>One revision of one hour of one meter, as the ledger commits to it.</summary>
/// <param name="MemberId">Whose meter it is: the record is salted with this member's secret.</param>
public sealed record ReadingRevision(
    string MeterCode, int MemberId, DateTimeOffset Hour, int Revision, Energy Energy, ReadingQuality Quality);

/// <summary>The canonical form of a reading. Its bytes are pinned by a test: what is committed can be opened only by the same bytes.</summary>
public static class ReadingRecord
{
    public const byte Version = 1;

    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>What stands for the predecessor where its secret was destroyed, so that its commitment cannot be computed again.</summary>
    public const string ErasedPredecessor = "erased";

    public static string Key(string meterCode, DateTimeOffset hour, int revision) =>
        string.Create(CultureInfo.InvariantCulture, $"reading/{meterCode}/{Instants.Iso(hour)}/{revision}");

    /// <param name="predecessor">The commitment of the revision before, in hex; required for every revision but the first.</param>
    public static byte[] Canonical(string loopSlug, ReadingRevision reading, string? predecessor)
    {
        if (predecessor is null != (reading.Revision == 0))
        {
            throw new ArgumentException("Every revision but the first names its predecessor, and only they do", nameof(predecessor));
        }

        return Lines(loopSlug, reading.MeterCode, Instants.Iso(reading.Hour), reading.Energy, reading.Quality, reading.Revision, predecessor);
    }

    /// <summary>The record of the first value of an hour, as <see cref="ForLedger"/> makes it.</summary>
    /// <param name="hourText">The hour as it stands in records.</param>
    internal static LedgerRecord First(string loopSlug, NewReading reading, string hourText) => new(
        RecordKind.Reading,
        Version,
        $"reading/{reading.MeterCode}/{hourText}/0",
        Lines(loopSlug, reading.MeterCode, hourText, reading.Energy, reading.Quality, 0, null),
        reading.MemberId,
        DateOnly.FromDateTime(reading.Hour.UtcDateTime));

    // The lines of CanonicalRecord, written at once: there is one for each hour of each meter there is. A test holds the two together.
    private static byte[] Lines(string loopSlug, string meterCode, string hourText, Energy energy, ReadingQuality quality, int revision, string? predecessor)
    {
        Refuse(loopSlug);
        Refuse(meterCode);
        Span<byte> lines = stackalloc byte[1024];
        if (predecessor is null && System.Text.Unicode.Utf8.TryWrite(
            lines, CultureInfo.InvariantCulture, $"reading/v{Version}\nloop {loopSlug}\nmeter {meterCode}\nhour {hourText}\nenergyWh {energy.WattHours}\nquality {NameOf(quality)}\nrevision {revision}\n", out var length))
        {
            return lines[..length].ToArray();
        }

        var text = string.Create(
            CultureInfo.InvariantCulture, $"reading/v{Version}\nloop {loopSlug}\nmeter {meterCode}\nhour {hourText}\nenergyWh {energy.WattHours}\nquality {NameOf(quality)}\nrevision {revision}\n");
        return Utf8.GetBytes(predecessor is null ? text : $"{text}predecessor {predecessor}\n");
    }

    private static void Refuse(string name)
    {
        foreach (var c in name)
        {
            if (char.IsControl(c))
            {
                throw new ArgumentException("A name contains a control character", nameof(name));
            }
        }
    }

    /// <summary>The record as it is handed in at the ledger's door.</summary>
    public static LedgerRecord ForLedger(string loopSlug, ReadingRevision reading, string? predecessor) => new(
        RecordKind.Reading,
        Version,
        Key(reading.MeterCode, reading.Hour, reading.Revision),
        Canonical(loopSlug, reading, predecessor),
        reading.MemberId,
        DateOnly.FromDateTime(reading.Hour.UtcDateTime));

    /// <summary>The commitment that follows from these revisions of one hour, in hex: what the next revision names.</summary>
    /// <param name="revisions">All of them, from the first to the last.</param>
    /// <param name="secret">The secret of the member and month; null where it was destroyed.</param>
    public static string CommitmentOfLast(string loopSlug, IEnumerable<ReadingRevision> revisions, byte[]? secret)
    {
        if (secret is null)
        {
            return ErasedPredecessor;
        }

        string? predecessor = null;
        foreach (var revision in revisions)
        {
            var record = ForLedger(loopSlug, revision, predecessor);
            var salt = Commitment.Salt(secret, record.Kind, record.Version, record.RecordKey);
            predecessor = Convert.ToHexStringLower(Commitment.Of(record.Kind, record.Version, salt, record.Canonical));
        }

        return predecessor ?? throw new ArgumentException("There is no revision", nameof(revisions));
    }

    private static string NameOf(ReadingQuality quality) => quality switch
    {
        ReadingQuality.Measured => "measured",
        ReadingQuality.Estimated => "estimated",
        ReadingQuality.Corrected => "corrected",
        _ => throw new ArgumentOutOfRangeException(nameof(quality), quality, "Not a quality"),
    };
}
