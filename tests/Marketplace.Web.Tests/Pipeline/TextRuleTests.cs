using Marketplace.Data;
using Marketplace.Web.Features.Disputes;
using Marketplace.Web.Features.Parties;
using Marketplace.Web.Pipeline;
using Marketplace.Web.Tests.Features.Bills;
using Marketplace.Web.Tests.Features.Payments;
using Shouldly;
using Xunit;

namespace Marketplace.Web.Tests.Pipeline;

/// <summary>What cannot be written is refused by its field, whatever the request.</summary>
public sealed class TextRuleTests(MarketplaceHost host) : IClassFixture<MarketplaceHost>
{
    [Fact]
    public async Task A_text_that_no_page_could_show_is_refused_by_its_field()
    {
        var loop = await BilledLoop.InAsync(host, "texts");
        var party = new PartyDetails { Name = "Kim", Street = "Ring 2", PostCode = "10115", City = "Berlin", Country = "DE" };
        foreach (var text in new[] { "Ring\0 2", "Ring\u0007 2", "\uD83D Ring 2", "Ring 2\uDE00" })
        {
            (await RefusedAsync(new SetRecipient(loop.LoopId, SettledWeekend.Household, party with { Street = text }))).ShouldBe("Details.Street");
            (await RefusedAsync(new WriteToDispute(loop.LoopId, 1, Guid.NewGuid(), text))).ShouldBe("Text");
        }

        await host.Send(new SetRecipient(loop.LoopId, SettledWeekend.Household, party with { Street = "Ring\t2 \U0001F600 \uFFFD" }), loop.Operator);

        async Task<string> RefusedAsync<T>(MediatR.IRequest<T> request) =>
            (await Should.ThrowAsync<RefusedException>(() => host.Send(request, loop.Operator))).Problems.ShouldHaveSingleItem().Field;
    }
}
