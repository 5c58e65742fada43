using Marketplace.Web.Pipeline;
using MediatR;

namespace Marketplace.Web.Features.Ledger.Trust;

/// <summary>Takes a witness out of the loop's rule. If fewer are left than must cosign, all that are left must.</summary>
public sealed record RemoveWitness(int LoopId, string Name) : IRequest<Unit>, IGuarded
{
    public bool Permits(Actor actor) => actor.Operates(LoopId);
}

internal sealed class RemoveWitnessHandler(Requests requests) : IRequestHandler<RemoveWitness, Unit>
{
    public async Task<Unit> Handle(RemoveWitness request, CancellationToken cancellationToken)
    {
        var trust = await requests.Send(new ShowTrust(request.LoopId), cancellationToken);
        if (trust.Simple is not { } simple)
        {
            throw new RefusedException("The rule has groups of its own making; take the witness out of its text.");
        }

        var left = simple.Witnesses.Where(w => w.Name != request.Name).ToList();
        return await requests.Send(new SetWitnessRule(request.LoopId, new WitnessRuleText(left, Math.Min(simple.Needed, left.Count)).ToText()), cancellationToken);
    }
}
