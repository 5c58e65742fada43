using Marketplace.Contracts;
using Marketplace.Data;
using Marketplace.Quantities;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Contracts.Quantities;

/// <summary>What is still owed of a loan when the period begins. The clause names what was lent; the parts follow from the contract's terms (<see cref="LoanSchedule"/>).</summary>
internal class LoanOutstanding : IContractQuantity
{
    public virtual QuantityForm Form { get; } = new("loan-outstanding", Unit.Money) { NeverNegative = true, NeedsBasis = true };

    public async Task<long[]> MeasureAsync(MeasureScope scope, IReadOnlyList<Measure> asked, CancellationToken cancellationToken)
    {
        var (db, loopId, calendar) = (scope.Work.Db, scope.Loop.Id, scope.Loop.Calendar);
        long[] contracts = [.. asked.Select(measure => measure.ContractId).Distinct()];
        var runs = await db.ContractRuns.AsNoTracking().Where(run => run.LoopId == loopId && contracts.Contains(run.ContractId)).OrderBy(run => run.Version).ToListAsync(cancellationToken);

        // A notice moves a run's end; what was agreed stands in the act that brought the terms.
        var agreed = (await db.ContractActs.AsNoTracking()
            .Where(act => act.LoopId == loopId && contracts.Contains(act.ContractId)
                && !db.ContractActs.Any(earlier => earlier.LoopId == loopId && earlier.ContractId == act.ContractId && earlier.Version == act.Version && earlier.Number < act.Number))
            .Select(act => new { act.ContractId, act.Version, act.EndsOn }).ToListAsync(cancellationToken)).ToDictionary(act => (act.ContractId, act.Version), act => act.EndsOn);
        var own = runs.ToLookup(run => run.ContractId);
        return [.. asked.Select(measure =>
        {
            var versions = own[measure.ContractId].ToList();
            if (versions.Count == 0)
            {
                return 0;
            }

            var period = (ContractPeriod)versions[0].Period;
            int IndexOf(DateOnly day) => period.Number(day) - period.Number(calendar.DayOf(measure.StartsAt));
            return Of(LoanSchedule.At(
                [.. versions.Select(run => new LoanTerms(
                    LoanSchedule.PrincipalOf(PrincipalOf(run, measure)), IndexOf(calendar.DayOf(run.StartsAt)),
                    IndexOf(agreed.TryGetValue((run.ContractId, run.Version), out var end) ? end : calendar.DayOf(run.EndsAt)), IndexOf(calendar.DayOf(run.EndsAt))))],
                IndexOf(calendar.DayOf(scope.Period.Start)))).Micro;
        })];
    }

    protected virtual Money Of(LoanPart part) => part.Outstanding;

    // Each version of the terms says what was lent; one that does not name it follows the version that is evaluated.
    private static long PrincipalOf(ContractRun run, Measure measure) =>
        measure.Basis is not { Parameter: { } code } basis ? measure.Basis?.Number ?? 0
        : ContractValues.Read(run.Values).TryNumber(code, out var number) ? number : basis.Number;
}

/// <summary>What is due of a loan with the period, without interest.</summary>
internal sealed class LoanRepayment : LoanOutstanding
{
    public override QuantityForm Form { get; } = new("loan-repayment", Unit.Money) { NeverNegative = true, NeedsBasis = true };

    protected override Money Of(LoanPart part) => part.Due;
}
