using Marketplace.Web.Pipeline;
using MediatR;

namespace Marketplace.Web.Features.Ledger.Trust;

/// <summary>Says how many of the loop's witnesses must cosign before a checkpoint is published.</summary>
public sealed record SetNeeded(int LoopId, int Needed) : IRequest<Unit>, IGuarded
{
    public bool Permits(Actor actor) => actor.Operates(LoopId);
}

internal sealed class SetNeededHandler(Requests requests) : IRequestHandler<SetNeeded, Unit>
{
    public async Task<Unit> Handle(SetNeeded request, CancellationToken cancellationToken)
    {
        var trust = await requests.Send(new ShowTrust(request.LoopId), cancellationToken);
        if (trust.Simple is not { } simple)
        {
            throw new RefusedException("The rule has groups of its own making; change its text.");
        }

        return request.Needed >= 0 && request.Needed <= simple.Witnesses.Count
            ? await requests.Send(new SetWitnessRule(request.LoopId, (simple with { Needed = request.Needed }).ToText()), cancellationToken)
            : throw new RefusedException(nameof(request.Needed), $"There are {simple.Witnesses.Count} witnesses; ask for 0 to {simple.Witnesses.Count} of them.");
    }
}
