using System.Security.Cryptography;
using System.Text;

namespace Marketplace.Ledger;

/// <summary>What a ledger entry commits to. The byte values are in the published entries and never change.</summary>
public enum RecordKind : byte
{
    /// <summary>A meter reading.</summary>
    Reading = 1,

    /// <summary>An order placed in the market.</summary>
    Order = 2,

    /// <summary>The closed order book of a market hour.</summary>
    OrderBook = 3,

    /// <summary>The clearing result of a market hour.</summary>
    ClearingResult = 4,

    /// <summary>The settlement of a market hour.</summary>
    Settlement = 5,

    /// <summary>A bill.</summary>
    Bill = 6,

    /// <summary>A version of a contract.</summary>
    ContractVersion = 7,

    /// <summary>A party's acceptance of a contract version.</summary>
    Acceptance = 8,

    /// <summary>A vote of the community.</summary>
    Vote = 9,

    /// <summary>The issue, transfer or cancellation of a certificate or token.</summary>
    TokenMovement = 10,

    /// <summary>A device's public key, or its revocation.</summary>
    DeviceKey = 11,

    /// <summary>An act of the operator.</summary>
    OperatorAction = 12,

    /// <summary>The Merkle root, for a settled hour, over pseudonymous meter and leaf index: against showing either of two readings.</summary>
    MeterIndex = 13,

    /// <summary>The last checkpoint of the log this one continues.</summary>
    PredecessorLog = 14,

    /// <summary>An act of a party to a bilateral deal, or what a deal delivers in an hour.</summary>
    Deal = 15,

    /// <summary>The sharing out, trading or settlement of a transformer's charging quotas in a period.</summary>
    ChargingQuota = 16,

    /// <summary>The forecasts of a loop's meters for a day.</summary>
    Forecast = 17,

    /// <summary>A member's word that somebody may look at what is the member's, or that this is over.</summary>
    AccessGrant = 18,

    /// <summary>How a dispute about a line of a bill ended.</summary>
    DisputeOutcome = 19,

    /// <summary>A published version of a template for contracts.</summary>
    Template = 21,

    /// <summary>An act on a contract from a template.</summary>
    Contract = 22,

    /// <summary>What a clause of a contract came to in a period.</summary>
    ContractResult = 23,

    /// <summary>A member's agreement to what the ledger proves or to a use of data, or that it is withdrawn.</summary>
    Agreement = 24,

    /// <summary>A proposal put to the members' vote.</summary>
    Proposal = 25,

    /// <summary>How a vote ended, or what became of an accepted proposal.</summary>
    Decision = 27,
}

/// <summary>A record to be committed to.</summary>
/// <param name="Secret">The secret of its member and month, which its salt is derived from.</param>
/// <param name="Kind">What it is.</param>
/// <param name="Version">The version of its canonical form.</param>
/// <param name="RecordKey">Its name, unique within the kind.</param>
/// <param name="Canonical">Its canonical bytes.</param>
public readonly record struct RecordToCommit(ReadOnlyMemory<byte> Secret, RecordKind Kind, byte Version, string RecordKey, ReadOnlyMemory<byte> Canonical);

/// <summary>
/// A ledger entry: kind, version and SHA-256(salt, canonical record bytes), 34 bytes. It reveals nothing while the salt
/// is secret, and nothing ever once the salt's secret is destroyed.
/// </summary>
public static class Commitment
{
    /// <summary>Bytes of an entry.</summary>
    public const int Length = 2 + TreeHash.Length;

    /// <summary>Bytes of a salt.</summary>
    public const int SaltLength = 32;

    private const int HmacBlock = 64;

    /// <summary>The entry for a record.</summary>
    /// <exception cref="ArgumentException">The salt has not 32 bytes.</exception>
    public static byte[] Of(RecordKind kind, byte version, ReadOnlySpan<byte> salt, ReadOnlySpan<byte> record)
    {
        if (salt.Length != SaltLength)
        {
            throw new ArgumentException("A salt has 32 bytes");
        }

        var entry = new byte[Length];
        entry[0] = (byte)kind;
        entry[1] = version;
        SHA256.HashData([.. salt, .. record], entry.AsSpan(2));
        return entry;
    }

    /// <summary>The entries for many records, as <see cref="Salt"/> and <see cref="Of"/> give them one by one, many times as fast.</summary>
    /// <param name="records">The records with the secrets of their salts.</param>
    /// <param name="entries">Receives 34 bytes for each.</param>
    /// <exception cref="ArgumentException">There is not room for exactly all, a secret is longer than 64 bytes, or a key is empty.</exception>
    public static void OfAll(ReadOnlySpan<RecordToCommit> records, Span<byte> entries)
    {
        if (entries.Length != records.Length * Length)
        {
            throw new ArgumentException("Each entry has 34 bytes");
        }

        // HMAC (RFC 2104): H(secret ^ opad, H(secret ^ ipad, text)).
        var hashes = new byte[records.Length * TreeHash.Length];
        var ends = new int[records.Length];
        var length = 0;
        for (var i = 0; i < ends.Length; i++)
        {
            ArgumentException.ThrowIfNullOrEmpty(records[i].RecordKey);
            ends[i] = length += HmacBlock + 2 + Encoding.UTF8.GetByteCount(records[i].RecordKey);
        }

        var messages = new byte[length];
        for (var i = 0; i < ends.Length; i++)
        {
            var message = messages.AsSpan(i == 0 ? 0 : ends[i - 1]);
            Masked(records[i].Secret.Span, 0x36, message);
            message[HmacBlock] = (byte)records[i].Kind;
            message[HmacBlock + 1] = records[i].Version;
            Encoding.UTF8.GetBytes(records[i].RecordKey, message[(HmacBlock + 2)..]);
        }

        ManyHashes.OfAny(messages, ends, hashes);
        const int outer = HmacBlock + TreeHash.Length;
        messages = new byte[records.Length * outer];
        for (var i = 0; i < ends.Length; i++)
        {
            Masked(records[i].Secret.Span, 0x5c, messages.AsSpan(i * outer));
            hashes.AsSpan(i * TreeHash.Length, TreeHash.Length).CopyTo(messages.AsSpan((i * outer) + HmacBlock));
        }

        ManyHashes.OfEqual(messages, outer, hashes);
        length = 0;
        for (var i = 0; i < ends.Length; i++)
        {
            ends[i] = length += SaltLength + records[i].Canonical.Length;
        }

        messages = new byte[length];
        for (var i = 0; i < ends.Length; i++)
        {
            var message = messages.AsSpan(i == 0 ? 0 : ends[i - 1]);
            hashes.AsSpan(i * TreeHash.Length, SaltLength).CopyTo(message);
            records[i].Canonical.Span.CopyTo(message[SaltLength..]);
        }

        ManyHashes.OfAny(messages, ends, hashes);
        for (var i = 0; i < ends.Length; i++)
        {
            var entry = entries.Slice(i * Length, Length);
            entry[0] = (byte)records[i].Kind;
            entry[1] = records[i].Version;
            hashes.AsSpan(i * TreeHash.Length, TreeHash.Length).CopyTo(entry[2..]);
        }
    }

    /// <summary>The record's salt: HMAC-SHA-256 under the secret of its member and month, over kind, version and record key.</summary>
    public static byte[] Salt(ReadOnlySpan<byte> secret, RecordKind kind, byte version, string recordKey)
    {
        ArgumentException.ThrowIfNullOrEmpty(recordKey);
        return HMACSHA256.HashData(secret, [(byte)kind, version, .. Encoding.UTF8.GetBytes(recordKey)]);
    }

    /// <summary>What opens a commitment: kind, version, salt and record, as carried in a proof's extra line.</summary>
    public static byte[] Open(RecordKind kind, byte version, ReadOnlySpan<byte> salt, ReadOnlySpan<byte> record) =>
        salt.Length == SaltLength ? [(byte)kind, version, .. salt, .. record] : throw new ArgumentException("A salt has 32 bytes");

    /// <summary>The entry that an opening belongs to.</summary>
    /// <exception cref="NotVerifiedException">The opening is too short.</exception>
    public static byte[] OfOpening(ReadOnlySpan<byte> opening) =>
        opening.Length >= 2 + SaltLength
            ? Of((RecordKind)opening[0], opening[1], opening.Slice(2, SaltLength), opening[(2 + SaltLength)..])
            : throw new NotVerifiedException("The proof's extra line is too short to open a commitment");

    /// <summary>The canonical record inside an opening.</summary>
    public static ReadOnlySpan<byte> RecordIn(ReadOnlySpan<byte> opening) => opening[(2 + SaltLength)..];

    private static void Masked(ReadOnlySpan<byte> secret, byte mask, Span<byte> block)
    {
        if (secret.Length > HmacBlock)
        {
            throw new ArgumentException("A secret has at most 64 bytes");
        }

        block[..HmacBlock].Fill(mask);
        for (var i = 0; i < secret.Length; i++)
        {
            block[i] ^= secret[i];
        }
    }
}
