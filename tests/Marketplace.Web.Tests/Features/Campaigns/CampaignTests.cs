using System.Security.Cryptography;
using System.Text;
using Marketplace.Contracts.CrowdSales;
using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Features.Campaigns;
using Marketplace.Web.Features.Operations;
using Marketplace.Web.Features.Orders;
using Marketplace.Web.Features.Payments;
using Marketplace.Web.Features.Signing;
using Marketplace.Web.Pipeline;
using Marketplace.Web.Tests.Features.Governance;
using Marketplace.Web.Tests.Features.Signing;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Shouldly;
using Xunit;

namespace Marketplace.Web.Tests.Features.Campaigns;

public sealed class CampaignTests : IAsyncLifetime
{
    private const int Owner = 2;
    private readonly MarketplaceHost _host = TestPasskey.Host();

    public Task InitializeAsync() => _host.InitializeAsync();

    public Task DisposeAsync() => _host.DisposeAsync();

    private async Task<GovernedLoop> LoopAsync(string slug)
    {
        var loop = await GovernedLoop.CreateAsync(_host, slug, 4);
        await _host.Put(db => db.Plants.Add(new PlantRecord { LoopId = loop.Id, Code = "pv", Name = "Roof", OwnerId = Owner, Definition = "{}" }));
        foreach (var member in new[] { 3, 4, 5 })
        {
            await _host.Send(new RecordReceipt(loop.Id, member, Guid.NewGuid(), ReceiptKind.Payment, Money.FromCents(100_000)), loop.Operator);
        }

        return loop;
    }

    private static OpenCampaign Equity(GovernedLoop loop, int share = 300_000) => new(
        loop.Id, Owner, Guid.NewGuid(), "pv", CampaignKind.Equity, "A roof for all", "Forty modules on the school's roof; hail could break them.", Money.FromCents(150_000), Money.FromCents(5_000),
        new ReturnAssumptions(Money.FromCents(60_000), share, 0, 10), 10);

    private async Task PledgeAsync(GovernedLoop loop, int member, int campaign, long cents, Guid? submission = null)
    {
        var id = submission ?? Guid.NewGuid();
        var act = await _host.Send(new PreparePledge(loop.Id, member, campaign, id, Money.FromCents(cents)), loop.ActorOf(member));
        var signed = await loop.PasskeyOf(member).SignAsync(_host, act, loop.ActorOf(member));
        var pledge = new MakePledge(loop.Id, member, campaign, id, Money.FromCents(cents), signed);
        await _host.Send(pledge, loop.ActorOf(member));
        await _host.Send(pledge, loop.ActorOf(member));
    }

    [Fact]
    public async Task What_a_member_pledges_is_for_itself_and_the_operator_to_read()
    {
        using var loop = await LoopAsync("discreet");
        var campaign = await _host.Send(Equity(loop), loop.ActorOf(Owner));
        await PledgeAsync(loop, 3, campaign, 20_000);
        var signature = await _host.Look(db => db.Database.SqlQuery<long>($"SELECT signature_id AS \"Value\" FROM market.campaign_pledges WHERE loop_id = {loop.Id}").SingleAsync());
        (await _host.Send(new ShowSignature(loop.Id, signature), loop.ActorOf(3))).Statement.ShouldContain("Pledge 200.00");
        (await _host.Send(new ShowSignature(loop.Id, signature), loop.Operator)).Method.ShouldBe("passkey");
        await Should.ThrowAsync<NotPermittedException>(() => _host.Send(new ShowSignature(loop.Id, signature), loop.ActorOf(4)));
    }

    [Fact]
    public async Task A_form_cannot_name_another_movement_of_money()
    {
        using var loop = await LoopAsync("names");
        var campaign = await _host.Send(Equity(loop), loop.ActorOf(Owner));
        var name = Guid.NewGuid();
        await _host.Send(new RecordReceipt(loop.Id, 3, name, ReceiptKind.Payment, Money.FromCents(5_000)), loop.Operator);

        // The submission of the receipt, and the name of the campaign's own end: both are only forms' names to a pledge.
        await PledgeAsync(loop, 3, campaign, 5_000, name);
        await PledgeAsync(loop, 4, campaign, 10_000, new Guid(SHA256.HashData(Encoding.UTF8.GetBytes($"campaign/{loop.Id}/{campaign}/owner")).AsSpan(0, 16)));
        (await CreditAsync(loop, 3)).ShouldBe(100_000);
        (await CreditAsync(loop, 4)).ShouldBe(90_000);
        (await HeldAsync(loop)).ShouldBe(15_000);
    }

    private async Task<long> CreditAsync(GovernedLoop loop, int member)
    {
        await using var scope = _host.Services.CreateAsyncScope();
        return -(await scope.ServiceProvider.GetRequiredService<AccountBook>().ReadAsync(loop.Id, member, CancellationToken.None)).Items.BalanceCents;
    }

    private async Task<long> HeldAsync(GovernedLoop loop)
    {
        var totals = await _host.Send(new TrialBalance(loop.Id, new Interval(MarketplaceHost.Start.AddDays(-1), MarketplaceHost.Start.AddDays(60))));
        totals.Money.Sum(account => account.Debits).ShouldBe(totals.Money.Sum(account => account.Credits));
        var held = totals.Money.SingleOrDefault(account => account.Kind == AccountKind.Pledges);
        return held is null ? 0 : Money.FromMicro(held.Credits - held.Debits).Cents;
    }

    private async Task<string> BoundAsync(Func<Task> act) => (await Should.ThrowAsync<RefusedException>(act)).Problems[0].Bound!;

    [Fact]
    public async Task A_target_that_is_reached_brings_the_owner_the_money_and_the_members_their_shares()
    {
        using var loop = await LoopAsync("reached");
        var open = Equity(loop);
        var id = await _host.Send(open, loop.ActorOf(Owner));
        (await _host.Send(open, loop.ActorOf(Owner))).ShouldBe(id);
        await PledgeAsync(loop, 3, id, 100_000);
        (await BoundAsync(() => PledgeAsync(loop, 3, id, 5_000))).ShouldBe("balance");
        (await BoundAsync(() => PledgeAsync(loop, 4, id, 60_000))).ShouldBe("amount");
        (await BoundAsync(() => PledgeAsync(loop, 4, id, 100))).ShouldBe("amount");
        await PledgeAsync(loop, 4, id, 20_000);
        (await HeldAsync(loop), await CreditAsync(loop, 3), await CreditAsync(loop, 4)).ShouldBe((120_000, 0, 80_000));
        (await _host.Send(new EndCampaigns(loop.Id))).ShouldBe(0);
        await PledgeAsync(loop, 5, id, 30_000);
        (await BoundAsync(() => PledgeAsync(loop, 5, id, 5_000))).ShouldBe("closed");

        (await _host.Send(new EndCampaigns(loop.Id))).ShouldBe(1);
        (await _host.Send(new EndCampaigns(loop.Id))).ShouldBe(0);

        (await HeldAsync(loop), await CreditAsync(loop, Owner), await CreditAsync(loop, 4), await CreditAsync(loop, 5)).ShouldBe((0, 150_000, 80_000, 70_000));
        (await _host.Look(db => db.PlantShares.Where(share => share.LoopId == loop.Id).OrderBy(share => share.MemberId).ToListAsync()))
            .Select(share => (share.MemberId, share.ShareMillionths, share.Invested.Cents)).ShouldBe([(3, 200_000, 100_000), (4, 40_000, 20_000), (5, 60_000, 30_000)]);
        var view = await _host.Send(new ShowCampaign(loop.Id, id, 3), loop.ActorOf(3));
        (view.Campaign.Reached, view.Own.Count).ShouldBe((true, 1));
    }

    [Fact]
    public async Task A_target_that_is_missed_gives_everything_back_once_and_a_fault_halfway_changes_nothing()
    {
        using var loop = await LoopAsync("missed");
        var id = await _host.Send(Equity(loop), loop.ActorOf(Owner));
        await PledgeAsync(loop, 3, id, 40_000);
        await PledgeAsync(loop, 4, id, 10_000);
        await PledgeAsync(loop, 3, id, 5_000);
        _host.Time.Advance(TimeSpan.FromDays(11));
        (await BoundAsync(() => PledgeAsync(loop, 5, id, 5_000))).ShouldBe("closed");

        // Somebody has the last movement's name already: the first ones of the same transaction are undone with it.
        await using (var db = new NpgsqlDatabase(_host))
        {
            await db.ExecuteAsync("ALTER TABLE market.campaign_results ADD CONSTRAINT halfway CHECK (reached)");
            await Should.ThrowAsync<Exception>(() => _host.Send(new EndCampaigns(loop.Id)));
            (await HeldAsync(loop), await CreditAsync(loop, 3), await CreditAsync(loop, 4)).ShouldBe((55_000, 55_000, 90_000));
            await db.ExecuteAsync("ALTER TABLE market.campaign_results DROP CONSTRAINT halfway");
        }

        (await _host.Send(new EndCampaigns(loop.Id))).ShouldBe(1);
        (await _host.Send(new EndCampaigns(loop.Id))).ShouldBe(0);

        (await HeldAsync(loop), await CreditAsync(loop, 3), await CreditAsync(loop, 4), await CreditAsync(loop, Owner)).ShouldBe((0, 100_000, 100_000, 0));
        (await _host.Look(db => db.PlantShares.AnyAsync(share => share.LoopId == loop.Id))).ShouldBeFalse();
    }

    [Fact]
    public async Task No_more_of_a_plant_is_offered_than_there_is_and_only_by_its_owner()
    {
        using var loop = await LoopAsync("offers");
        await _host.Send(Equity(loop, 700_000), loop.ActorOf(Owner));

        (await Should.ThrowAsync<RefusedException>(() => _host.Send(Equity(loop, 300_001), loop.ActorOf(Owner)))).Message.ShouldContain("70 %");
        await Should.ThrowAsync<NotPermittedException>(() => _host.Send(Equity(loop), loop.ActorOf(3)));
        (await Should.ThrowAsync<RefusedException>(() => _host.Send(Equity(loop) with { MemberId = 3 }, loop.ActorOf(3)))).Problems[0].Field.ShouldBe("PlantCode");
    }
}
