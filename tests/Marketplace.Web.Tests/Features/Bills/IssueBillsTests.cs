using Marketplace.Data;
using Marketplace.Ledger;
using Marketplace.Quantities;
using Marketplace.Web.Features.Bills;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Shouldly;
using Xunit;
using static Marketplace.Web.Tests.Features.Bills.SettledWeekend;

namespace Marketplace.Web.Tests.Features.Bills;

public sealed class IssueBillsTests(MarketplaceHost host) : IClassFixture<MarketplaceHost>
{
    [Fact]
    public async Task A_period_becomes_documents_whose_sums_are_those_of_the_journal()
    {
        var weekend = await InAsync(host, "sums");

        var issued = await host.Send(new IssueBills(weekend.LoopId, Period));

        issued.Outcome.ShouldBe(BillingOutcome.Issued);
        var run = issued.Run.ShouldNotBeNull();
        run.Roles.Select(role => (role.Role, role.Documents)).ShouldBe([(Role.Consumer, 1), (Role.Producer, 2), (Role.Storage, 1), (Role.Investor, 1)]);
        run.IsSound.ShouldBeTrue();
        run.Trades.ShouldBe(Total(weekend.Positions, position => position.TradedAmount));
        run.Imbalance.ShouldBe(Total(weekend.Positions, position => position.ImbalanceAmount));
        run.NetworkFees.ShouldBe(Total(weekend.Positions, position => position.NetworkFee));
        run.StandingCharges.ShouldBe(Money.FromCents(50));
        run.TotalCents.ShouldBe(run.BillsCents + run.CreditsCents);

        var bills = await Bills(weekend);
        bills.Select(bill => (bill.Number, bill.MemberId, bill.Role)).ShouldBe(
        [
            ("SUMS-2026-000001", Household, Role.Consumer),
            ("SUMS-2026-000002", Household, Role.Producer),
            ("SUMS-2026-000003", Owner, Role.Producer),
            ("SUMS-2026-000004", StoreKeeper, Role.Storage),
            ("SUMS-2026-000005", Investor, Role.Investor),
        ]);
        bills[0].DueOn.ShouldBe(new DateOnly(2026, 3, 17));
        foreach (var bill in bills)
        {
            var record = CanonicalRecord.Parse(bill.Canonical);
            record.Title.ShouldBe("bill/v1");
            record.Fields[^1].ShouldBe(("total", bill.TotalCents.ToString(System.Globalization.CultureInfo.InvariantCulture)));
        }
    }

    [Fact]
    public async Task A_bill_is_the_sum_of_its_hours_rounded_once()
    {
        var weekend = await InAsync(host, "once");
        await host.Send(new IssueBills(weekend.LoopId, Period));

        var bill = await host.Send(new ShowBill(weekend.LoopId, "ONCE-2026-000001"), weekend.As(Household, Role.Consumer));

        var heat = weekend.Positions.Where(position => position.MemberId == Household && position.Carrier == Carrier.Heat).ToList();
        var power = weekend.Positions.Where(position => position.MemberId == Household && position.Carrier == Carrier.Electricity && position.Direction == MeterDirection.Consumption).ToList();
        Money[] exact =
        [
            Total(heat, position => position.TradedAmount), Total(heat, position => position.ImbalanceAmount), Total(heat, position => position.NetworkFee),
            Total(power, position => position.TradedAmount), Total(power, position => position.NetworkFee), Money.FromMicro(500_000),
        ];
        bill.Lines.Select(line => line.Exact).ShouldBe(exact);
        bill.Lines.Select(line => line.Cents).ShouldBe(exact.Select(amount => amount.Cents));
        bill.NetCents.ShouldBe(exact.Sum(amount => amount.Cents));
        bill.VatCents.ShouldBe((long)decimal.Round(bill.NetCents * 0.19m, 0, MidpointRounding.AwayFromZero));
        bill.TotalCents.ShouldBe(bill.NetCents + bill.VatCents);
        bill.EstimatedHours.ShouldBe(1);
        bill.Hours.ShouldBe(48);
        bill.Days.Aggregate(Money.Zero, (sum, day) => sum + day.Cost).ShouldBe(exact[..5].Aggregate(Money.Zero, (sum, amount) => sum + amount));
        foreach (var line in bill.Lines)
        {
            var detail = await host.Send(new ShowBillLine(weekend.LoopId, bill.Number, line.Number), weekend.As(Household, Role.Consumer));
            (detail.Hours.Count == 0 ? line.Exact : detail.Sum).ShouldBe(line.Exact, line.Kind.ToString());
        }
    }

    [Fact]
    public async Task An_investor_gets_a_share_of_the_revenue_and_the_owner_passes_it_on()
    {
        var weekend = await InAsync(host, "shares");
        await host.Send(new IssueBills(weekend.LoopId, Period));

        var revenue = -Total(weekend.Positions.Where(position => position.PlantCode == "pv"), position => position.TradedAmount + position.ImbalanceAmount + position.NetworkFee);
        var share = LargestRemainder.Split(revenue.Cents, [333_333, 666_667])[0];
        var statement = await host.Send(new ShowBill(weekend.LoopId, "SHARES-2026-000005"), weekend.As(Investor, Role.Investor));
        statement.TotalCents.ShouldBe(-share);
        var owner = await host.Send(new ShowBill(weekend.LoopId, "SHARES-2026-000003"), weekend.As(Owner, Role.Producer));
        owner.Lines[^1].Cents.ShouldBe(share);
    }

    [Fact]
    public async Task A_store_statement_says_what_it_held()
    {
        var weekend = await InAsync(host, "store");
        await host.Send(new IssueBills(weekend.LoopId, Period));

        var statement = await host.Send(new ShowBill(weekend.LoopId, "STORE-2026-000004"), weekend.As(StoreKeeper, Role.Storage));

        var store = statement.Stores.ShouldHaveSingleItem();
        store.AtStart.ShouldBe(new Energy(10_000));
        store.Charged.ShouldBe(new Energy(96_000));
        store.Discharged.ShouldBe(new Energy(91_200));
        (store.AtStart + store.Charged - store.Discharged - store.Lost).ShouldBe(store.AtEnd);
    }

    [Fact]
    public async Task Issued_twice_nothing_changes()
    {
        var weekend = await InAsync(host, "twice");
        var first = await host.Send(new IssueBills(weekend.LoopId, Period));
        var before = await State(host, weekend);

        var second = await host.Send(new IssueBills(weekend.LoopId, Period, Period.End.AddDays(40)));

        second.Outcome.ShouldBe(BillingOutcome.AlreadyIssued);
        second.Run!.TotalCents.ShouldBe(first.Run!.TotalCents);
        (await State(host, weekend)).ShouldBe(before);
    }

    [Fact]
    public async Task Issued_by_two_at_once_it_happens_once()
    {
        var weekend = await InAsync(host, "race");

        var outcomes = await Task.WhenAll(host.Send(new IssueBills(weekend.LoopId, Period)), host.Send(new IssueBills(weekend.LoopId, Period)));

        outcomes.Select(issued => issued.Outcome).Order().ShouldBe([BillingOutcome.Issued, BillingOutcome.AlreadyIssued]);
        (await Bills(weekend)).Count.ShouldBe(5);
    }

    [Fact]
    public async Task Killed_before_the_commit_nothing_is_kept_and_the_next_run_ends_the_same()
    {
        var fatal = new FatalMoment();
        var killed = new MarketplaceHost { Replace = services => services.AddSingleton(fatal).AddScoped<IPipelineBehavior<IssueBills, IssuedBills>, DieBeforeCommit>() };
        await killed.InitializeAsync();
        try
        {
            var weekend = await InAsync(killed, "alpha");
            fatal.IsNow = true;
            await Should.ThrowAsync<IOException>(() => killed.Send(new IssueBills(weekend.LoopId, Period)));
            (await State(killed, weekend)).ShouldBe("");

            fatal.IsNow = false;
            (await killed.Send(new IssueBills(weekend.LoopId, Period))).Outcome.ShouldBe(BillingOutcome.Issued);

            var undisturbed = await InAsync(host, "alpha");
            await host.Send(new IssueBills(undisturbed.LoopId, Period));
            (await State(killed, weekend)).ShouldBe(await State(host, undisturbed));
        }
        finally
        {
            await killed.DisposeAsync();
        }
    }

    [Fact]
    public async Task An_open_hour_blocks_the_period_and_is_named()
    {
        var weekend = await InAsync(host, "open", unsettled: Period.Start.AddHours(7));

        var blocked = await host.Send(new IssueBills(weekend.LoopId, Period));

        blocked.Outcome.ShouldBe(BillingOutcome.Blocked);
        blocked.Reason.ShouldNotBeNull().ShouldContain("2026-03-01T06:00:00Z");
        (await Bills(weekend)).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_period_without_a_tariff_is_blocked()
    {
        var weekend = await InAsync(host, "free", noTariff: true);

        (await host.Send(new IssueBills(weekend.LoopId, Period))).Reason.ShouldNotBeNull().ShouldContain("No tariff");
    }

    [Fact]
    public async Task A_period_that_overlaps_a_billed_one_is_blocked()
    {
        var weekend = await InAsync(host, "overlap");
        await host.Send(new IssueBills(weekend.LoopId, Period));

        (await host.Send(new IssueBills(weekend.LoopId, new Interval(Period.Start.AddHours(1), Period.End)))).Outcome.ShouldBe(BillingOutcome.Blocked);
    }

    [Fact]
    public async Task A_tariff_change_splits_the_period()
    {
        var weekend = await InAsync(host, "split", tariffChange: true);
        await host.Send(new IssueBills(weekend.LoopId, Period));

        var bill = await host.Send(new ShowBill(weekend.LoopId, "SPLIT-2026-000001"), weekend.As(Household, Role.Consumer));

        bill.Vat.Select(group => group.Rate.BasisPoints).ShouldBe([700, 1900]);
        bill.Lines.Where(line => line.Kind == Billing.BillLineKind.StandingCharge).Select(line => (line.Trace.TariffVersion, line.Quantity)).ShouldBe([(1, 1L), (2, 1L)]);
        var second = bill.Lines.First(line => line.Trace.TariffVersion == 2);
        (await host.Send(new ShowBillLine(weekend.LoopId, bill.Number, second.Number), weekend.As(Household, Role.Consumer))).Hours.Count.ShouldBe(24);
    }

    [Fact]
    public async Task A_journal_that_differs_from_the_positions_stops_the_run()
    {
        var weekend = await InAsync(host, "lost", loseATransfer: true);

        (await Should.ThrowAsync<BrokenInvariantException>(() => host.Send(new IssueBills(weekend.LoopId, Period))))
            .Invariant.ShouldContain("unbilled");
        (await State(host, weekend)).ShouldBe("");
    }

    private static Money Total(IEnumerable<Position> positions, Func<Position, Money> amount) =>
        positions.Aggregate(Money.Zero, (sum, position) => sum + amount(position));

    private Task<List<Bill>> Bills(SettledWeekend weekend) =>
        host.Look(db => db.Bills.AsNoTracking().Where(bill => bill.LoopId == weekend.LoopId).OrderBy(bill => bill.Id).ToListAsync());

    /// <summary>Everything that issuing writes, as text.</summary>
    private static Task<string> State(MarketplaceHost host, SettledWeekend weekend) => host.Look(async db =>
    {
        var bills = await db.Bills.AsNoTracking().Where(bill => bill.LoopId == weekend.LoopId).OrderBy(bill => bill.Id).ToListAsync();
        var lines = await db.BillLines.AsNoTracking().Where(line => line.LoopId == weekend.LoopId).OrderBy(line => line.BillId).ThenBy(line => line.Line).ToListAsync();
        var transfers = await db.Transfers.AsNoTracking().Where(transfer => transfer.LoopId == weekend.LoopId && transfer.Reference > 0)
            .OrderBy(transfer => transfer.Reference).ThenBy(transfer => transfer.Kind).ThenBy(transfer => transfer.DebitAccount).ToListAsync();
        var batches = await db.Database.SqlQuery<string>($"SELECT batch_key || ' ' || encode(entries_hash, 'hex') AS \"Value\" FROM ledger.batches WHERE loop_id = {weekend.LoopId}").ToListAsync();
        return string.Join('\n', bills.Select(bill => $"{bill.Id} {bill.Number} {bill.TotalCents} {bill.BatchPosition} {Convert.ToHexString(bill.Canonical)}")
            .Concat(lines.Select(line => $"{line.BillId} {line.Line} {line.Kind} {line.Amount.Micro} {line.AmountCents} {line.Trace}"))
            .Concat(transfers.Select(transfer => $"{transfer.Reference} {transfer.Kind} {transfer.DebitAccount} {transfer.CreditAccount} {transfer.Amount}"))
            .Concat(batches));
    });

    private sealed class FatalMoment
    {
        public bool IsNow { get; set; }
    }

    /// <summary>Stands inside the transaction: what dies here has written everything and committed nothing.</summary>
    private sealed class DieBeforeCommit(FatalMoment moment) : IPipelineBehavior<IssueBills, IssuedBills>
    {
        public async Task<IssuedBills> Handle(IssueBills request, CancellationToken cancellationToken, RequestHandlerDelegate<IssuedBills> next)
        {
            var issued = await next();
            return moment.IsNow ? throw new IOException("The process was killed") : issued;
        }
    }
}
