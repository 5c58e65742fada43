using FluentValidation;
using Marketplace.Data;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Parties;

/// <summary>Says to whom a member's bills are addressed from now on, and where money for the member goes.</summary>
public sealed record SetRecipient(int LoopId, int MemberId, PartyDetails Details) : IRequest, IGuarded, IChange
{
    public bool Permits(Actor actor) => actor.ActsFor(LoopId, MemberId) || actor.Operates(LoopId);
}

public sealed class SetRecipientValidator : AbstractValidator<SetRecipient>
{
    public SetRecipientValidator() => RuleFor(request => PartyRules.Tidied(request.Details)).SetValidator(PartyRules.Of(isIssuer: false)).OverridePropertyName("");
}

internal sealed class SetRecipientHandler(Work work, TimeProvider time) : IRequestHandler<SetRecipient>
{
    public async Task<Unit> Handle(SetRecipient request, CancellationToken cancellationToken)
    {
        if (!await work.Db.Members.AnyAsync(member => member.LoopId == request.LoopId && member.Id == request.MemberId, cancellationToken))
        {
            throw new NotPermittedException(nameof(SetRecipient));
        }

        var recipient = await work.Db.BillRecipients.SingleOrDefaultAsync(
            recipient => recipient.LoopId == request.LoopId && recipient.MemberId == request.MemberId, cancellationToken);
        if (recipient is null)
        {
            work.Db.BillRecipients.Add(recipient = new BillRecipient { LoopId = request.LoopId, MemberId = request.MemberId });
        }

        (recipient.Details, recipient.SetAt) = (PartyRules.Tidied(request.Details), time.GetUtcNow());
        await work.Db.SaveChangesAsync(cancellationToken);
        return Unit.Value;
    }
}
