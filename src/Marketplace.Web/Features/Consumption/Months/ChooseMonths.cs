using FluentValidation;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Consumption.Months;

/// <summary>When a person is written to about a month's consumption. Stored as numbers: never renumber.</summary>
public enum MonthChoice : short
{
    /// <summary>In months of which there is no bill: what everybody has who chooses nothing.</summary>
    AsTheLawAsks = 1,
    EveryMonth = 2,
    Never = 3,
}

/// <summary>What the person chose.</summary>
public sealed record ShowMonthChoice(int LoopId) : IRequest<MonthChoice>, IGuarded
{
    public bool Permits(Actor actor) => actor is { IsSystem: false, AccountId: not null } && actor.BelongsTo(LoopId);
}

/// <summary>Chooses when to be written to about a month's consumption.</summary>
public sealed record ChooseMonths(int LoopId, MonthChoice Choice) : IRequest<Unit>, IGuarded, IChange
{
    public bool Permits(Actor actor) => actor is { IsSystem: false, AccountId: not null } && actor.BelongsTo(LoopId);
}

public sealed class ChooseMonthsValidator : AbstractValidator<ChooseMonths>
{
    public ChooseMonthsValidator() => RuleFor(request => request.Choice).IsInEnum();
}

internal sealed class MonthChoiceHandler(Work work, CurrentActor current, TimeProvider time) : IRequestHandler<ShowMonthChoice, MonthChoice>, IRequestHandler<ChooseMonths, Unit>
{
    public async Task<MonthChoice> Handle(ShowMonthChoice request, CancellationToken cancellationToken)
    {
        var account = current.Actor.AccountId!.Value;
        var chosen = await work.Db.Database.SqlQuery<short>(
            $"""SELECT choice AS "Value" FROM market.consumption_choices WHERE loop_id = {request.LoopId} AND account_id = {account}""").ToListAsync(cancellationToken);
        return chosen.Count == 0 ? MonthChoice.AsTheLawAsks : (MonthChoice)chosen[0];
    }

    public async Task<Unit> Handle(ChooseMonths request, CancellationToken cancellationToken)
    {
        var account = current.Actor.AccountId!.Value;
        if (request.Choice == MonthChoice.AsTheLawAsks)
        {
            await work.Db.Database.ExecuteSqlAsync($"DELETE FROM market.consumption_choices WHERE loop_id = {request.LoopId} AND account_id = {account}", cancellationToken);
            return Unit.Value;
        }

        await work.Db.Database.ExecuteSqlAsync(
            $"""
            INSERT INTO market.consumption_choices (loop_id, account_id, choice, at) VALUES ({request.LoopId}, {account}, {(short)request.Choice}, {time.GetUtcNow()})
            ON CONFLICT (loop_id, account_id) DO UPDATE SET choice = EXCLUDED.choice, at = EXCLUDED.at
            """, cancellationToken);
        return Unit.Value;
    }
}
