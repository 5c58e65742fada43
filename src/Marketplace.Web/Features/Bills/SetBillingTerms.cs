using System.Globalization;
using FluentValidation;
using Marketplace.Data;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Bills;

/// <summary>Says what the law wants on a loop's bills beside the figures, and how bills are released. Bills that are issued keep what they said.</summary>
public sealed record SetBillingTerms(
    int LoopId, string ConsumerBodies, string EnergyAgencies, string Complaints, string Disputes,
    int? NormalHeat, int? NormalCold, int? NormalElectricity, int LateDataDays, bool ReleaseByHand) : IRequest<int>, IOperatorAct
{
    public const int LongestText = 2000;

    public string Subject => string.Create(CultureInfo.InvariantCulture, $"late data {LateDataDays} days, release {(ReleaseByHand ? "by hand" : "by itself")}");
}

/// <summary>The terms that hold; null before the first.</summary>
public sealed record ShowBillingTerms(int LoopId) : IRequest<BillingTerms?>, IGuarded
{
    public bool Permits(Actor actor) => actor.Operates(LoopId);
}

public sealed class SetBillingTermsValidator : AbstractValidator<SetBillingTerms>
{
    public SetBillingTermsValidator()
    {
        foreach (var text in new System.Linq.Expressions.Expression<Func<SetBillingTerms, string>>[] { request => request.ConsumerBodies, request => request.EnergyAgencies, request => request.Complaints, request => request.Disputes })
        {
            RuleFor(text).MaximumLength(SetBillingTerms.LongestText).WithMessage("Use at most 2,000 characters.");
        }

        foreach (var year in new System.Linq.Expressions.Expression<Func<SetBillingTerms, int?>>[] { request => request.NormalHeat, request => request.NormalCold, request => request.NormalElectricity })
        {
            RuleFor(year).InclusiveBetween(1, 10_000_000).WithMessage("Use 1 to 10,000,000 kWh.");
        }

        RuleFor(request => request.LateDataDays).InclusiveBetween(0, 1_100).WithMessage("Use 0 to 1,100 days.");
    }
}

internal sealed class SetBillingTermsHandler(Work work, CurrentActor current, TimeProvider time) : IRequestHandler<SetBillingTerms, int>, IRequestHandler<ShowBillingTerms, BillingTerms?>
{
    public async Task<int> Handle(SetBillingTerms request, CancellationToken cancellationToken)
    {
        var (db, loopId) = (work.Db, request.LoopId);
        await IssueBills.LockAsync(db, loopId, cancellationToken);
        var version = (await db.BillingTerms.Where(terms => terms.LoopId == loopId).MaxAsync(terms => (int?)terms.Version, cancellationToken) ?? 0) + 1;
        db.BillingTerms.Add(new BillingTerms
        {
            LoopId = loopId, Version = version, ConsumerBodies = request.ConsumerBodies.Trim(), EnergyAgencies = request.EnergyAgencies.Trim(),
            Complaints = request.Complaints.Trim(), Disputes = request.Disputes.Trim(), NormalHeat = request.NormalHeat, NormalCold = request.NormalCold,
            NormalElectricity = request.NormalElectricity, LateDataDays = request.LateDataDays, ReleaseByHand = request.ReleaseByHand,
            SetBy = current.Actor.AccountId, SetAt = time.GetUtcNow(),
        });
        await db.SaveChangesAsync(cancellationToken);
        return version;
    }

    public async Task<BillingTerms?> Handle(ShowBillingTerms request, CancellationToken cancellationToken) => await work.Db.BillingTerms.AsNoTracking()
        .Where(terms => terms.LoopId == request.LoopId).OrderByDescending(terms => terms.Version).FirstOrDefaultAsync(cancellationToken);
}
