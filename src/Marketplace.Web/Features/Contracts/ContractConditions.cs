using System.Globalization;
using Marketplace.Contracts;
using Marketplace.Contracts.Reputations;
using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Features.Reputations;
using Marketplace.Web.Pipeline;

namespace Marketplace.Web.Features.Contracts;

/// <summary>Holds what terms ask of the parties' reputations against what is known of them in the year before.</summary>
internal sealed class ContractConditions(IReputation reputations)
{
    /// <summary>How each condition stands, in the template's order.</summary>
    public async Task<IReadOnlyList<ConditionStanding>> StandingAsync(
        int loopId, Template template, IReadOnlyList<ContractParty> parties, TermValues values, DateTimeOffset marketNow, CancellationToken cancellationToken)
    {
        if (template.Conditions is not { Count: > 0 } conditions)
        {
            return [];
        }

        var during = ReputationTime.Before(marketNow);
        int[] members = [.. parties.Select(party => party.MemberId)];
        var hours = await reputations.OfAsync(loopId, members, during, cancellationToken);
        var promises = conditions.Any(condition => condition.Measure == PromiseMeasure.Contracts) ? await reputations.PromisesAsync(loopId, members, during, cancellationToken) : [];
        return [.. conditions.Select(condition =>
        {
            var (member, least, carrier) = (parties.Single(party => party.Role == condition.Party).MemberId, values.Number(condition.Least), values.Carrier(condition.Carrier));
            return condition.Measure == PromiseMeasure.Contracts
                ? condition.Of(least, promises.Where(one => one.MemberId == member && (carrier is null || one.Carrier == carrier)).Aggregate(PromiseRecord.None, (sum, one) => sum + one.Record))
                : condition.Of(least, hours.FirstOrDefault(one => one.MemberId == member && one.Carrier == carrier && one.Gives != condition.Takes)?.Reputation.Record);
        })];
    }

    /// <summary>Refuses a signature under terms whose conditions are not met.</summary>
    /// <exception cref="RefusedException">One is not met; each is named.</exception>
    public async Task RequireAsync(
        int loopId, Template template, IReadOnlyList<ContractParty> parties, TermValues values, DateTimeOffset marketNow, CancellationToken cancellationToken)
    {
        var broken = (await StandingAsync(loopId, template, parties, values, marketNow, cancellationToken)).Where(standing => !standing.IsMet).ToList();
        if (broken.Count > 0)
        {
            throw new RefusedException([.. broken.Select(standing => new Problem(
                $"condition {standing.Condition.Code}",
                standing.IsKnown
                    ? string.Create(CultureInfo.InvariantCulture, $"The reputation that these terms ask for is not reached: at least {standing.Least / 10_000m:0.##} % is asked for. See the conditions among the terms.")
                    : "These terms ask for a reputation, and too little is known to judge by. See the conditions among the terms.",
                "reputation"))]);
        }
    }
}
