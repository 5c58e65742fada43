using Marketplace.Contracts;
using Marketplace.Contracts.Governance;
using Marketplace.Web.Features.Contracts.Templates;
using Marketplace.Web.Features.Governance;
using Marketplace.Web.Pipeline;
using Marketplace.Web.Tests.Features.Signing;
using Microsoft.EntityFrameworkCore;
using Shouldly;
using Xunit;

namespace Marketplace.Web.Tests.Features.Governance;

/// <summary>Templates of contracts as the subject of a vote.</summary>
public sealed class TemplateVoteTests : IAsyncLifetime
{
    private const string Code = "peak-smoothing";
    private static readonly DateOnly Tenth = new(2026, 3, 10);
    private readonly MarketplaceHost _host = TestPasskey.Host();

    public Task InitializeAsync() => _host.InitializeAsync();

    public Task DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task An_accepted_vote_publishes_the_template_by_itself()
    {
        using var loop = await BeginAsync("template-votes");
        await _host.Send(new SetConstitution(loop.Id, Constitution.First with { Areas = [GovernedArea.Template] }), loop.Operator);
        await DraftAsync(loop, 60);
        (await RefusedAsync(() => _host.Send(new PublishTemplate(loop.Id, Code), loop.Operator))).Bound.ShouldBe("members-decide");
        (await RefusedAsync(() => _host.Send(new RetireTemplate(loop.Id, Code), loop.Operator))).Bound.ShouldBe("members-decide");

        // A member reads the draft and puts it to the vote.
        var draft = await _host.Send(new ShowProposedTemplate(loop.Id, Code, null), loop.ActorOf(2));
        (draft.Template.Version, draft.Former).ShouldBe((2, 1));
        var number = await loop.ProposeAsync(2, ProposalKind.Template, Tenth, ("Template", $"publish {Code} {draft.Hash}"));
        var open = (await _host.Send(new ShowProposal(loop.Id, number), loop.ActorOf(3))).Subject.ShouldNotBeNull();
        open.Differences.ShouldHaveSingleItem().ShouldBe(new ChangeDifference("noticeDays", "30", "60"));
        await AcceptAsync(loop, number);
        _host.Time.Advance(TimeSpan.FromDays(3) + TimeSpan.FromHours(1));
        (await _host.Send(new GovernLoop(loop.Id))).ShouldBe(1, "counted; it waits for its day");
        (await VersionsAsync(loop.Id)).ShouldBe(1);

        _host.Time.Advance(TimeSpan.FromDays(3));
        (await _host.Send(new GovernLoop(loop.Id))).ShouldBe(1);
        (await _host.Send(new GovernLoop(loop.Id))).ShouldBe(0, "done again it changes nothing");
        var published = await _host.Look(db => db.ContractTemplates.AsNoTracking().SingleAsync(template => template.LoopId == loop.Id && template.Code == Code && template.Version == 2));
        (Convert.ToHexStringLower(published.Hash), TemplateJson.Read(published.Body).NoticeDays, published.PublishedBy).ShouldBe((draft.Hash, 60, null));
        (await _host.Look(db => db.ContractTemplateDrafts.AnyAsync(kept => kept.LoopId == loop.Id && kept.Code == Code))).ShouldBeFalse();
        var view = await _host.Send(new ShowProposal(loop.Id, number), loop.ActorOf(3));
        view.Summary.State.ShouldBe(ProposalState.Done);
        view.Subject.ShouldNotBeNull().Differences.ShouldBe(open.Differences, "what was voted on stays to be read");
        view.Fields.ShouldHaveSingleItem().Choices.ShouldContain(option => option.Value == view.Summary.Proposal.Changed["Template"]);
    }

    [Fact]
    public async Task A_draft_that_was_changed_meanwhile_is_not_published_and_the_proposal_says_why()
    {
        using var loop = await BeginAsync("changed-drafts");
        await DraftAsync(loop, 60);
        var hash = (await _host.Send(new ShowProposedTemplate(loop.Id, Code, null), loop.ActorOf(2))).Hash;
        (await RefusedAsync(() => loop.ProposeAsync(2, ProposalKind.Template, Tenth, ("Template", $"publish {Code} {new string('0', 64)}")))).Field.ShouldBe("Template");
        var number = await loop.ProposeAsync(2, ProposalKind.Template, Tenth, ("Template", $"publish {Code} {hash}"));
        await AcceptAsync(loop, number);
        await DraftAsync(loop, 45);
        _host.Time.Advance(TimeSpan.FromDays(6));
        await _host.Send(new GovernLoop(loop.Id));

        var view = await _host.Send(new ShowProposal(loop.Id, number), loop.ActorOf(3));
        view.Summary.State.ShouldBe(ProposalState.Impossible);
        view.Effect.ShouldNotBeNull().Words.ShouldStartWith($"The draft of {Code} is another one now");
        view.Subject.ShouldNotBeNull().Differences.ShouldHaveSingleItem().After.ShouldBe("60");
        (await VersionsAsync(loop.Id)).ShouldBe(1);
        (await _host.Look(db => db.ContractTemplateDrafts.AnyAsync(kept => kept.LoopId == loop.Id && kept.Code == Code))).ShouldBeTrue("the new draft is kept");
    }

    [Fact]
    public async Task A_vote_takes_a_template_off_offer_and_a_draft_with_findings_cannot_be_proposed()
    {
        using var loop = await BeginAsync("retired-templates");
        var last = await _host.Look(db => db.ContractTemplates.AsNoTracking().SingleAsync(template => template.LoopId == loop.Id && template.Code == Code));
        await _host.Send(new SaveTemplateDraft(loop.Id, TemplateJson.Read(last.Body) with { Clauses = [] }), loop.Operator);
        await Should.ThrowAsync<NotPermittedException>(() => _host.Send(new ShowProposedTemplate(loop.Id, Code, null), loop.ActorOf(2)));
        (await _host.Send(new ShowChangeForm(loop.Id, ProposalKind.Template), loop.ActorOf(2))).Fields.ShouldHaveSingleItem().Choices.ShouldAllBe(option => option.Value.StartsWith("retire "));

        var number = await loop.ProposeAsync(3, ProposalKind.Template, Tenth, ("Template", $"retire {Code} {Convert.ToHexStringLower(last.Hash)}"));
        await AcceptAsync(loop, number);
        _host.Time.Advance(TimeSpan.FromDays(6));
        await _host.Send(new GovernLoop(loop.Id));
        (await _host.Send(new ShowTemplate(loop.Id, Code), loop.ActorOf(2))).Retired.ShouldBeTrue();
    }

    private async Task<GovernedLoop> BeginAsync(string slug)
    {
        var loop = await GovernedLoop.CreateAsync(_host, slug, 3);
        await _host.Send(new AddShippedTemplates(loop.Id));
        return loop;
    }

    private async Task DraftAsync(GovernedLoop loop, int noticeDays)
    {
        var last = await _host.Look(db => db.ContractTemplates.AsNoTracking().SingleAsync(template => template.LoopId == loop.Id && template.Code == Code));
        await _host.Send(new SaveTemplateDraft(loop.Id, TemplateJson.Read(last.Body) with { NoticeDays = noticeDays }), loop.Operator);
    }

    private static async Task AcceptAsync(GovernedLoop loop, int number)
    {
        await loop.VoteAsync(2, number, Choice.Yes);
        await loop.VoteAsync(3, number, Choice.Yes);
    }

    private Task<int> VersionsAsync(int loop) => _host.Look(db => db.ContractTemplates.CountAsync(template => template.LoopId == loop && template.Code == Code));

    private static async Task<Problem> RefusedAsync(Func<Task> act) => (await Should.ThrowAsync<RefusedException>(act)).Problems[0];
}
