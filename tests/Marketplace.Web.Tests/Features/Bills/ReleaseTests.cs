using Marketplace.Billing;
using Marketplace.Data;
using Marketplace.Web.Features.Bills;
using Marketplace.Web.Pipeline;
using Microsoft.EntityFrameworkCore;
using Shouldly;
using Xunit;
using static Marketplace.Web.Tests.Features.Bills.SettledWeekend;

namespace Marketplace.Web.Tests.Features.Bills;

/// <summary>A real loop: nothing goes out that is incomplete, and nobody waits for somebody else.</summary>
public sealed class ReleaseTests(MarketplaceHost host) : IClassFixture<MarketplaceHost>
{
    [Fact]
    public async Task One_member_without_an_address_keeps_nobody_else_waiting()
    {
        var weekend = await LiveAsync("apart", terms: true, Owner, StoreKeeper, Investor);

        var issued = await host.Send(new IssueBills(weekend.LoopId, Period));

        issued.Outcome.ShouldBe(BillingOutcome.Issued);
        issued.Blocks.ShouldHaveSingleItem().Kind.ShouldBe(BlockKind.NoAddress);
        issued.Run!.Waiting.ShouldBe(1);
        issued.Run.IsSound.ShouldBeTrue();
        var queue = await host.Send(new ShowBillsToRelease(weekend.LoopId), weekend.As(Operator, Role.Operator));
        var period = queue.Periods.ShouldHaveSingleItem();
        (period.Issued, period.Ready).ShouldBe((3, 0));
        period.Documents.ShouldAllBe(document => document.MemberId == Household && document.Blocks.Count == 1);

        var waiting = await host.Send(new BillsWaiting(weekend.LoopId), weekend.As(Operator, Role.Operator));
        (waiting.Blocked.Count, waiting.ToRelease.Count, waiting.Members).ShouldBe((1, 0, 0));
        await Should.ThrowAsync<NotPermittedException>(() => host.Send(new BillsWaiting(weekend.LoopId), weekend.As(Household, Role.Consumer)));

        await AddressAsync(weekend, Household);
        (await host.Send(new ShowBillsToRelease(weekend.LoopId), weekend.As(Operator, Role.Operator))).Periods.ShouldHaveSingleItem().Ready
            .ShouldBe(2, "what was worked out is let go when something it rests on changes");
        var further = await host.Send(new ShowBillsToRelease(weekend.LoopId, Page: 2), weekend.As(Operator, Role.Operator));
        (further.Periods[0].Count, further.Periods[0].Documents.Count).ShouldBe((2, 0));
        var released = await host.Send(new ReleaseBills(weekend.LoopId, Period), weekend.As(Operator, Role.Operator));

        released.Outcome.ShouldBe(BillingOutcome.Issued);
        released.Run!.Waiting.ShouldBe(0);
        (await host.Send(new BillsWaiting(weekend.LoopId), weekend.As(Operator, Role.Operator))).Any.ShouldBeFalse();
        (await host.Send(new ShowBillsToRelease(weekend.LoopId), weekend.As(Operator, Role.Operator))).Periods.ShouldBeEmpty();
        (await host.Send(new IssueBills(weekend.LoopId, Period))).Outcome.ShouldBe(BillingOutcome.AlreadyIssued);
        (await host.Look(db => db.Bills.CountAsync(bill => bill.LoopId == weekend.LoopId))).ShouldBe(5);
    }

    [Fact]
    public async Task A_bill_whose_tax_the_member_owes_waits_for_the_members_identifier()
    {
        var weekend = await LiveAsync("reverse", terms: true, Household, Owner, StoreKeeper, Investor);
        await host.Put(db => db.Add(new TaxRate
        {
            LoopId = weekend.LoopId, Number = 1, Carrier = 0, ValidFrom = Period.Start.AddDays(-1), Category = VatCategory.ReverseCharge, BasisPoints = 0, Reason = "For the test", SetAt = Period.Start,
        }));

        var issued = await host.Send(new IssueBills(weekend.LoopId, Period));

        var block = issued.Blocks.Where(block => block.Member == Household).ShouldHaveSingleItem();
        block.Kind.ShouldBe(BlockKind.NoTaxIdentifier);
        block.Words.ShouldContain("reverse charge");
        await host.Put(db => db.BillRecipients.Single(recipient => recipient.LoopId == weekend.LoopId && recipient.MemberId == Household).Details =
            new PartyDetails { Name = "Member", Street = "Ring 2", PostCode = "00001", City = "Alpha", Country = "DE", VatId = "DE136695976" });
        (await host.Send(new ShowBillsToRelease(weekend.LoopId), weekend.As(Operator, Role.Operator))).Periods.SelectMany(period => period.Documents)
            .Where(document => document.MemberId == Household).SelectMany(document => document.Blocks).ShouldBeEmpty();
    }

    [Fact]
    public async Task Bills_with_tax_wait_for_the_identifier_of_who_writes_them()
    {
        var weekend = await LiveAsync("unknown-office", terms: true, Household, Owner, StoreKeeper, Investor);
        await host.Put(db => db.BillIssuers.Single(issuer => issuer.LoopId == weekend.LoopId).Details =
            new PartyDetails { Name = "Alpha", Street = "Ring 1", PostCode = "00001", City = "Alpha", Country = "DE" });

        var issued = await host.Send(new IssueBills(weekend.LoopId, Period));

        issued.Blocks.ShouldContain(block => block.Kind == BlockKind.NoIssuerIdentifier && block.Member == Household);
        (await host.Look(db => db.Bills.AnyAsync(bill => bill.LoopId == weekend.LoopId && bill.MemberId == Household && bill.Role == Role.Consumer))).ShouldBeFalse();
    }

    [Fact]
    public async Task An_investor_waits_with_the_owner_whose_revenue_is_shared()
    {
        var weekend = await LiveAsync("pair", terms: true, Household, StoreKeeper, Investor);

        var issued = await host.Send(new IssueBills(weekend.LoopId, Period));

        issued.Blocks.Select(block => (block.Kind, block.Member)).ShouldBe([(BlockKind.NoAddress, Owner), (BlockKind.Partner, Investor)]);
        issued.Run!.Roles.Sum(role => role.Documents).ShouldBe(3);
        issued.Run.IsSound.ShouldBeTrue();
    }

    [Fact]
    public async Task A_bill_for_heat_waits_until_the_loop_has_said_what_the_law_wants()
    {
        var weekend = await LiveAsync("law", terms: false, Household, Owner, StoreKeeper, Investor);

        var issued = await host.Send(new IssueBills(weekend.LoopId, Period));
        issued.Blocks.ShouldHaveSingleItem().ShouldSatisfyAllConditions(
            block => block.Kind.ShouldBe(BlockKind.Terms), block => block.Member.ShouldBe(Household), block => block.Words.ShouldContain("how to complain"));

        await host.Send(new SetBillingTerms(weekend.LoopId, "Advice", "Agency", "Write to us", "The body", 9_000, null, null, 60, false), weekend.As(Operator, Role.Operator));
        (await host.Send(new ReleaseBills(weekend.LoopId, Period), weekend.As(Operator, Role.Operator))).Blocks.ShouldBeEmpty();

        var number = await host.Look(db => db.Bills.Where(bill => bill.LoopId == weekend.LoopId && bill.MemberId == Household && bill.Role == Role.Consumer).Select(bill => bill.Number).SingleAsync());
        var bill = await host.Send(new ShowBill(weekend.LoopId, number), weekend.As(Household, Role.Consumer));
        var facts = bill.Facts.ShouldNotBeNull();
        facts.Complaints.ShouldBe("Write to us");
        var heat = facts.Carriers.Single(carrier => carrier.Carrier == Quantities.Carrier.Heat);
        heat.UsedWh.ShouldBe(weekend.Positions.Where(position => position.MemberId == Household && position.Carrier == Quantities.Carrier.Heat).Sum(position => position.Metered.WattHours));
        heat.Sources.Sum(source => source.Millionths).ShouldBe(1_000_000);
        heat.NormalWh.ShouldBe((9_000_000L * 2 + 182) / 365);
        heat.Estimates.ShouldHaveSingleItem().Hours.ShouldBe(1);
        var stored = await host.Look(db => db.Bills.AsNoTracking().SingleAsync(row => row.LoopId == weekend.LoopId && row.Number == number));
        var json = await host.Look(db => db.BillFacts.Where(row => row.LoopId == weekend.LoopId && row.BillId == stored.Id).Select(row => row.Facts).SingleAsync());
        System.Text.Encoding.UTF8.GetString(stored.Canonical).ShouldContain("\nfacts " + BillKeys.FactsHash(json) + "\n");
    }

    [Fact]
    public async Task Nobody_to_write_the_bills_blocks_the_whole_period()
    {
        var weekend = await InAsync(host, "nobody");
        await host.Put(db => db.Loops.Find(weekend.LoopId)!.Kind = LoopKind.Live);

        (await host.Send(new IssueBills(weekend.LoopId, Period))).ShouldSatisfyAllConditions(
            blocked => blocked.Outcome.ShouldBe(BillingOutcome.Blocked), blocked => blocked.Blocks.ShouldHaveSingleItem().Kind.ShouldBe(BlockKind.NoIssuer));
        await Should.ThrowAsync<NotPermittedException>(() => host.Send(new ShowBillsToRelease(weekend.LoopId), weekend.As(Household, Role.Consumer)));
        await Should.ThrowAsync<RefusedException>(() => host.Send(new ReleaseBills(weekend.LoopId, Period), weekend.As(Operator, Role.Operator)));
    }

    [Fact]
    public async Task A_preview_is_the_bill_that_will_be_issued_and_writes_nothing()
    {
        var weekend = await InAsync(host, "ahead");
        await host.Put(db => db.Loops.Find(weekend.LoopId)!.FirstHour = Period.Start);

        var preview = await host.Send(new PreviewBill(weekend.LoopId, Household), weekend.As(Household, Role.Consumer));

        (await host.Look(db => db.Bills.AnyAsync(bill => bill.LoopId == weekend.LoopId))).ShouldBeFalse();
        preview.Period.ShouldBe(Period);
        await host.Send(new IssueBills(weekend.LoopId, Period));
        var bills = await host.Look(db => db.Bills.AsNoTracking().Where(bill => bill.LoopId == weekend.LoopId && bill.MemberId == Household).OrderBy(bill => bill.Id).ToListAsync());
        preview.Documents.Select(document => document.TotalCents).ShouldBe(bills.Select(bill => bill.TotalCents));
        preview.Documents[0].ExpectedCents.ShouldBeGreaterThan(preview.Documents[0].TotalCents);
        await Should.ThrowAsync<NotPermittedException>(() => host.Send(new PreviewBill(weekend.LoopId, Household), weekend.As(Neighbour, Role.Consumer)));
    }

    private async Task<SettledWeekend> LiveAsync(string slug, bool terms, params int[] addressed)
    {
        var weekend = await InAsync(host, slug);
        await host.Put(db =>
        {
            db.Loops.Find(weekend.LoopId)!.Kind = LoopKind.Live;
            db.BillIssuers.Add(new BillIssuer { LoopId = weekend.LoopId, SetAt = Period.Start, Details = new PartyDetails { Name = "Alpha", Street = "Ring 1", PostCode = "00001", City = "Alpha", Country = "DE", TaxNumber = "1/2/3" } });
            if (terms)
            {
                db.BillingTerms.Add(new BillingTerms { LoopId = weekend.LoopId, Version = 1, ConsumerBodies = "Advice", EnergyAgencies = "Agency", Complaints = "Write", Disputes = "Body", NormalHeat = 9_000, SetAt = Period.Start });
            }
        });
        foreach (var member in addressed)
        {
            await AddressAsync(weekend, member);
        }

        return weekend;
    }

    private Task AddressAsync(SettledWeekend weekend, int member) => host.Put(db => db.BillRecipients.Add(new BillRecipient
    {
        LoopId = weekend.LoopId, MemberId = member, SetAt = Period.Start, Details = new PartyDetails { Name = $"Member {member}", Street = "Ring 2", PostCode = "00001", City = "Alpha", Country = "DE" },
    }));
}
