using FluentValidation;
using Marketplace.Data;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Parties;

/// <summary>Says who writes the loop's bills from now on. Issued documents keep what they were issued with.</summary>
public sealed record SetIssuer(int LoopId, PartyDetails Details) : IRequest, IOperatorAct
{
    string IOperatorAct.Subject => "";
}

public sealed class SetIssuerValidator : AbstractValidator<SetIssuer>
{
    public SetIssuerValidator() => RuleFor(request => PartyRules.Tidied(request.Details)).SetValidator(PartyRules.Of(isIssuer: true)).OverridePropertyName("");
}

internal sealed class SetIssuerHandler(Work work, TimeProvider time) : IRequestHandler<SetIssuer>
{
    public async Task<Unit> Handle(SetIssuer request, CancellationToken cancellationToken)
    {
        var issuer = await work.Db.BillIssuers.SingleOrDefaultAsync(issuer => issuer.LoopId == request.LoopId, cancellationToken);
        if (issuer is null)
        {
            work.Db.BillIssuers.Add(issuer = new BillIssuer { LoopId = request.LoopId });
        }

        (issuer.Details, issuer.SetAt) = (PartyRules.Tidied(request.Details), time.GetUtcNow());
        await work.Db.SaveChangesAsync(cancellationToken);
        return Unit.Value;
    }
}
