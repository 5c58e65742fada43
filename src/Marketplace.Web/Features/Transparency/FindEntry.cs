using System.Globalization;
using Marketplace.Data;
using Marketplace.Ledger;
using Marketplace.Web.Pipeline;
using MediatR;
using Npgsql;

namespace Marketplace.Web.Features.Transparency;

/// <summary>Finds an entry by what somebody typed: its index, its commitment (34 or 32 bytes) or its leaf hash, in hex or base64.</summary>
public sealed record FindEntry(int LoopId, string Text) : IRequest<FoundEntry>, IPublic;

/// <summary>How a search ended.</summary>
public enum SearchOutcome
{
    /// <summary>Here it is.</summary>
    Found,

    /// <summary>Nothing was typed.</summary>
    Empty,

    /// <summary>Neither a number nor a hash of 32 or 34 bytes.</summary>
    NotAHash,

    /// <summary>A hash that is not in this log.</summary>
    NoSuchHash,

    /// <summary>Not found, but the search is still being prepared for the newest entries.</summary>
    NotYetSearchable,

    /// <summary>A number that no entry has yet.</summary>
    BeyondTheEnd,
}

/// <summary>The answer.</summary>
/// <param name="Size">How many entries the log has.</param>
public sealed record FoundEntry(SearchOutcome Outcome, long? Index, long Size);

internal sealed class FindEntryHandler(NpgsqlDataSource source) : IRequestHandler<FindEntry, FoundEntry>
{
    public async Task<FoundEntry> Handle(FindEntry request, CancellationToken cancellationToken)
    {
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        var size = (await LogTables.LatestSignedAsync(connection, request.LoopId, cancellationToken))?.Size ?? 0;
        var text = string.Concat(request.Text.Where(c => !char.IsWhiteSpace(c)));
        if (text.Length == 0)
        {
            return new FoundEntry(SearchOutcome.Empty, null, size);
        }

        if (ReadIndex(text) is { } index)
        {
            return index < size ? new FoundEntry(SearchOutcome.Found, index, size) : new FoundEntry(SearchOutcome.BeyondTheEnd, null, size);
        }

        if (ReadBytes(text) is not { } bytes)
        {
            return new FoundEntry(SearchOutcome.NotAHash, null, size);
        }

        if (bytes.Length == Commitment.Length)
        {
            // The whole entry: its leaf hash says it exactly, kind and version included.
            return Answer(await SearchIndex.FindLeafAsync(connection, request.LoopId, MerkleHash.Leaf(bytes).ToBytes(), cancellationToken), size);
        }

        var hit = await SearchIndex.FindCommitmentAsync(connection, request.LoopId, bytes, cancellationToken);
        return Answer(hit.Index is not null ? hit : await SearchIndex.FindLeafAsync(connection, request.LoopId, bytes, cancellationToken), size);
    }

    private static FoundEntry Answer(SearchHit hit, long size) => new(
        hit.Index is not null ? SearchOutcome.Found : hit.IsComplete ? SearchOutcome.NoSuchHash : SearchOutcome.NotYetSearchable, hit.Index, size);

    // People copy "#1,234" from a page as well as "1234".
    private static long? ReadIndex(string text) =>
        text.Length <= 26 && long.TryParse(text.TrimStart('#'), NumberStyles.AllowThousands, CultureInfo.InvariantCulture, out var index) && index >= 0 ? index : null;

    private static byte[]? ReadBytes(string text)
    {
        var hex = text.StartsWith("0x", StringComparison.OrdinalIgnoreCase) ? text[2..] : text;
        if (hex.Length is 2 * TreeHash.Length or 2 * Commitment.Length && hex.All(char.IsAsciiHexDigit))
        {
            return Convert.FromHexString(hex);
        }

        var base64 = text.Replace('-', '+').Replace('_', '/').TrimEnd('=');
        base64 = base64.PadRight((base64.Length + 3) / 4 * 4, '=');
        return StrictBase64.TryDecode(base64, out var bytes) && bytes.Length is TreeHash.Length or Commitment.Length ? bytes : null;
    }
}
