using FluentValidation;
using Marketplace.Data;
using Marketplace.Web.Pipeline;
using MediatR;

namespace Marketplace.Web.Features.Ledger.Trust;

/// <summary>
/// Has the log sign with a new key. In the ordinary case the old key signs too for some days, so that witnesses and readers can learn the
/// new one; a key that leaked stops at once.
/// </summary>
/// <param name="OldSignsDays">How many days the old key signs beside the new one; 0 stops it at once.</param>
public sealed record ChangeLogKey(int LoopId, int OldSignsDays, string Reason) : IRequest<Unit>, IOperatorAct
{
    public string Subject => FormattableString.Invariant($"old key signs {OldSignsDays} more days; {Reason}");
}

public sealed class ChangeLogKeyValidator : AbstractValidator<ChangeLogKey>
{
    public ChangeLogKeyValidator()
    {
        RuleFor(request => request.OldSignsDays).InclusiveBetween(0, 90).WithMessage("The old key may sign for 0 to 90 more days.");
        RuleFor(request => request.Reason)
            .NotEmpty().WithMessage("Say why the key changes; witnesses and auditors read it.")
            .MaximumLength(500).WithMessage("Say it in at most 500 characters.");
    }
}

internal sealed class ChangeLogKeyHandler(Work work, LoopNames loops, LogKeys keys, Sequencer sequencer, TimeProvider clock) : IRequestHandler<ChangeLogKey, Unit>
{
    public async Task<Unit> Handle(ChangeLogKey request, CancellationToken cancellationToken)
    {
        var slug = await loops.SlugOfAsync(request.LoopId, cancellationToken);
        var connection = await work.ConnectionAsync(cancellationToken);
        var trust = await LogTrust.ReadAsync(connection, work.Transaction, request.LoopId, cancellationToken);
        if (trust.Keys.Count == 0)
        {
            throw new RefusedException("The log has not signed anything yet, so there is no key to change.");
        }

        var now = clock.GetUtcNow();
        var number = trust.KeyNumber + 1;
        var key = keys.Of(slug, number).Verifier;
        var row = new LogKeyRow(number, key.ToString(), now, now.AddDays(request.OldSignsDays), request.Reason);
        await LogTrust.ChangeKeyAsync(connection, work.Transaction, request.LoopId, row, cancellationToken);
        work.AfterCommit(following => sequencer.IntegrateAsync(request.LoopId, following));
        return Unit.Value;
    }
}
