using System.Globalization;
using Marketplace.Data;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Features.Metering;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Contracts;

/// <summary>A member's contracts, the newest first.</summary>
public sealed record ContractsOf(int LoopId, int MemberId) : IRequest<ContractList>, IGuarded
{
    public const int Most = 300;

    public bool Permits(Actor actor) => actor.MayContract(LoopId, MemberId);
}

/// <summary>All contracts of a loop but drafts, for operators and auditors.</summary>
public sealed record ContractsOfLoop(int LoopId, int Page = 1) : IRequest<ContractList>, IGuarded
{
    public const int PageSize = 100;

    public bool Permits(Actor actor) => actor.Operates(LoopId) || actor.Audits(LoopId);
}

public sealed record ContractList(IReadOnlyList<ContractRow> Contracts, int Total);

/// <param name="Name">The template's name in the reader's language.</param>
/// <param name="Parties">Names, by role.</param>
public sealed record ContractRow(long Id, string Name, IReadOnlyList<(int MemberId, string Role, string Name)> Parties, ContractStanding Standing, ContractAct Last, ContractAct Terms);

internal sealed class ContractLists(Work work, TemplateShelf shelf, MarketTime marketTime) : IRequestHandler<ContractsOf, ContractList>, IRequestHandler<ContractsOfLoop, ContractList>
{
    public Task<ContractList> Handle(ContractsOf request, CancellationToken cancellationToken)
    {
        var (db, loopId) = (work.Db, request.LoopId);
        return ReadAsync(
            loopId,
            db.Contracts.Where(contract => contract.LoopId == loopId
                && db.ContractParties.Any(party => party.LoopId == loopId && party.ContractId == contract.Id && party.MemberId == request.MemberId)
                && (contract.MemberId == request.MemberId || db.ContractActs.Any(act => act.LoopId == loopId && act.ContractId == contract.Id && act.Kind != ContractActKind.Drafted))),
            0, ContractsOf.Most, cancellationToken);
    }

    public Task<ContractList> Handle(ContractsOfLoop request, CancellationToken cancellationToken)
    {
        var (db, loopId) = (work.Db, request.LoopId);
        return ReadAsync(
            loopId,
            db.Contracts.Where(contract => contract.LoopId == loopId && db.ContractActs.Any(act => act.LoopId == loopId && act.ContractId == contract.Id && act.Kind != ContractActKind.Drafted)),
            (Math.Clamp(request.Page, 1, 1_000_000) - 1) * ContractsOfLoop.PageSize, ContractsOfLoop.PageSize, cancellationToken);
    }

    private async Task<ContractList> ReadAsync(int loopId, IQueryable<Contract> which, int skip, int take, CancellationToken cancellationToken)
    {
        var db = work.Db;
        var loop = await db.Loops.AsNoTracking().SingleAsync(loop => loop.Id == loopId, cancellationToken);
        var now = await marketTime.NowAsync(loopId, cancellationToken);
        var contracts = await which.AsNoTracking().OrderByDescending(contract => contract.Id).Skip(skip).Take(take).ToListAsync(cancellationToken);
        var ids = contracts.Select(contract => contract.Id).ToArray();
        var acts = (await db.ContractActs.AsNoTracking().Where(act => act.LoopId == loopId && ids.Contains(act.ContractId)).OrderBy(act => act.Number).ToListAsync(cancellationToken)).ToLookup(act => act.ContractId);
        var parties = (await (
            from party in db.ContractParties
            join member in db.Members on new { party.LoopId, Id = party.MemberId } equals new { member.LoopId, member.Id }
            where party.LoopId == loopId && ids.Contains(party.ContractId)
            orderby party.Role
            select new { party.ContractId, party.Role, party.MemberId, member.Name }).ToListAsync(cancellationToken)).ToLookup(party => party.ContractId);
        var rows = new List<ContractRow>();
        foreach (var contract in contracts)
        {
            var (own, with) = (acts[contract.Id].ToList(), parties[contract.Id].ToList());
            var template = await shelf.RequireAsync(loopId, contract.TemplateCode, own[^1].TemplateVersion, cancellationToken);
            var standing = ContractStanding.Of(own, [.. with.Select(party => party.MemberId)], loop.Calendar, now);
            rows.Add(new ContractRow(
                contract.Id, template.Template.TextIn(CultureInfo.CurrentUICulture.TwoLetterISOLanguageName).Name, [.. with.Select(party => (party.MemberId, party.Role, party.Name))],
                standing, own[^1], standing.Open ?? standing.Binding ?? own[^1]));
        }

        return new ContractList(rows, await which.CountAsync(cancellationToken));
    }
}
