using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Marketplace.Data;
using Marketplace.Ledger;
using Marketplace.Metering.Forecasts;
using Marketplace.Quantities;

namespace Marketplace.Web.Features.Forecasts;

/// <summary>A day's forecasts as the ledger commits to them: how many, and a hash over all. Which meter's forecast says what stays off the ledger.</summary>
public static class ForecastRecord
{
    public const byte Version = 1;

    public static string Key(DateOnly day, int version) => string.Create(CultureInfo.InvariantCulture, $"forecast/{day:yyyy-MM-dd}/{version}");

    /// <summary>SHA-256 over one line a meter, by meter: what anybody who may see the forecasts can compute again.</summary>
    /// <param name="forecasts">One version of one day, with the meters' codes.</param>
    public static byte[] HashOf(IEnumerable<(string MeterCode, MeterForecast Forecast)> forecasts)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var (code, forecast) in forecasts.OrderBy(one => one.MeterCode, StringComparer.Ordinal))
        {
            hash.AppendData(Encoding.UTF8.GetBytes(string.Create(
                CultureInfo.InvariantCulture,
                $"{code} {forecast.Method} {Instants.Iso(forecast.KnownUntil)} {forecast.UsualError.WattHours} {string.Join(' ', forecast.HoursWh)}\n")));
        }

        return hash.GetHashAndReset();
    }

    public static byte[] Canonical(string loopSlug, DateOnly day, int version, int meters, byte[] sha256, DateTimeOffset madeAt) => CanonicalRecord.Of("forecast", Version)
        .Add("loop", loopSlug)
        .Add("day", day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture))
        .Add("version", version)
        .Add("meters", meters)
        .Add("sha256", Convert.ToHexStringLower(sha256))
        .Add("madeAt", madeAt)
        .ToBytes();
}

/// <summary>How the methods did, as it is stored beside a forecast.</summary>
public static class ForecastErrors
{
    private sealed record Stored(int Method, int Hours, decimal? Mape, decimal? Cvrmse, long UsualErrorWh);

    public static string Write(IEnumerable<ForecastError> errors) => JsonSerializer.Serialize(errors.Select(error => new Stored(
        (int)error.Method, error.Hours, Short(error.Mape), Short(error.Cvrmse), error.UsualError.WattHours)));

    public static IReadOnlyList<ForecastError> Read(string json) =>
        [.. JsonSerializer.Deserialize<Stored[]>(json)!.Select(error => new ForecastError((ForecastMethod)error.Method, error.Hours, error.Mape, error.Cvrmse, new Energy(error.UsualErrorWh)))];

    private static decimal? Short(decimal? share) => share is { } known ? decimal.Round(known, 6) : null;
}
