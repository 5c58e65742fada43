using Marketplace.Contracts.Governance;
using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Features.Governance;
using Marketplace.Web.Features.Ledger;
using Marketplace.Web.Features.Members;
using Marketplace.Web.Features.Signing;
using Marketplace.Web.Features.Tariffs;
using Marketplace.Web.Pipeline;
using Marketplace.Web.Tests.Features.Signing;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using Shouldly;
using Xunit;

namespace Marketplace.Web.Tests.Features.Governance;

public sealed class GovernanceTests : IAsyncLifetime
{
    private static readonly DateOnly Tenth = new(2026, 3, 10);
    private readonly MarketplaceHost _host = TestPasskey.Host();

    public Task InitializeAsync() => _host.InitializeAsync();

    public Task DisposeAsync() => _host.DisposeAsync();

    private Task<List<Tariff>> TariffsAsync(int loop) => _host.Look(db => db.Tariffs.AsNoTracking().Where(tariff => tariff.LoopId == loop).OrderBy(tariff => tariff.Version).ToListAsync());

    private async Task<Problem> RefusedAsync(Func<Task> act) => (await Should.ThrowAsync<RefusedException>(act)).Problems[0];

    private Task<List<string>> RecordsAsync(int loop) => _host.Look(db => db.Database.SqlQuery<string>(
        $"""SELECT record_key AS "Value" FROM market.community_records WHERE loop_id = {loop} ORDER BY 1""").ToListAsync());

    [Fact]
    public async Task An_accepted_vote_changes_the_tariff_by_itself()
    {
        using var loop = await GovernedLoop.CreateAsync(_host, "votes", 4);
        var number = await loop.ProposeAsync(2, ProposalKind.Tariff, Tenth, ("FeeHeat", "2.5"), ("FeedIn", "8"));
        await loop.VoteAsync(2, number, Choice.Yes);
        await loop.VoteAsync(3, number, Choice.No);
        await loop.VoteAsync(4, number, Choice.Abstain);
        await loop.VoteAsync(3, number, Choice.Yes, seen: 1);
        (await _host.Send(new GovernLoop(loop.Id))).ShouldBe(0, "the vote is open");

        _host.Time.Advance(TimeSpan.FromDays(3) + TimeSpan.FromHours(1));
        (await RefusedAsync(() => loop.VoteAsync(5, number, Choice.No))).Bound.ShouldBe("late");
        (await _host.Send(new GovernLoop(loop.Id))).ShouldBe(2, "counted, and written");
        (await _host.Send(new GovernLoop(loop.Id))).ShouldBe(0, "done again it changes nothing");

        var tariffs = await TariffsAsync(loop.Id);
        tariffs.Select(tariff => (tariff.Version, tariff.NetworkFeeHeat, tariff.FeedIn, tariff.NetworkFeeCold)).ShouldBe(
            [(1, Price.Zero, Price.FromUnitsPerKWh(0.08m), Price.Zero), (2, new Price(25_000), Price.FromUnitsPerKWh(0.08m), Price.Zero)]);
        (tariffs[1].ValidFrom, tariffs[1].Reason, tariffs[1].SetBy).ShouldBe((new DateTimeOffset(2026, 3, 9, 23, 0, 0, TimeSpan.Zero), "Decided by the members, vote 1", null));
        var view = await _host.Send(new ShowProposal(loop.Id, number), loop.ActorOf(2));
        (view.Summary.State, view.Summary.Count.Yes, view.Summary.Count.No, view.Summary.Count.Abstained, view.Summary.Count.QuorumAt, view.Votes.Count)
            .ShouldBe((ProposalState.Done, 2, 0, 1, 2, 4));
        view.Summary.Proposal.Changed.Keys.ShouldBe(["FeeHeat"], "the feed-in price stays as it was");
        (await RecordsAsync(loop.Id)).ShouldBe(["decision/1", "effect/1", "proposal/1", "vote/1/2/1", "vote/1/3/1", "vote/1/3/2", "vote/1/4/1"]);
        (await _host.Send(new ProveCommunityRecord(loop.Id, "vote/1/3/2"), loop.ActorOf(4))).State.ShouldBe(ProofState.NotYetAnchored);
        foreach (var table in new[] { "votes", "proposals", "proposal_decisions", "community_records" })
        {
#pragma warning disable EF1002 // The names stand above.
            (await Should.ThrowAsync<PostgresException>(() => _host.Look(db => db.Database.ExecuteSqlRawAsync($"DELETE FROM market.{table}")))).SqlState.ShouldBe("42501");
#pragma warning restore EF1002
        }
    }

    [Fact]
    public async Task A_vote_is_its_signers_own_and_good_for_one_vote_only()
    {
        using var loop = await GovernedLoop.CreateAsync(_host, "signed-votes", 3);
        var number = await loop.ProposeAsync(2, ProposalKind.Tariff, Tenth, ("FeeHeat", "2.5"));
        var act = await _host.Send(new PrepareVote(loop.Id, 3, number, 0, Choice.Yes), loop.ActorOf(3));
        var signed = await loop.PasskeyOf(3).SignAsync(_host, act, loop.ActorOf(3));

        (await RefusedAsync(() => _host.Send(new CastVote(loop.Id, 3, number, 0, Choice.No, signed), loop.ActorOf(3)))).Bound.ShouldBe("passkey");
        await Should.ThrowAsync<NotPermittedException>(() => _host.Send(new CastVote(loop.Id, 3, number, 0, Choice.Yes, signed), loop.ActorOf(2)));
        await _host.Send(new CastVote(loop.Id, 3, number, 0, Choice.Yes, signed), loop.ActorOf(3));
        await _host.Send(new CastVote(loop.Id, 3, number, 0, Choice.Yes, signed), loop.ActorOf(3));
        (await RefusedAsync(() => _host.Send(new CastVote(loop.Id, 3, number, 1, Choice.No, signed), loop.ActorOf(3)))).Bound.ShouldBe("passkey");

        (await _host.Send(new ShowProposal(loop.Id, number), loop.ActorOf(2))).Votes.ShouldHaveSingleItem().Choice.ShouldBe(Choice.Yes);
    }

    [Fact]
    public async Task A_change_that_has_become_impossible_says_why_and_stays_visible()
    {
        using var loop = await GovernedLoop.CreateAsync(_host, "late-changes", 3);
        var first = await loop.ProposeAsync(2, ProposalKind.Tariff, Tenth, ("FeeHeat", "2.5"));
        var second = await loop.ProposeAsync(3, ProposalKind.Tariff, Tenth, ("FeeHeat", "3"));
        var other = await loop.ProposeAsync(3, ProposalKind.Tariff, Tenth, ("FeeCold", "1.2"));
        foreach (var number in new[] { first, second, other })
        {
            await loop.VoteAsync(2, number, Choice.Yes);
            await loop.VoteAsync(3, number, Choice.Yes);
        }

        _host.Time.Advance(TimeSpan.FromDays(4));
        await _host.Send(new GovernLoop(loop.Id));

        var view = await _host.Send(new ShowProposal(loop.Id, second), loop.ActorOf(4));
        view.Summary.State.ShouldBe(ProposalState.Impossible);
        view.Effect.ShouldNotBeNull().Words.ShouldBe("FeeHeat has been changed since this was proposed: it was “0” and is “2.5” now.");
        (await TariffsAsync(loop.Id)).Select(tariff => (tariff.NetworkFeeHeat.MicroPerKWh, tariff.NetworkFeeCold.MicroPerKWh)).ShouldBe([(0, 0), (25_000, 0), (25_000, 12_000)]);
    }

    [Fact]
    public async Task Where_the_members_decide_the_operator_is_refused_and_founders_alone_vote()
    {
        using var loop = await GovernedLoop.CreateAsync(_host, "founded", 4);
        var wished = Constitution.First with { Areas = [GovernedArea.Tariff, GovernedArea.Constitution], Founders = [2, 3, 4], Majority = new Fraction(2, 3) };
        (await RefusedAsync(() => _host.Send(new SetConstitution(loop.Id, wished with { Founders = [2, 3] }), loop.Operator))).Field.ShouldBe("Founders");
        (await RefusedAsync(() => _host.Send(new SetConstitution(loop.Id, wished with { Founders = [1, 2, 3] }), loop.Operator))).Field.ShouldBe("Founders");
        await _host.Send(new SetConstitution(loop.Id, wished), loop.Operator);

        var form = TariffForm.Of((await TariffsAsync(loop.Id))[0], Tenth);
        var plan = form.Read("ct/kWh", []).ShouldNotBeNull();
        (await RefusedAsync(() => _host.Send(new SetTariff(loop.Id, MarketplaceHost.Start.AddDays(5), plan, "Mine"), loop.Operator))).Bound.ShouldBe("members-decide");
        (await RefusedAsync(() => _host.Send(new SetConstitution(loop.Id, Constitution.First), loop.Operator))).Bound.ShouldBe("members-decide");
        await _host.Send(new AddMember(loop.Id, "house-9", "House 9", "dwelling", [Role.Consumer]), loop.Operator);

        var number = await loop.ProposeAsync(5, ProposalKind.Founders, Tenth, ("Founders", ""));
        (await RefusedAsync(() => loop.VoteAsync(5, number, Choice.Yes))).Bound.ShouldBe("voter", "who is no founder may propose, not vote");
        await loop.VoteAsync(2, number, Choice.Yes);
        await loop.VoteAsync(3, number, Choice.Yes);
        await loop.VoteAsync(4, number, Choice.No);
        _host.Time.Advance(TimeSpan.FromDays(3) + TimeSpan.FromHours(1));
        (await _host.Send(new GovernLoop(loop.Id))).ShouldBe(1, "it is counted, and waits for its day");
        (await _host.Send(new ShowProposal(loop.Id, number), loop.ActorOf(2))).Summary.State.ShouldBe(ProposalState.Accepted);
        _host.Time.Advance(TimeSpan.FromDays(3));
        await _host.Send(new GovernLoop(loop.Id));

        var view = await _host.Send(new ShowVotes(loop.Id, 1), loop.ActorOf(2));
        (view.Constitution.Version, view.Founders.Count, view.Constitution.Areas.Count).ShouldBe((2, 0, 2));
    }

    [Fact]
    public async Task Members_come_and_go_by_vote_and_too_few_votes_decide_nothing()
    {
        using var loop = await GovernedLoop.CreateAsync(_host, "people", 3);
        var admit = await loop.ProposeAsync(2, ProposalKind.AdmitMember, Tenth, ("Name", "Family Berg"), ("Key", "house-20"), ("Place", "dwelling"), ("Roles", "Consumer,Investor"));
        var expel = await loop.ProposeAsync(2, ProposalKind.ExpelMember, Tenth, ("Member", "4"));
        var ignored = await loop.ProposeAsync(2, ProposalKind.Tariff, Tenth, ("FeeHeat", "9"));
        await loop.VoteAsync(2, ignored, Choice.Yes);
        foreach (var number in new[] { admit, expel })
        {
            await loop.VoteAsync(2, number, Choice.Yes);
            await loop.VoteAsync(3, number, Choice.Yes);
        }

        (await RefusedAsync(() => loop.ProposeAsync(3, ProposalKind.AdmitMember, Tenth, ("Name", "x"), ("Key", "house-2"), ("Place", "dwelling"), ("Roles", "Consumer")))).Field.ShouldBe("Key");
        (await RefusedAsync(() => loop.ProposeAsync(3, ProposalKind.AdmitMember, Tenth, ("Name", "x"), ("Key", "house-30"), ("Place", "dwelling"), ("Roles", "Operator")))).Field.ShouldBe("Roles");
        (await _host.Look(db => db.Database.SqlQuery<string>($"""SELECT string_agg(convert_from(canonical, 'UTF8'), '') AS "Value" FROM market.community_records WHERE loop_id = {loop.Id}""").SingleAsync()))
            .ShouldNotContain("Berg", customMessage: "no personal data stands in a record");

        _host.Time.Advance(TimeSpan.FromDays(6));
        await _host.Send(new GovernLoop(loop.Id));

        var member = await _host.Look(db => db.Members.AsNoTracking().SingleAsync(member => member.LoopId == loop.Id && member.Key == "house-20"));
        member.Name.ShouldBe("Family Berg");
        (await _host.Look(db => db.MemberRoles.Where(role => role.LoopId == loop.Id && role.MemberId == member.Id).Select(role => role.Role).Order().ToListAsync())).ShouldBe([Role.Consumer, Role.Investor]);
        (await _host.Look(db => db.Memberships.AnyAsync(membership => membership.LoopId == loop.Id && membership.MemberId == 4))).ShouldBeFalse();
        (await _host.Send(new ShowProposal(loop.Id, ignored), loop.ActorOf(2))).Summary.State.ShouldBe(ProposalState.NoQuorum);
        (await TariffsAsync(loop.Id)).Count.ShouldBe(1);

        await _host.Send(new EraseMember(loop.Id, member.Id), loop.Operator);
        (await _host.Send(new ShowProposal(loop.Id, admit), loop.ActorOf(2))).PrivateText.ShouldBeNull();
    }

    [Fact]
    public async Task Votes_weigh_by_share_and_the_weights_add_up()
    {
        using var loop = await GovernedLoop.CreateAsync(_host, "shares", 4);
        await _host.Put(db => db.Plants.Add(new PlantRecord { LoopId = loop.Id, Code = "pv", Name = "Roof", OwnerId = 2, Definition = "{}" }));
        await _host.Put(db => db.PlantShares.Add(new PlantShare { LoopId = loop.Id, PlantCode = "pv", MemberId = 3, ShareMillionths = 333_333, Invested = Money.FromCents(100) }));
        await _host.Send(new SetConstitution(loop.Id, Constitution.First with { Weight = WeightRule.Share }), loop.Operator);

        var number = await loop.ProposeAsync(4, ProposalKind.Tariff, Tenth, ("FeeHeat", "2.5"));
        await loop.VoteAsync(4, number, Choice.Yes);
        await loop.VoteAsync(3, number, Choice.Yes);
        await loop.VoteAsync(2, number, Choice.No);

        var view = await _host.Send(new ShowProposal(loop.Id, number), loop.ActorOf(4));
        view.Voters.Select(voter => (voter.Member, voter.Weight)).ShouldBe([(2, 6667), (3, 3333), (4, 0), (5, 0)]);
        (view.Summary.Count.Yes, view.Summary.Count.No, view.Summary.Count.Outcome).ShouldBe((3333, 6667, Outcome.Rejected));
    }

    [Fact]
    public async Task Bad_proposals_say_what_is_wrong_and_a_form_sent_twice_proposes_once()
    {
        using var loop = await GovernedLoop.CreateAsync(_host, "bad", 3);
        (await RefusedAsync(() => loop.ProposeAsync(2, ProposalKind.Tariff, Tenth, ("FeeHeat", "0")))).Message.ShouldContain("Nothing would change");
        (await RefusedAsync(() => loop.ProposeAsync(2, ProposalKind.Tariff, Tenth, ("FeeHeat", "dear")))).Field.ShouldBe("FeeHeat");
        (await RefusedAsync(() => loop.ProposeAsync(2, ProposalKind.Tariff, new DateOnly(2026, 3, 8), ("FeeHeat", "2")))).Field.ShouldBe("EffectiveOn");
        (await RefusedAsync(() => loop.ProposeAsync(2, ProposalKind.MarketRules, Tenth, ("Cap", "5"), ("Floor", "6")))).Message.ShouldContain("lowest price");
        await Should.ThrowAsync<NotPermittedException>(() => _host.Send(
            new MakeProposal(loop.Id, 3, Guid.NewGuid(), ProposalKind.Tariff, new Dictionary<string, string>(), "Because it is fairer", 3, Tenth), loop.ActorOf(2)));

        var twice = new MakeProposal(loop.Id, 2, Guid.NewGuid(), ProposalKind.MarketRules, new Dictionary<string, string> { ["Cap"] = "50" }, "Because it is fairer", 3, Tenth);
        (await _host.Send(twice, loop.ActorOf(2))).ShouldBe(await _host.Send(twice, loop.ActorOf(2)));
        await _host.Send(new CommentProposal(loop.Id, 3, 1, Guid.NewGuid(), "I would rather not"), loop.ActorOf(3));
        (await _host.Send(new ShowProposal(loop.Id, 1), loop.ActorOf(2))).Comments.ShouldHaveSingleItem().Text.ShouldBe("I would rather not");
        await loop.VoteAsync(2, 1, Choice.Yes);
        await loop.VoteAsync(3, 1, Choice.Yes);
        _host.Time.Advance(TimeSpan.FromDays(4));
        await _host.Send(new GovernLoop(loop.Id));
        (await _host.Look(db => db.MarketRules.Where(rules => rules.LoopId == loop.Id).SingleAsync())).Cap.ShouldBe(new Price(500_000));
    }
}
