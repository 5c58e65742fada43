using FluentValidation;
using Marketplace.Data;
using Marketplace.Web.Pipeline;
using MediatR;

namespace Marketplace.Web.Features.Contracts;

/// <summary>Says that something of a contract's results is wrong, before the other parties and the operator; or that it is settled.</summary>
/// <param name="Settled">Whether the dispute is over; only who brought it may say so.</param>
public sealed record DisputeContract(int LoopId, int MemberId, long ContractId, int Seen, bool Settled, string Note) : IRequest<Unit>, IGuarded, IChange
{
    public bool Permits(Actor actor) => actor.MayContract(LoopId, MemberId);
}

public sealed class DisputeContractValidator : AbstractValidator<DisputeContract>
{
    public DisputeContractValidator() => RuleFor(dispute => dispute.Note).NotEmpty().MaximumLength(1000).WithMessage("Say what is wrong, or how it was settled, in at most 1,000 letters.");
}

internal sealed class DisputeContractHandler(ContractBook book) : IRequestHandler<DisputeContract, Unit>
{
    public async Task<Unit> Handle(DisputeContract request, CancellationToken cancellationToken)
    {
        var held = await book.HoldAsync(request.LoopId, request.ContractId, request.MemberId, cancellationToken);
        var kind = request.Settled ? ContractActKind.Resolved : ContractActKind.Disputed;
        if (ContractBook.WasDone(held, request.Seen, request.MemberId, kind))
        {
            return Unit.Value;
        }

        ContractBook.RequireSeen(held, request.Seen);
        if (held.Standing.Binding is not { } binding)
        {
            throw new RefusedException("This contract has never bound anybody: there is nothing to dispute.");
        }

        if (request.Settled ? held.Standing.Disputed?.MemberId != request.MemberId : held.Standing.Disputed is not null)
        {
            throw new RefusedException(request.Settled ? "Only who brought the dispute can say that it is settled." : "A dispute is open already.");
        }

        await book.AddAsync(held, ContractBook.Next(held, kind, request.MemberId, binding), null, request.Note, cancellationToken);
        return Unit.Value;
    }
}
