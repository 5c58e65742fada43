using System.Globalization;
using System.Reflection;
using System.Resources;
using Marketplace.Web.Features.Words;
using Microsoft.AspNetCore.Components;
using Shouldly;
using Xunit;

namespace Marketplace.Web.Tests.Features.Words;

public sealed class GlossaryTests
{
    private static readonly ResourceManager Resources = new(typeof(Texts));

    [Theory]
    [InlineData("en")]
    [InlineData("de")]
    [InlineData("fr")]
    public void Every_word_is_explained_in_every_language(string language)
    {
        var culture = CultureInfo.GetCultureInfo(language);
        foreach (var key in Glossary.Keys)
        {
            Resources.GetString("Word." + key, culture).ShouldNotBeNullOrEmpty(key);
            Resources.GetString($"Word.{key}.Text", culture).ShouldNotBeNullOrEmpty(key);
            if (language != "en")
            {
                Resources.GetString($"Word.{key}.Text", culture).ShouldNotBe(Resources.GetString($"Word.{key}.Text", CultureInfo.InvariantCulture), key);
            }
        }

        foreach (var (part, _) in Glossary.Parts)
        {
            Resources.GetString("Part." + part, culture).ShouldNotBeNullOrEmpty(part);
        }
    }

    [Fact]
    public void A_page_explains_words_that_there_are_and_every_page_named_exists()
    {
        var routes = typeof(PageWords).Assembly.GetTypes().SelectMany(type => type.GetCustomAttributes<RouteAttribute>()).Select(route => route.Template).ToHashSet();
        foreach (var place in PageWords.Places)
        {
            routes.ShouldContain("/loops/{Slug}" + place);
            PageWords.Of("/loops/quay" + place).ShouldNotBeEmpty();
            PageWords.Of("/loops/quay" + place).ShouldAllBe(word => Glossary.Keys.Contains(word));
        }

        Glossary.Parts.SelectMany(part => part.Keys).ShouldBeUnique();
    }

    [Fact]
    public void The_longest_place_counts()
    {
        PageWords.Of("/loops/quay/operations/alarms/12").ShouldContain("alarm");
        PageWords.Of("/loops/quay/operations").ShouldNotContain("alarm");
        PageWords.Of("/loops/quay").ShouldBe(PageWords.Of("/loops/quay/home"));
        PageWords.Of("/sign-in").ShouldBeEmpty();
        PageWords.Of("/loops/quay/ordersx").ShouldBeEmpty();
    }
}
