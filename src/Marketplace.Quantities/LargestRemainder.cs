namespace Marketplace.Quantities;

/// <summary>Splits a whole amount by weights so that the parts sum exactly to it.</summary>
public static class LargestRemainder
{
    /// <summary>Each part is its exact share rounded down, then the units left over go to the largest
    /// remainders; equal remainders go to the earlier part.</summary>
    /// <param name="total">The amount to split, zero or more.</param>
    /// <param name="weights">Weights, zero or more, not all zero unless the total is.</param>
    /// <exception cref="ArgumentException">A weight or the total is negative, or nothing can take the total.</exception>
    public static long[] Split(long total, ReadOnlySpan<long> weights)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(total);
        Int128 sum = 0;
        foreach (var weight in weights)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(weight, nameof(weights));
            sum += weight;
        }

        var parts = new long[weights.Length];
        if (total == 0)
        {
            return parts;
        }

        if (sum == 0)
        {
            throw new ArgumentException("No part has a weight, so nothing can take the total", nameof(weights));
        }

        var remainders = new (Int128 Remainder, int Index)[weights.Length];
        var left = total;
        for (var i = 0; i < weights.Length; i++)
        {
            var product = (Int128)total * weights[i];
            parts[i] = (long)(product / sum);
            remainders[i] = (product % sum, i);
            left -= parts[i];
        }

        if (left > 0)
        {
            Array.Sort(remainders, (a, b) => a.Remainder != b.Remainder ? b.Remainder.CompareTo(a.Remainder) : a.Index.CompareTo(b.Index));
            for (var i = 0; left > 0; i++, left--)
            {
                parts[remainders[i].Index]++;
            }
        }

        return parts;
    }
}
