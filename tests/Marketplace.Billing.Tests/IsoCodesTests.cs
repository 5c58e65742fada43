using Shouldly;
using Xunit;

namespace Marketplace.Billing.Tests;

public sealed class IsoCodesTests
{
    [Theory]
    [InlineData("DE", true)]
    [InlineData("AQ", true)]
    [InlineData("XK", false)]
    [InlineData("EL", false)]
    [InlineData("de", false)]
    [InlineData("", false)]
    public void A_country_has_a_code_of_ISO_3166(string code, bool isOne) => IsoCodes.IsCountry(code).ShouldBe(isOne);

    [Theory]
    [InlineData("EUR", true)]
    [InlineData("CHF", true)]
    [InlineData("EUX", false)]
    [InlineData("eur", false)]
    [InlineData("", false)]
    public void A_currency_has_a_code_of_ISO_4217(string code, bool isOne) => IsoCodes.IsCurrency(code).ShouldBe(isOne);
}
