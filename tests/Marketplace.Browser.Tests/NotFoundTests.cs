using Shouldly;
using Xunit;

namespace Marketplace.Browser.Tests;

[Collection(Portal.Collection)]
public sealed class NotFoundTests(Portal portal)
{
    [Theory]
    [InlineData("")]
    [InlineData("resident")]
    [InlineData("operator")]
    public async Task A_page_that_is_not_there_says_so(string person)
    {
        await using var visit = await PagesTests.SignedInAsync(portal, person, javaScript: true);

        var response = await visit.GoToAsync("/no-such-page");

        response.Status.ShouldBe(404);
        (await visit.Page.TitleAsync()).ShouldNotBeNullOrWhiteSpace();
        (await visit.Page.InnerTextAsync("main")).ShouldNotBeNullOrWhiteSpace();
        await visit.ShootAsync("not-found" + person);
    }
}
