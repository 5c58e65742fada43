using Marketplace.Web.Pipeline;
using MediatR;

namespace Marketplace.Web.Features.Ledger.Trust;

/// <summary>Asks all witnesses to cosign the newest checkpoint now, even if it is published already.</summary>
/// <returns>Whether enough of them did.</returns>
public sealed record AskWitnesses(int LoopId) : IRequest<bool>, IGuarded
{
    public bool Permits(Actor actor) => actor.Operates(LoopId);
}

internal sealed class AskWitnessesHandler(Sequencer sequencer, Cosigning cosigning) : IRequestHandler<AskWitnesses, bool>
{
    public async Task<bool> Handle(AskWitnesses request, CancellationToken cancellationToken)
    {
        await sequencer.IntegrateAsync(request.LoopId, cancellationToken);
        await cosigning.CompareAsync(request.LoopId, cancellationToken);
        return await cosigning.PublishAsync(request.LoopId, cancellationToken, anew: true);
    }
}
