using System.Text;
using Marketplace.Data;
using Marketplace.Ledger;
using Marketplace.Quantities;
using Marketplace.Web.Features.Bills;
using Marketplace.Web.Features.Ledger;
using Marketplace.Web.Pipeline;
using Microsoft.Extensions.DependencyInjection;
using Shouldly;
using Xunit;
using static Marketplace.Web.Tests.Features.Bills.SettledWeekend;

namespace Marketplace.Web.Tests.Features.Bills;

public sealed class WhoSeesBillsTests(MarketplaceHost host) : IClassFixture<MarketplaceHost>
{
    [Fact]
    public async Task Another_member_gets_nothing()
    {
        var weekend = await Billed("sealed");
        var number = "SEALED-2026-000001";
        foreach (var stranger in new[] { weekend.As(Neighbour, Role.Consumer), weekend.As(Owner, Role.Producer), weekend.As(Neighbour, Role.Auditor), Actor.Visitor })
        {
            await Should.ThrowAsync<NotPermittedException>(() => host.Send(new ShowBill(weekend.LoopId, number), stranger));
            await Should.ThrowAsync<NotPermittedException>(() => host.Send(new ShowBillLine(weekend.LoopId, number, 1), stranger));
            await Should.ThrowAsync<NotPermittedException>(() => host.Send(new ShowBilledHour(weekend.LoopId, number, 1, Period.Start), stranger));
            await Should.ThrowAsync<NotPermittedException>(() => host.Send(new ReadHours(weekend.LoopId, number), stranger));
            await Should.ThrowAsync<NotPermittedException>(() => host.Send(new ProveBill(weekend.LoopId, number), stranger));
            await Should.ThrowAsync<NotPermittedException>(() => host.Send(new ShowBillRuns(weekend.LoopId), stranger));
            await Should.ThrowAsync<NotPermittedException>(() => host.Send(new IssueBills(weekend.LoopId, Period), stranger));
        }

        (await host.Send(new ListBills(weekend.LoopId), weekend.As(Neighbour, Role.Consumer))).Bills.ShouldBeEmpty();
    }

    [Fact]
    public async Task An_operator_of_another_loop_gets_nothing()
    {
        var here = await Billed("here");
        var there = await Billed("there");

        await Should.ThrowAsync<NotPermittedException>(() => host.Send(new ShowBill(here.LoopId, "HERE-2026-000001"), there.As(Operator, Role.Operator)));
        await Should.ThrowAsync<NotPermittedException>(() => host.Send(new ShowBill(there.LoopId, "HERE-2026-000001"), there.As(Operator, Role.Operator)));
    }

    [Fact]
    public async Task A_member_sees_the_own_documents_and_the_operator_all_of_them()
    {
        var weekend = await Billed("own");

        (await host.Send(new ListBills(weekend.LoopId), weekend.As(Household, Role.Consumer))).Bills.Select(bill => bill.Role).ShouldBe([Role.Consumer, Role.Producer]);
        var run = await host.Send(new ShowBillRun(weekend.LoopId, Period), weekend.As(Operator, Role.Operator));
        run.Bills.Count.ShouldBe(5);
        run.Run.IsSound.ShouldBeTrue();
        (await host.Send(new ShowBill(weekend.LoopId, "OWN-2026-000005"), weekend.As(Operator, Role.Operator))).MemberId.ShouldBe(Investor);
    }

    [Fact]
    public async Task Every_hour_is_in_the_file()
    {
        var weekend = await Billed("file");

        var csv = await host.Send(new ReadHours(weekend.LoopId, "FILE-2026-000001"), weekend.As(Household, Role.Consumer));

        var rows = csv.Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        rows.Length.ShouldBe(1 + (48 * 2));
        rows[0].ShouldStartWith("hour_utc,hour_local,carrier,");
        rows[1].ShouldBe("2026-02-28T23:00:00Z,2026-03-01T00:00+01:00,heat,taken,,1000,1101,80000,80000,160000,16160,13212,no");
        var one = await host.Send(new ReadHours(weekend.LoopId, "FILE-2026-000001", 1), weekend.As(Household, Role.Consumer));
        one.Split("\r\n", StringSplitOptions.RemoveEmptyEntries).Length.ShouldBe(1 + 48);
    }

    [Fact]
    public async Task An_hour_shows_its_difference_and_its_neighbours()
    {
        var weekend = await Billed("hour");

        var hour = await host.Send(new ShowBilledHour(weekend.LoopId, "HOUR-2026-000001", 2, Period.Start.AddHours(5)), weekend.As(Household, Role.Consumer));

        hour.Hour.Quantity.ShouldBe(new Energy(-53));
        hour.Hour.Estimated.ShouldBeTrue();
        hour.Earlier.ShouldBe(Period.Start.AddHours(4));
        hour.Later.ShouldBe(Period.Start.AddHours(6));
        await Should.ThrowAsync<NotPermittedException>(() =>
            host.Send(new ShowBilledHour(weekend.LoopId, "HOUR-2026-000001", 2, Period.End), weekend.As(Household, Role.Consumer)));
    }

    [Fact]
    public async Task A_bill_can_be_proved_by_its_file_alone()
    {
        var weekend = await Billed("proof");
        await host.Services.GetRequiredService<Sequencer>().PublishAsync(weekend.LoopId, CancellationToken.None);

        var answer = await host.Send(new ProveBill(weekend.LoopId, "PROOF-2026-000001"), weekend.As(Household, Role.Consumer));

        answer.State.ShouldBe(ProofState.Proved);
        var proof = TlogProof.Parse(Encoding.UTF8.GetBytes(answer.File!));
        var opening = proof.Extra!.Value.Span;
        proof.Proves(MerkleHash.Leaf(Commitment.OfOpening(opening)), Checkpoint.Parse(proof.Note.Text)).ShouldBeTrue();
        Encoding.UTF8.GetString(Commitment.RecordIn(opening)).ShouldStartWith("bill/v1\nloop proof\nnumber PROOF-2026-000001\nmember m-02\nrole consumer\n");
    }

    private async Task<SettledWeekend> Billed(string slug)
    {
        var weekend = await InAsync(host, slug);
        (await host.Send(new IssueBills(weekend.LoopId, Period))).Outcome.ShouldBe(BillingOutcome.Issued);
        return weekend;
    }
}
