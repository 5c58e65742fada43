using Shouldly;
using Xunit;

namespace Marketplace.Browser.Tests;

[Collection(Portal.Collection)]
public sealed class NotFoundTests(Portal portal)
{
    [Fact]
    public async Task A_page_that_is_not_there_says_so()
    {
        await using var visit = await portal.VisitAsync();

        var response = await visit.GoToAsync("/no-such-page");

        response.Status.ShouldBe(404);
        (await visit.Page.TitleAsync()).ShouldNotBeNullOrWhiteSpace();
        (await visit.Page.InnerTextAsync("main")).ShouldNotBeNullOrWhiteSpace();
        await visit.ShootAsync("not-found");
    }
}
