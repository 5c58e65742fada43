using Marketplace.Data;
using Marketplace.Web.Features.Signing;
using Marketplace.Web.Pipeline;
using MediatR;

namespace Marketplace.Web.Features.Contracts;

/// <summary>Signs open terms. Once all parties have signed the same, they bind.</summary>
/// <param name="Seen">The number of the last act that the person saw: terms that have changed since are not accepted.</param>
public sealed record AcceptContract(int LoopId, int MemberId, long ContractId, int Seen, SignatureGiven Signature) : IRequest<Unit>, IGuarded, IChange
{
    public bool Permits(Actor actor) => actor.MayContract(LoopId, MemberId);
}

internal sealed class AcceptContractHandler(ContractBook book, TemplateShelf shelf) : IRequestHandler<AcceptContract, Unit>
{
    public async Task<Unit> Handle(AcceptContract request, CancellationToken cancellationToken)
    {
        var held = await book.HoldAsync(request.LoopId, request.ContractId, request.MemberId, cancellationToken);
        if (ContractBook.WasDone(held, request.Seen, request.MemberId, ContractActKind.Accepted))
        {
            return Unit.Value;
        }

        ContractBook.RequireSeen(held, request.Seen);
        var standing = held.Standing;
        if (standing.State == ContractState.Expired)
        {
            throw new RefusedException([new Problem("", "The first day of these terms has come before all had signed. New terms are needed.", "expired")]);
        }

        if (!standing.WaitsFor(request.MemberId))
        {
            throw new RefusedException(standing.Open is { Kind: not ContractActKind.Drafted } ? "You have signed these terms: another party has to answer." : "No terms wait for your signature.");
        }

        var open = standing.Open!;
        if (standing.Binding is null)
        {
            var latest = await shelf.LatestAsync(request.LoopId, held.Contract.TemplateCode, cancellationToken);
            if (latest.Row.Version != open.TemplateVersion)
            {
                throw new RefusedException([new Problem("", "These terms are of a version of the template that is no longer offered. Ask for terms of the current one.", "outdated")]);
            }
        }
        else if (held.Loop.Calendar.StartOf(standing.Binding.EndsOn) <= held.Loop.Calendar.StartOf(open.StartsOn))
        {
            throw new RefusedException("The contract ends before the new terms would begin.");
        }

        await book.AddAsync(held, ContractBook.Next(held, ContractActKind.Accepted, request.MemberId, open), request.Signature, null, cancellationToken);
        return Unit.Value;
    }
}
