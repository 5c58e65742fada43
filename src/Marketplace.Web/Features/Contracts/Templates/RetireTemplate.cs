using Marketplace.Data;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Contracts.Templates;

/// <summary>Takes a template off offer. Contracts that run go on; a later version brings it back.</summary>
public sealed record RetireTemplate(int LoopId, string Code) : IRequest<Unit>, IOperatorAct
{
    public string Subject => Code;
}

internal sealed class RetireTemplateHandler(Work work, TemplatePress press, CurrentActor current, TimeProvider time) : IRequestHandler<RetireTemplate, Unit>
{
    public async Task<Unit> Handle(RetireTemplate request, CancellationToken cancellationToken)
    {
        var (db, loopId, code) = (work.Db, request.LoopId, request.Code);
        await press.LockAsync(loopId, cancellationToken);
        var last = await db.ContractTemplates.Where(template => template.LoopId == loopId && template.Code == code).MaxAsync(template => (int?)template.Version, cancellationToken)
            ?? throw new RefusedException("There is no published template of this code.");
        if (!await db.ContractTemplateRetirements.AnyAsync(retired => retired.LoopId == loopId && retired.Code == code && retired.Version == last, cancellationToken))
        {
            db.ContractTemplateRetirements.Add(new ContractTemplateRetirement { LoopId = loopId, Code = code, Version = last, At = time.GetUtcNow(), By = current.Actor.AccountId });
            await db.SaveChangesAsync(cancellationToken);
        }

        return Unit.Value;
    }
}
