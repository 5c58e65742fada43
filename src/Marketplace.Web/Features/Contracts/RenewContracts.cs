using Marketplace.Data;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Contracts;

/// <summary>The contracts to renew now: their templates say that they go on, and the time for notice is over.</summary>
public sealed record ContractsToRenew(int LoopId) : IRequest<IReadOnlyList<long>>, ISystemOnly;

/// <summary>Lets a contract go on whose template says so and of which nobody gave notice in time. Coming twice changes nothing.</summary>
/// <returns>Whether it was renewed.</returns>
/// <exception cref="RefusedException">Another contract that excludes it has begun to hold: it ends.</exception>
public sealed record RenewContract(int LoopId, long ContractId) : IRequest<bool>, ISystemOnly, IChange;

internal sealed class RenewContractsHandler(Work work, ContractBook book, TemplateShelf shelf, MarketTime marketTime)
    : IRequestHandler<ContractsToRenew, IReadOnlyList<long>>, IRequestHandler<RenewContract, bool>
{
    // The longest notice there may be, with a period on top.
    private const int MostDaysAhead = 730 + 366;

    /// <summary>So late a contract still goes on, where this did not run when it should have.</summary>
    private const int MostDaysLate = 31;

    public async Task<IReadOnlyList<long>> Handle(ContractsToRenew request, CancellationToken cancellationToken)
    {
        var (db, loopId) = (work.Db, request.LoopId);
        var now = await marketTime.NowAsync(loopId, cancellationToken);
        var (soon, late) = (now.AddDays(MostDaysAhead), now.AddDays(-MostDaysLate));
        var ending = await db.ContractRuns.AsNoTracking()
            .Where(run => run.LoopId == loopId && run.EndsAt <= soon && run.EndsAt > run.StartsAt && run.EndsAt > late
                && !db.ContractRuns.Any(later => later.LoopId == loopId && later.ContractId == run.ContractId && later.Version > run.Version)
                && !db.ContractActs.Any(act => act.LoopId == loopId && act.ContractId == run.ContractId && act.Version == run.Version && act.Kind == ContractActKind.Cancelled))
            .Select(run => new { run.ContractId, run.TemplateCode, run.TemplateVersion, run.EndsAt })
            .OrderBy(run => run.ContractId).ToListAsync(cancellationToken);
        var due = new List<long>();
        foreach (var run in ending)
        {
            var template = (await shelf.RequireAsync(loopId, run.TemplateCode, run.TemplateVersion, cancellationToken)).Template;
            if (template.RenewalMonths > 0 && run.EndsAt <= now.AddDays(template.NoticeDays))
            {
                due.Add(run.ContractId);
            }
        }

        return due;
    }

    public async Task<bool> Handle(RenewContract request, CancellationToken cancellationToken)
    {
        var (db, loopId, id) = (work.Db, request.LoopId, request.ContractId);
        await db.Database.ExecuteSqlAsync($"SELECT pg_advisory_xact_lock(hashtextextended({$"contract/{loopId}/{id}"}, 0))", cancellationToken);
        var held = await ContractBook.ReadAsync(db, marketTime, loopId, id, cancellationToken);
        if (held is not { Standing: { Notice: null, Binding: { } binding } })
        {
            return false;
        }

        var template = (await shelf.RequireAsync(loopId, held.Contract.TemplateCode, binding.TemplateVersion, cancellationToken)).Template;
        var ends = held.Loop.Calendar.StartOf(binding.EndsOn);
        if (template.RenewalMonths == 0 || ends > held.MarketNow.AddDays(template.NoticeDays) || ends <= held.MarketNow.AddDays(-MostDaysLate))
        {
            return false;
        }

        var act = ContractBook.Next(held, ContractActKind.Renewed, 0, binding);
        act.EndsOn = template.Period.OnOrAfter(binding.EndsOn.AddMonths(template.RenewalMonths));
        await book.AddAsync(held, act, null, null, cancellationToken);
        return true;
    }
}
