using Marketplace.Quantities;

namespace Marketplace.Metering.Checks.Across;

/// <summary>One hour of a heat or cold meter with all its registers. What was not measured is null.</summary>
/// <param name="Hour">The start of the hour.</param>
/// <param name="Energy">What the energy register counted.</param>
/// <param name="Litres">What flowed, in litres.</param>
/// <param name="FlowMilliCelsius">The mean temperature of what came in, in thousandths of a degree.</param>
/// <param name="ReturnMilliCelsius">The mean temperature of what went back.</param>
public sealed record HeatMeterHour(DateTimeOffset Hour, Energy? Energy, long? Litres, int? FlowMilliCelsius, int? ReturnMilliCelsius);

/// <summary>Whether the registers of a heat or cold meter fit each other: energy is volume times heat capacity times temperature difference.</summary>
public static class HeatChecks
{
    /// <summary>Energy is not what flow and temperatures give.</summary>
    public static Check FromFlow { get; } = new("energy-against-flow", CheckFamily.AcrossMeters, "Energy is volume times the heat capacity of water times the temperature difference.");

    /// <summary>Heat while the return is warmer, or cold while it is colder.</summary>
    public static Check Sign { get; } = new("sign-of-difference", CheckFamily.AcrossMeters, "Heat is taken from a flow warmer than the return, cold from a colder one.");

    /// <summary>Energy without flow.</summary>
    public static Check WithoutFlow { get; } = new("energy-without-flow", CheckFamily.AcrossMeters, "Without flow no energy is carried.");

    // Heat capacity of a litre of water in Wh/K, in thousandths, at the mean temperatures 10, 30, 50, 70 and 90 °C
    // (density × specific heat, IAPWS-IF97 at 6 bar). Between them it is interpolated, outside the nearest counts.
    private static readonly int[] MilliWattHoursPerLitreKelvin = [1_164, 1_156, 1_147, 1_138, 1_128];
    private const int FirstMilliCelsius = 10_000;
    private const int StepMilliCelsius = 20_000;

    /// <summary>The energy that flow and temperatures give, positive where heat was taken.</summary>
    public static Energy HeatOf(long litres, int flowMilliCelsius, int returnMilliCelsius)
    {
        var mean = (flowMilliCelsius + returnMilliCelsius) / 2;
        var position = Math.Clamp(mean - FirstMilliCelsius, 0, StepMilliCelsius * (MilliWattHoursPerLitreKelvin.Length - 1));
        var index = Math.Min(position / StepMilliCelsius, MilliWattHoursPerLitreKelvin.Length - 2);
        var (low, high) = (MilliWattHoursPerLitreKelvin[index], MilliWattHoursPerLitreKelvin[index + 1]);

        // Millionths of Wh per litre and kelvin times litres and thousandths of a kelvin.
        var micro = (low * 1_000L) + ((high - low) * 1_000L * (position - (index * StepMilliCelsius)) / StepMilliCelsius);
        return new Energy(Rounding.DivideAwayFromZero((Int128)micro * litres * (flowMilliCelsius - returnMilliCelsius), 1_000_000_000));
    }

    /// <summary>Judges hours of one meter.</summary>
    public static IReadOnlyList<Finding> Judge(string meter, IEnumerable<HeatMeterHour> hours, MeterClass parameters)
    {
        ArgumentNullException.ThrowIfNull(hours);
        ArgumentNullException.ThrowIfNull(parameters);
        var direction = parameters.Carrier == Carrier.Cold ? -1 : 1;
        var findings = new List<Finding>();
        foreach (var hour in hours)
        {
            if (hour is not { Energy: { } energy, Litres: { } litres } || energy <= Energy.Zero)
            {
                continue;
            }

            var during = new Interval(hour.Hour.ToUniversalTime(), hour.Hour.ToUniversalTime().AddHours(1));
            if (litres == 0)
            {
                findings.Add(new Finding(WithoutFlow, meter, during, $"{Words.KWh(energy.WattHours)} were counted while nothing flowed."));
            }
            else if (hour is { FlowMilliCelsius: { } flow, ReturnMilliCelsius: { } back })
            {
                var difference = direction * (flow - back) / 1000m;
                var given = new Energy(direction * HeatOf(litres, flow, back).WattHours);
                if (difference <= -parameters.LeastDifference)
                {
                    findings.Add(new Finding(Sign, meter, during, $"{Words.KWh(energy.WattHours)} were counted with {Words.Number(flow / 1000m)} °C in and {Words.Number(back / 1000m)} °C back."));
                }
                else if (difference >= parameters.LeastDifference && (energy - given).Abs().WattHours > given.WattHours * parameters.HeatTolerance)
                {
                    findings.Add(new Finding(FromFlow, meter, during, $"{Words.KWh(energy.WattHours)} were counted; {litres} litres with {Words.Number(difference)} K give {Words.KWh(given.WattHours)}."));
                }
            }
        }

        return findings;
    }
}
