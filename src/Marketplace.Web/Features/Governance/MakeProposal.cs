using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using FluentValidation;
using Marketplace.Contracts.Governance;
using Marketplace.Data;
using Marketplace.Ledger;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Governance;

/// <summary>Puts a change to the members' vote.</summary>
/// <param name="SubmissionId">Made with the form: a form sent twice proposes once.</param>
/// <param name="Fields">What it says; fields left as they are do not count as changed.</param>
/// <param name="Days">How long the vote is open, in days of the loop's clock.</param>
/// <param name="EffectiveOn">The loop's day from whose start on it holds.</param>
public sealed record MakeProposal(
    int LoopId, int MemberId, Guid SubmissionId, ProposalKind Kind, IReadOnlyDictionary<string, string> Fields, string Reason, int Days, DateOnly EffectiveOn)
    : IRequest<int>, IGuarded, IChange
{
    public bool Permits(Actor actor) => actor is { IsSystem: false, AccountId: not null } && actor.ActsFor(LoopId, MemberId);
}

public sealed class MakeProposalValidator : AbstractValidator<MakeProposal>
{
    public MakeProposalValidator()
    {
        RuleFor(request => request.Kind).IsInEnum().WithMessage("Choose what is to change.");
        RuleFor(request => request.Reason).Must(reason => reason.Trim().Length is >= 10 and <= 2000).WithMessage("Say in 10 to 2000 characters why; everybody who votes reads it.");
        RuleFor(request => request.Days).InclusiveBetween(1, Constitution.MostDays).WithMessage("Use 1 to 90 days.");
        RuleFor(request => request.Fields).Must(fields => fields.Count <= 40 && fields.Values.All(value => value.Length <= 4000)).WithMessage("This is more than a change can say.");
    }
}

internal sealed class MakeProposalHandler(Work work, ChangeKinds kinds, Constitutions constitutions, CommunityLedger ledger, MarketTime marketTime, CurrentActor current, TimeProvider time)
    : IRequestHandler<MakeProposal, int>
{
    private const int MostOpenOfAMember = 5;

    public async Task<int> Handle(MakeProposal request, CancellationToken cancellationToken)
    {
        var (db, loopId) = (work.Db, request.LoopId);
        await db.Database.ExecuteSqlAsync($"SELECT pg_advisory_xact_lock(hashtextextended({"proposals/" + loopId}, 0))", cancellationToken);
        if (await db.Database.SqlQuery<int>($"""SELECT number AS "Value" FROM market.proposals WHERE loop_id = {loopId} AND submission_id = {request.SubmissionId} AND member_id = {request.MemberId}""")
            .ToListAsync(cancellationToken) is [var before])
        {
            return before;
        }

        var loop = await db.Loops.AsNoTracking().SingleAsync(loop => loop.Id == loopId, cancellationToken);
        if (!await constitutions.VotersOf(loopId).AnyAsync(member => member.Id == request.MemberId, cancellationToken))
        {
            throw new RefusedException("Only members who take, give, store or pay for energy can propose.");
        }

        var (constitution, kind) = (await constitutions.ReadAsync(loopId, cancellationToken), kinds.Of(request.Kind));
        var (marketNow, now) = (await marketTime.NowAsync(loopId, cancellationToken), time.GetUtcNow());
        var (closesAt, effectAt) = Times(request, loop, constitution, kind, marketNow);
        await RequireRoomAsync(request, marketNow, cancellationToken);

        var fields = await kind.FieldsAsync(loop, cancellationToken);
        var stands = fields.ToDictionary(field => field.Name, field => field.Value);
        var changed = new Dictionary<string, string>();
        foreach (var field in fields.Where(field => request.Fields.ContainsKey(field.Name)))
        {
            // Numbers are kept with a point, whoever typed them; the job that carries the change out has no language.
            var typed = Normal(request.Fields[field.Name]);
            var value = field.Shape == FieldShape.Number ? typed.Replace(',', '.') : typed;
            if (value != Normal(field.Value))
            {
                changed[field.Name] = value;
            }
        }

        if (changed.Count == 0)
        {
            throw new RefusedException("Nothing would change. Say what is to be different.");
        }

        var reason = request.Reason.Trim();
        var number = (await db.Database.SqlQuery<int?>($"""SELECT max(number) AS "Value" FROM market.proposals WHERE loop_id = {loopId}""").SingleAsync(cancellationToken) ?? 0) + 1;
        var change = new Change(number, effectAt, "Vote", ChangeKinds.Overlay(fields, changed));
        await kind.CheckAsync(loop, change, cancellationToken);
        var kept = fields.Where(field => !field.IsPrivate && changed.ContainsKey(field.Name)).ToDictionary(field => field.Name, field => changed[field.Name]);
        var was = kept.Keys.ToDictionary(name => name, name => Normal(stands[name]));
        var voters = await VotersAsync(loopId, constitution, marketNow, cancellationToken);
        if (voters.Count == 0)
        {
            throw new RefusedException("There is nobody who could vote.");
        }

        var key = string.Create(CultureInfo.InvariantCulture, $"proposal/{number}");
        var member = await db.Members.AsNoTracking().SingleAsync(member => member.LoopId == loopId && member.Id == request.MemberId, cancellationToken);
        await ledger.AppendAsync(loopId, RecordKind.Proposal, key, 0, Record(loop, number, request.Kind, member.Key, reason, kept, was, constitution, voters, marketNow, closesAt, effectAt), cancellationToken);
        await db.Database.ExecuteSqlAsync(
            $"""
            INSERT INTO market.proposals (loop_id, number, submission_id, kind, member_id, account_id, change, before, constitution, majority_numerator, majority_denominator,
                quorum_numerator, quorum_denominator, weight, opened_at, opens_at, closes_at, takes_effect_at, record_key)
            VALUES ({loopId}, {number}, {request.SubmissionId}, {(short)request.Kind}, {request.MemberId}, {current.Actor.AccountId!.Value}, {Proposals.Json(kept)}, {Proposals.Json(was)},
                {constitution.Version}, {constitution.Majority?.Numerator}, {constitution.Majority?.Denominator}, {constitution.Quorum.Numerator}, {constitution.Quorum.Denominator},
                {(short)constitution.Weight}, {now}, {marketNow}, {closesAt}, {effectAt}, {key})
            """, cancellationToken);
        int[] members = [.. voters.Select(voter => voter.Member)];
        long[] weights = [.. voters.Select(voter => voter.Weight)];
        await db.Database.ExecuteSqlAsync(
            $"INSERT INTO market.proposal_voters (loop_id, proposal, member_id, weight) SELECT {loopId}, {number}, m, w FROM unnest({members}, {weights}) AS v(m, w)", cancellationToken);
        await kind.KeepAsync(loop, change, cancellationToken);
        var secret = fields.FirstOrDefault(field => field.IsPrivate && changed.ContainsKey(field.Name));
        foreach (var (place, text) in new[] { (0, reason), (-1, secret is null ? null : changed[secret.Name]) }.Where(text => text.Item2 is not null))
        {
            await db.Database.ExecuteSqlAsync(
                $"""
                INSERT INTO market.proposal_comments (loop_id, proposal, number, submission_id, member_id, account_id, at, text)
                VALUES ({loopId}, {number}, {place}, {request.SubmissionId}, {request.MemberId}, {current.Actor.AccountId!.Value}, {now}, {text})
                """, cancellationToken);
        }

        return number;
    }

    private static (DateTimeOffset Closes, DateTimeOffset Effect) Times(MakeProposal request, Loop loop, Constitution constitution, IChangeKind kind, DateTimeOffset marketNow)
    {
        if (request.Days < constitution.LeastDays)
        {
            throw new RefusedException(nameof(request.Days), $"In this loop a vote is open for at least {constitution.LeastDays} days.");
        }

        var closes = MarketHour.Containing(marketNow.AddDays(request.Days)) + MarketHour.Length;
        var effect = loop.Calendar.StartOf(request.EffectiveOn).ToUniversalTime();
        // What is written ahead has to come through the gate of its first hour after it was counted.
        var first = kind.IsWrittenAhead ? MarketHour.GateOf(loop, effect).AddHours(-1) : effect;
        return closes <= first && effect <= marketNow.AddYears(2)
            ? (closes, effect)
            : throw new RefusedException(nameof(request.EffectiveOn), "It can hold from the day after the vote has ended, and at most two years ahead. Choose a later day, or a shorter vote.");
    }

    private async Task RequireRoomAsync(MakeProposal request, DateTimeOffset marketNow, CancellationToken cancellationToken)
    {
        var open = await work.Db.Database.SqlQuery<int>(
            $"""SELECT count(*)::int AS "Value" FROM market.proposals WHERE loop_id = {request.LoopId} AND member_id = {request.MemberId} AND closes_at > {marketNow}""").SingleAsync(cancellationToken);
        if (open >= MostOpenOfAMember)
        {
            throw new RefusedException([new Problem("", "Five of your proposals are open, the most a member can have. Wait until one is decided.", "proposals")]);
        }
    }

    /// <summary>Who may vote, and how much each vote weighs from now until the end.</summary>
    private async Task<IReadOnlyList<Voter>> VotersAsync(int loopId, Constitution constitution, DateTimeOffset marketNow, CancellationToken cancellationToken)
    {
        var all = await constitutions.VotersOf(loopId).Select(member => member.Id).ToListAsync(cancellationToken);
        int[] members = [.. constitution.Founders.Count > 0 ? all.Intersect(constitution.Founders) : all];
        var held = members.ToDictionary(member => member, _ => 0L);
        var rows = constitution.Weight switch
        {
            WeightRule.Share => await work.Db.Database.SqlQuery<HeldRow>(
                $"""
                SELECT "Member", sum(held)::bigint AS "Held" FROM (
                    SELECT member_id AS "Member", share_millionths::bigint AS held FROM market.plant_shares WHERE loop_id = {loopId}
                    UNION ALL
                    SELECT p.owner_id, 1000000 - coalesce((SELECT sum(s.share_millionths) FROM market.plant_shares s WHERE s.loop_id = p.loop_id AND s.plant_code = p.code), 0)
                    FROM market.plants p WHERE p.loop_id = {loopId}) AS shares
                WHERE "Member" = ANY ({members}) GROUP BY 1
                """).ToListAsync(cancellationToken),
            WeightRule.Energy => await work.Db.Database.SqlQuery<HeldRow>(
                $"""
                SELECT member_id AS "Member", sum(abs(metered))::bigint AS "Held" FROM market.positions
                WHERE loop_id = {loopId} AND member_id = ANY ({members}) AND hour >= {marketNow.AddDays(-365)} AND hour < {marketNow} GROUP BY 1
                """).ToListAsync(cancellationToken),
            WeightRule.Member => [],
            _ => throw new ArgumentOutOfRangeException(nameof(constitution), constitution.Weight, "Not a rule"),
        };
        foreach (var row in rows)
        {
            held[row.Member] = row.Held;
        }

        return VoteWeights.Of(constitution.Weight, held);
    }

    private static CanonicalRecord Record(
        Loop loop, int number, ProposalKind kind, string member, string reason, Dictionary<string, string> changed, Dictionary<string, string> before,
        Constitution constitution, IReadOnlyList<Voter> voters, DateTimeOffset opens, DateTimeOffset closes, DateTimeOffset effect)
    {
        static string Line(string text) => string.Concat(text.Replace("\n", " / ", StringComparison.Ordinal).Select(c => char.IsControl(c) ? ' ' : c));
        var record = CanonicalRecord.Of("proposal", 1).Add("loop", loop.Slug).Add("number", number).Add("kind", kind.ToString()).Add("member", member)
            .Add("reason", Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(reason))));
        foreach (var (name, value) in changed.OrderBy(field => field.Key, StringComparer.Ordinal))
        {
            record.Add("from", $"{name} {Line(before[name])}").Add("to", $"{name} {Line(value)}");
        }

        return record.Add("constitution", constitution.Version)
            .Add("majority", constitution.Majority is { } part ? string.Create(CultureInfo.InvariantCulture, $"{part.Numerator}/{part.Denominator}") : "simple")
            .Add("quorum", string.Create(CultureInfo.InvariantCulture, $"{constitution.Quorum.Numerator}/{constitution.Quorum.Denominator}"))
            .Add("weight", constitution.Weight.ToString()).Add("voters", voters.Count).Add("weights", Proposals.HashOf(voters))
            .Add("opens", opens).Add("closes", closes).Add("effect", effect);
    }

    private static string Normal(string value) => value.Replace("\r", "", StringComparison.Ordinal).Trim();

    private sealed record HeldRow(int Member, long Held);
}
