using Marketplace.Contracts.Governance;
using Marketplace.Data;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Features.Metering;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Governance;

/// <summary>The loop's proposals, those that are open first.</summary>
public sealed record ShowVotes(int LoopId, int Page) : IRequest<VotesView>, IGuarded
{
    public const int PageSize = 25;

    public bool Permits(Actor actor) => actor.BelongsTo(LoopId);
}

/// <param name="CanPropose">The members for whom the person may propose and vote.</param>
public sealed record VotesView(
    IReadOnlyList<ProposalSummary> Open, IReadOnlyList<ProposalSummary> Others, int Total, Constitution Constitution, IReadOnlyList<string> Founders, IReadOnlyList<int> CanPropose, DateTimeOffset MarketNow);

/// <param name="Count">How it stands, or how it ended.</param>
/// <param name="MayVote">The members for whom the person may vote on it.</param>
/// <param name="Voted">Those of them who have.</param>
public sealed record ProposalSummary(
    Proposal Proposal, ProposalState State, string Proposer, Marketplace.Contracts.Governance.Count Count, IReadOnlyList<int> MayVote, IReadOnlyList<int> Voted, string Subject);

/// <summary>A proposal with everything about it.</summary>
public sealed record ShowProposal(int LoopId, int Number) : IRequest<ProposalView>, IGuarded
{
    public bool Permits(Actor actor) => actor.BelongsTo(LoopId);
}

/// <param name="Fields">What would change, with the words of options as they are called now.</param>
/// <param name="Now">How each stands at present.</param>
/// <param name="Subject">What it is about in full, where its fields only name it.</param>
/// <param name="Votes">All that were cast; the last of each member counts.</param>
/// <param name="Effect">What became of it once accepted.</param>
public sealed record ProposalView(
    ProposalSummary Summary, IReadOnlyList<ChangeField> Fields, ChangeSubject? Subject, IReadOnlyList<Voter> Voters, IReadOnlyList<VoteRow> Votes, IReadOnlyDictionary<int, string> Names,
    string Reason, string? PrivateText, IReadOnlyList<Comment> Comments, EffectView? Effect, bool Decided, DateTimeOffset MarketNow);

public sealed record Comment(int Number, int MemberId, DateTimeOffset At, string Text);

public sealed record EffectView(bool Done, string Words, DateTimeOffset At);

internal sealed class VotesHandler(MarketplaceDb db, Proposals proposals, ChangeKinds kinds, Constitutions constitutions, MarketTime marketTime, CurrentActor current)
    : IRequestHandler<ShowVotes, VotesView>, IRequestHandler<ShowProposal, ProposalView>
{
    private const int MostOpen = 200;

    public async Task<VotesView> Handle(ShowVotes request, CancellationToken cancellationToken)
    {
        var loopId = request.LoopId;
        var now = await marketTime.NowAsync(loopId, cancellationToken);
        var open = (await proposals.NewestAsync(loopId, 0, MostOpen, cancellationToken)).Where(proposal => proposal.ClosesAt > now).OrderBy(proposal => proposal.ClosesAt).ToList();
        var page = await proposals.NewestAsync(loopId, (Math.Clamp(request.Page, 1, 1_000_000) - 1) * ShowVotes.PageSize, ShowVotes.PageSize, cancellationToken);
        var constitution = await constitutions.ReadAsync(loopId, cancellationToken);
        var own = Own(loopId);
        return new VotesView(
            [.. await SummariesAsync(loopId, open, now, cancellationToken)],
            [.. await SummariesAsync(loopId, [.. page.Where(proposal => proposal.ClosesAt <= now)], now, cancellationToken)],
            await db.Database.SqlQuery<int>($"""SELECT count(*)::int AS "Value" FROM market.proposals WHERE loop_id = {loopId}""").SingleAsync(cancellationToken),
            constitution,
            await db.Members.Where(member => member.LoopId == loopId && constitution.Founders.Contains(member.Id)).OrderBy(member => member.Name).Select(member => member.Name).ToListAsync(cancellationToken),
            await constitutions.VotersOf(loopId).Where(member => own.Contains(member.Id)).Select(member => member.Id).ToListAsync(cancellationToken),
            now);
    }

    public async Task<ProposalView> Handle(ShowProposal request, CancellationToken cancellationToken)
    {
        var (loopId, number) = (request.LoopId, request.Number);
        var proposal = await proposals.FindAsync(loopId, number, cancellationToken) ?? throw new NotPermittedException(nameof(ShowProposal));
        var now = await marketTime.NowAsync(loopId, cancellationToken);
        var loop = await db.Loops.AsNoTracking().SingleAsync(loop => loop.Id == loopId, cancellationToken);
        var voters = await proposals.VotersAsync(loopId, number, cancellationToken);
        var votes = await proposals.VotesAsync(loopId, number, cancellationToken);
        var written = (await db.Database.SqlQuery<CommentRow>(
            $"""SELECT number AS "Number", member_id AS "MemberId", at AS "At", text AS "Text" FROM market.proposal_comments WHERE loop_id = {loopId} AND proposal = {number} ORDER BY number""")
            .ToListAsync(cancellationToken)).ConvertAll(row => new Comment(row.Number, row.MemberId, row.At, row.Text));
        var effect = (await db.Database.SqlQuery<EffectRow>($"""SELECT done AS "Done", words AS "Words", at AS "At" FROM market.proposal_effects WHERE loop_id = {loopId} AND proposal = {number}""")
            .ToListAsync(cancellationToken)).ConvertAll(row => new EffectView(row.Done, row.Words, row.At)).FirstOrDefault();
        var people = voters.Select(voter => voter.Member).Concat(written.Select(comment => comment.MemberId)).Append(proposal.MemberId).Distinct().ToList();
        var fields = await kinds.Of(proposal.Kind).FieldsAsync(loop, cancellationToken);
        var subject = await kinds.Of(proposal.Kind).SubjectAsync(loop, number, cancellationToken);
        return new ProposalView(
            (await SummariesAsync(loopId, [proposal], now, cancellationToken))[0], [.. fields.Where(field => proposal.Changed.ContainsKey(field.Name)).Select(Known)], subject, voters, votes,
            await db.Members.AsNoTracking().Where(member => member.LoopId == loopId && people.Contains(member.Id)).ToDictionaryAsync(member => member.Id, member => member.Name, cancellationToken),
            written.Find(comment => comment.Number == 0)?.Text ?? "", written.Find(comment => comment.Number == -1)?.Text, [.. written.Where(comment => comment.Number > 0)], effect,
            await proposals.DecidedAsync(loopId, number, cancellationToken) is not null, now);

        // What was proposed keeps its name, though nobody can propose it any more.
        ChangeField Known(ChangeField field) =>
            subject is null || proposal.Changed[field.Name] != subject.Option.Value ? field
            : field with { Options = [.. field.Choices.Where(option => option.Value != subject.Option.Value), subject.Option] };
    }

    private int[] Own(int loopId) => [.. current.Actor.Roles.Where(held => held.LoopId == loopId).Select(held => held.MemberId).Distinct()];

    private async Task<List<ProposalSummary>> SummariesAsync(int loopId, IReadOnlyList<Proposal> some, DateTimeOffset now, CancellationToken cancellationToken)
    {
        int[] numbers = [.. some.Select(proposal => proposal.Number)];
        var own = Own(loopId);
        var ends = (await db.Database.SqlQuery<EndRow>(
            $"""
            SELECT d.proposal AS "Proposal", d.outcome AS "Outcome", e.done AS "Done"
            FROM market.proposal_decisions d LEFT JOIN market.proposal_effects e ON e.loop_id = d.loop_id AND e.proposal = d.proposal
            WHERE d.loop_id = {loopId} AND d.proposal = ANY ({numbers})
            """).ToListAsync(cancellationToken)).ToDictionary(row => row.Proposal);
        var proposers = some.Select(proposal => proposal.MemberId).Distinct().ToList();
        var names = await db.Members.AsNoTracking().Where(member => member.LoopId == loopId && proposers.Contains(member.Id)).ToDictionaryAsync(member => member.Id, member => member.Name, cancellationToken);
        var votersOf = await proposals.VotersAsync(loopId, numbers, cancellationToken);
        var votesOn = await proposals.VotesAsync(loopId, numbers, cancellationToken);
        var summaries = new List<ProposalSummary>();
        foreach (var proposal in some)
        {
            List<Voter> voters = [.. votersOf[proposal.Number]];
            List<VoteRow> votes = [.. votesOn[proposal.Number]];
            var end = ends.GetValueOrDefault(proposal.Number);
            int[] mine = [.. voters.Select(voter => voter.Member).Where(own.Contains)];
            summaries.Add(new ProposalSummary(
                proposal, proposal.StateAt(now, end is null ? null : (Outcome)end.Outcome, end?.Done), names[proposal.MemberId],
                Tally.Of(proposal.Rule, voters, votes.Select(vote => vote.Ballot)), mine, [.. mine.Where(member => votes.Any(vote => vote.MemberId == member))],
                string.Join(", ", proposal.Changed.Keys.Order(StringComparer.Ordinal))));
        }

        return summaries;
    }

    private sealed record CommentRow(int Number, int MemberId, DateTimeOffset At, string Text);

    private sealed record EffectRow(bool Done, string Words, DateTimeOffset At);

    private sealed record EndRow(int Proposal, short Outcome, bool? Done);
}
