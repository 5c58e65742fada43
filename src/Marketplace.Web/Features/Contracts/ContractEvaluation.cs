using Marketplace.Contracts;
using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Features.Contracts.Quantities;
using Marketplace.Web.Pipeline;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Contracts;

/// <summary>What a clause came to, before or after it was kept.</summary>
public sealed record EvaluatedClause(ContractResult Result, Clause Clause, Template Template, Explanation Explanation);

/// <param name="Index">The index whose value is missing.</param>
/// <param name="From">The start of the period for which it is.</param>
public sealed record WaitingContract(long ContractId, IReadOnlyList<int> Members, string Index, DateTimeOffset From);

/// <summary>Works out what contracts come to in periods that are over and settled. It reads only: whoever asks sees the same.</summary>
internal sealed class ContractEvaluation(Work work, TemplateShelf shelf, ContractCatalogue catalogue, ContractIndices indices)
{
    /// <summary>The instant until which everything is settled; none where nothing is.</summary>
    public async Task<DateTimeOffset?> SettledUntilAsync(int loopId, CancellationToken cancellationToken) =>
        (await work.Db.HourSteps.Where(step => step.LoopId == loopId && step.Step == HourStepKind.Settled)
            .OrderByDescending(step => step.Hour).Select(step => (DateTimeOffset?)step.Hour).FirstOrDefaultAsync(cancellationToken))?.AddHours(1);

    /// <summary>What is not evaluated yet of the periods that end not after an instant: a list for each period, in order. A contract that waits for something, such
    /// as an index, is left out from there on.</summary>
    public async Task<IReadOnlyList<(Interval Period, IReadOnlyList<EvaluatedClause> Clauses)>> OpenAsync(Loop loop, DateTimeOffset until, CancellationToken cancellationToken)
    {
        var loopId = loop.Id;
        var runs = await work.Db.ContractRuns.AsNoTracking()
            .Where(run => run.LoopId == loopId && run.EvaluatedUntil < until && run.EvaluatedUntil < run.EndsAt)
            .OrderBy(run => run.ContractId).ThenBy(run => run.Version).ToListAsync(cancellationToken);
        var due = runs
            .SelectMany(run => ((ContractPeriod)run.Period).EndingIn(loop.Calendar, run.EvaluatedUntil, until < run.EndsAt ? until : run.EndsAt).Select(period => (Run: run, Period: period)))
            .GroupBy(one => one.Period, one => one.Run).OrderBy(group => group.Key.End).ThenBy(group => group.Key.Start).ToList();
        if (due.Count == 0)
        {
            return [];
        }

        var contracts = runs.Select(run => run.ContractId).Distinct().ToArray();
        var ends = await work.Db.ContractRuns.Where(run => run.LoopId == loopId && contracts.Contains(run.ContractId)).GroupBy(run => run.ContractId)
            .Select(own => new { own.Key, End = own.Max(run => run.EndsAt) }).ToDictionaryAsync(own => own.Key, own => own.End, cancellationToken);
        var parties = (await work.Db.ContractParties.AsNoTracking()
            .Where(party => party.LoopId == loopId && contracts.Contains(party.ContractId)).ToListAsync(cancellationToken)).ToLookup(party => party.ContractId);
        var (results, waiting) = (new List<(Interval, IReadOnlyList<EvaluatedClause>)>(), new HashSet<long>());
        foreach (var group in due)
        {
            var open = group.Where(run => !waiting.Contains(run.ContractId)).ToList();
            var clauses = await EvaluateAsync(loop, group.Key, open, parties, ends, waiting, cancellationToken);
            if (clauses.Count > 0)
            {
                results.Add((group.Key, clauses));
            }
        }

        return results;
    }

    /// <summary>The contracts that cannot be evaluated up to an instant, because an index has no value at the start of a period.</summary>
    public async Task<IReadOnlyList<WaitingContract>> WaitingAsync(Loop loop, DateTimeOffset until, CancellationToken cancellationToken)
    {
        var loopId = loop.Id;
        var waiting = new List<WaitingContract>();
        var known = new Dictionary<(string, DateTimeOffset), long?>();
        foreach (var run in await work.Db.ContractRuns.AsNoTracking()
            .Where(run => run.LoopId == loopId && run.EvaluatedUntil < until && run.EvaluatedUntil < run.EndsAt)
            .OrderBy(run => run.ContractId).ThenBy(run => run.Version).ToListAsync(cancellationToken))
        {
            var names = (await shelf.RequireAsync(loopId, run.TemplateCode, run.TemplateVersion, cancellationToken)).Template.Clauses
                .Select(clause => clause.Index?.Name).OfType<string>().Distinct().ToList();
            if (names.Count == 0)
            {
                continue;
            }

            foreach (var period in ((ContractPeriod)run.Period).EndingIn(loop.Calendar, run.EvaluatedUntil, until < run.EndsAt ? until : run.EndsAt))
            {
                foreach (var name in names)
                {
                    if (!known.TryGetValue((name, period.Start), out var value))
                    {
                        known.Add((name, period.Start), value = await indices.OfAsync(loopId, name, period, cancellationToken));
                    }

                    if (value is null)
                    {
                        var members = await work.Db.ContractParties.Where(party => party.LoopId == loopId && party.ContractId == run.ContractId)
                            .Select(party => party.MemberId).Distinct().Order().ToListAsync(cancellationToken);
                        waiting.Add(new WaitingContract(run.ContractId, members, name, period.Start));
                    }
                }
            }
        }

        return waiting;
    }

    private async Task<IReadOnlyList<EvaluatedClause>> EvaluateAsync(
        Loop loop, Interval period, IReadOnlyList<ContractRun> runs, ILookup<long, ContractParty> parties, Dictionary<long, DateTimeOffset> ends,
        HashSet<long> waiting, CancellationToken cancellationToken)
    {
        var asked = new List<Asked>();
        foreach (var run in runs)
        {
            var template = (await shelf.RequireAsync(loop.Id, run.TemplateCode, run.TemplateVersion, cancellationToken)).Template;
            var values = ContractValues.Read(run.Values);
            var members = parties[run.ContractId].ToDictionary(party => party.Role, party => party.MemberId);
            asked.AddRange(template.Clauses.Select(clause => new Asked(run, template, clause, values, members, new Measure(
                members[clause.Of], members.GetValueOrDefault(clause.With), values.Carrier(clause.Carrier), values.Name(clause.Plant), run.ContractId, run.ContractStartsAt, ends[run.ContractId],
                clause.Basis is { } basis ? new MeasureBasis(values.Number(basis), basis.Parameter) : null))));
        }

        var scope = new MeasureScope(work, loop, period);
        var known = new Dictionary<string, long?>();
        var outcomes = new EvaluatedClause?[asked.Count];
        foreach (var ofQuantity in asked.Index().GroupBy(one => one.Item.Clause.Quantity).OrderBy(group => group.Key, StringComparer.Ordinal))
        {
            var quantity = catalogue.Quantities[ofQuantity.Key];
            var ofThis = ofQuantity.ToList();
            var measured = await quantity.MeasureAsync(scope, [.. ofThis.Select(one => one.Item.Measure)], cancellationToken);
            foreach (var ((place, one), number) in ofThis.Zip(measured))
            {
                long? index = null;
                if (one.Clause.Index is { } indexation && !known.TryGetValue(indexation.Name, out index))
                {
                    known.Add(indexation.Name, index = await indices.OfAsync(loop.Id, indexation.Name, period, cancellationToken));
                }

                if (one.Clause.Index is not null && index is null)
                {
                    waiting.Add(one.Run.ContractId);
                    continue;
                }

                outcomes[place] = one.Evaluate(period, quantity.Form, number, index);
            }
        }

        return [.. outcomes.OfType<EvaluatedClause>().Where(outcome => !waiting.Contains(outcome.Result.ContractId))];
    }

    private sealed record Asked(ContractRun Run, Template Template, Clause Clause, TermValues Values, IReadOnlyDictionary<string, int> Members, Measure Measure)
    {
        public EvaluatedClause Evaluate(Interval period, QuantityForm form, long measured, long? index)
        {
            var outcome = Evaluation.Of(Clause, Values, form, new Measured(measured, (long)period.Length.TotalHours, index) { PeriodsAYear = ((ContractPeriod)Run.Period).PeriodsAYear() });
            return new EvaluatedClause(
                new ContractResult
                {
                    LoopId = Run.LoopId, ContractId = Run.ContractId, Version = Run.Version, Clause = Clause.Code, PeriodStart = period.Start, PeriodEnd = period.End,
                    PayerId = Members[Clause.Payer], PayeeId = Members[Clause.Payee], Amount = outcome.Amount, Quantity = measured,
                    Explanation = ExplanationJson.Write(outcome.Explanation), Canonical = [],
                },
                Clause, Template, outcome.Explanation);
        }
    }
}
