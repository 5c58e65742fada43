using System.Globalization;
using FluentValidation;
using Marketplace.Billing;
using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Features.Bills;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Tariffs;

/// <summary>Sets a rate of value added tax from a moment on, whatever tariff is in force. What is billed, or open for billing, keeps its rates.</summary>
/// <param name="Carrier">The carrier; null for what belongs to none and carriers without a rate of their own.</param>
public sealed record SetTaxRate(int LoopId, DateTimeOffset ValidFrom, Carrier? Carrier, VatCategory Category, int BasisPoints, string Reason) : IRequest<int>, IOperatorAct
{
    public string Subject => string.Create(CultureInfo.InvariantCulture,
        $"{Carrier?.Name() ?? "all else"} from {Instants.Iso(ValidFrom)}: {Category} {BasisPoints}: {Reason}");
}

/// <summary>Has the community bear, or hand back, an amount together: it is divided among all who are supplied in the period that contains the hour.</summary>
public sealed record ShareAmount(int LoopId, DateTimeOffset Hour, string Name, Money Amount, SharingKey Key, Carrier? Carrier) : IRequest<int>, IOperatorAct
{
    public string Subject => string.Create(CultureInfo.InvariantCulture, $"{Name}: {Amount.Cents} cents by {Key} {Carrier?.Name()} in {Instants.Iso(Hour)}");
}

public sealed class SetTaxRateValidator : AbstractValidator<SetTaxRate>
{
    public SetTaxRateValidator()
    {
        RuleFor(request => request.ValidFrom).Must(Loops.MarketHour.IsStart).WithMessage("Choose a whole hour.");
        RuleFor(request => request.Category).IsInEnum().WithMessage("Choose a category.");
        RuleFor(request => request.BasisPoints).InclusiveBetween(0, 10_000).WithMessage("Use a rate from 0 to 100 %.")
            .Must((request, rate) => rate == 0 || request.Category == VatCategory.Standard).WithMessage("Only taxed supplies have a rate.");
        RuleFor(request => request.Reason).NotEmpty().WithMessage("Name the law or the decision; members will read it.").MaximumLength(500).WithMessage("Use at most 500 characters.");
    }
}

public sealed class ShareAmountValidator : AbstractValidator<ShareAmount>
{
    private static readonly Money Largest = Money.FromCents(100_000_000);

    public ShareAmountValidator()
    {
        RuleFor(request => request.Name).Must(name => name.Trim().Length is >= 2 and <= 80 && !name.Any(char.IsControl)).WithMessage("Give it a name of 2 to 80 characters; it stands on bills.");
        RuleFor(request => request.Amount).Must(amount => amount != Money.Zero && amount == amount.ToWholeCents() && amount <= Largest && -amount <= Largest)
            .WithMessage("Use an amount in whole cents, above or below zero, up to 1,000,000.");
        RuleFor(request => request.Key).IsInEnum().WithMessage("Choose how it is divided.");
        RuleFor(request => request.Hour).Must(Loops.MarketHour.IsStart).WithMessage("Choose a whole hour.");
    }
}

internal sealed class SetTaxRateHandler(Work work, CurrentActor current, TimeProvider time) : IRequestHandler<SetTaxRate, int>, IRequestHandler<ShareAmount, int>
{
    public async Task<int> Handle(SetTaxRate request, CancellationToken cancellationToken)
    {
        var (db, loopId) = (work.Db, request.LoopId);
        await RequireOpenAsync(loopId, request.ValidFrom, nameof(request.ValidFrom), cancellationToken);
        var number = (await db.TaxRates.Where(rate => rate.LoopId == loopId).MaxAsync(rate => (int?)rate.Number, cancellationToken) ?? 0) + 1;
        db.TaxRates.Add(new TaxRate
        {
            LoopId = loopId, Number = number, Carrier = (short)(request.Carrier ?? 0), ValidFrom = request.ValidFrom, Category = request.Category,
            BasisPoints = request.BasisPoints, Reason = request.Reason.Trim(), SetBy = current.Actor.AccountId, SetAt = time.GetUtcNow(),
        });
        await db.SaveChangesAsync(cancellationToken);
        return number;
    }

    public async Task<int> Handle(ShareAmount request, CancellationToken cancellationToken)
    {
        var (db, loopId) = (work.Db, request.LoopId);
        await RequireOpenAsync(loopId, request.Hour, nameof(request.Hour), cancellationToken);
        var number = (await db.SharedAmounts.Where(amount => amount.LoopId == loopId).MaxAsync(amount => (int?)amount.Number, cancellationToken) ?? 0) + 1;
        db.SharedAmounts.Add(new SharedAmountRow
        {
            LoopId = loopId, Number = number, Hour = request.Hour, Name = request.Name.Trim(), Cents = request.Amount.Cents, Key = request.Key,
            Carrier = (short)(request.Carrier ?? 0), SetBy = current.Actor.AccountId, SetAt = time.GetUtcNow(),
        });
        await db.SaveChangesAsync(cancellationToken);
        return number;
    }

    /// <summary>Under the lock of billing: no period is billed while a rate comes into it.</summary>
    private async Task RequireOpenAsync(int loopId, DateTimeOffset from, string field, CancellationToken cancellationToken)
    {
        await IssueBills.LockAsync(work.Db, loopId, cancellationToken);
        var billedUntil = await work.Db.BillPeriods.Where(period => period.LoopId == loopId).MaxAsync(period => (DateTimeOffset?)period.PeriodEnd, cancellationToken);
        if (await work.Db.Bills.Where(bill => bill.LoopId == loopId).MaxAsync(bill => (DateTimeOffset?)bill.PeriodEnd, cancellationToken) is { } bills && !(bills < billedUntil))
        {
            billedUntil = bills;
        }

        if (from < billedUntil)
        {
            var loop = await work.Db.Loops.AsNoTracking().SingleAsync(loop => loop.Id == loopId, cancellationToken);
            throw new RefusedException(
                field, $"Everything before {loop.Calendar.DayOf(billedUntil.Value):d MMM yyyy} is billed, or open for billing. Choose that day or a later one.");
        }
    }
}
