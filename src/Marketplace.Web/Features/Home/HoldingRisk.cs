using Marketplace.Quantities;
using Marketplace.Web.Features.Investment;

namespace Marketplace.Web.Features.Home;

/// <summary>What of a plant an investor should look at, from its last two weeks of settled hours.</summary>
/// <param name="Week">The investor's part of the last seven days.</param>
/// <param name="WeekBefore">The same of the seven days before.</param>
/// <param name="WeekRevenue">The whole plant's revenue of the last seven days.</param>
/// <param name="StoodStill">How long it has given nothing, where that is longer than a day.</param>
/// <param name="Falls">By which part the plant's revenue fell, where that is more than a quarter.</param>
/// <param name="Estimated">Whether more than a tenth of its hours were estimated.</param>
public sealed record HoldingRisk(string PlantName, Money Week, Money WeekBefore, Money WeekRevenue, TimeSpan? StoodStill, decimal? Falls, bool Estimated)
{
    private const int HoursOfWeek = 168;

    /// <summary>It cost more than it earned.</summary>
    public bool Loses => WeekRevenue.IsNegative;

    /// <param name="week">The last seven days.</param>
    /// <param name="before">The seven days before.</param>
    /// <param name="end">Of the last settled hour.</param>
    public static IReadOnlyList<HoldingRisk> Of(IReadOnlyList<Holding> week, IReadOnlyList<Holding> before, DateTimeOffset end) => [.. week.Select(holding =>
    {
        var earlier = before.FirstOrDefault(other => other.PlantCode == holding.PlantCode);
        var then = earlier?.Revenue ?? Money.Zero;
        var still = end - (holding.LastRan?.AddHours(1) ?? earlier?.LastRan?.AddHours(1) ?? end.AddDays(-14));
        return new HoldingRisk(
            holding.PlantName,
            holding.Share,
            earlier?.Share ?? Money.Zero,
            holding.Revenue,
            still > TimeSpan.FromDays(1) ? still : null,
            then > Money.Zero && holding.Revenue.Micro < then.Micro * 3 / 4 ? 1 - (holding.Revenue.Amount / then.Amount) : null,
            holding.Rows.Sum(row => row.EstimatedHours) > HoursOfWeek / 10);
    })];

    /// <summary>The plant from which more than two thirds of the week's money came, where there are several.</summary>
    public static (string PlantName, decimal Part)? Largest(IReadOnlyList<HoldingRisk> risks)
    {
        var earned = risks.Where(risk => risk.Week > Money.Zero).ToList();
        var sum = earned.Sum(risk => risk.Week.Amount);
        return risks.Count > 1 && earned.MaxBy(risk => risk.Week) is { } most && most.Week.Amount * 3 > sum * 2 ? (most.PlantName, most.Week.Amount / sum) : null;
    }
}
