using Marketplace.Data;
using Marketplace.Web.Features.Signing;
using Marketplace.Web.Pipeline;
using MediatR;

namespace Marketplace.Web.Features.Contracts;

/// <summary>Answers open terms with others, signed. The former ones stay in the history.</summary>
/// <param name="Seen">The number of the act that is answered: an answer to terms that have changed meanwhile is refused.</param>
public sealed record CounterContract(int LoopId, int MemberId, long ContractId, int Seen, ContractTerms Terms, SignatureGiven Signature, string? Note = null)
    : IRequest<Unit>, IGuarded, IChange
{
    public bool Permits(Actor actor) => actor.MayContract(LoopId, MemberId);
}

internal sealed class CounterContractHandler(ContractBook book, TemplateShelf shelf) : IRequestHandler<CounterContract, Unit>
{
    public async Task<Unit> Handle(CounterContract request, CancellationToken cancellationToken)
    {
        var held = await book.HoldAsync(request.LoopId, request.ContractId, request.MemberId, cancellationToken);
        if (ContractBook.WasDone(held, request.Seen, request.MemberId, ContractActKind.Countered))
        {
            return Unit.Value;
        }

        ContractBook.RequireSeen(held, request.Seen);
        if (!held.Standing.WaitsFor(request.MemberId) || held.Standing.Binding is not null)
        {
            throw new RefusedException("No terms of another party wait for your answer.");
        }

        var template = await shelf.RequireAsync(request.LoopId, held.Contract.TemplateCode, held.Standing.Open!.TemplateVersion, cancellationToken);
        book.RequireTerms(held.Loop, template.Template, request.Terms, held.MarketNow);
        await book.RequirePlantsAsync(request.LoopId, template.Template, held.Parties, request.Terms.Values, cancellationToken);
        var terms = ContractBook.TermsOf(held.NextVersion, template.Row.Version, request.Terms);
        await book.AddAsync(held, ContractBook.Next(held, ContractActKind.Countered, request.MemberId, terms), request.Signature, request.Note, cancellationToken);
        return Unit.Value;
    }
}
