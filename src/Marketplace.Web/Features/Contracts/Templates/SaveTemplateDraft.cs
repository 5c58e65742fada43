using FluentValidation;
using Marketplace.Contracts;
using Marketplace.Data;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;
using Unit = MediatR.Unit;

namespace Marketplace.Web.Features.Contracts.Templates;

/// <summary>Keeps what an operator is working on, right or wrong. Members see it once it could be published, as they may put it to the vote.</summary>
public sealed record SaveTemplateDraft(int LoopId, Template Template) : IRequest<Unit>, IOperatorAct
{
    public string Subject => Template.Code;
}

public sealed class SaveTemplateDraftValidator : AbstractValidator<SaveTemplateDraft>
{
    public SaveTemplateDraftValidator() => RuleFor(draft => draft.Template.Code).Matches("^[a-z][a-z0-9-]{0,39}$").OverridePropertyName("Code")
        .WithMessage("The code is made of lower-case letters, digits and hyphens and begins with a letter.");
}

internal sealed class SaveTemplateDraftHandler(Work work, CurrentActor current, TimeProvider time) : IRequestHandler<SaveTemplateDraft, Unit>
{
    public async Task<Unit> Handle(SaveTemplateDraft request, CancellationToken cancellationToken)
    {
        var (body, now) = (TemplateJson.Write(request.Template), time.GetUtcNow());
        await work.Db.Database.ExecuteSqlAsync(
            $"""
            INSERT INTO market.contract_template_drafts (loop_id, code, body, saved_at, saved_by) VALUES ({request.LoopId}, {request.Template.Code}, {body}, {now}, {current.Actor.AccountId})
            ON CONFLICT (loop_id, code) DO UPDATE SET body = excluded.body, saved_at = excluded.saved_at, saved_by = excluded.saved_by
            """,
            cancellationToken);
        return Unit.Value;
    }
}
