using Marketplace.Quantities;

namespace Marketplace.Metering;

/// <summary>How good a value is, from best to worst. The numeric values are stored and must never change.</summary>
public enum ValueQuality
{
    /// <summary>Measured, and nothing speaks against it.</summary>
    Measured = 1,

    /// <summary>Measured, but a finding says that it can hardly be.</summary>
    Doubtful = 2,

    /// <summary>Estimated.</summary>
    Estimated = 3,
}

/// <summary>A value with its quality.</summary>
public readonly record struct QualifiedEnergy(Energy Energy, ValueQuality Quality);

/// <summary>A meter that counts in a virtual one, and how often: −1 subtracts, 0.5 counts half. At most six decimals.</summary>
public sealed record VirtualTerm
{
    /// <summary>Creates a term.</summary>
    /// <exception cref="ArgumentException">The factor is zero, finer than six decimals or beyond a million.</exception>
    public VirtualTerm(string meter, decimal factor)
    {
        const decimal most = 1_000_000m;
        if (factor == 0m || Math.Abs(factor) > most || decimal.Round(factor, 6) != factor)
        {
            throw new ArgumentException("A factor is not zero, has at most six decimals and is at most a million", nameof(factor));
        }

        Meter = meter;
        Factor = factor;
    }

    /// <summary>The code of a meter, real or virtual.</summary>
    public string Meter { get; }

    /// <summary>How often it counts.</summary>
    public decimal Factor { get; }
}

/// <summary>A meter that nobody installed: the sum of others, each times a factor.</summary>
public sealed record VirtualMeter(string Code, IReadOnlyList<VirtualTerm> Terms);

/// <summary>Computes virtual meters, also of virtual meters. Rounded to a watt-hour once, at the end; as good as the worst value in it.</summary>
public sealed class VirtualMeters
{
    private readonly Dictionary<string, Dictionary<string, decimal>> _factors = [];

    /// <summary>Takes the definitions of a loop.</summary>
    /// <exception cref="ArgumentException">Two share a code, one has no term, or one counts itself, directly or through others.</exception>
    public VirtualMeters(IEnumerable<VirtualMeter> definitions)
    {
        ArgumentNullException.ThrowIfNull(definitions);
        var byCode = new Dictionary<string, VirtualMeter>();
        foreach (var definition in definitions)
        {
            if (definition.Terms.Count == 0)
            {
                throw new ArgumentException($"Virtual meter '{definition.Code}' has no term", nameof(definitions));
            }

            if (!byCode.TryAdd(definition.Code, definition))
            {
                throw new ArgumentException($"There are two virtual meters '{definition.Code}'", nameof(definitions));
            }
        }

        foreach (var code in byCode.Keys)
        {
            Resolve(code, []);
        }

        Dictionary<string, decimal> Resolve(string code, List<string> path)
        {
            if (path.Contains(code))
            {
                throw new ArgumentException($"Virtual meter '{code}' counts itself: {string.Join(" → ", path.Append(code))}", nameof(definitions));
            }

            if (_factors.TryGetValue(code, out var resolved))
            {
                return resolved;
            }

            path.Add(code);
            resolved = [];
            foreach (var term in byCode[code].Terms)
            {
                IEnumerable<KeyValuePair<string, decimal>> parts = byCode.ContainsKey(term.Meter) ? Resolve(term.Meter, path) : [new(term.Meter, 1m)];
                foreach (var (meter, factor) in parts)
                {
                    resolved[meter] = resolved.GetValueOrDefault(meter) + (factor * term.Factor);
                }
            }

            path.RemoveAt(path.Count - 1);
            return _factors[code] = resolved;
        }
    }

    /// <summary>The real meters that a virtual one needs, by code.</summary>
    /// <exception cref="KeyNotFoundException">There is no such virtual meter.</exception>
    public IReadOnlyList<string> Needs(string code) => [.. _factors[code].Keys.Order(StringComparer.Ordinal)];

    /// <summary>The value of a virtual meter in an hour; null if one of its meters has none. It may be below zero, where more is subtracted than there is.</summary>
    /// <param name="code">The virtual meter.</param>
    /// <param name="value">What a real meter has in that hour.</param>
    /// <exception cref="KeyNotFoundException">There is no such virtual meter.</exception>
    public QualifiedEnergy? Of(string code, Func<string, QualifiedEnergy?> value)
    {
        ArgumentNullException.ThrowIfNull(value);
        var (sum, worst) = (0m, ValueQuality.Measured);
        foreach (var (meter, factor) in _factors[code])
        {
            if (value(meter) is not { } part)
            {
                return null;
            }

            sum += part.Energy.WattHours * factor;
            worst = part.Quality > worst ? part.Quality : worst;
        }

        return new QualifiedEnergy(new Energy((long)Math.Round(sum, MidpointRounding.AwayFromZero)), worst);
    }
}
