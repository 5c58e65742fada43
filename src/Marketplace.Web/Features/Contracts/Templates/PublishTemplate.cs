using Marketplace.Contracts;
using Marketplace.Data;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Contracts.Templates;

/// <summary>Publishes a draft as the next version of its template; its hash goes on the ledger. Contracts that run keep the version they have.</summary>
/// <returns>The version.</returns>
public sealed record PublishTemplate(int LoopId, string Code) : IRequest<int>, IOperatorAct
{
    public string Subject => Code;
}

internal sealed class PublishTemplateHandler(Work work, TemplatePress press) : IRequestHandler<PublishTemplate, int>
{
    public async Task<int> Handle(PublishTemplate request, CancellationToken cancellationToken)
    {
        var (loopId, code) = (request.LoopId, request.Code);
        await press.LockAsync(loopId, cancellationToken);
        var draft = await work.Db.ContractTemplateDrafts.SingleOrDefaultAsync(draft => draft.LoopId == loopId && draft.Code == code, cancellationToken);
        if (draft is null)
        {
            // Sent twice: the draft has become the last version.
            return await work.Db.ContractTemplates.Where(template => template.LoopId == loopId && template.Code == code).MaxAsync(template => (int?)template.Version, cancellationToken)
                ?? throw new RefusedException("There is no draft of this template.");
        }

        var published = await press.PublishAsync(loopId, TemplateJson.Read(draft.Body), cancellationToken);
        work.Db.ContractTemplateDrafts.Remove(draft);
        await work.Db.SaveChangesAsync(cancellationToken);
        return published.Version;
    }
}
