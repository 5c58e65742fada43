using FsCheck;
using FsCheck.Fluent;
using Marketplace.Quantities;
using Shouldly;
using Xunit;

namespace Marketplace.Billing.Tests;

public sealed class WhatChangedTests
{
    [Fact]
    public void A_colder_and_longer_month_at_a_higher_price_is_told_apart()
    {
        // 300 kWh at 10 ct in 30 days, 300 degree days; then 500 kWh at 12 ct in 31 days, 450 degree days.
        var before = Bill(30, 300_000, 0, Line(BillLineKind.Energy, 300_000, 30_000_000), Line(BillLineKind.StandingCharge, 30, 9_000_000, null));
        var after = Bill(31, 450_000, 0, Line(BillLineKind.Energy, 500_000, 60_000_000), Line(BillLineKind.StandingCharge, 31, 9_300_000, null));

        WhatChanged.Between(before, after).ShouldBe(
        [
            new Change(ChangeCause.Days, 100), // 30 € × 1/30
            new Change(ChangeCause.Weather, 1_400), // 30 € × 150/300 − 1 €
            new Change(ChangeCause.Volume, 500), // 200 kWh at 10 ct, less the 15 € above
            new Change(ChangeCause.Price, 1_000), // 500 kWh × 2 ct
            new Change(ChangeCause.Fixed, 30),
        ]);
    }

    [Fact]
    public void The_same_bill_again_has_no_cause()
    {
        var bill = Bill(30, 0, 171, Line(BillLineKind.Energy, 5_000, 9_000_000));
        WhatChanged.Between(bill, bill).ShouldBeEmpty();
    }

    [Fact]
    public void A_carrier_that_is_new_is_volume_and_a_fee_at_another_rate_is_a_fee()
    {
        var before = Bill(30, 0, 0, Line(BillLineKind.NetworkFee, 100_000, 1_000_000));
        var after = Bill(30, 0, 0, Line(BillLineKind.NetworkFee, 100_000, 1_500_000), Line(BillLineKind.Energy, 10_000, 700_000, Carrier.Cold));
        WhatChanged.Between(before, after).ShouldBe([new Change(ChangeCause.Volume, 70), new Change(ChangeCause.Fees, 50)]);
    }

    [Fact]
    public void Whatever_the_bills_the_causes_add_up_to_the_difference()
    {
        var line = from kind in Gen.Elements(BillLineKind.Energy, BillLineKind.Imbalance, BillLineKind.NetworkFee, BillLineKind.StandingCharge, BillLineKind.Correction, BillLineKind.Levy)
                   from carrier in Gen.Elements<Carrier?>(Carrier.Heat, Carrier.Cold, Carrier.Electricity)
                   from quantity in Gen.Choose(-1_000_000, 1_000_000)
                   from micro in Gen.Choose(-2_000_000_000, 2_000_000_000)
                   select new ComparedLine(kind, carrier, "", quantity, new Money(micro));
        var bill = from lines in line.ListOf()
                   from days in Gen.Choose(0, 31)
                   from degrees in Gen.Choose(0, 600_000)
                   from vat in Gen.Choose(-100_000, 100_000)
                   select Bill(days, degrees, vat, [.. lines]);
        Prop.ForAll(bill.ToArbitrary(), bill.ToArbitrary(), (before, after) =>
            WhatChanged.Between(before, after).Sum(change => change.Cents) == after.TotalCents - before.TotalCents).QuickCheckThrowOnFailure();
    }

    private static ComparedLine Line(BillLineKind kind, long quantity, long micro, Carrier? carrier = Carrier.Heat) => new(kind, carrier, "", quantity, new Money(micro));

    private static ComparedBill Bill(int days, long degreeDays, long vatCents, params ComparedLine[] lines) => new()
    {
        Lines = lines, Days = days, VatCents = vatCents, TotalCents = vatCents + lines.Sum(line => line.Exact.Cents),
        DegreeDays = new Dictionary<Carrier, long> { [Carrier.Heat] = degreeDays },
    };
}
