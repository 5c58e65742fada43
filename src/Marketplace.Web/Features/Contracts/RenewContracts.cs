using Marketplace.Data;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Contracts;

/// <summary>Lets contracts go on whose templates say so and of which nobody gave notice in time. Coming twice or late changes nothing.</summary>
public sealed record RenewContracts(int LoopId) : IRequest<int>, ISystemOnly, IChange;

internal sealed class RenewContractsHandler(Work work, ContractBook book, TemplateShelf shelf, MarketTime marketTime) : IRequestHandler<RenewContracts, int>
{
    // The longest notice there may be, with a period on top.
    private const int MostDaysAhead = 730 + 366;

    public async Task<int> Handle(RenewContracts request, CancellationToken cancellationToken)
    {
        var (db, loopId) = (work.Db, request.LoopId);
        var now = await marketTime.NowAsync(loopId, cancellationToken);
        var soon = now.AddDays(MostDaysAhead);
        var ending = await db.ContractRuns.AsNoTracking()
            .Where(run => run.LoopId == loopId && run.EndsAt <= soon && run.EndsAt > run.StartsAt && run.EndsAt > now
                && !db.ContractRuns.Any(later => later.LoopId == loopId && later.ContractId == run.ContractId && later.Version > run.Version)
                && !db.ContractActs.Any(act => act.LoopId == loopId && act.ContractId == run.ContractId && act.Version == run.Version && act.Kind == ContractActKind.Cancelled))
            .Select(run => new { run.ContractId, run.TemplateCode, run.TemplateVersion, run.EndsAt })
            .OrderBy(run => run.ContractId).ToListAsync(cancellationToken);
        var renewed = 0;
        foreach (var run in ending)
        {
            var template = (await shelf.RequireAsync(loopId, run.TemplateCode, run.TemplateVersion, cancellationToken)).Template;
            if (template.RenewalMonths == 0 || run.EndsAt > now.AddDays(template.NoticeDays))
            {
                continue;
            }

            await db.Database.ExecuteSqlAsync($"SELECT pg_advisory_xact_lock(hashtextextended({$"contract/{loopId}/{run.ContractId}"}, 0))", cancellationToken);
            var held = await ContractBook.ReadAsync(db, marketTime, loopId, run.ContractId, cancellationToken);
            if (held is not { Standing: { Binds: true, Notice: null, Binding: { } binding } } || held.Loop.Calendar.StartOf(binding.EndsOn) != run.EndsAt)
            {
                continue;
            }

            var act = ContractBook.Next(held, ContractActKind.Renewed, 0, binding);
            act.EndsOn = template.Period.OnOrAfter(binding.EndsOn.AddMonths(template.RenewalMonths));
            await book.AddAsync(held, act, null, null, cancellationToken);
            renewed++;
        }

        return renewed;
    }
}
