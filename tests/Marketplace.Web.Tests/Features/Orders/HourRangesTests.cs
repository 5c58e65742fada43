using Marketplace.Web.Features.Orders;
using Shouldly;
using Xunit;

namespace Marketplace.Web.Tests.Features.Orders;

public sealed class HourRangesTests
{
    [Theory]
    [InlineData("06–09", new[] { 6, 7, 8 })]
    [InlineData("6-9", new[] { 6, 7, 8 })]
    [InlineData("06:00–09:00", new[] { 6, 7, 8 })]
    [InlineData("7", new[] { 7 })]
    [InlineData("22–02", new[] { 22, 23, 0, 1 })]
    [InlineData("23–24", new[] { 23 })]
    [InlineData("23-0", new[] { 23 })]
    [InlineData("1, 3-5", new[] { 1, 3, 4 })]
    public void A_span_begins_with_its_start_and_ends_before_its_end(string text, int[] hours) => HourRanges.Parse(text).ShouldBe(hours);

    [Fact]
    public void The_whole_day_has_24_hours() => HourRanges.Parse("00–24").ShouldBe(Enumerable.Range(0, 24));

    [Theory]
    [InlineData("")]
    [InlineData("25")]
    [InlineData("24")]
    [InlineData("6–")]
    [InlineData("6–6")]
    [InlineData("morning")]
    [InlineData("6-7-8")]
    public void What_is_no_span_is_not_guessed(string text) => HourRanges.Parse(text).ShouldBeNull();
}
