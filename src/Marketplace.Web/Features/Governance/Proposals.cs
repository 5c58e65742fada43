using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Marketplace.Contracts.Governance;
using Marketplace.Data;
using Marketplace.Web.Pipeline;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Governance;

/// <summary>How a proposal stands.</summary>
public enum ProposalState
{
    Open,

    /// <summary>Its deadline has passed; it is being counted.</summary>
    Counting,
    Rejected,
    NoQuorum,

    /// <summary>Accepted, and its date is still to come.</summary>
    Accepted,

    /// <summary>It has taken effect, or is written to hold from its date on.</summary>
    Done,

    /// <summary>Accepted, but it could not be done any more.</summary>
    Impossible,
}

/// <summary>A proposal as it was opened. Nothing of it ever changes.</summary>
/// <param name="Changed">Field by field what would change: only those that differ.</param>
/// <param name="Before">How these stood when it was opened.</param>
/// <param name="ClosesAt">On the market clock, as <paramref name="TakesEffectAt"/>.</param>
public sealed record Proposal(
    int LoopId, int Number, ProposalKind Kind, int MemberId, IReadOnlyDictionary<string, string> Changed, IReadOnlyDictionary<string, string> Before,
    VotingRule Rule, WeightRule Weight, DateTimeOffset OpenedAt, DateTimeOffset OpensAt, DateTimeOffset ClosesAt, DateTimeOffset TakesEffectAt, string RecordKey)
{
    /// <summary>How it stands at a moment of the market clock.</summary>
    public ProposalState StateAt(DateTimeOffset marketNow, Outcome? decided, bool? done) => (decided, done) switch
    {
        (null, _) => marketNow < ClosesAt ? ProposalState.Open : ProposalState.Counting,
        (Outcome.Rejected, _) => ProposalState.Rejected,
        (Outcome.NoQuorum, _) => ProposalState.NoQuorum,
        (_, null) => ProposalState.Accepted,
        (_, true) => ProposalState.Done,
        (_, false) => ProposalState.Impossible,
    };
}

/// <summary>A vote as it was cast.</summary>
public sealed record VoteRow(int MemberId, int Number, Choice Choice, DateTimeOffset At, DateTimeOffset MarketAt, long SignatureId, string RecordKey)
{
    public Ballot Ballot => new(MemberId, Number, Choice);
}

/// <summary>Reads proposals, their voters and their votes.</summary>
public sealed class Proposals(MarketplaceDb db)
{
    private const string Columns =
        """
        SELECT loop_id AS "LoopId", number AS "Number", kind AS "Kind", member_id AS "MemberId", change AS "Change", before AS "Before",
               majority_numerator AS "MajorityNumerator", majority_denominator AS "MajorityDenominator", quorum_numerator AS "QuorumNumerator", quorum_denominator AS "QuorumDenominator",
               weight AS "Weight", opened_at AS "OpenedAt", opens_at AS "OpensAt", closes_at AS "ClosesAt", takes_effect_at AS "TakesEffectAt", record_key AS "RecordKey"
        FROM market.proposals

        """;

    /// <summary>Waits for its turn with a proposal and holds it until the transaction ends.</summary>
    public Task HoldAsync(int loopId, int number, CancellationToken cancellationToken) => db.Database.ExecuteSqlAsync(
        $"SELECT pg_advisory_xact_lock(hashtextextended({string.Create(CultureInfo.InvariantCulture, $"proposal/{loopId}/{number}")}, 0))", cancellationToken);

    public async Task<Proposal?> FindAsync(int loopId, int number, CancellationToken cancellationToken) =>
        (await db.Database.SqlQueryRaw<Row>(Columns + "WHERE loop_id = {0} AND number = {1}", loopId, number).ToListAsync(cancellationToken)).SingleOrDefault()?.ToProposal();

    /// <summary>The newest first.</summary>
    public async Task<IReadOnlyList<Proposal>> NewestAsync(int loopId, int skip, int take, CancellationToken cancellationToken) =>
        (await db.Database.SqlQueryRaw<Row>(Columns + "WHERE loop_id = {0} ORDER BY number DESC OFFSET {1} LIMIT {2}", loopId, skip, take).ToListAsync(cancellationToken)).ConvertAll(row => row.ToProposal());

    public async Task<IReadOnlyList<Voter>> VotersAsync(int loopId, int number, CancellationToken cancellationToken) => [.. (await VotersAsync(loopId, [number], cancellationToken))[number]];

    /// <summary>The voters of several proposals, by the proposal's number.</summary>
    public async Task<ILookup<int, Voter>> VotersAsync(int loopId, int[] numbers, CancellationToken cancellationToken) =>
        (await db.Database.SqlQuery<VoterRow>(
            $"""
            SELECT proposal AS "Proposal", member_id AS "Member", weight AS "Weight" FROM market.proposal_voters
            WHERE loop_id = {loopId} AND proposal = ANY ({numbers}) ORDER BY proposal, member_id
            """).ToListAsync(cancellationToken)).ToLookup(row => row.Proposal, row => new Voter(row.Member, row.Weight));

    /// <summary>All votes, those that were changed later included, in the order in which they were cast.</summary>
    public async Task<IReadOnlyList<VoteRow>> VotesAsync(int loopId, int number, CancellationToken cancellationToken) => [.. (await VotesAsync(loopId, [number], cancellationToken))[number]];

    /// <summary>The votes on several proposals, by the proposal's number, each in the order in which they were cast.</summary>
    public async Task<ILookup<int, VoteRow>> VotesAsync(int loopId, int[] numbers, CancellationToken cancellationToken) =>
        (await db.Database.SqlQuery<CastRow>(
            $"""
            SELECT proposal AS "Proposal", member_id AS "MemberId", number AS "Number", choice AS "Choice", at AS "At", market_at AS "MarketAt", signature_id AS "SignatureId", record_key AS "RecordKey"
            FROM market.votes WHERE loop_id = {loopId} AND proposal = ANY ({numbers}) ORDER BY proposal, at, member_id, number
            """).ToListAsync(cancellationToken))
            .ToLookup(row => row.Proposal, row => new VoteRow(row.MemberId, row.Number, (Choice)row.Choice, row.At, row.MarketAt, row.SignatureId, row.RecordKey));

    public async Task<Outcome?> DecidedAsync(int loopId, int number, CancellationToken cancellationToken) =>
        (await db.Database.SqlQuery<short>($"""SELECT outcome AS "Value" FROM market.proposal_decisions WHERE loop_id = {loopId} AND proposal = {number}""").ToListAsync(cancellationToken)) is [var outcome]
            ? (Outcome)outcome
            : null;

    internal static string Json(IReadOnlyDictionary<string, string> fields) =>
        JsonSerializer.Serialize(new SortedDictionary<string, string>(fields.ToDictionary(), StringComparer.Ordinal));

    /// <summary>A fingerprint of the voters and their weights, for the record of the proposal.</summary>
    internal static string HashOf(IEnumerable<Voter> voters) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(
        string.Concat(voters.OrderBy(voter => voter.Member).Select(voter => string.Create(CultureInfo.InvariantCulture, $"{voter.Member} {voter.Weight}\n"))))));

    private sealed record VoterRow(int Proposal, int Member, long Weight);

    private sealed record CastRow(int Proposal, int MemberId, int Number, short Choice, DateTimeOffset At, DateTimeOffset MarketAt, long SignatureId, string RecordKey);

    private sealed record Row(
        int LoopId, int Number, short Kind, int MemberId, string Change, string Before, int? MajorityNumerator, int? MajorityDenominator, int QuorumNumerator, int QuorumDenominator,
        short Weight, DateTimeOffset OpenedAt, DateTimeOffset OpensAt, DateTimeOffset ClosesAt, DateTimeOffset TakesEffectAt, string RecordKey)
    {
        public Proposal ToProposal() => new(
            LoopId, Number, (ProposalKind)Kind, MemberId, Fields(Change), Fields(Before),
            new VotingRule(MajorityNumerator is { } part ? new Fraction(part, MajorityDenominator!.Value) : null, new Fraction(QuorumNumerator, QuorumDenominator)),
            (WeightRule)Weight, OpenedAt, OpensAt, ClosesAt, TakesEffectAt, RecordKey);

        private static Dictionary<string, string> Fields(string json) => JsonSerializer.Deserialize<Dictionary<string, string>>(json)!;
    }
}

/// <summary>The kinds of changes there are, and a change as its kind understands it.</summary>
public sealed class ChangeKinds(IEnumerable<IChangeKind> kinds)
{
    public IReadOnlyList<IChangeKind> All { get; } = [.. kinds.OrderBy(kind => kind.Kind)];

    public IChangeKind Of(ProposalKind kind) => All.FirstOrDefault(one => one.Kind == kind) ?? throw new RefusedException("Kind", "Choose what is to change.");

    /// <summary>The fields as they stand now, overlaid with what would change: what others changed meanwhile stays.</summary>
    public static Dictionary<string, string> Overlay(IEnumerable<ChangeField> now, IReadOnlyDictionary<string, string> changed) =>
        now.ToDictionary(field => field.Name, field => changed.GetValueOrDefault(field.Name) ?? field.Value);
}
