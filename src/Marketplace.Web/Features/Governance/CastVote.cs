using System.Globalization;
using FluentValidation;
using Marketplace.Contracts.Governance;
using Marketplace.Data;
using Marketplace.Ledger;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Features.Orders;
using Marketplace.Web.Features.Signing;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Governance;

/// <summary>What a member signs to vote.</summary>
/// <param name="Seen">The number of the member's last vote on it; 0 before the first.</param>
public sealed record PrepareVote(int LoopId, int MemberId, int Proposal, int Seen, Choice Choice) : IRequest<SignedAct>, IGuarded
{
    public bool Permits(Actor actor) => actor.AccountId is not null && actor.ActsFor(LoopId, MemberId);
}

/// <summary>Votes on a proposal, or changes the vote, until its deadline.</summary>
public sealed record CastVote(int LoopId, int MemberId, int Proposal, int Seen, Choice Choice, SignatureGiven Signature) : IRequest<Unit>, IGuarded, IChange
{
    public bool Permits(Actor actor) => actor.AccountId is not null && actor.ActsFor(LoopId, MemberId);
}

public sealed class CastVoteValidator : AbstractValidator<CastVote>
{
    public CastVoteValidator() => RuleFor(vote => vote.Choice).IsInEnum().WithMessage("Choose yes, no or abstention.");
}

internal sealed class CastVoteHandler(Work work, Proposals proposals, CommunityLedger ledger, Signatures signatures, MarketTime marketTime, TimeProvider time)
    : IRequestHandler<PrepareVote, SignedAct>, IRequestHandler<CastVote, Unit>
{
    public async Task<SignedAct> Handle(PrepareVote request, CancellationToken cancellationToken)
    {
        var proposal = await proposals.FindAsync(request.LoopId, request.Proposal, cancellationToken) ?? throw new NotPermittedException(nameof(PrepareVote));
        return (await ActAsync(proposal, request.MemberId, request.Seen + 1, request.Choice, cancellationToken)).Act;
    }

    public async Task<Unit> Handle(CastVote request, CancellationToken cancellationToken)
    {
        var (db, loopId, memberId) = (work.Db, request.LoopId, request.MemberId);
        await proposals.HoldAsync(loopId, request.Proposal, cancellationToken);
        var proposal = await proposals.FindAsync(loopId, request.Proposal, cancellationToken) ?? throw new NotPermittedException(nameof(CastVote));
        if (!(await proposals.VotersAsync(loopId, proposal.Number, cancellationToken)).Any(voter => voter.Member == memberId))
        {
            throw new RefusedException([new Problem("", "Who votes on this was fixed when it was opened, and you are not among them. You can join the discussion.", "voter")]);
        }

        var own = (await proposals.VotesAsync(loopId, proposal.Number, cancellationToken)).Where(vote => vote.MemberId == memberId).ToList();
        if (own is [.., var last] && last.Number == request.Seen + 1 && last.Choice == request.Choice)
        {
            // A form sent twice.
            return Unit.Value;
        }

        var marketNow = await marketTime.NowAsync(loopId, cancellationToken);
        if (marketNow >= proposal.ClosesAt || await proposals.DecidedAsync(loopId, proposal.Number, cancellationToken) is not null)
        {
            var loop = await db.Loops.AsNoTracking().SingleAsync(loop => loop.Id == loopId, cancellationToken);
            throw new RefusedException([new Problem("", $"This vote ended at {Gate.Local(loop, proposal.ClosesAt)}. Your vote came too late and was not counted.", "late")]);
        }

        if (own.Count != request.Seen)
        {
            throw new RefusedException("You have voted since you opened this page. Look at it again before you change your vote.");
        }

        var number = request.Seen + 1;
        var (act, record) = await ActAsync(proposal, memberId, number, request.Choice, cancellationToken);
        var signature = await signatures.RequireAsync(act, request.Signature, cancellationToken);
        var key = string.Create(CultureInfo.InvariantCulture, $"vote/{proposal.Number}/{memberId}/{number}");
        var now = time.GetUtcNow();
        await ledger.AppendAsync(
            loopId, RecordKind.Vote, key, memberId, record.Add("at", now).Add("marketAt", marketNow).Add("method", signature.Method.ToString()).Add("signature", signature.Digest()), cancellationToken);
        await db.Database.ExecuteSqlAsync(
            $"""
            INSERT INTO market.votes (loop_id, proposal, member_id, number, choice, account_id, at, market_at, signature_id, record_key)
            VALUES ({loopId}, {proposal.Number}, {memberId}, {number}, {(short)request.Choice}, {signature.AccountId}, {now}, {marketNow}, {signature.Id}, {key})
            """, cancellationToken);
        return Unit.Value;
    }

    /// <summary>The bytes that are signed: which proposal, word for word, who, the how-many-eth vote, what.</summary>
    private async Task<(SignedAct Act, CanonicalRecord Record)> ActAsync(Proposal proposal, int memberId, int number, Choice choice, CancellationToken cancellationToken)
    {
        var member = await work.Db.Members.AsNoTracking().SingleOrDefaultAsync(member => member.LoopId == proposal.LoopId && member.Id == memberId, cancellationToken)
            ?? throw new NotPermittedException(nameof(CastVote));
        var proposed = await CommunityLedger.FindAsync(work.Db, proposal.LoopId, proposal.RecordKey, cancellationToken)
            ?? throw new BrokenInvariantException("a proposal has its record", proposal.RecordKey);
        var record = CanonicalRecord.Of("vote", 1).Add("proposal", proposal.Number)
            .Add("proposed", Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(proposed.Canonical)))
            .Add("member", member.Key).Add("number", number).Add("choice", choice.ToString());
        return (
            new SignedAct(proposal.LoopId, memberId, string.Create(CultureInfo.InvariantCulture, $"Vote {choice} on proposal {proposal.Number} for {member.Key} (vote {number})"), record.ToBytes()),
            record);
    }
}

/// <summary>Says something about a proposal.</summary>
public sealed record CommentProposal(int LoopId, int MemberId, int Proposal, Guid SubmissionId, string Text) : IRequest<Unit>, IGuarded, IChange
{
    public bool Permits(Actor actor) => actor.AccountId is not null && actor.ActsFor(LoopId, MemberId);
}

public sealed class CommentProposalValidator : AbstractValidator<CommentProposal>
{
    public CommentProposalValidator() =>
        RuleFor(comment => comment.Text).Must(text => text.Trim().Length is >= 1 and <= 2000).WithMessage("Write 1 to 2000 characters.");
}

internal sealed class CommentProposalHandler(Work work, Proposals proposals, CurrentActor current, TimeProvider time) : IRequestHandler<CommentProposal, Unit>
{
    private const int MostComments = 500;

    public async Task<Unit> Handle(CommentProposal request, CancellationToken cancellationToken)
    {
        var (db, loopId) = (work.Db, request.LoopId);
        await proposals.HoldAsync(loopId, request.Proposal, cancellationToken);
        if (await proposals.FindAsync(loopId, request.Proposal, cancellationToken) is null)
        {
            throw new NotPermittedException(nameof(CommentProposal));
        }

        var last = await db.Database.SqlQuery<int?>($"""SELECT max(number) AS "Value" FROM market.proposal_comments WHERE loop_id = {loopId} AND proposal = {request.Proposal}""").SingleAsync(cancellationToken) ?? 0;
        if (last >= MostComments)
        {
            throw new RefusedException("This discussion has 500 comments, the most there may be.");
        }

        var number = Math.Max(0, last) + 1;
        await db.Database.ExecuteSqlAsync(
            $"""
            INSERT INTO market.proposal_comments (loop_id, proposal, number, submission_id, member_id, account_id, at, text)
            SELECT {loopId}, {request.Proposal}, {number}, {request.SubmissionId}, {request.MemberId}, {current.Actor.AccountId!.Value}, {time.GetUtcNow()}, {request.Text.Trim()}
            WHERE NOT EXISTS (SELECT FROM market.proposal_comments WHERE loop_id = {loopId} AND proposal = {request.Proposal} AND submission_id = {request.SubmissionId} AND number > 0)
            """, cancellationToken);
        return Unit.Value;
    }
}
