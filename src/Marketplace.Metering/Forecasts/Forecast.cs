using Marketplace.Quantities;

namespace Marketplace.Metering.Forecasts;

/// <summary>How a forecast is made. The numeric values are stored and must never change.</summary>
public enum ForecastMethod
{
    /// <summary>The same local hour seven days before.</summary>
    LastWeek = 1,

    /// <summary>The average of the same local hour on the last four days of the same kind.</summary>
    LikeDays = 2,

    /// <summary>By hour, kind of day and outdoor temperature, as learnt from the last eight weeks.</summary>
    Weather = 3,
}

/// <summary>How well a method did on days that it had not seen.</summary>
/// <param name="Method">The method.</param>
/// <param name="Hours">The measured hours that it was tried on.</param>
/// <param name="Mape">The mean of |forecast − measured| / measured over hours with energy, as a share; null without any.</param>
/// <param name="Cvrmse">The root of the mean squared error over the mean (ASHRAE Guideline 14), as a share; null where the mean is zero.</param>
/// <param name="UsualError">Nine of ten hours were off by no more.</param>
public sealed record ForecastError(ForecastMethod Method, int Hours, decimal? Mape, decimal? Cvrmse, Energy UsualError);

/// <summary>One hour of a forecast, with the band in which nine of ten hours of the back-test were.</summary>
public readonly record struct ForecastHour(DateTimeOffset Hour, Energy Energy, Energy Low, Energy High);

/// <summary>A forecast of a local day: 23, 24 or 25 hours.</summary>
/// <param name="Meter">The meter's code.</param>
/// <param name="Day">The local day.</param>
/// <param name="Method">The method chosen: the one with the least error in the back-test.</param>
/// <param name="Hours">Each hour of the day, in UTC, by time.</param>
/// <param name="Errors">How each method that could be tried did; the chosen one first.</param>
public sealed record Forecast(string Meter, DateOnly Day, ForecastMethod Method, IReadOnlyList<ForecastHour> Hours, IReadOnlyList<ForecastError> Errors);
