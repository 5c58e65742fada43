namespace Marketplace.Replica.Demo;

/// <summary>The sky over the loop in one hour.</summary>
/// <param name="AirC">Air temperature.</param>
/// <param name="SlowC">Air temperature without its daily swing, as a building's mass feels it.</param>
/// <param name="GhiWm2">Global horizontal irradiance.</param>
/// <param name="Wind">Wind against its usual strength: about −2 (calm) to 2 (storm).</param>
internal readonly record struct Sky(double AirC, double SlowC, double GhiWm2, double Wind);

/// <summary>Invented weather of a place, each hour by itself: seasons and days from astronomy, the rest from smooth chance.</summary>
internal sealed class Weather(ulong seed, double latitudeDegrees, double longitudeDegrees)
{
    private readonly ulong warmth = Chance.Key(seed, "warmth");
    private readonly ulong clouds = Chance.Key(seed, "clouds");
    private readonly ulong showers = Chance.Key(seed, "showers");
    private readonly ulong wind = Chance.Key(seed, "wind");
    private readonly ulong forecastClouds = Chance.Key(seed, "forecast clouds");
    private readonly ulong forecastWarmth = Chance.Key(seed, "forecast warmth");

    /// <summary>The hour as it is, or as it was forecast the day before.</summary>
    public Sky At(DateTimeOffset hour, bool forecast)
    {
        var index = HourIndex.Of(hour);
        var middle = hour.UtcDateTime.AddMinutes(30);
        var day = middle.DayOfYear;
        var days = index / 24.0;
        var gusts = Chance.Smooth(wind, days / 1.7);
        var season = Math.Cos(2 * Math.PI * (day - 201) / 365.25);
        var cover = 0.74 - (0.07 * season) + (0.33 * Chance.Smooth(clouds, days / 2.3)) + (0.08 * Chance.Smooth(showers, index / 3.0));
        if (forecast)
        {
            cover += 0.07 * Chance.Smooth(forecastClouds, index / 5.0);
        }

        cover = Math.Clamp(cover, 0, 1);
        var sun = SunHeight(middle, day);
        var ghi = ClearSky(sun) * (1 - (0.75 * Math.Pow(cover, 3.4)));

        // Berlin's monthly means run from about 0 to 19 °C; the warmest day is near the 201st of the year.
        var slow = 9.8 + (9.6 * season) + (3.2 * Chance.Smooth(warmth, days / 4.5)) + (0.8 * gusts);
        if (forecast)
        {
            slow += 0.5 * Chance.Smooth(forecastWarmth, days);
        }

        var solarHour = (index % 24) + 0.5 + (longitudeDegrees / 15);
        var swing = (4.6 - (2.6 * cover)) * (1 + (0.35 * season));
        return new Sky(slow + (swing * Math.Cos(2 * Math.PI * (solarHour - 15) / 24)), slow, ghi, gusts);
    }

    /// <summary>Sine of the sun's height; Spencer's series (1971) for declination and equation of time.</summary>
    private double SunHeight(DateTime middle, int day)
    {
        var angle = 2 * Math.PI * (day - 1) / 365;
        var declination = 0.006918 - (0.399912 * Math.Cos(angle)) + (0.070257 * Math.Sin(angle))
            - (0.006758 * Math.Cos(2 * angle)) + (0.000907 * Math.Sin(2 * angle));
        var equationMinutes = 229.18 * (0.000075 + (0.001868 * Math.Cos(angle)) - (0.032077 * Math.Sin(angle))
            - (0.014615 * Math.Cos(2 * angle)) - (0.040849 * Math.Sin(2 * angle)));
        var solarHour = middle.TimeOfDay.TotalHours + (longitudeDegrees / 15) + (equationMinutes / 60);
        var latitude = latitudeDegrees * Math.PI / 180;
        return (Math.Sin(latitude) * Math.Sin(declination))
            + (Math.Cos(latitude) * Math.Cos(declination) * Math.Cos(Math.PI * (solarHour - 12) / 12));
    }

    /// <summary>Irradiance under a clear sky by Haurwitz (1945); clouds after Kasten and Czeplak (1980).</summary>
    private static double ClearSky(double sinHeight) => sinHeight <= 0.01 ? 0 : 1098 * sinHeight * Math.Exp(-0.057 / sinHeight);
}

/// <summary>Hours since 1970, so that a position in time is a whole number.</summary>
internal static class HourIndex
{
    /// <summary>The number of the hour.</summary>
    /// <exception cref="ArgumentException">Not the start of an hour.</exception>
    public static long Of(DateTimeOffset hour)
    {
        var seconds = hour.ToUnixTimeSeconds();
        return seconds % 3600 == 0 && hour.Ticks % TimeSpan.TicksPerSecond == 0
            ? seconds / 3600
            : throw new ArgumentException("Not the start of an hour", nameof(hour));
    }
}
