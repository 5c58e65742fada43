using Marketplace.Web.Features.Loops;
using Marketplace.Web.Pipeline;
using MediatR;

namespace Marketplace.Web.Features.Contracts;

/// <summary>Looks whether other terms could be, before anybody signs them. It keeps nothing; what is wrong is named at its field.</summary>
public sealed record ReviewTerms(int LoopId, int MemberId, long ContractId, ContractTerms Terms) : IRequest<Unit>, IGuarded
{
    public bool Permits(Actor actor) => actor.MayContract(LoopId, MemberId);
}

internal sealed class ReviewTermsHandler(Work work, ContractBook book, TemplateShelf shelf, MarketTime marketTime) : IRequestHandler<ReviewTerms, Unit>
{
    public async Task<Unit> Handle(ReviewTerms request, CancellationToken cancellationToken)
    {
        var held = await ContractBook.ReadAsync(work.Db, marketTime, request.LoopId, request.ContractId, cancellationToken);
        if (held is null || !held.Members.Contains(request.MemberId))
        {
            throw new NotPermittedException(nameof(ReviewTerms));
        }

        var template = held.Standing.Binding is null
            ? await shelf.RequireAsync(request.LoopId, held.Contract.TemplateCode, (held.Standing.Open ?? held.Last).TemplateVersion, cancellationToken)
            : await shelf.LatestAsync(request.LoopId, held.Contract.TemplateCode, cancellationToken);
        book.RequireTerms(held.Loop, template.Template, request.Terms, held.MarketNow);
        await book.RequirePlantsAsync(request.LoopId, template.Template, held.Parties, request.Terms.Values, cancellationToken);
        return Unit.Value;
    }
}
