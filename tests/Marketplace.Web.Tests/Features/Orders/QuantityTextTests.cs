using Marketplace.Web.Features.Orders;
using Marketplace.Web.Pipeline;
using Shouldly;
using Xunit;

namespace Marketplace.Web.Tests.Features.Orders;

public sealed class QuantityTextTests
{
    [Theory]
    [InlineData("2.5", 2_500)]
    [InlineData(" 0.001 ", 1)]
    [InlineData("-1", -1_000)]
    [InlineData("1000000", 1_000_000_000)]
    public void Quantities_are_read_to_the_watt_hour(string text, long wattHours)
    {
        var problems = new List<Problem>();

        QuantityText.KWh(text, "Quantity", problems)?.WattHours.ShouldBe(wattHours);

        problems.ShouldBeEmpty();
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("much")]
    [InlineData("2,5")]
    [InlineData("1,000")]
    [InlineData("0.0001")]
    [InlineData("1e3")]
    [InlineData("99999999999999999999999999999999")]
    [InlineData("NaN")]
    public void What_cannot_be_meant_exactly_is_said_at_its_field(string? text)
    {
        var problems = new List<Problem>();

        QuantityText.KWh(text, "Quantity", problems).ShouldBeNull();

        problems.ShouldHaveSingleItem().Field.ShouldBe("Quantity");
    }

    [Theory]
    [InlineData("12.5", 125_000)]
    [InlineData("0.0001", 1)]
    [InlineData("−3", -30_000)]
    public void Prices_are_read_to_the_millionth(string text, long micro)
    {
        var problems = new List<Problem>();

        QuantityText.Cents(text, "Limit", "ct/kWh", problems)?.MicroPerKWh.ShouldBe(micro);

        problems.ShouldBeEmpty();
    }

    [Fact]
    public void A_price_finer_than_a_millionth_is_refused()
    {
        var problems = new List<Problem>();

        QuantityText.Cents("0.00001", "Limit", "ct/kWh", problems).ShouldBeNull();

        problems.ShouldHaveSingleItem().Message.ShouldContain("four decimals");
    }
}
