using Marketplace.Data;
using Marketplace.Web.Pipeline;
using MediatR;

namespace Marketplace.Web.Features.Contracts;

/// <summary>Refuses open terms of another party, or takes back one's own. A contract that runs goes on under the terms it has.</summary>
public sealed record DeclineContract(int LoopId, int MemberId, long ContractId, int Seen, string? Note = null) : IRequest<Unit>, IGuarded, IChange
{
    public bool Permits(Actor actor) => actor.MayContract(LoopId, MemberId);
}

internal sealed class DeclineContractHandler(ContractBook book) : IRequestHandler<DeclineContract, Unit>
{
    public async Task<Unit> Handle(DeclineContract request, CancellationToken cancellationToken)
    {
        var held = await book.HoldAsync(request.LoopId, request.ContractId, request.MemberId, cancellationToken);
        if (ContractBook.WasDone(held, request.Seen, request.MemberId, ContractActKind.Declined) || ContractBook.WasDone(held, request.Seen, request.MemberId, ContractActKind.Withdrawn))
        {
            return Unit.Value;
        }

        ContractBook.RequireSeen(held, request.Seen);
        if (held.Standing.Open is not { } open)
        {
            throw new RefusedException("No terms are open.");
        }

        var kind = open.MemberId == request.MemberId ? ContractActKind.Withdrawn : ContractActKind.Declined;
        await book.AddAsync(held, ContractBook.Next(held, kind, request.MemberId, open), null, request.Note, cancellationToken);
        return Unit.Value;
    }
}
