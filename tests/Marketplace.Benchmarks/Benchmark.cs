using System.Globalization;

namespace Marketplace.Benchmarks;

/// <summary>Something whose speed or size is worth knowing. To add one, implement this: the program finds it.</summary>
internal interface IBenchmark
{
    /// <summary>As it is called on the command line.</summary>
    string Name { get; }

    /// <summary>Measures. It throws when what it measured was not correct: a wrong answer has no speed.</summary>
    Task<IReadOnlyList<Figure>> MeasureAsync(Size size);
}

/// <summary>How much of the full load to run: 1 for a measurement, 0.01 in <c>./test</c>.</summary>
internal sealed record Size(double Scale)
{
    /// <summary>So many of the full number, but at least one (or <paramref name="least"/>).</summary>
    public int Of(int full, int least = 1) => Math.Max(least, (int)Math.Round(full * Scale, MidpointRounding.AwayFromZero));
}

/// <summary>One figure, printed as one line: name, value, unit and, where it is compared with something, by what ratio to what.</summary>
internal sealed record Figure(string Name, double Value, string Unit, double? Ratio = null, string? ComparedWith = null)
{
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Name} {Value:0.###} {Unit}{(Ratio is { } ratio ? string.Create(CultureInfo.InvariantCulture, $" ratio {ratio:0.###} to {ComparedWith}") : "")}");

    /// <summary>The value that a share of the samples does not exceed (nearest rank).</summary>
    public static double Percentile(IReadOnlyList<double> samples, double share)
    {
        var sorted = samples.Order().ToArray();
        return sorted[Math.Clamp((int)Math.Ceiling(share * sorted.Length) - 1, 0, sorted.Length - 1)];
    }
}
