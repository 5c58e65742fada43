using Marketplace.Contracts;
using Marketplace.Data;
using Marketplace.Web.Features.Contracts;
using Marketplace.Web.Features.Signing;
using Marketplace.Web.Pipeline;
using Marketplace.Web.Tests.Features.Accounts;
using Marketplace.Web.Tests.Features.Operations;
using Marketplace.Web.Tests.Features.Signing;
using Microsoft.EntityFrameworkCore;
using Shouldly;
using Xunit;
using Role = Marketplace.Data.Role;

namespace Marketplace.Web.Tests.Features.Contracts;

public sealed class ContractLifeTests : IAsyncLifetime, IDisposable
{
    private readonly MarketplaceHost _host = TestPasskey.Host();
    private readonly TestPasskey _passkey = new();
    private readonly TestPasskey _otherPasskey = new();
    private ContractLoop _loop = default!;

    public async Task InitializeAsync()
    {
        await _host.InitializeAsync();
        _loop = await ContractLoop.CreateAsync(_host);
    }

    public Task DisposeAsync() => _host.DisposeAsync();

    public void Dispose()
    {
        _passkey.Dispose();
        _otherPasskey.Dispose();
    }

    private static IReadOnlyDictionary<string, int> Performance { get; } = ContractLoop.Roles(("contractor", ContractLoop.Works), ("customer", SmallMarket.HomeA));

    private async Task<string> BoundAsync<T>(MediatR.IRequest<T> request) => (await Should.ThrowAsync<RefusedException>(() => _host.Send(request))).Problems[0].Bound ?? "";

    private async Task<SignedAct> ToSignAsync(long contract, ContractActKind kind, int member) =>
        ContractSigning.Of(await _host.Send(new ShowContract(_loop.LoopId, contract)), kind, member);

    [Fact]
    public async Task Two_people_sign_the_same_terms_and_each_signature_is_on_the_ledger()
    {
        var works = (await _host.AddPerson(_loop.LoopId, ContractLoop.Works)).Id;
        var home = (await _host.AddPerson(_loop.LoopId, SmallMarket.HomeA)).Id;
        await _passkey.AddToAsync(_host, works);
        await _otherPasskey.AddToAsync(_host, home);
        var (contractor, customer) = (People.Acting(works, new RoleHeld(_loop.LoopId, ContractLoop.Works, Role.Producer)), People.Acting(home, new RoleHeld(_loop.LoopId, SmallMarket.HomeA, Role.Consumer)));

        var contract = await _loop.DraftAsync("energy-performance", Performance);
        await Should.ThrowAsync<NotPermittedException>(() => _host.Send(new ShowContract(_loop.LoopId, contract), customer));
        await Should.ThrowAsync<RefusedException>(() => _host.Send(new OfferContract(_loop.LoopId, ContractLoop.Works, contract, 1, ContractLoop.NoSignature), contractor));
        var offer = new OfferContract(
            _loop.LoopId, ContractLoop.Works, contract, 1, await _passkey.SignAsync(_host, await ToSignAsync(contract, ContractActKind.Offered, ContractLoop.Works), contractor), "For your boiler house");
        await _host.Send(offer, contractor);
        await _host.Send(offer, contractor);

        await Should.ThrowAsync<RefusedException>(() => _host.Send(new AcceptContract(_loop.LoopId, ContractLoop.Works, contract, 2, ContractLoop.NoSignature), contractor));
        await Should.ThrowAsync<NotPermittedException>(() => _host.Send(new AcceptContract(_loop.LoopId, SmallMarket.HomeB, contract, 2, ContractLoop.NoSignature), _loop.Market.ActorOf(SmallMarket.HomeB)));
        var accept = new AcceptContract(
            _loop.LoopId, SmallMarket.HomeA, contract, 2, await _otherPasskey.SignAsync(_host, await ToSignAsync(contract, ContractActKind.Accepted, SmallMarket.HomeA), customer));
        await _host.Send(accept, customer);
        await _host.Send(accept, customer);

        var (mine, theirs) = (await _host.Send(new ShowContract(_loop.LoopId, contract), customer), await _host.Send(new ShowContract(_loop.LoopId, contract), contractor));
        mine.Standing.State.ShouldBe(ContractState.Accepted);
        mine.Steps.Select(step => (step.Act.Kind, step.Act.SignatureId is not null)).ShouldBe([(ContractActKind.Drafted, false), (ContractActKind.Offered, true), (ContractActKind.Accepted, true)]);
        mine.Steps.Select(step => (step.Act.Number, step.Note)).ShouldBe(theirs.Steps.Select(step => (step.Act.Number, step.Note)));
        (await _host.Look(db => db.Database.SqlQuery<string>(
            $"SELECT batch_key AS \"Value\" FROM ledger.batches WHERE loop_id = {_loop.LoopId} AND batch_key LIKE 'contract/%' ORDER BY 1").ToListAsync()))
            .ShouldBe([$"contract/{contract}/1", $"contract/{contract}/2", $"contract/{contract}/3"]);
    }

    [Fact]
    public async Task Terms_go_to_and_fro_and_only_those_seen_are_accepted()
    {
        var contract = await _loop.DraftAsync("energy-performance", Performance);
        await _host.Send(new OfferContract(_loop.LoopId, ContractLoop.Works, contract, 1, ContractLoop.NoSignature));
        var values = new Dictionary<string, string>((await TermsAsync(contract)).Texts) { ["fee"] = "40000" };
        var terms = new ContractTerms(values, ContractLoop.April, ContractLoop.April.AddMonths(12));
        await _host.Send(new CounterContract(_loop.LoopId, SmallMarket.HomeA, contract, 2, terms, ContractLoop.NoSignature));

        (await BoundAsync(new AcceptContract(_loop.LoopId, ContractLoop.Works, contract, 2, ContractLoop.NoSignature))).ShouldBe("outdated");
        await _host.Send(new AcceptContract(_loop.LoopId, ContractLoop.Works, contract, 3, ContractLoop.NoSignature));
        (await TermsAsync(contract)).Texts["fee"].ShouldBe("40000");
    }

    [Fact]
    public async Task Wrong_values_are_named_at_their_fields()
    {
        async Task<(string, string?)> RefusedAsync(params (string, string)[] values) =>
            (await Should.ThrowAsync<RefusedException>(() => _loop.DraftAsync("energy-performance", Performance, null, null, values))).Problems[0] is var problem ? (problem.Field, problem.Bound) : default;
        (await RefusedAsync(("fee", "-1"))).ShouldBe(("fee", "value-least"));
        (await RefusedAsync(("carrier", "steam"))).ShouldBe(("carrier", "value-carrier"));
        (await Should.ThrowAsync<RefusedException>(() => _loop.DraftAsync("energy-performance", Performance, ContractLoop.April.AddDays(1)))).Problems[0].Field.ShouldBe("StartsOn");
        (await Should.ThrowAsync<RefusedException>(() => _loop.DraftAsync("energy-performance", Performance, new DateOnly(2026, 3, 1)))).Problems[0].Bound.ShouldBe("past");
        (await Should.ThrowAsync<RefusedException>(() => _loop.DraftAsync("power-purchase", ContractLoop.Roles(("producer", SmallMarket.SolarOwner), ("buyer", 1)), null, null, ("plant", "pump")))).Problems[0].Field.ShouldBe("plant");
        (await Should.ThrowAsync<RefusedException>(() => _loop.DraftAsync("energy-supply", ContractLoop.Roles(("supplier", 1), ("customer", 2))))).Problems[0].Field.ShouldBe("role-supplier");
    }

    [Fact]
    public async Task Of_contracts_that_exclude_each_other_only_one_holds()
    {
        var roles = ContractLoop.Roles(("supplier", ContractLoop.Works), ("customer", SmallMarket.HomeA));
        await _loop.AgreeAsync("energy-supply", roles, ContractLoop.April, new DateOnly(2026, 7, 1));
        await _loop.AgreeAsync("energy-supply", roles, ContractLoop.April, new DateOnly(2026, 7, 1), ("carrier", "electricity"));
        (await Should.ThrowAsync<RefusedException>(() => _loop.AgreeAsync("energy-supply", roles, new DateOnly(2026, 6, 1), new DateOnly(2026, 8, 1)))).Problems[0].Bound.ShouldBe("exclusive");
        (await Should.ThrowAsync<RefusedException>(() => _loop.AgreeAsync("heat-cold-delivery", ContractLoop.Roles(("provider", ContractLoop.Works), ("customer", SmallMarket.HomeA))))).Problems[0].Bound.ShouldBe("exclusive");
        await _loop.AgreeAsync("energy-supply", roles, new DateOnly(2026, 7, 1), new DateOnly(2026, 8, 1));
    }

    [Fact]
    public async Task Notice_ends_it_with_a_period_and_what_nobody_ends_is_renewed()
    {
        var performance = await _loop.AgreeAsync("energy-performance", Performance);
        var cancel = new CancelContract(_loop.LoopId, SmallMarket.HomeA, performance, 3, ContractLoop.NoSignature);
        await _host.Send(cancel);
        await _host.Send(cancel);

        // Notice of 90 days from 5 March: 3 June, so the end of June.
        var ended = await _host.Send(new ShowContract(_loop.LoopId, performance));
        ended.Standing.Binding!.EndsOn.ShouldBe(new DateOnly(2026, 7, 1));
        (await BoundAsync(new CancelContract(_loop.LoopId, ContractLoop.Works, performance, 3, ContractLoop.NoSignature))).ShouldBe("outdated");

        var supply = await _loop.AgreeAsync("energy-supply", ContractLoop.Roles(("supplier", ContractLoop.Works), ("customer", SmallMarket.HomeB)), ContractLoop.April, ContractLoop.May);
        (await _host.Send(new ContractsToRenew(_loop.LoopId))).ShouldBeEmpty("there is time for notice");
        await ItIsAsync(new DateOnly(2026, 4, 20));
        (await _host.Send(new ContractsToRenew(_loop.LoopId))).ShouldBe([supply]);
        (await _host.Send(new RenewContract(_loop.LoopId, supply))).ShouldBeTrue();
        (await _host.Send(new RenewContract(_loop.LoopId, supply))).ShouldBeFalse();
        (await _host.Send(new ContractsToRenew(_loop.LoopId))).ShouldBeEmpty();
        (await _host.Send(new ShowContract(_loop.LoopId, supply))).Standing.Binding!.EndsOn.ShouldBe(new DateOnly(2027, 5, 1));
    }

    [Fact]
    public async Task What_should_have_been_renewed_before_its_end_is_renewed_after_it()
    {
        var supply = await _loop.AgreeAsync("energy-supply", ContractLoop.Roles(("supplier", ContractLoop.Works), ("customer", SmallMarket.HomeB)), ContractLoop.April, ContractLoop.May);
        await ItIsAsync(new DateOnly(2026, 5, 3));
        (await _host.Send(new ShowContract(_loop.LoopId, supply))).Standing.State.ShouldBe(ContractState.Ended);
        (await _host.Send(new ContractsToRenew(_loop.LoopId))).ShouldBe([supply]);
        (await _host.Send(new RenewContract(_loop.LoopId, supply))).ShouldBeTrue();
        (await _host.Send(new ShowContract(_loop.LoopId, supply))).Standing.State.ShouldBe(ContractState.Running);
    }

    [Fact]
    public async Task A_contract_whose_place_is_taken_ends_and_keeps_no_other_from_going_on()
    {
        var roles = ContractLoop.Roles(("supplier", ContractLoop.Works), ("customer", SmallMarket.HomeA));
        var former = await _loop.AgreeAsync("energy-supply", roles, ContractLoop.April, ContractLoop.May);
        await _loop.AgreeAsync("energy-supply", roles, ContractLoop.May, new DateOnly(2026, 8, 1));
        var neighbour = await _loop.AgreeAsync("energy-supply", ContractLoop.Roles(("supplier", ContractLoop.Works), ("customer", SmallMarket.HomeB)), ContractLoop.April, ContractLoop.May);
        await ItIsAsync(new DateOnly(2026, 4, 20));
        (await _host.Send(new ContractsToRenew(_loop.LoopId))).ShouldBe([former, neighbour]);
        (await BoundAsync(new RenewContract(_loop.LoopId, former))).ShouldBe("exclusive");
        (await _host.Send(new RenewContract(_loop.LoopId, neighbour))).ShouldBeTrue();
    }

    [Fact]
    public async Task Terms_that_were_proposed_before_a_notice_do_not_undo_it()
    {
        var contract = await _loop.AgreeAsync("energy-performance", Performance);
        var terms = new ContractTerms((await TermsAsync(contract)).Texts, new DateOnly(2026, 5, 1), new DateOnly(2030, 4, 1));
        await _host.Send(new RenegotiateContract(_loop.LoopId, SmallMarket.HomeA, contract, 3, terms, ContractLoop.NoSignature));
        await _host.Send(new CancelContract(_loop.LoopId, SmallMarket.HomeA, contract, 4, ContractLoop.NoSignature));
        await Should.ThrowAsync<RefusedException>(() => _host.Send(new AcceptContract(_loop.LoopId, ContractLoop.Works, contract, 5, ContractLoop.NoSignature)));
        (await _host.Send(new ShowContract(_loop.LoopId, contract))).Standing.Binding!.EndsOn.ShouldBe(new DateOnly(2026, 7, 1));
    }

    [Fact]
    public async Task A_note_that_is_too_long_is_refused_before_anything_is_signed()
    {
        var contract = await _loop.DraftAsync("energy-performance", Performance);
        var refused = await Should.ThrowAsync<RefusedException>(() => _host.Send(new OfferContract(_loop.LoopId, ContractLoop.Works, contract, 1, ContractLoop.NoSignature, new string('x', 1001))));
        refused.Problems[0].Field.ShouldBe("Note");
        await _host.Send(new OfferContract(_loop.LoopId, ContractLoop.Works, contract, 1, ContractLoop.NoSignature, string.Join("\r\n", Enumerable.Repeat("x", 500))));
    }

    private Task ItIsAsync(DateOnly day) => _host.Put(db => db.Clocks.Single(clock => clock.LoopId == _loop.LoopId).MarketAnchor = _loop.StartOf(day));

    [Fact]
    public async Task Other_terms_hold_from_their_day_and_closed_periods_stay_as_they_were()
    {
        var contract = await _loop.AgreeAsync("energy-performance", Performance);
        await _loop.PositionAsync(SmallMarket.HomeA, Heat, _loop.StartOf(ContractLoop.April), 24, 4_000_000);
        await _loop.SettleUntilAsync(_loop.StartOf(ContractLoop.May));
        await _host.Send(new EvaluateContracts(_loop.LoopId));
        var april = await _loop.ResultsAsync(contract);

        // 120,000 − 96,000 = 24,000 kWh saved: 24,000 × 5 ct.
        april.Select(result => (result.Clause, result.Amount.Cents)).ShouldBe([("missing-saving", 0L), ("saving-fee", 120_000L)]);
        await ItIsAsync(new DateOnly(2026, 5, 5));
        var values = new Dictionary<string, string>((await TermsAsync(contract)).Texts) { ["fee"] = "10000" };
        await _host.Send(new RenegotiateContract(
            _loop.LoopId, SmallMarket.HomeA, contract, 3, new ContractTerms(values, new DateOnly(2026, 6, 1), new DateOnly(2027, 4, 1)), ContractLoop.NoSignature));
        (await _host.Send(new ShowContract(_loop.LoopId, contract))).Standing.State.ShouldBe(ContractState.Running, "the former terms hold until all have signed");
        await _host.Send(new AcceptContract(_loop.LoopId, ContractLoop.Works, contract, 4, ContractLoop.NoSignature));

        foreach (var month in new[] { new DateOnly(2026, 5, 1), new DateOnly(2026, 6, 1) })
        {
            await _loop.PositionAsync(SmallMarket.HomeA, Heat, _loop.StartOf(month), 24, 4_000_000);
        }

        await _loop.SettleUntilAsync(_loop.StartOf(new DateOnly(2026, 7, 1)));
        await _host.Send(new EvaluateContracts(_loop.LoopId));
        var all = await _loop.ResultsAsync(contract);
        all.Take(2).Select(result => result.Canonical).ShouldBe(april.Select(result => result.Canonical));
        all.Where(result => result.Clause == "saving-fee").Select(result => (result.Version, result.Amount.Cents)).ShouldBe([(1, 120_000L), (1, 120_000L), (2, 24_000L)]);
    }

    [Fact]
    public async Task A_dispute_is_on_record_until_who_brought_it_says_it_is_settled()
    {
        var contract = await _loop.AgreeAsync("energy-performance", Performance);
        await _host.Send(new DisputeContract(_loop.LoopId, SmallMarket.HomeA, contract, 3, false, "April was metered twice."));
        (await _host.Send(new ShowContract(_loop.LoopId, contract))).Standing.Disputed.ShouldNotBeNull();
        await Should.ThrowAsync<RefusedException>(() => _host.Send(new DisputeContract(_loop.LoopId, ContractLoop.Works, contract, 4, true, "No.")));
        await _host.Send(new DisputeContract(_loop.LoopId, SmallMarket.HomeA, contract, 4, true, "Found and corrected."));
        (await _host.Send(new ShowContract(_loop.LoopId, contract))).Standing.Disputed.ShouldBeNull();
    }

    private const Marketplace.Quantities.Carrier Heat = Marketplace.Quantities.Carrier.Heat;

    private async Task<TermValues> TermsAsync(long contract) => ContractValues.Read((await _host.Send(new ShowContract(_loop.LoopId, contract))).Terms.Values);
}
