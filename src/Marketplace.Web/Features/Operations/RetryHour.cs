using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Operations;

/// <summary>Lets a failed step be tried with the next tick instead of after its growing wait.</summary>
public sealed record RetryHour(int LoopId, DateTimeOffset Hour, HourStepKind Step) : IRequest<Unit>, IOperatorAct
{
    public string Subject => $"{Instants.Iso(Hour)} {Step}";
}

internal sealed class RetryHourHandler(MarketplaceDb db) : IRequestHandler<RetryHour, Unit>
{
    public async Task<Unit> Handle(RetryHour request, CancellationToken cancellationToken)
    {
        // Gone already means that it has been tried in the meantime, which is what was wanted.
        await db.HourFailures
            .Where(failure => failure.LoopId == request.LoopId && failure.Hour == request.Hour && failure.Step == request.Step)
            .ExecuteDeleteAsync(cancellationToken);
        return Unit.Value;
    }
}
