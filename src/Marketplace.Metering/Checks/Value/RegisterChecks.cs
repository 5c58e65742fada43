using Marketplace.Quantities;

namespace Marketplace.Metering.Checks.Value;

/// <summary>What a register showed at an instant.</summary>
public readonly record struct RegisterReading(DateTimeOffset At, Energy Shown);

/// <summary>Whether a register only ever counts up.</summary>
public static class RegisterChecks
{
    /// <summary>It shows less than before.</summary>
    public static Check Decrease { get; } = new("register-decrease", CheckFamily.Value, "A register never shows less than before.");

    /// <summary>It began again at zero.</summary>
    public static Check Rollover { get; } = new("register-rollover", CheckFamily.Value, "A register that has shown all its digits begins again at zero; the difference is taken over the top.");

    // A rollover is near: from the last tenth of the digits to the first.
    private const int NearParts = 10;

    /// <summary>Judges the readings of one register, by time.</summary>
    public static IReadOnlyList<Finding> Judge(string meter, IEnumerable<RegisterReading> readings, MeterClass parameters)
    {
        ArgumentNullException.ThrowIfNull(readings);
        var findings = new List<Finding>();
        RegisterReading? before = null;
        foreach (var reading in readings.OrderBy(reading => reading.At))
        {
            if (before is { } last && reading.At > last.At && reading.Shown < last.Shown)
            {
                var during = new Interval(last.At.ToUniversalTime(), reading.At.ToUniversalTime());
                findings.Add(Difference(last, reading, parameters) is { } energy
                    ? new Finding(Rollover, meter, during, $"The register went over its top from {Words.KWh(last.Shown.WattHours)} to {Words.KWh(reading.Shown.WattHours)}: {Words.KWh(energy.WattHours)}.")
                    : new Finding(Decrease, meter, during, $"The register shows {Words.KWh(reading.Shown.WattHours)} after {Words.KWh(last.Shown.WattHours)}."));
            }

            before = reading;
        }

        return findings;
    }

    /// <summary>The energy between two readings, over the top where the register rolled over; null where it cannot be told.</summary>
    public static Energy? Difference(RegisterReading from, RegisterReading to, MeterClass parameters)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        if (to.Shown >= from.Shown)
        {
            return to.Shown - from.Shown;
        }

        if (parameters.RegisterModulus is not { } modulus
            || from.Shown.WattHours < modulus.WattHours - (modulus.WattHours / NearParts)
            || to.Shown.WattHours > modulus.WattHours / NearParts
            || to.Shown.IsNegative)
        {
            return null;
        }

        var energy = to.Shown + modulus - from.Shown;
        var hours = (to.At - from.At).Ticks / TimeSpan.TicksPerHour;
        return parameters.CapacityPerHour is { } capacity && energy.WattHours > (Int128)capacity.WattHours * Math.Max(hours, 1) ? null : energy;
    }
}
