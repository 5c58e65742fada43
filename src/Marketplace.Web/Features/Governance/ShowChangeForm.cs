using Marketplace.Data;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Governance;

/// <summary>What members can propose in a loop.</summary>
public sealed record ListChangeKinds(int LoopId) : IRequest<IReadOnlyList<ProposalKind>>, IGuarded
{
    public bool Permits(Actor actor) => actor.BelongsTo(LoopId);
}

/// <summary>The fields of a kind of change, as they stand now.</summary>
public sealed record ShowChangeForm(int LoopId, ProposalKind Kind) : IRequest<ChangeForm>, IGuarded
{
    public bool Permits(Actor actor) => actor.BelongsTo(LoopId);
}

public sealed record ChangeForm(ProposalKind Kind, IReadOnlyList<ChangeField> Fields);

/// <summary>Whether members of a loop have kept something to themselves, for the pages on which operators change it.</summary>
public sealed record MembersDecide(int LoopId, GovernedArea Area) : IRequest<bool>, IGuarded
{
    public bool Permits(Actor actor) => actor.BelongsTo(LoopId);
}

internal sealed class ChangeFormHandler(MarketplaceDb db, ChangeKinds kinds, Constitutions constitutions)
    : IRequestHandler<ListChangeKinds, IReadOnlyList<ProposalKind>>, IRequestHandler<ShowChangeForm, ChangeForm>, IRequestHandler<MembersDecide, bool>
{
    public Task<IReadOnlyList<ProposalKind>> Handle(ListChangeKinds request, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<ProposalKind>>([.. kinds.All.Select(kind => kind.Kind)]);

    public async Task<ChangeForm> Handle(ShowChangeForm request, CancellationToken cancellationToken) => new(
        request.Kind,
        await kinds.Of(request.Kind).FieldsAsync(await db.Loops.AsNoTracking().SingleAsync(loop => loop.Id == request.LoopId, cancellationToken), cancellationToken));

    public async Task<bool> Handle(MembersDecide request, CancellationToken cancellationToken) =>
        (await constitutions.ReadAsync(request.LoopId, cancellationToken)).Areas.Contains(request.Area);
}
