using System.Globalization;
using Marketplace.Web.Shell;
using Shouldly;
using Xunit;

namespace Marketplace.Web.Tests.Shell;

public sealed class TypedNumberTests
{
    [Theory]
    [InlineData("de-DE", "2,5", 2.5)]
    [InlineData("fr-FR", " 2,5 ", 2.5)]
    [InlineData("de-DE", "2.5", 2.5)]
    [InlineData("en-GB", "2.5", 2.5)]
    [InlineData("de-DE", "\u22122,5", -2.5)]
    public void A_number_is_read_as_its_language_writes_it(string culture, string text, double number)
    {
        CultureInfo.CurrentCulture = CultureInfo.GetCultureInfo(culture);
        TypedNumber.TryReadSigned(text, out var read).ShouldBeTrue();
        read.ShouldBe((decimal)number);
    }

    [Theory]
    [InlineData("en-GB", "1,000")]
    [InlineData("de-DE", "1.000,5")]
    [InlineData("de-DE", "1,000.5")]
    [InlineData("fr-FR", "1 000")]
    [InlineData("en-GB", "")]
    [InlineData("en-GB", null)]
    [InlineData("en-GB", "1e3")]
    public void Separators_of_thousands_are_not_guessed_at(string culture, string? text)
    {
        CultureInfo.CurrentCulture = CultureInfo.GetCultureInfo(culture);
        TypedNumber.TryRead(text, out _).ShouldBeFalse();
    }

    [Fact]
    public void A_sign_is_refused_where_none_has_a_meaning() => TypedNumber.TryRead("-1", out _).ShouldBeFalse();
}
