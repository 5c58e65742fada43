using Marketplace.Data;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Loops;

public sealed record LoopName(int Id, string Slug, string Name, LoopKind Kind);

/// <summary>The loops a person belongs to, by name.</summary>
public sealed record ListMyLoops : IRequest<IReadOnlyList<LoopName>>, IPersonal;

/// <summary>All loops of this deployment, for a visitor who looks for prices or for the ledger.</summary>
public sealed record ListPublicLoops : IRequest<IReadOnlyList<LoopName>>, IPublic;

public sealed class ListLoopsHandler(Work work, CurrentActor current)
    : IRequestHandler<ListMyLoops, IReadOnlyList<LoopName>>, IRequestHandler<ListPublicLoops, IReadOnlyList<LoopName>>
{
    // A deployment serves a few communities; a list longer than this is for a search that nobody has asked for yet.
    private const int Most = 200;

    public async Task<IReadOnlyList<LoopName>> Handle(ListMyLoops request, CancellationToken cancellationToken)
    {
        var ids = current.Actor.Roles.Select(held => held.LoopId).Distinct().ToList();
        return await ListAsync(work.Db.Loops.Where(loop => ids.Contains(loop.Id)), cancellationToken);
    }

    public Task<IReadOnlyList<LoopName>> Handle(ListPublicLoops request, CancellationToken cancellationToken) =>
        ListAsync(work.Db.Loops, cancellationToken);

    private static async Task<IReadOnlyList<LoopName>> ListAsync(IQueryable<Loop> loops, CancellationToken cancellationToken) =>
        await loops.OrderBy(loop => loop.Name).ThenBy(loop => loop.Id).Take(Most)
            .Select(loop => new LoopName(loop.Id, loop.Slug, loop.Name, loop.Kind))
            .ToListAsync(cancellationToken);
}
