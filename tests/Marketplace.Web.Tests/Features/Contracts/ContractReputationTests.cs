using Marketplace.Contracts;
using Marketplace.Contracts.Reputations;
using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Features.Contracts;
using Marketplace.Web.Features.Contracts.Templates;
using Marketplace.Web.Features.Reputations;
using Marketplace.Web.Pipeline;
using Marketplace.Web.Tests.Features.Operations;
using Shouldly;
using Xunit;
using Role = Marketplace.Data.Role;

namespace Marketplace.Web.Tests.Features.Contracts;

/// <summary>Reputations as conditions of contracts, and contracts as a part of reputations.</summary>
public sealed class ContractReputationTests : IAsyncLifetime
{
    private readonly MarketplaceHost _host = new();
    private ContractLoop _loop = default!;

    private static IReadOnlyDictionary<string, int> Deal { get; } = ContractLoop.Roles(("seller", SmallMarket.SolarOwner), ("buyer", SmallMarket.HomeA));

    public async Task InitializeAsync()
    {
        await _host.InitializeAsync();
        _loop = await ContractLoop.CreateAsync(_host);
    }

    public Task DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task Terms_that_ask_for_a_reputation_are_signed_only_where_it_is_reached()
    {
        // 30 hours of 2,000 Wh sold, 1,880 given: 94 %.
        await _loop.PositionAsync(SmallMarket.SolarOwner, Carrier.Electricity, MarketplaceHost.Start.AddHours(-40), 30, -1_880, "pv", -2_000);
        var strict = await _loop.DraftAsync("bilateral-deal", Deal, values: ("reputation", "950000"));
        (await Should.ThrowAsync<RefusedException>(() => OfferAsync(strict))).Problems[0].ShouldSatisfyAllConditions(
            problem => problem.Bound.ShouldBe("reputation"), problem => problem.Message.ShouldContain("95 %"));
        (await _host.Send(new ShowContract(_loop.LoopId, strict))).Conditions.ShouldBeEmpty("nobody is judged before an offer");

        var mild = await _loop.DraftAsync("bilateral-deal", Deal, values: ("reputation", "940000"));
        await OfferAsync(mild);
        var shown = (await _host.Send(new ShowContract(_loop.LoopId, mild))).Conditions.ShouldHaveSingleItem();
        (shown.IsMet, shown.Part, shown.Whole, shown.Share).ShouldBe((true, 56_400L, 60_000L, 9_400));

        // Each signature is checked: what was reached at the offer may be missed at the acceptance.
        await _loop.PositionAsync(SmallMarket.SolarOwner, Carrier.Electricity, MarketplaceHost.Start.AddHours(-5), 2, -1, "pv", -2_000);
        (await Should.ThrowAsync<RefusedException>(() => AcceptAsync(mild))).Problems[0].Bound.ShouldBe("reputation");
        (await _host.Send(new ShowContract(_loop.LoopId, mild))).Standing.State.ShouldBe(ContractState.Offered);

        // Who has given nothing yet is not known; 0 asks for nothing.
        var unknown = await _loop.DraftAsync("bilateral-deal", Deal, values: [("reputation", "1"), ("carrier", "heat")]);
        (await Should.ThrowAsync<RefusedException>(() => OfferAsync(unknown))).Problems[0].Message.ShouldContain("too little is known");
        await _loop.AgreeAsync("bilateral-deal", Deal, values: ("carrier", "heat"));
    }

    [Fact]
    public async Task Promises_kept_in_contracts_are_counted_with_their_arithmetic()
    {
        var until = new DateOnly(2026, 8, 1);
        var contract = await _loop.AgreeAsync("energy-performance", ContractLoop.Roles(("contractor", ContractLoop.Works), ("customer", SmallMarket.HomeA)), ContractLoop.April, until);
        foreach (var (month, metered) in new[] { (4, 4_000_000L), (5, 4_000_000), (6, 5_000_000), (7, 4_100_000) })
        {
            await _loop.PositionAsync(SmallMarket.HomeA, Carrier.Heat, _loop.StartOf(new DateOnly(2026, month, 1)), 24, metered);
        }

        await _loop.SettleUntilAsync(_loop.StartOf(until));
        await _host.Send(new EvaluateContracts(_loop.LoopId));
        await _host.Put(db => db.Clocks.Single(clock => clock.LoopId == _loop.LoopId).MarketAnchor = _loop.StartOf(new DateOnly(2026, 8, 2)));

        // Guaranteed 20,000 kWh: saved 24,000 twice, then none of it (120,000 of 120,000), then 21,600.
        var missed = (await _loop.ResultsAsync(contract)).Where(result => result.Clause == "missing-saving").ToList();
        missed.Select(result => result.Amount == Money.Zero).ShouldBe([true, true, false, true]);
        var card = await CardAsync(SmallMarket.HomeA);
        card.Promises.ShouldHaveSingleItem().ShouldBe(new PartyPromises(ContractLoop.Works, Carrier.Heat, new PromiseRecord(4, 3, missed[2].Amount)));
        card.Promises[0].Record.KeptPart.ShouldBe(7_500);
        (await CardAsync(SmallMarket.HomeB)).Promises.ShouldBeEmpty("who has nothing to do with it does not see it");

        // A condition on it, in a template that asks for it.
        var template = TemplateJson.Read((await _loop.TemplateAsync("energy-performance")).Body);
        await _host.Send(new SaveTemplateDraft(_loop.LoopId, template with { Conditions = [new ReputationCondition { Code = "contracts", Party = "contractor", Measure = PromiseMeasure.Contracts, Carrier = "@carrier", Least = Term.Of(800_000) }] }), Operator);
        await _host.Send(new PublishTemplate(_loop.LoopId, template.Code), Operator);
        var roles = ContractLoop.Roles(("contractor", ContractLoop.Works), ("customer", SmallMarket.HomeB));
        var asked = await _loop.DraftAsync("energy-performance", roles, new DateOnly(2026, 9, 1), new DateOnly(2026, 12, 1));
        (await Should.ThrowAsync<RefusedException>(() => _host.Send(new OfferContract(_loop.LoopId, ContractLoop.Works, asked, 1, ContractLoop.NoSignature)))).Problems[0].Message.ShouldContain("80 %");

        // An open dispute counts neither way.
        await _host.Send(new DisputeContract(_loop.LoopId, SmallMarket.HomeA, contract, 3, false, "June was metered twice."));
        (await CardAsync(SmallMarket.HomeA)).Promises.ShouldBeEmpty();
    }

    private Actor Operator => _loop.Market.ActorOf(ContractLoop.Operator, Role.Operator);

    private Task<PartyCard> CardAsync(int asker) => _host.Send(new ShowParty(_loop.LoopId, "", ContractLoop.Works), _loop.Market.ActorOf(asker));

    private Task<MediatR.Unit> OfferAsync(long contract) => _host.Send(new OfferContract(_loop.LoopId, SmallMarket.SolarOwner, contract, 1, ContractLoop.NoSignature));

    private Task<MediatR.Unit> AcceptAsync(long contract) => _host.Send(new AcceptContract(_loop.LoopId, SmallMarket.HomeA, contract, 2, ContractLoop.NoSignature));
}
