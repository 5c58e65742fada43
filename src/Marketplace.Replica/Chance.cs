namespace Marketplace.Replica;

/// <summary>Chance without a generator: every draw is a hash of a key (seed and subject) and a position (an hour, a day).
/// Any hour can be computed alone, in any order, and a restart continues with the same values.
/// The mixing step is the finaliser of SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014).</summary>
internal static class Chance
{
    /// <summary>The key of one subject under one seed.</summary>
    public static ulong Key(ulong seed, string subject)
    {
        unchecked
        {
            var hash = 14695981039346656037UL;
            foreach (var letter in subject)
            {
                hash = (hash ^ letter) * 1099511628211UL;
            }

            return Mix(hash ^ Mix(seed));
        }
    }

    /// <summary>Evenly spread in [0, 1).</summary>
    public static double Uniform(ulong key, long position) => (Bits(key, position) >> 11) * (1.0 / (1UL << 53));

    /// <summary>Close to a standard normal value, never beyond 3.5: the sum of four uniform values, scaled.</summary>
    public static double Normal(ulong key, long position)
    {
        var bits = Bits(key, position);
        var sum = (bits & 0xFFFF) + ((bits >> 16) & 0xFFFF) + ((bits >> 32) & 0xFFFF) + (bits >> 48);
        return ((sum / 65536.0) - 2) * 1.7320508075688772;
    }

    /// <summary>A smooth curve through normal values at the whole positions: slow weather, computed at any point alone.</summary>
    public static double Smooth(ulong key, double position)
    {
        var left = Math.Floor(position);
        var t = position - left;
        var eased = t * t * (3 - (2 * t));
        var from = Normal(key, (long)left);
        return from + ((Normal(key, (long)left + 1) - from) * eased);
    }

    private static ulong Bits(ulong key, long position)
    {
        unchecked
        {
            return Mix(key + (0x9E3779B97F4A7C15UL * (ulong)position));
        }
    }

    private static ulong Mix(ulong value)
    {
        unchecked
        {
            value += 0x9E3779B97F4A7C15UL;
            value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9UL;
            value = (value ^ (value >> 27)) * 0x94D049BB133111EBUL;
            return value ^ (value >> 31);
        }
    }
}
