using Marketplace.Quantities;

namespace Marketplace.Billing;

/// <summary>Computes the documents of a loop's period from the sums of its settled hours. Every position ends on exactly one
/// document, so that the exact sums of a member's documents are what the journal holds for the member's unbilled hours.</summary>
public static class Invoicing
{
    /// <summary>The documents, by member and role. A member without any line gets none. A charge without a plant goes on the first of the
    /// member's documents, on a bill of its own if there is none.</summary>
    /// <exception cref="ArgumentException">A position or day names a tariff that is not among the tariffs, or a charge a kind that is none.</exception>
    public static IReadOnlyList<BillDocument> Documents(BillingInputs inputs)
    {
        ArgumentNullException.ThrowIfNull(inputs);
        var tariffs = inputs.Tariffs.ToDictionary(tariff => (tariff.Version, tariff.Part));
        TariffTerms Tariff(int version, int part) => tariffs.TryGetValue((version, part), out var terms)
            ? terms
            : throw new ArgumentException($"Tariff {version} is not among those of the period", nameof(inputs));

        var lines = new Dictionary<(int Member, DocumentRole Role), List<BillLine>>();
        List<BillLine> LinesOf(int member, DocumentRole role)
        {
            if (!lines.TryGetValue((member, role), out var list))
            {
                lines.Add((member, role), list = []);
            }

            return list;
        }

        DocumentRole FirstOf(int member) => DocumentRoles.All.Cast<DocumentRole?>().FirstOrDefault(role => lines.ContainsKey((member, role!.Value))) ?? DocumentRole.Consumer;

        var order = inputs.Tariffs.Select((tariff, i) => (Key: (tariff.Version, tariff.Part), i)).ToDictionary(pair => pair.Key, pair => pair.i);
        foreach (var sum in inputs.Positions
            .OrderBy(sum => sum.Plant, StringComparer.Ordinal)
            .ThenBy(sum => order.GetValueOrDefault((sum.TariffVersion, sum.Part)))
            .ThenBy(sum => sum.Carrier)
            .ThenBy(sum => sum.Side))
        {
            var role = RoleOf(sum, inputs.Stores);
            LinesOf(sum.Member, role).AddRange(OfPositions(sum, role, Tariff(sum.TariffVersion, sum.Part)));
        }

        foreach (var days in inputs.Days.Where(days => days.Days > 0).OrderBy(days => order.GetValueOrDefault((days.TariffVersion, days.Part))))
        {
            var tariff = Tariff(days.TariffVersion, days.Part);
            if (tariff.StandingChargePerDay != Money.Zero)
            {
                LinesOf(days.Member, DocumentRole.Consumer).Add(StandingCharge(days, tariff));
            }
        }

        var closing = inputs.Tariffs[^1];
        foreach (var charge in inputs.Charges
            .OrderBy(charge => charge.Kind).ThenBy(charge => charge.Plant, StringComparer.Ordinal).ThenBy(charge => charge.Carrier))
        {
            var role = charge.Plant.Length > 0 ? DocumentRole.Storage : FirstOf(charge.Member);
            LinesOf(charge.Member, role).Add(ChargeLine(charge, role, closing));
        }

        foreach (var charge in inputs.Stated
            .Where(charge => charge.Amount != Money.Zero)
            .OrderBy(charge => charge.Kind).ThenBy(charge => charge.Name, StringComparer.Ordinal).ThenBy(charge => charge.Plant, StringComparer.Ordinal).ThenBy(charge => charge.Carrier))
        {
            var role = charge.Role ?? FirstOf(charge.Member);
            LinesOf(charge.Member, role).Add(StatedLine(charge, role, closing));
        }

        foreach (var share in inputs.Shares.OrderBy(share => share.Plant, StringComparer.Ordinal).ThenBy(share => share.Investor))
        {
            var ownersRole = inputs.Stores.Contains(share.Plant) ? DocumentRole.Storage : DocumentRole.Producer;
            LinesOf(share.Owner, ownersRole).Add(ShareLine(share, BillLineKind.SharePaid, share.Amount, closing.Version));
            LinesOf(share.Investor, DocumentRole.Investor).Add(ShareLine(share, BillLineKind.ShareReceived, -share.Amount, closing.Version));
        }

        return
        [
            .. lines.Where(entry => entry.Value.Count > 0)
                .OrderBy(entry => entry.Key.Member).ThenBy(entry => entry.Key.Role)
                .Select(entry => new BillDocument(entry.Key.Member, entry.Key.Role, entry.Value)),
        ];
    }

    private static DocumentRole RoleOf(PositionSum sum, IReadOnlySet<string> stores) =>
        stores.Contains(sum.Plant) ? DocumentRole.Storage
        : sum.Plant.Length == 0 && sum.Side == EnergySide.Taken ? DocumentRole.Consumer
        : DocumentRole.Producer;

    private static IEnumerable<BillLine> OfPositions(PositionSum sum, DocumentRole role, TariffTerms tariff)
    {
        var vat = role == DocumentRole.Consumer ? tariff.VatOf(sum.Carrier) : VatRate.Exempt;
        var main = (role, sum.Side) switch
        {
            (DocumentRole.Consumer, _) => BillLineKind.Energy,
            (DocumentRole.Storage, EnergySide.Taken) => BillLineKind.Charge,
            (DocumentRole.Storage, _) => BillLineKind.Discharge,
            (_, EnergySide.Taken) => BillLineKind.Input,
            _ => BillLineKind.Sale,
        };
        if (sum.Traded != Energy.Zero || sum.TradedAmount != Money.Zero)
        {
            yield return Line(main, sum.Traded, sum.TradedAmount, new LineTrace(main.Name(), sum.TariffVersion,
            [
                new("side", (long)sum.Side),
                new("hours", sum.Hours),
                new("estimatedHours", sum.EstimatedHours),
                new("tradedWh", sum.Traded.WattHours),
                .. Price("lowestMicroPerKWh", sum.LowestPrice),
                .. Price("highestMicroPerKWh", sum.HighestPrice),
                new("exactMicro", sum.TradedAmount.Micro),
            ]));
        }

        if (sum.Above != Energy.Zero || sum.Below != Energy.Zero || sum.ImbalanceAmount != Money.Zero)
        {
            yield return Line(BillLineKind.Imbalance, sum.Metered - sum.Traded, sum.ImbalanceAmount, new LineTrace(BillLineKind.Imbalance.Name(), sum.TariffVersion,
            [
                new("side", (long)sum.Side),
                new("hours", sum.Hours),
                new("estimatedHours", sum.EstimatedHours),
                new("tradedWh", sum.Traded.WattHours),
                new("meteredWh", sum.Metered.WattHours),
                new("aboveWh", sum.Above.WattHours),
                new("belowWh", sum.Below.WattHours),
                new("exactMicro", sum.ImbalanceAmount.Micro),
            ]));
        }

        if (sum.Wished != Energy.Zero || sum.WishMet != Energy.Zero || sum.WishPremium != Money.Zero)
        {
            yield return Line(BillLineKind.Preference, sum.WishMet, sum.WishPremium, new LineTrace(BillLineKind.Preference.Name(), sum.TariffVersion,
            [
                new("side", (long)sum.Side),
                new("hours", sum.Hours),
                new("wishedWh", sum.Wished.WattHours),
                new("metWh", sum.WishMet.WattHours),
                new("exactMicro", sum.WishPremium.Micro),
            ]));
        }

        if (sum.NetworkFee != Money.Zero)
        {
            yield return Line(BillLineKind.NetworkFee, sum.Metered, sum.NetworkFee, new LineTrace(BillLineKind.NetworkFee.Name(), sum.TariffVersion,
            [
                new("side", (long)sum.Side),
                new("hours", sum.Hours),
                new("estimatedHours", sum.EstimatedHours),
                new("meteredWh", sum.Metered.WattHours),
                .. Price("rateMicroPerKWh", tariff.FeeOf(sum.Carrier, sum.Zone)),
                new("exactMicro", sum.NetworkFee.Micro),
            ]));
        }

        // Only what a consumer takes for itself: a converter's or a store's energy is taxed where it is used in the end.
        foreach (var levy in role == DocumentRole.Consumer && sum.Metered != Energy.Zero ? tariff.Levies.Where(levy => levy.Carrier == sum.Carrier && levy.Rate != default) : [])
        {
            var amount = levy.Rate.Of(sum.Metered);
            yield return Line(BillLineKind.Levy, sum.Metered, amount, new LineTrace(BillLineKind.Levy.Name(), sum.TariffVersion,
            [
                new("side", (long)sum.Side),
                new("hours", sum.Hours),
                new("estimatedHours", sum.EstimatedHours),
                new("meteredWh", sum.Metered.WattHours),
                new("rateMicroPerKWh", levy.Rate.MicroPerKWh),
                new("exactMicro", amount.Micro),
            ])) with { Name = levy.Name };
        }

        BillLine Line(BillLineKind kind, Energy quantity, Money exact, LineTrace trace) => new()
        {
            Kind = kind, Carrier = sum.Carrier, Plant = sum.Plant, Quantity = quantity.WattHours, Exact = exact, Vat = vat, Trace = InPart(trace, sum.Part),
        };
    }

    private static LineTrace InPart(LineTrace trace, int part) => part == 0 ? trace : trace with { Inputs = [.. trace.Inputs, new("part", part)] };

    private static IEnumerable<KeyValuePair<string, long>> Price(string name, Price? price) =>
        price is { } known ? [new(name, known.MicroPerKWh)] : [];

    private static BillLine StandingCharge(SuppliedDays days, TariffTerms tariff)
    {
        var exact = Money.FromMicro(checked(tariff.StandingChargePerDay.Micro * days.Days));
        return new BillLine
        {
            Kind = BillLineKind.StandingCharge,
            Quantity = days.Days,
            Exact = exact,
            Vat = tariff.VatOf(null),
            Trace = InPart(
                new LineTrace(BillLineKind.StandingCharge.Name(), tariff.Version,
                [
                    new("days", days.Days),
                    new("rateMicroPerDay", tariff.StandingChargePerDay.Micro),
                    new("exactMicro", exact.Micro),
                ]),
                tariff.Part),
        };
    }

    /// <summary>A penalty pays for no service, and neither does a compensation, so that no tax falls on them; the other charges are taxed as what they stand on.</summary>
    private static BillLine ChargeLine(ChargeSum charge, DocumentRole role, TariffTerms tariff) => new()
    {
        Kind = charge.Kind.IsCharge() ? charge.Kind : throw new ArgumentException($"{charge.Kind} is a line of settled hours", nameof(charge)),
        Carrier = charge.Carrier,
        Plant = charge.Plant,
        Quantity = charge.Kind.Unit() == "hours" ? charge.Hours : charge.Energy.WattHours,
        Exact = charge.Amount,
        Vat = role == DocumentRole.Consumer && charge.Kind is not (BillLineKind.ChargingPenalty or BillLineKind.Curtailment) ? tariff.VatOf(charge.Carrier) : VatRate.Exempt,
        Trace = InPart(
            new LineTrace(charge.Kind.Name(), tariff.Version,
            [
                new("hours", charge.Hours),
                new("energyWh", charge.Energy.WattHours),
                new("exactMicro", charge.Amount.Micro),
            ]),
            tariff.Part),
    };

    private static BillLine StatedLine(StatedCharge charge, DocumentRole role, TariffTerms tariff)
    {
        // A compensation is damages, not a price, so that no tax falls on it.
        var taxed = role == DocumentRole.Consumer && charge.Kind != BillLineKind.TemperatureCompensation;
        var usual = taxed ? tariff.VatOf(charge.Carrier) : VatRate.Exempt;
        return new BillLine
        {
            Kind = charge.Kind.IsStated() ? charge.Kind : throw new ArgumentException($"{charge.Kind} is not stated from outside", nameof(charge)),
            Carrier = charge.Carrier,
            Plant = charge.Plant,
            Name = charge.Name,
            Quantity = charge.Quantity,
            Exact = charge.Amount,
            Vat = charge.Category is not { } category ? usual : category == VatCategory.Standard ? tariff.VatOf(charge.Carrier) : VatRate.Of(category, 0),
            Trace = InPart(
                new LineTrace(charge.Kind.Name(), tariff.Version, [.. charge.Inputs.Where(input => input.Key is not ("part" or "exactMicro")), new("exactMicro", charge.Amount.Micro)])
                {
                    Explanation = charge.Explanation, Unit = charge.Unit,
                },
                tariff.Part),
        };
    }

    private static BillLine ShareLine(RevenueShare share, BillLineKind kind, Money exact, int tariffVersion) => new()
    {
        Kind = kind,
        Plant = share.Plant,
        Quantity = share.ShareMillionths,
        Exact = exact,
        Vat = VatRate.Exempt,
        Trace = new LineTrace(kind.Name(), tariffVersion,
        [
            new("revenueMicro", share.Revenue.Micro),
            new("shareMillionths", share.ShareMillionths),
            new("investor", share.Investor),
            new("exactMicro", exact.Micro),
        ]),
    };
}
