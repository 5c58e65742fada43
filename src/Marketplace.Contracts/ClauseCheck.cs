namespace Marketplace.Contracts;

/// <summary>Says what is wrong with a clause: what it names that the template has not, and what contradicts itself.</summary>
internal static class ClauseCheck
{
    /// <summary>All that is wrong with a clause of a template.</summary>
    public static IEnumerable<Finding> Of(
        Template template, Clause clause, IReadOnlyDictionary<string, QuantityForm> quantities, IReadOnlyCollection<string> indices)
    {
        var where = $"clause {clause.Code}";
        if (!TemplateCheck.CodeName().IsMatch(clause.Code))
        {
            yield return new Finding(where, "clause-code", "A clause's code is made of lower-case letters, digits and hyphens and begins with a letter.");
        }

        foreach (var (role, rule, words) in new[]
        {
            (clause.Payer, "clause-payer", "The payer is missing or no party of the template."),
            (clause.Payee, "clause-payee", "The payee is missing or no party of the template."),
            (clause.Of, "clause-of", "The party at whom is measured is missing or no party of the template."),
        })
        {
            if (!TemplateCheck.HasRole(template, role))
            {
                yield return new Finding(where, rule, words);
            }
        }

        if (clause.Payer.Length > 0 && clause.Payer == clause.Payee)
        {
            yield return new Finding(where, "clause-same", "Payer and payee are the same party.");
        }

        if (clause.Vat is not { } vat || !Enum.IsDefined(vat))
        {
            yield return new Finding(where, "clause-vat", "The VAT category is missing.");
        }

        if (!Enum.IsDefined(clause.Direction) || !Enum.IsDefined(clause.When) || !Enum.IsDefined(clause.ThresholdPer) || !Enum.IsDefined(clause.TargetPer) || !Enum.IsDefined(clause.ReferencePer))
        {
            yield return new Finding(where, "clause-direction", "Choose which side of the threshold counts, when the clause applies and for what thresholds are stated.");
        }

        if (!quantities.TryGetValue(clause.Quantity, out var quantity))
        {
            yield return new Finding(where, "clause-quantity", "There is no quantity '{0}'.", clause.Quantity);
            yield break;
        }

        foreach (var finding in Subject(template, clause, quantity).Concat(TermsOf(template, clause, quantity)))
        {
            yield return finding with { Where = where };
        }

        if (clause.When == ClauseCondition.Always == (clause.Target is not null))
        {
            yield return new Finding(where, "clause-target", "A target goes with the condition that it is reached or missed, and only with it.");
        }

        if (clause.IsYearlyRate && template.Period == ContractPeriod.Week)
        {
            yield return new Finding(where, "rate-year", "A rate for a year goes with months and years: no whole number of weeks makes a year.");
        }

        if (clause.Index is { } index && !indices.Contains(index.Name))
        {
            yield return new Finding(where, "clause-index", "There is no index '{0}'.", index.Name);
        }

        foreach (var finding in Contradictions(clause, TermValues.DefaultsOf(template)))
        {
            yield return finding with { Where = where };
        }
    }

    private static IEnumerable<Finding> Subject(Template template, Clause clause, QuantityForm quantity)
    {
        if (quantity.NeedsCarrier ? !TemplateCheck.IsCarrier(template, clause.Carrier) : clause.Carrier.Length > 0 && !TemplateCheck.IsCarrier(template, clause.Carrier))
        {
            yield return new Finding("", "clause-carrier", "The quantity is measured for a carrier: name one, or a parameter that holds one.");
        }

        if (quantity.NeedsPlant && !(clause.Plant.StartsWith('@') && template.Find(clause.Plant[1..]) is { Type: ParameterType.Plant }))
        {
            yield return new Finding("", "clause-plant", "The quantity is measured at a plant: name a parameter that holds one.");
        }

        if (quantity.NeedsOther && (!TemplateCheck.HasRole(template, clause.With) || clause.With == clause.Of))
        {
            yield return new Finding("", "clause-with", "The quantity is measured between two parties: name the other.");
        }

        if (quantity.NeedsBasis && clause.Basis is null)
        {
            yield return new Finding("", "clause-basis", "The quantity is measured of something, such as what was lent: name it.");
        }

        if (quantity.NeedsReference && clause.Reference is null)
        {
            yield return new Finding("", "clause-reference", "The quantity is a deviation: name the baseline.");
        }
    }

    private static IEnumerable<Finding> TermsOf(Template template, Clause clause, QuantityForm quantity)
    {
        foreach (var (field, term, unit) in clause.Terms(quantity.Unit))
        {
            if (term.Parameter is not { } code)
            {
                continue;
            }

            if (template.Find(code) is not { Type: ParameterType.Number } parameter)
            {
                yield return new Finding("", "term-unknown", "There is no number parameter '{0}'.", code);
            }
            else if (parameter.Unit != unit && parameter.Unit != Unit.None && !IsPowerForHours(clause, field, parameter.Unit, unit))
            {
                yield return new Finding("", "term-unit", "The unit of '{0}' does not go with what is measured.", code);
            }
        }
    }

    // Energy stated for each hour is power.
    private static bool IsPowerForHours(Clause clause, string field, Unit given, Unit wanted) =>
        given == Unit.Watts && wanted == Unit.WattHours
        && (field, clause.ThresholdPer, clause.TargetPer, clause.ReferencePer) is (nameof(Clause.Threshold), PerTime.Hour, _, _)
            or (nameof(Clause.Target), _, PerTime.Hour, _) or (nameof(Clause.Reference), _, _, PerTime.Hour);

    /// <summary>What no quantity could satisfy.</summary>
    public static IEnumerable<Finding> Contradictions(Clause clause, TermValues values)
    {
        if (!Known(clause, values))
        {
            yield break;
        }

        if (clause is { Floor: { } floor, Cap: { } cap } && values.Number(floor) > values.Number(cap))
        {
            yield return new Finding("", "floor-above-cap", "The floor is above the cap.", floor.Parameter ?? cap.Parameter ?? "");
        }

        var last = 0L;
        foreach (var step in clause.Steps)
        {
            if (values.Number(step.From) <= last)
            {
                yield return new Finding("", "steps-not-rising", "The steps do not rise: each begins above the one before, the first above zero.", step.From.Parameter ?? "");
                break;
            }

            last = values.Number(step.From);
        }

        if (clause.Steps.Count > 0 && clause.Direction == ClauseDirection.BothWays)
        {
            yield return new Finding("", "steps-both-ways", "Steps go with one side of the threshold, not with the signed difference.");
        }

        if (clause.Index is { } index && values.Number(index.Base) <= 0)
        {
            yield return new Finding("", "index-base", "The base of the index is above zero.", index.Base.Parameter ?? "");
        }

        if (clause is { When: ClauseCondition.TargetReached, Target: { } target, Direction: ClauseDirection.Below }
            && clause.TargetPer == clause.ThresholdPer && values.Number(target) >= values.Number(clause.Threshold))
        {
            yield return new Finding("", "target-beyond", "Where the target is reached nothing falls short of the threshold: the clause never pays.", target.Parameter ?? "");
        }

        if (clause is { When: ClauseCondition.TargetMissed, Target: { } missed, Direction: ClauseDirection.Above }
            && clause.TargetPer == clause.ThresholdPer && values.Number(missed) <= values.Number(clause.Threshold))
        {
            yield return new Finding("", "target-beyond", "Where the target is missed nothing exceeds the threshold: the clause never pays.", missed.Parameter ?? "");
        }
    }

    // A term without a number has its own finding.
    private static bool Known(Clause clause, TermValues values) =>
        clause.Terms(Unit.None).All(entry => entry.Term.Parameter is not { } code || values.TryNumber(code, out _));
}
