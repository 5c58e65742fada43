using Marketplace.Data;
using Marketplace.Web.Features.Signing;
using Marketplace.Web.Pipeline;
using MediatR;

namespace Marketplace.Web.Features.Contracts;

/// <summary>Lays a draft before the other parties, signed. It binds once all of them have signed the same.</summary>
/// <param name="Seen">The number of the act that the person saw last.</param>
public sealed record OfferContract(int LoopId, int MemberId, long ContractId, int Seen, SignatureGiven Signature, string? Note = null) : IRequest<Unit>, IGuarded, IChange
{
    public bool Permits(Actor actor) => actor.MayContract(LoopId, MemberId);
}

internal sealed class OfferContractHandler(ContractBook book, TemplateShelf shelf) : IRequestHandler<OfferContract, Unit>
{
    public async Task<Unit> Handle(OfferContract request, CancellationToken cancellationToken)
    {
        var held = await book.HoldAsync(request.LoopId, request.ContractId, request.MemberId, cancellationToken);
        if (ContractBook.WasDone(held, request.Seen, request.MemberId, ContractActKind.Offered))
        {
            return Unit.Value;
        }

        ContractBook.RequireSeen(held, request.Seen);
        if (held.Standing.State != ContractState.Draft || held.Standing.Open is not { } draft)
        {
            throw new RefusedException("This contract is no draft any more.");
        }

        var latest = await shelf.LatestAsync(request.LoopId, held.Contract.TemplateCode, cancellationToken);
        if (latest.Row.Version != draft.TemplateVersion)
        {
            throw new RefusedException([new Problem("", "A later version of the template has been published since. Begin a new draft from it.", "outdated")]);
        }

        book.RequireTerms(held.Loop, latest.Template, new ContractTerms(ContractValues.Read(draft.Values).Texts, draft.StartsOn, draft.EndsOn), held.MarketNow);
        await book.AddAsync(held, ContractBook.Next(held, ContractActKind.Offered, request.MemberId, draft), request.Signature, request.Note, cancellationToken);
        return Unit.Value;
    }
}
