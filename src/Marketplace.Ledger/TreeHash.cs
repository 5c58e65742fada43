using System.Buffers.Binary;

namespace Marketplace.Ledger;

/// <summary>A SHA-256 value: 32 bytes, compared by value.</summary>
public readonly struct TreeHash : IEquatable<TreeHash>
{
    /// <summary>How many bytes it has.</summary>
    public const int Length = 32;

    private readonly ulong _a;
    private readonly ulong _b;
    private readonly ulong _c;
    private readonly ulong _d;

    /// <summary>Takes 32 bytes.</summary>
    /// <exception cref="NotVerifiedException">There are not exactly 32.</exception>
    public TreeHash(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length != Length)
        {
            throw new NotVerifiedException("A tree hash has 32 bytes");
        }

        _a = BinaryPrimitives.ReadUInt64BigEndian(bytes);
        _b = BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]);
        _c = BinaryPrimitives.ReadUInt64BigEndian(bytes[16..]);
        _d = BinaryPrimitives.ReadUInt64BigEndian(bytes[24..]);
    }

    /// <summary>Writes the 32 bytes at the start of the destination.</summary>
    public void CopyTo(Span<byte> destination)
    {
        BinaryPrimitives.WriteUInt64BigEndian(destination, _a);
        BinaryPrimitives.WriteUInt64BigEndian(destination[8..], _b);
        BinaryPrimitives.WriteUInt64BigEndian(destination[16..], _c);
        BinaryPrimitives.WriteUInt64BigEndian(destination[24..], _d);
    }

    /// <summary>The 32 bytes.</summary>
    public byte[] ToBytes()
    {
        var bytes = new byte[Length];
        CopyTo(bytes);
        return bytes;
    }

    /// <summary>Lower-case hexadecimal, 64 digits.</summary>
    public string ToHex() => Convert.ToHexStringLower(ToBytes());

    /// <summary>Standard base64, 44 characters, as in checkpoints and proofs.</summary>
    public override string ToString() => Convert.ToBase64String(ToBytes());

    /// <summary>Reads strict base64.</summary>
    /// <exception cref="NotVerifiedException">It is not the base64 of 32 bytes.</exception>
    public static TreeHash Parse(string base64) =>
        TryParse(base64, out var hash) ? hash : throw new NotVerifiedException($"'{base64}' is not the base64 of a 32-byte hash");

    /// <summary>Reads strict base64 (44 characters).</summary>
    public static bool TryParse(string? base64, out TreeHash hash)
    {
        hash = default;
        if (base64 is not { Length: 44 } || !StrictBase64.TryDecode(base64, out var bytes) || bytes.Length != Length)
        {
            return false;
        }

        hash = new TreeHash(bytes);
        return true;
    }

    /// <inheritdoc/>
    public bool Equals(TreeHash other) => _a == other._a && _b == other._b && _c == other._c && _d == other._d;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is TreeHash other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => _a.GetHashCode();

    /// <summary>Same bytes.</summary>
    public static bool operator ==(TreeHash left, TreeHash right) => left.Equals(right);

    /// <summary>Other bytes.</summary>
    public static bool operator !=(TreeHash left, TreeHash right) => !left.Equals(right);
}
