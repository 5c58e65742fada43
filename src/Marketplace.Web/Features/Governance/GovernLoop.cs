using System.Globalization;
using Marketplace.Contracts.Governance;
using Marketplace.Data;
using Marketplace.Ledger;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Features.Operations;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;
using Quartz;

namespace Marketplace.Web.Features.Governance;

/// <summary>Counts what is due in a loop and lets take effect what was accepted. Done again it changes nothing.</summary>
/// <returns>How many steps were made.</returns>
public sealed record GovernLoop(int LoopId) : IRequest<int>, ISystemOnly;

/// <summary>Counts a vote whose deadline has passed.</summary>
public sealed record CountVote(int LoopId, int Proposal) : IRequest<bool>, ISystemOnly, IChange;

/// <summary>Does what an accepted proposal says.</summary>
public sealed record TakeEffect(int LoopId, int Proposal) : IRequest<bool>, ISystemOnly, IChange;

/// <summary>Writes down why an accepted proposal could not be done any more.</summary>
public sealed record GiveUpEffect(int LoopId, int Proposal, string Words) : IRequest<bool>, ISystemOnly, IChange;

internal sealed class GovernLoopHandler(MarketplaceDb db, Requests requests, ChangeKinds kinds, MarketTime marketTime) : IRequestHandler<GovernLoop, int>
{
    public async Task<int> Handle(GovernLoop request, CancellationToken cancellationToken)
    {
        var (loopId, steps) = (request.LoopId, 0);
        var now = await marketTime.NowAsync(loopId, cancellationToken);
        foreach (var number in await db.Database.SqlQuery<int>(
            $"""
            SELECT p.number AS "Value" FROM market.proposals p
            WHERE p.loop_id = {loopId} AND p.closes_at <= {now} AND NOT EXISTS (SELECT FROM market.proposal_decisions d WHERE d.loop_id = p.loop_id AND d.proposal = p.number) ORDER BY 1
            """).ToListAsync(cancellationToken))
        {
            steps += await requests.Send(new CountVote(loopId, number), Actor.System, cancellationToken) ? 1 : 0;
        }

        short[] ahead = [.. kinds.All.Where(kind => kind.IsWrittenAhead).Select(kind => (short)kind.Kind)];
        foreach (var number in await db.Database.SqlQuery<int>(
            $"""
            SELECT p.number AS "Value" FROM market.proposals p JOIN market.proposal_decisions d ON d.loop_id = p.loop_id AND d.proposal = p.number AND d.outcome = 1
            WHERE p.loop_id = {loopId} AND (p.takes_effect_at <= {now} OR p.kind = ANY ({ahead}))
              AND NOT EXISTS (SELECT FROM market.proposal_effects e WHERE e.loop_id = p.loop_id AND e.proposal = p.number) ORDER BY 1
            """).ToListAsync(cancellationToken))
        {
            try
            {
                steps += await requests.Send(new TakeEffect(loopId, number), Actor.System, cancellationToken) ? 1 : 0;
            }
            catch (RefusedException refusal)
            {
                steps += await requests.Send(new GiveUpEffect(loopId, number, refusal.Message), Actor.System, cancellationToken) ? 1 : 0;
            }
        }

        return steps;
    }
}

internal sealed class EffectsHandler(Work work, Proposals proposals, ChangeKinds kinds, CommunityLedger ledger, MarketTime marketTime, TimeProvider time)
    : IRequestHandler<CountVote, bool>, IRequestHandler<TakeEffect, bool>, IRequestHandler<GiveUpEffect, bool>
{
    private const int MostWords = 1000;

    public async Task<bool> Handle(CountVote request, CancellationToken cancellationToken)
    {
        var (loopId, number) = (request.LoopId, request.Proposal);
        var proposal = await HoldAsync(loopId, number, cancellationToken);
        if (await marketTime.NowAsync(loopId, cancellationToken) < proposal.ClosesAt || await proposals.DecidedAsync(loopId, number, cancellationToken) is not null)
        {
            return false;
        }

        var votes = await proposals.VotesAsync(loopId, number, cancellationToken);
        var count = Tally.Of(proposal.Rule, await proposals.VotersAsync(loopId, number, cancellationToken), votes.Select(vote => vote.Ballot));
        var key = string.Create(CultureInfo.InvariantCulture, $"decision/{number}");
        var now = time.GetUtcNow();
        var slug = await work.Db.Loops.Where(loop => loop.Id == loopId).Select(loop => loop.Slug).SingleAsync(cancellationToken);
        await ledger.AppendAsync(
            loopId, RecordKind.Decision, key, 0,
            CanonicalRecord.Of("decision", 1).Add("loop", slug).Add("proposal", number).Add("outcome", count.Outcome.ToString())
                .Add("yes", count.Yes).Add("no", count.No).Add("abstained", count.Abstained).Add("weight", count.Weight).Add("voters", count.Voters).Add("voted", count.Voted)
                .Add("quorumAt", count.QuorumAt).Add("majorityAt", count.MajorityAt).Add("at", now), cancellationToken);
        await work.Db.Database.ExecuteSqlAsync(
            $"""
            INSERT INTO market.proposal_decisions (loop_id, proposal, outcome, yes, no, abstained, weight, voters, voted, quorum_at, majority_at, at, record_key)
            VALUES ({loopId}, {number}, {(short)count.Outcome}, {count.Yes}, {count.No}, {count.Abstained}, {count.Weight}, {count.Voters}, {count.Voted}, {count.QuorumAt}, {count.MajorityAt}, {now}, {key})
            """, cancellationToken);
        return true;
    }

    public async Task<bool> Handle(TakeEffect request, CancellationToken cancellationToken)
    {
        var (loopId, number) = (request.LoopId, request.Proposal);
        var proposal = await HoldAsync(loopId, number, cancellationToken);
        var kind = kinds.Of(proposal.Kind);
        if (await proposals.DecidedAsync(loopId, number, cancellationToken) != Outcome.Accepted || await IsOverAsync(loopId, number, cancellationToken)
            || (!kind.IsWrittenAhead && await marketTime.NowAsync(loopId, cancellationToken) < proposal.TakesEffectAt))
        {
            return false;
        }

        var loop = await work.Db.Loops.AsNoTracking().SingleAsync(loop => loop.Id == loopId, cancellationToken);
        var fields = await kind.FieldsAsync(loop, cancellationToken);
        foreach (var field in fields.Where(field => !field.IsPrivate && proposal.Before.ContainsKey(field.Name)))
        {
            if (proposal.Before[field.Name] != field.Value.Replace("\r", "", StringComparison.Ordinal).Trim())
            {
                throw new RefusedException($"{field.Name} has been changed since this was proposed: it was “{proposal.Before[field.Name]}” and is “{field.Value}” now.");
            }
        }

        var all = ChangeKinds.Overlay(fields, proposal.Changed);
        if (fields.FirstOrDefault(field => field.IsPrivate) is { } secret
            && (await work.Db.Database.SqlQuery<string>($"""SELECT text AS "Value" FROM market.proposal_comments WHERE loop_id = {loopId} AND proposal = {number} AND number = -1""").ToListAsync(cancellationToken)) is [var name])
        {
            all[secret.Name] = name;
        }

        await kind.ApplyAsync(loop, new Change(number, proposal.TakesEffectAt, string.Create(CultureInfo.InvariantCulture, $"Decided by the members, vote {number}"), all), cancellationToken);
        await EndAsync(loop.Slug, proposal, done: true, kind.IsWrittenAhead ? "written" : "done", cancellationToken);
        return true;
    }

    public async Task<bool> Handle(GiveUpEffect request, CancellationToken cancellationToken)
    {
        var proposal = await HoldAsync(request.LoopId, request.Proposal, cancellationToken);
        if (await IsOverAsync(request.LoopId, request.Proposal, cancellationToken))
        {
            return false;
        }

        var slug = await work.Db.Loops.Where(loop => loop.Id == request.LoopId).Select(loop => loop.Slug).SingleAsync(cancellationToken);
        await EndAsync(slug, proposal, done: false, request.Words.Length > MostWords ? request.Words[..MostWords] : request.Words, cancellationToken);
        return true;
    }

    private async Task<Proposal> HoldAsync(int loopId, int number, CancellationToken cancellationToken)
    {
        await proposals.HoldAsync(loopId, number, cancellationToken);
        return await proposals.FindAsync(loopId, number, cancellationToken) ?? throw new NotPermittedException(nameof(Proposals));
    }

    private Task<bool> IsOverAsync(int loopId, int number, CancellationToken cancellationToken) => work.Db.Database.SqlQuery<bool>(
        $"""SELECT EXISTS (SELECT FROM market.proposal_effects WHERE loop_id = {loopId} AND proposal = {number}) AS "Value" """).SingleAsync(cancellationToken);

    private async Task EndAsync(string slug, Proposal proposal, bool done, string words, CancellationToken cancellationToken)
    {
        var key = string.Create(CultureInfo.InvariantCulture, $"effect/{proposal.Number}");
        var now = time.GetUtcNow();
        await ledger.AppendAsync(
            proposal.LoopId, RecordKind.Decision, key, 0,
            CanonicalRecord.Of("effect", 1).Add("loop", slug).Add("proposal", proposal.Number).Add("done", done ? "yes" : "no")
                .Add("words", string.Concat(words.Select(letter => char.IsControl(letter) ? ' ' : letter))).Add("holdsFrom", proposal.TakesEffectAt).Add("at", now), cancellationToken);
        await work.Db.Database.ExecuteSqlAsync(
            $"INSERT INTO market.proposal_effects (loop_id, proposal, done, words, at, record_key) VALUES ({proposal.LoopId}, {proposal.Number}, {done}, {words}, {now}, {key})", cancellationToken);
    }
}

/// <summary>Counts and carries out in each loop what has become due. Coming twice or late changes nothing.</summary>
[DisallowConcurrentExecution]
public sealed class GovernJob(LoopRounds rounds, Requests requests) : IJob
{
    public async ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken) => await rounds.GoAsync(
        nameof(GovernJob),
        one => !one.IsReplay,
        async one =>
        {
            await requests.Send(new GovernLoop(one.Loop.Id), Actor.System, cancellationToken);
            await requests.Send(new Campaigns.EndCampaigns(one.Loop.Id), Actor.System, cancellationToken);
        },
        cancellationToken);
}
