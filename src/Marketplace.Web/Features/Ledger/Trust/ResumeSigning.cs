using FluentValidation;
using Marketplace.Data;
using Marketplace.Web.Pipeline;
using MediatR;

namespace Marketplace.Web.Features.Ledger.Trust;

/// <summary>Lets a halted log sign again, once somebody has made sure that it continues what was published. The reason goes on record.</summary>
public sealed record ResumeSigning(int LoopId, string Why) : IRequest<Unit>, IOperatorAct
{
    public string Subject => Why;
}

public sealed class ResumeSigningValidator : AbstractValidator<ResumeSigning>
{
    public ResumeSigningValidator() => RuleFor(request => request.Why)
        .NotEmpty().WithMessage("Say what was found and done; members and auditors read it.")
        .MaximumLength(500).WithMessage("Say it in at most 500 characters.");
}

internal sealed class ResumeSigningHandler(Work work, Cosigning cosigning, Sequencer sequencer, TimeProvider clock) : IRequestHandler<ResumeSigning, Unit>
{
    public async Task<Unit> Handle(ResumeSigning request, CancellationToken cancellationToken)
    {
        var connection = await work.ConnectionAsync(cancellationToken);
        if (!await LogIncidents.EndAsync(connection, request.LoopId, IncidentTopic.Signing, request.Why, clock.GetUtcNow(), cancellationToken))
        {
            throw new RefusedException("Signing has not stopped, or goes on already.");
        }

        // The cause may still be there: then signing stops again at once, with the same words.
        work.AfterCommit(async following =>
        {
            await cosigning.CompareAsync(request.LoopId, following);
            await sequencer.IntegrateAsync(request.LoopId, following);
        });
        return Unit.Value;
    }
}
