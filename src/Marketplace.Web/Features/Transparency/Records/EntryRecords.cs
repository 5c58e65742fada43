using Marketplace.Data;
using Marketplace.Ledger;
using Marketplace.Web.Pipeline;
using Npgsql;

namespace Marketplace.Web.Features.Transparency.Records;

/// <summary>Where an entry was handed in: the batch, its key, and the position in the batch.</summary>
public sealed record EntryPlace(int LoopId, string Slug, long BatchId, string BatchKey, int Position)
{
    /// <summary>What follows a prefix of the batch key, as the hour in <c>book/2026-03-05T00:00:00Z</c>.</summary>
    public DateTimeOffset? HourAfter(string prefix) =>
        BatchKey.StartsWith(prefix, StringComparison.Ordinal) && Loops.HourAddress.TryParse(BatchKey[prefix.Length..], out var hour) ? hour : null;
}

/// <summary>A record behind an entry, and the page that shows it.</summary>
public sealed record KeptRecord(LedgerRecord Record, string Href);

/// <summary>Finds the records of one kind by their place on the ledger. A new kind brings one of its own; without one its
/// content stays private.</summary>
public interface IRecordSource
{
    RecordKind Kind { get; }

    /// <summary>The record, for an actor who may read it; null for everybody else and where there is none.</summary>
    Task<KeptRecord?> FindAsync(EntryPlace place, Actor actor, CancellationToken cancellationToken);
}

/// <summary>Opens an entry for those who may see its record, and compares the two.</summary>
internal sealed class EntryRecords(IEnumerable<IRecordSource> sources, CurrentActor current)
{
    public async Task<EntryContent> OpenAsync(NpgsqlConnection connection, EntryPlace place, byte[] entry, CancellationToken cancellationToken)
    {
        var hidden = new EntryContent(ContentState.Private, null, null);
        if (sources.FirstOrDefault(source => source.Kind == (RecordKind)entry[0]) is not { } source
            || await source.FindAsync(place, current.Actor, cancellationToken) is not { } kept)
        {
            return hidden;
        }

        var record = kept.Record;
        var secret = await RecordSecrets.FindAsync(connection, place.LoopId, record.MemberId, record.Month, cancellationToken);
        if (secret is null)
        {
            return new EntryContent(ContentState.Erased, null, null);
        }

        var salt = Commitment.Salt(secret, record.Kind, record.Version, record.RecordKey);
        return Commitment.Of(record.Kind, record.Version, salt, record.Canonical).AsSpan().SequenceEqual(entry)
            ? new EntryContent(ContentState.Open, CanonicalRecord.Parse(record.Canonical), kept.Href)
            : new EntryContent(ContentState.Mismatch, null, kept.Href);
    }
}
