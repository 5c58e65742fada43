using Marketplace.Data;
using Marketplace.Web.Features.Signing;
using Marketplace.Web.Pipeline;
using MediatR;

namespace Marketplace.Web.Features.Contracts;

/// <summary>Proposes new terms for a contract that binds, signed. They hold from their first day once all have signed; periods that are closed stay as they were.</summary>
public sealed record RenegotiateContract(int LoopId, int MemberId, long ContractId, int Seen, ContractTerms Terms, SignatureGiven Signature, string? Note = null)
    : IRequest<Unit>, IGuarded, IChange
{
    public bool Permits(Actor actor) => actor.MayContract(LoopId, MemberId);
}

internal sealed class RenegotiateContractHandler(ContractBook book, TemplateShelf shelf) : IRequestHandler<RenegotiateContract, Unit>
{
    public async Task<Unit> Handle(RenegotiateContract request, CancellationToken cancellationToken)
    {
        var held = await book.HoldAsync(request.LoopId, request.ContractId, request.MemberId, cancellationToken);
        if (ContractBook.WasDone(held, request.Seen, request.MemberId, ContractActKind.Renegotiated))
        {
            return Unit.Value;
        }

        ContractBook.RequireSeen(held, request.Seen);
        if (!held.Standing.Binds)
        {
            throw new RefusedException("Only a contract that binds can be renegotiated.");
        }

        if (held.Standing.Open is not null && !held.Standing.WaitsFor(request.MemberId))
        {
            throw new RefusedException("Your own new terms are open: take them back first, or wait for the answer.");
        }

        if (request.Terms.StartsOn >= held.Standing.Binding!.EndsOn)
        {
            throw new RefusedException(nameof(ContractTerms.StartsOn), "The contract ends before. New terms begin while it runs.");
        }

        if (request.Terms.StartsOn < held.Standing.Binding.StartsOn)
        {
            throw new RefusedException(nameof(ContractTerms.StartsOn), "New terms do not begin before those that hold.");
        }

        // Other terms may come with a later version of the template.
        var template = await shelf.LatestAsync(request.LoopId, held.Contract.TemplateCode, cancellationToken);
        if (template.Template.Period != (await shelf.RequireAsync(request.LoopId, held.Contract.TemplateCode, held.Standing.Binding.TemplateVersion, cancellationToken)).Template.Period)
        {
            throw new RefusedException("The template is evaluated in other periods now. End this contract and begin a new one.");
        }

        book.RequireTerms(held.Loop, template.Template, request.Terms, held.MarketNow);
        await book.RequirePlantsAsync(request.LoopId, template.Template, held.Parties, request.Terms.Values, cancellationToken);
        var terms = ContractBook.TermsOf(held.NextVersion, template.Row.Version, request.Terms);
        await book.AddAsync(held, ContractBook.Next(held, ContractActKind.Renegotiated, request.MemberId, terms), request.Signature, request.Note, cancellationToken);
        return Unit.Value;
    }
}
