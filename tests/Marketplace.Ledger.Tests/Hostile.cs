using Shouldly;

namespace Marketplace.Ledger.Tests;

/// <summary>What somebody in the middle may do to bytes: flip any bit, leave out, cut, put in, put after.</summary>
internal static class Hostile
{
    private static readonly byte[] Additions = [0, (byte)'\n', (byte)' ', (byte)'A', (byte)'0', (byte)'=', (byte)'+', 0xff];

    /// <summary>All single changes of the bytes.</summary>
    public static IEnumerable<(string Change, byte[] Bytes)> Changes(byte[] good)
    {
        for (var at = 0; at < good.Length; at++)
        {
            for (var bit = 0; bit < 8; bit++)
            {
                var flipped = good.ToArray();
                flipped[at] ^= (byte)(1 << bit);
                yield return ($"bit {bit} of byte {at} flipped", flipped);
            }

            yield return ($"cut to {at} bytes", good[..at]);
            yield return ($"byte {at} left out", [.. good[..at], .. good[(at + 1)..]]);
            yield return ($"byte {at} doubled", [.. good[..at], good[at], .. good[at..]]);
        }

        for (var at = 0; at <= good.Length; at++)
        {
            foreach (var addition in Additions)
            {
                yield return ($"byte {addition} put in at {at}", [.. good[..at], addition, .. good[at..]]);
            }
        }

        yield return ("doubled", [.. good, .. good]);
    }

    /// <summary>
    /// Every change is refused, in the way of the formats, or read with exactly the meaning the good bytes have. What the
    /// standard leaves open (bits of base64 that mean nothing, upper case in a key's hash) is thus let through and nothing else.
    /// </summary>
    /// <returns>How many changes were let through.</returns>
    public static int EachChange<T>(byte[] good, Func<byte[], T> read, Func<string, T, bool>? mayMean = null)
    {
        var meaning = read(good);
        var through = 0;
        foreach (var (change, bytes) in Changes(good))
        {
            T read1;
            try
            {
                read1 = read(bytes);
            }
            catch (Exception e) when (e is NotVerifiedException or FormatException)
            {
                e.Message.ShouldNotBeNullOrWhiteSpace();
                continue;
            }

            through++;
            if (!bytes.AsSpan().SequenceEqual(good) && !EqualityComparer<T>.Default.Equals(read1, meaning))
            {
                (mayMean?.Invoke(change, read1) ?? false).ShouldBeTrue($"{change}: read as {read1} instead of {meaning}");
            }
        }

        return through;
    }
}
