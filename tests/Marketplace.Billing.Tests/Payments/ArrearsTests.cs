using Marketplace.Billing;
using Shouldly;
using Xunit;

namespace Marketplace.Billing.Tests;

public sealed class ArrearsTests
{
    private static readonly DateOnly s_due = new(2026, 3, 1);

    [Theory]
    [InlineData(6, 0, 0, null)]
    [InlineData(7, 0, 0, 1)]
    [InlineData(90, 0, 0, 1)]
    [InlineData(20, 1, 7, null)]
    [InlineData(21, 1, 7, 2)]
    [InlineData(91, 1, 90, null)]
    [InlineData(104, 1, 90, 2)]
    [InlineData(200, 3, 100, null)]
    public void A_level_comes_in_its_turn_and_never_on_days_in_a_row(int daysAfter, int lastLevel, int lastAfter, int? level) =>
        Reminding.LevelDue([7, 21, 35], s_due, lastLevel, s_due.AddDays(lastAfter), s_due.AddDays(daysAfter)).ShouldBe(level);

    [Fact]
    public void Without_levels_nobody_is_reminded() => Reminding.LevelDue([], s_due, 0, default, s_due.AddDays(400)).ShouldBeNull();

    [Fact]
    public void Instalments_add_up_to_the_cent_and_keep_to_the_end_of_a_month()
    {
        var parts = Instalments.Divide(10_001, Instalments.Monthly(new DateOnly(2027, 1, 31), 3));

        parts.Select(part => part.Cents).ShouldBe([3_334, 3_334, 3_333]);
        parts.Select(part => part.DueOn).ShouldBe([new DateOnly(2027, 1, 31), new DateOnly(2027, 2, 28), new DateOnly(2027, 3, 31)]);
        for (var total = 1; total < 500; total += 7)
        {
            for (var count = 1; count <= Math.Min(total, 24); count++)
            {
                var divided = Instalments.Divide(total, Instalments.Monthly(s_due, count));
                divided.Sum(part => part.Cents).ShouldBe(total);
                (divided.Max(part => part.Cents) - divided.Min(part => part.Cents)).ShouldBeInRange(0, 1);
            }
        }

        Should.Throw<ArgumentException>(() => Instalments.Divide(2, Instalments.Monthly(s_due, 3)));
        Should.Throw<ArgumentException>(() => Instalments.Divide(100, [s_due, s_due]));
    }

    [Theory]
    [InlineData(0, 0, InstalmentStanding.Kept)]
    [InlineData(5, 0, InstalmentStanding.Kept)]
    [InlineData(6, 0, InstalmentStanding.Broken)]
    [InlineData(6, 50, InstalmentStanding.Kept)]
    [InlineData(37, 50, InstalmentStanding.Broken)]
    [InlineData(37, 99, InstalmentStanding.Broken)]
    [InlineData(37, 100, InstalmentStanding.Completed)]
    public void Whether_a_plan_is_kept_follows_from_what_was_paid(int daysAfter, long paid, InstalmentStanding standing) =>
        Instalments.Judge([new Instalment(s_due, 50), new Instalment(s_due.AddDays(31), 50)], paid, s_due.AddDays(daysAfter), graceDays: 5).ShouldBe(standing);
}
