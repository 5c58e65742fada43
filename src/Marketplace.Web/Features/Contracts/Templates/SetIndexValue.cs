using FluentValidation;
using Marketplace.Data;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Contracts.Templates;

/// <summary>Enters what an index is from a day on, with its source. It is never changed: contracts are computed from it.</summary>
public sealed record SetIndexValue(int LoopId, string Name, DateOnly From, long Millionths, string Source) : IRequest<Unit>, IOperatorAct
{
    public string Subject => Name;
}

public sealed class SetIndexValueValidator : AbstractValidator<SetIndexValue>
{
    public SetIndexValueValidator()
    {
        RuleFor(value => value.Name).Matches("^[a-z][a-z0-9-]{0,39}$").NotEqual(ContractIndices.ImportPrice)
            .WithMessage("The name is made of lower-case letters, digits and hyphens; import-price is worked out by itself.");
        RuleFor(value => value.Millionths).GreaterThan(0).WithMessage("An index is above zero.");
        RuleFor(value => value.Source).NotEmpty().MaximumLength(300).WithMessage("Say where the number stands: publisher, table and date.");
    }
}

internal sealed class SetIndexValueHandler(Work work, CurrentActor current, TimeProvider time) : IRequestHandler<SetIndexValue, Unit>
{
    public async Task<Unit> Handle(SetIndexValue request, CancellationToken cancellationToken)
    {
        var (db, loopId) = (work.Db, request.LoopId);
        var loop = await db.Loops.AsNoTracking().SingleAsync(loop => loop.Id == loopId, cancellationToken);
        var from = loop.Calendar.StartOf(request.From);
        if (await db.ContractIndexValues.AsNoTracking().SingleOrDefaultAsync(value => value.LoopId == loopId && value.Name == request.Name && value.ValidFrom == from, cancellationToken) is { } known)
        {
            return known.Millionths == request.Millionths ? Unit.Value
                : throw new RefusedException(nameof(SetIndexValue.From), "The index has a value from this day on already, and contracts may have been computed from it.");
        }

        db.ContractIndexValues.Add(new ContractIndexValue
        {
            LoopId = loopId, Name = request.Name, ValidFrom = from, Millionths = request.Millionths, Source = request.Source.Trim(), SetAt = time.GetUtcNow(), SetBy = current.Actor.AccountId,
        });
        await db.SaveChangesAsync(cancellationToken);
        return Unit.Value;
    }
}
