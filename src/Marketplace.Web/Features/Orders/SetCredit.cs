using System.Globalization;
using FluentValidation;
using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Features.Payments;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Orders;

/// <summary>Sets how far a member may trade beyond its balance and deposit, or that of all members without a limit of their own.</summary>
/// <param name="MemberId">Null sets the loop's default.</param>
/// <param name="Limit">Null gives the member the loop's default again.</param>
public sealed record SetCreditLimit(int LoopId, int? MemberId, Money? Limit) : IRequest<Unit>, IOperatorAct
{
    string IOperatorAct.Subject => string.Create(
        CultureInfo.InvariantCulture, $"{(MemberId is { } member ? $"member {member}" : "loop")}: {(Limit is { } limit ? limit.Amount.ToString("0.00", CultureInfo.InvariantCulture) : "the loop's limit")}");
}

public sealed class SetCreditLimitValidator : AbstractValidator<SetCreditLimit>
{
    public SetCreditLimitValidator()
    {
        RuleFor(set => set.Limit).Must(limit => limit is null || (limit >= Money.Zero && limit <= CreditBounds.Largest))
            .WithMessage("Use an amount from 0 to 1,000,000,000.");
        RuleFor(set => set.Limit).NotNull().When(set => set.MemberId is null).WithMessage("Enter a limit for the loop.");
    }
}

internal static class CreditBounds
{
    public static readonly Money Largest = Money.FromCents(100_000_000_000);
}

internal sealed class SetCreditLimitHandler(Work work, OrderIntake intake, TimeProvider time) : IRequestHandler<SetCreditLimit, Unit>
{
    public async Task<Unit> Handle(SetCreditLimit request, CancellationToken cancellationToken)
    {
        var db = work.Db;
        if (request.MemberId is not { } memberId)
        {
            await db.Loops.Where(loop => loop.Id == request.LoopId)
                .ExecuteUpdateAsync(loops => loops.SetProperty(loop => loop.DefaultCreditLimit, request.Limit!.Value), cancellationToken);
            return Unit.Value;
        }

        if (!await db.Members.AnyAsync(member => member.LoopId == request.LoopId && member.Id == memberId, cancellationToken))
        {
            throw new NotPermittedException(nameof(SetCreditLimit));
        }

        await intake.LockAsync(request.LoopId, memberId, cancellationToken);
        await db.MemberCredits.Where(credit => credit.LoopId == request.LoopId && credit.MemberId == memberId).ExecuteDeleteAsync(cancellationToken);
        if (request.Limit is { } limit)
        {
            db.MemberCredits.Add(new MemberCredit { LoopId = request.LoopId, MemberId = memberId, Limit = limit, SetAt = time.GetUtcNow() });
            await db.SaveChangesAsync(cancellationToken);
        }

        return Unit.Value;
    }
}

/// <summary>Records money that came in from a member or went back to it, with its transfer in the journal.</summary>
/// <param name="SubmissionId">Made with the form: a form sent twice records it once.</param>
public sealed record RecordReceipt(int LoopId, int MemberId, Guid SubmissionId, ReceiptKind Kind, Money Amount) : IRequest<Unit>, IOperatorAct
{
    string IOperatorAct.Subject => string.Create(CultureInfo.InvariantCulture, $"member {MemberId}: {Kind} {Amount.Amount:0.00}");
}

public sealed class RecordReceiptValidator : AbstractValidator<RecordReceipt>
{
    public RecordReceiptValidator()
    {
        RuleFor(receipt => receipt.Kind).IsInEnum().WithMessage("Choose what it is.");
        RuleFor(receipt => receipt.Amount).Must(amount => amount > Money.Zero && amount <= CreditBounds.Largest && amount == amount.ToWholeCents())
            .WithMessage("Use an amount above zero, in whole cents.");
    }
}

internal sealed class RecordReceiptHandler(Work work, OrderIntake intake, CreditBook credit, MoneyBook money) : IRequestHandler<RecordReceipt, Unit>
{
    public async Task<Unit> Handle(RecordReceipt request, CancellationToken cancellationToken)
    {
        var (db, loopId, memberId) = (work.Db, request.LoopId, request.MemberId);
        await intake.LockAsync(loopId, memberId, cancellationToken);
        var loop = await db.Loops.AsNoTracking().SingleAsync(loop => loop.Id == loopId, cancellationToken);
        if (!await db.Members.AnyAsync(member => member.LoopId == loopId && member.Id == memberId, cancellationToken))
        {
            throw new NotPermittedException(nameof(RecordReceipt));
        }

        if (await db.MoneyReceipts.AnyAsync(receipt => receipt.LoopId == loopId && receipt.SubmissionId == request.SubmissionId, cancellationToken))
        {
            return Unit.Value;
        }

        if (request.Kind == ReceiptKind.DepositReturned)
        {
            var deposit = (await credit.OfAsync(loop, memberId, await credit.TariffsAsync(loopId, cancellationToken), cancellationToken)).Deposit;
            if (request.Amount > deposit)
            {
                throw new RefusedException([new Problem(
                    nameof(request.Amount), $"The member's deposit is {deposit.Amount:0.00} {loop.Currency}; no more can be given back.", "deposit")]);
            }
        }

        await money.RecordAsync(
            new MoneyReceipt { LoopId = loopId, SubmissionId = request.SubmissionId, MemberId = memberId, Kind = request.Kind, Amount = request.Amount },
            AccountKind.Bank, cancellationToken);
        return Unit.Value;
    }
}

/// <summary>Sets what the connection behind a member's meter carries at most.</summary>
/// <param name="CapacityWatts">Null: nothing limits it.</param>
public sealed record SetMeterCapacity(int LoopId, int MemberId, int MeterId, long? CapacityWatts) : IRequest<Unit>, IOperatorAct
{
    string IOperatorAct.Subject => string.Create(CultureInfo.InvariantCulture, $"meter {MeterId}: {(CapacityWatts is { } watts ? $"{watts} W" : "no limit")}");
}

public sealed class SetMeterCapacityValidator : AbstractValidator<SetMeterCapacity>
{
    public SetMeterCapacityValidator() =>
        RuleFor(set => set.CapacityWatts).Must(watts => watts is null or (> 0 and <= 1_000_000_000)).WithMessage("Use a capacity above 0 and up to 1,000,000 kW.");
}

internal sealed class SetMeterCapacityHandler(Work work) : IRequestHandler<SetMeterCapacity, Unit>
{
    public async Task<Unit> Handle(SetMeterCapacity request, CancellationToken cancellationToken)
    {
        var changed = await work.Db.Meters
            .Where(meter => meter.LoopId == request.LoopId && meter.MemberId == request.MemberId && meter.Id == request.MeterId)
            .ExecuteUpdateAsync(meters => meters.SetProperty(meter => meter.CapacityWatts, request.CapacityWatts), cancellationToken);
        return changed == 1 ? Unit.Value : throw new NotPermittedException(nameof(SetMeterCapacity));
    }
}

/// <summary>What covers the orders of each member of a loop, for its operator.</summary>
/// <param name="MemberId">One member only.</param>
public sealed record CreditOfMembers(int LoopId, int? MemberId, int Page) : IRequest<CreditOverview>, IGuarded
{
    public const int PageSize = 25;

    public bool Permits(Actor actor) => actor.Operates(LoopId);
}

public sealed record CreditOverview(Money DefaultLimit, int Members, IReadOnlyList<CreditOfMember> Page);

public sealed record CreditOfMember(int MemberId, string Name, CreditStanding Credit, IReadOnlyList<Meter> Meters, IReadOnlyList<MoneyReceipt> Receipts);

internal sealed class CreditOfMembersHandler(MarketplaceDb db, CreditBook credit) : IRequestHandler<CreditOfMembers, CreditOverview>
{
    public async Task<CreditOverview> Handle(CreditOfMembers request, CancellationToken cancellationToken)
    {
        var loop = await db.Loops.AsNoTracking().SingleAsync(loop => loop.Id == request.LoopId, cancellationToken);
        var all = db.Members.AsNoTracking().Where(member => member.LoopId == loop.Id && (request.MemberId == null || member.Id == request.MemberId));
        var members = await all.OrderBy(member => member.Name).ThenBy(member => member.Id)
            .Skip((Math.Max(1, request.Page) - 1) * CreditOfMembers.PageSize).Take(CreditOfMembers.PageSize).ToListAsync(cancellationToken);
        var tariffs = await credit.TariffsAsync(loop.Id, cancellationToken);
        var rows = new List<CreditOfMember>();
        foreach (var member in members)
        {
            var one = request.MemberId is not null;
            rows.Add(new CreditOfMember(
                member.Id, member.Name, await credit.OfAsync(loop, member.Id, tariffs, cancellationToken),
                one ? await db.Meters.AsNoTracking()
                    .Where(meter => meter.LoopId == loop.Id && meter.MemberId == member.Id && meter.Direction == MeterDirection.Consumption && meter.InServiceUntil == null)
                    .OrderBy(meter => meter.Id).ToListAsync(cancellationToken) : [],
                one ? await db.MoneyReceipts.AsNoTracking()
                    .Where(receipt => receipt.LoopId == loop.Id && receipt.MemberId == member.Id)
                    .OrderByDescending(receipt => receipt.Id).Take(50).ToListAsync(cancellationToken) : []));
        }

        return new CreditOverview(loop.DefaultCreditLimit, await all.CountAsync(cancellationToken), rows);
    }
}
