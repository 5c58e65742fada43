using System.Globalization;
using FluentValidation;
using Marketplace.Contracts.Governance;
using Marketplace.Data;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Governance;

/// <summary>How a loop governs itself.</summary>
/// <param name="Version">0 where nobody has set anything.</param>
/// <param name="Majority">Null: more yes than no.</param>
/// <param name="LeastDays">How long a vote is open at least.</param>
/// <param name="Areas">What members decide and the operator no longer does alone.</param>
/// <param name="Founders">Who alone votes while the loop is being founded; empty: every member.</param>
public sealed record Constitution(
    int Version, WeightRule Weight, Fraction? Majority, Fraction Quorum, int LeastDays, IReadOnlyList<GovernedArea> Areas, IReadOnlyList<int> Founders)
{
    public const int LeastFounders = 3;

    public const int MostDays = 90;

    /// <summary>What holds before anybody has set anything: the operator decides, members propose.</summary>
    public static Constitution First { get; } = new(0, WeightRule.Member, null, new Fraction(1, 2), 3, [], []);

    public VotingRule Rule => new(Majority, Quorum);
}

/// <summary>Sets how a loop governs itself.</summary>
public sealed record SetConstitution(int LoopId, Constitution Wished) : IRequest<int>, IOperatorAct, IGoverned
{
    GovernedArea IGoverned.Area => GovernedArea.Constitution;

    string IOperatorAct.Subject => string.Create(CultureInfo.InvariantCulture,
        $"votes by {Wished.Weight}, majority {(Wished.Majority is { } part ? $"{part.Numerator}/{part.Denominator}" : "simple")}, quorum {Wished.Quorum.Numerator}/{Wished.Quorum.Denominator}, members decide {string.Join('/', Wished.Areas)}, founders {string.Join('/', Wished.Founders)}");
}

public sealed class SetConstitutionValidator : AbstractValidator<SetConstitution>
{
    public SetConstitutionValidator()
    {
        RuleFor(request => request.Wished.Weight).IsInEnum().OverridePropertyName("Weight").WithMessage("Choose what a vote weighs.");
        RuleFor(request => request.Wished.Majority).Must(part => part is not { } fraction || fraction.Numerator * 2 > fraction.Denominator)
            .OverridePropertyName("Majority").WithMessage("A qualified majority is more than half.");
        RuleFor(request => request.Wished.LeastDays).InclusiveBetween(1, Constitution.MostDays).OverridePropertyName("LeastDays").WithMessage("Use 1 to 90 days.");
        RuleFor(request => request.Wished.Areas).Must(areas => areas.All(Enum.IsDefined)).OverridePropertyName("Areas").WithMessage("Choose from the list.");
        RuleFor(request => request.Wished.Founders).Must(founders => founders.Count == 0 || founders.Distinct().Count() >= Constitution.LeastFounders)
            .OverridePropertyName("Founders").WithMessage("Name at least three founders, or none: then every member votes.");
    }
}

internal sealed class SetConstitutionHandler(Constitutions constitutions) : IRequestHandler<SetConstitution, int>
{
    public Task<int> Handle(SetConstitution request, CancellationToken cancellationToken) => constitutions.SetAsync(request, null, cancellationToken);
}

/// <summary>Reads how loops govern themselves, and where it is written by whoever decided it: the operator, or the members by a vote.</summary>
public sealed class Constitutions(MarketplaceDb db, CurrentActor current, TimeProvider time)
{
    /// <summary>Who may vote: those who take, give, store or pay for energy; not those who only run or check the loop.</summary>
    public static IReadOnlyList<Role> VotingRoles { get; } = [Role.Consumer, Role.Producer, Role.Prosumer, Role.Storage, Role.Investor];

    public async Task<Constitution> ReadAsync(int loopId, CancellationToken cancellationToken) =>
        (await db.Database.SqlQuery<Row>(
            $"""
            SELECT version AS "Version", weight AS "Weight", majority_numerator AS "MajorityNumerator", majority_denominator AS "MajorityDenominator",
                   quorum_numerator AS "QuorumNumerator", quorum_denominator AS "QuorumDenominator", least_days AS "LeastDays", areas AS "Areas", founders AS "Founders"
            FROM market.constitutions WHERE loop_id = {loopId} ORDER BY version DESC LIMIT 1
            """).ToListAsync(cancellationToken)).SingleOrDefault() is { } row
            ? new Constitution(
                row.Version, (WeightRule)row.Weight, row.MajorityNumerator is { } part ? new Fraction(part, row.MajorityDenominator!.Value) : null,
                new Fraction(row.QuorumNumerator, row.QuorumDenominator), row.LeastDays, [.. row.Areas.Select(area => (GovernedArea)area)], row.Founders)
            : Constitution.First;

    /// <summary>Writes a version in the caller's transaction.</summary>
    /// <param name="proposal">The vote that decided it.</param>
    /// <returns>Its number.</returns>
    public async Task<int> SetAsync(SetConstitution request, int? proposal, CancellationToken cancellationToken)
    {
        var (loopId, wished) = (request.LoopId, request.Wished);
        await db.Database.ExecuteSqlAsync($"SELECT pg_advisory_xact_lock(hashtextextended({"constitution/" + loopId}, 0))", cancellationToken);
        int[] founders = [.. wished.Founders.Distinct().Order()];
        if (await VotersOf(loopId).CountAsync(member => founders.Contains(member.Id), cancellationToken) != founders.Length)
        {
            throw new RefusedException("Founders", "Each founder has to be a member who takes, gives, stores or pays for energy.");
        }

        var version = (await ReadAsync(loopId, cancellationToken)).Version + 1;
        short[] areas = [.. wished.Areas.Distinct().Order().Select(area => (short)area)];
        await db.Database.ExecuteSqlAsync(
            $"""
            INSERT INTO market.constitutions (loop_id, version, weight, majority_numerator, majority_denominator, quorum_numerator, quorum_denominator, least_days, areas, founders, proposal, set_by, set_at)
            VALUES ({loopId}, {version}, {(short)wished.Weight}, {wished.Majority?.Numerator}, {wished.Majority?.Denominator}, {wished.Quorum.Numerator}, {wished.Quorum.Denominator},
                    {wished.LeastDays}, {areas}, {founders}, {proposal}, {current.Actor.AccountId}, {time.GetUtcNow()})
            """, cancellationToken);
        return version;
    }

    /// <summary>The members who may vote where no founders are named.</summary>
    public IQueryable<Member> VotersOf(int loopId) => db.Members.AsNoTracking()
        .Where(member => member.LoopId == loopId && db.MemberRoles.Any(role => role.LoopId == loopId && role.MemberId == member.Id && VotingRoles.Contains(role.Role)));

    private sealed record Row(
        int Version, short Weight, int? MajorityNumerator, int? MajorityDenominator, int QuorumNumerator, int QuorumDenominator, int LeastDays, short[] Areas, int[] Founders);
}

/// <summary>Refuses an operator's act that the members of the loop have kept to themselves.</summary>
public sealed class GovernedBehaviour<TRequest, TResponse>(CurrentActor current, Constitutions constitutions) : IPipelineBehavior<TRequest, TResponse>
    where TRequest : IRequest<TResponse>
{
    public async Task<TResponse> Handle(TRequest request, CancellationToken cancellationToken, RequestHandlerDelegate<TResponse> next)
    {
        // What the host itself does, as when it sets up a loop, is no operator's deed.
        if (request is IGoverned governed && !current.Actor.IsSystem
            && (await constitutions.ReadAsync(governed.LoopId, cancellationToken)).Areas.Contains(governed.Area))
        {
            throw new RefusedException([new Problem("", "In this loop the members decide this by vote. Propose it under Votes instead.", "members-decide")]);
        }

        return await next();
    }
}
