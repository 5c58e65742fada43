using System.Globalization;
using Marketplace.Contracts;
using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Pipeline;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Contracts;

/// <summary>Keeps when which version of a contract holds, as its acts say, and that no two contracts hold which exclude each other.</summary>
internal sealed class ContractRuns(Work work)
{
    /// <summary>Follows an act that was just added.</summary>
    public async Task FollowAsync(
        Loop loop, Contract contract, IReadOnlyList<ContractParty> parties, IReadOnlyList<ContractAct> acts, ShelvedTemplate template, ContractAct act, CancellationToken cancellationToken)
    {
        switch (act.Kind)
        {
            case ContractActKind.Accepted:
                var standing = ContractStanding.Of(acts, [.. parties.Select(party => party.MemberId)], loop.Calendar, act.MarketAt);
                if (standing.Binding is { } binding && binding.Version == act.Version)
                {
                    await BeginAsync(loop, contract, parties, template, binding, cancellationToken);
                }

                break;
            case ContractActKind.Cancelled or ContractActKind.Renewed:
                var run = await LastAsync(contract, cancellationToken);
                var end = loop.Calendar.StartOf(act.EndsOn);
                if (end > run.EndsAt && run.ExclusiveKey is { } key)
                {
                    await RequireAloneAsync(contract, key, run.EndsAt, end, cancellationToken);
                }

                run.EndsAt = end;
                await work.Db.SaveChangesAsync(cancellationToken);
                break;
            default:
                break;
        }
    }

    private async Task BeginAsync(
        Loop loop, Contract contract, IReadOnlyList<ContractParty> parties, ShelvedTemplate template, ContractAct terms, CancellationToken cancellationToken)
    {
        var (starts, ends) = (loop.Calendar.StartOf(terms.StartsOn), loop.Calendar.StartOf(terms.EndsOn));
        var key = KeyOf(template.Template, parties, ContractValues.Read(terms.Values));
        if (key is not null)
        {
            await RequireAloneAsync(contract, key, starts, ends, cancellationToken);
        }

        // What held before ends where the new terms begin; its closed periods stay as they were.
        var former = await work.Db.ContractRuns.Where(run => run.LoopId == loop.Id && run.ContractId == contract.Id).OrderBy(run => run.Version).ToListAsync(cancellationToken);
        foreach (var run in former.Where(run => run.EndsAt > starts))
        {
            run.EndsAt = starts > run.StartsAt ? starts : run.StartsAt;
        }

        work.Db.ContractRuns.Add(new ContractRun
        {
            LoopId = loop.Id, ContractId = contract.Id, Version = terms.Version, TemplateCode = contract.TemplateCode, TemplateVersion = terms.TemplateVersion,
            Period = (short)template.Template.Period, Values = terms.Values, StartsAt = starts, EndsAt = ends, EvaluatedUntil = starts,
            ContractStartsAt = former.Count > 0 ? former[0].ContractStartsAt : starts, ExclusiveKey = key,
        });
        await work.Db.SaveChangesAsync(cancellationToken);
    }

    public async Task<ContractRun> LastAsync(Contract contract, CancellationToken cancellationToken) =>
        await work.Db.ContractRuns.Where(run => run.LoopId == contract.LoopId && run.ContractId == contract.Id).OrderByDescending(run => run.Version).FirstAsync(cancellationToken);

    /// <summary>What a contract is the only one of: what kind, for whom, of which carrier.</summary>
    public static string? KeyOf(Template template, IReadOnlyList<ContractParty> parties, TermValues values)
    {
        if (template.ExclusiveFor.Length == 0)
        {
            return null;
        }

        // Supply and delivery are two ways to be supplied.
        var kind = template.Kind == TemplateKind.HeatColdDelivery ? TemplateKind.EnergySupply : template.Kind;
        var member = parties.Single(party => party.Role == template.ExclusiveFor).MemberId;
        return string.Create(CultureInfo.InvariantCulture, $"{kind}/{member}/{string.Join('+', template.ExclusiveOf.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(values.Name))}");
    }

    /// <exception cref="RefusedException">Another contract of the kind holds within the time.</exception>
    private async Task RequireAloneAsync(Contract contract, string key, DateTimeOffset from, DateTimeOffset until, CancellationToken cancellationToken)
    {
        var (loopId, contractId) = (contract.LoopId, contract.Id);
        var stem = key[..(key.LastIndexOf('/') + 1)];

        // Two acceptances at once: the second waits here and sees the first.
        await work.Db.Database.ExecuteSqlAsync($"SELECT pg_advisory_xact_lock(hashtextextended({$"contracts/{loopId}/{stem}"}, 0))", cancellationToken);
        var others = await work.Db.ContractRuns.AsNoTracking()
            .Where(run => run.LoopId == loopId && run.ContractId != contractId && run.ExclusiveKey != null && run.ExclusiveKey.StartsWith(stem)
                && run.StartsAt < until && run.EndsAt > from && run.EndsAt > run.StartsAt)
            .Select(run => run.ExclusiveKey!).ToListAsync(cancellationToken);
        var own = key[stem.Length..];
        if (others.Exists(other => other[stem.Length..] is var theirs && (own.Length == 0 || theirs.Length == 0 || own.Split('+').Intersect(theirs.Split('+')).Any())))
        {
            throw new RefusedException([new Problem(
                nameof(ContractTerms.StartsOn),
                "Another contract covers the same for part of this time, and there may be only one. Begin after it ends, or end it first.", "exclusive")]);
        }
    }
}
