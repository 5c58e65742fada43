using Marketplace.Web.Pipeline;
using MediatR;

namespace Marketplace.Web.Features.Contracts.Templates;

/// <summary>Takes a template off offer. Contracts that run go on; a later version brings it back.</summary>
public sealed record RetireTemplate(int LoopId, string Code) : IRequest<Unit>, IOperatorAct, IGoverned
{
    GovernedArea IGoverned.Area => GovernedArea.Template;

    public string Subject => Code;
}

internal sealed class RetireTemplateHandler(TemplatePress press) : IRequestHandler<RetireTemplate, Unit>
{
    public async Task<Unit> Handle(RetireTemplate request, CancellationToken cancellationToken)
    {
        await press.RetireAsync(request.LoopId, request.Code, cancellationToken);
        return Unit.Value;
    }
}
