using Marketplace.Data;
using Marketplace.Metering;

namespace Marketplace.Web.Features.Metering.Quality;

/// <summary>What is kept of an estimate beside its energy.</summary>
internal static class EstimateNotes
{
    public static string NoteOf(Estimate estimate) => estimate.Requested == estimate.Applied
        ? $"Estimated: {estimate.Explanation}"
        : $"Estimated: {estimate.Explanation} (asked for: {NameOf(estimate.Requested)})";

    public static ReadingEstimate Kept(int loopId, NewReading reading, Estimate estimate) => new()
    {
        LoopId = loopId, MeterId = reading.MeterId, Hour = reading.Hour, Revision = reading.Revision,
        Requested = (short)estimate.Requested, Applied = (short)estimate.Applied,
    };

    public static string NameOf(EstimationMethod method) => method switch
    {
        EstimationMethod.Linear => "straight line",
        EstimationMethod.LikeDays => "average of like days",
        EstimationMethod.LastWeek => "same hour a week before",
        EstimationMethod.Yesterday => "same hour the day before",
        EstimationMethod.Zero => "zero",
        EstimationMethod.Sibling => "a meter that measures the same",
        EstimationMethod.Weather => "weather profile",
        EstimationMethod.RegisterDifference => "register difference",
        EstimationMethod.Forecast => "forecast",
        _ => throw new ArgumentOutOfRangeException(nameof(method), method, "Not a method"),
    };
}
