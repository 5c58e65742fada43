using Marketplace.Web.Pipeline;
using MediatR;

namespace Marketplace.Web.Features.Contracts.Templates;

/// <summary>Publishes a draft as the next version of its template; its hash goes on the ledger. Contracts that run keep the version they have.</summary>
/// <returns>The version.</returns>
public sealed record PublishTemplate(int LoopId, string Code) : IRequest<int>, IOperatorAct, IGoverned
{
    GovernedArea IGoverned.Area => GovernedArea.Template;

    public string Subject => Code;
}

internal sealed class PublishTemplateHandler(TemplatePress press) : IRequestHandler<PublishTemplate, int>
{
    public async Task<int> Handle(PublishTemplate request, CancellationToken cancellationToken) => (await press.PublishDraftAsync(request.LoopId, request.Code, cancellationToken)).Version;
}
