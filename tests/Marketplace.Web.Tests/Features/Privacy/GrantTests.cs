using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Features.Bills;
using Marketplace.Web.Features.Bills.Documents;
using Marketplace.Web.Features.Consumption;
using Marketplace.Web.Features.Ledger;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Features.Members;
using Marketplace.Web.Features.Metering;
using Marketplace.Web.Features.Privacy;
using Marketplace.Web.Pipeline;
using Marketplace.Web.Tests.Features.Accounts;
using Marketplace.Web.Tests.Features.Bills;
using MediatR;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Shouldly;
using Xunit;
using static Marketplace.Web.Tests.Features.Bills.SettledWeekend;

namespace Marketplace.Web.Tests.Features.Privacy;

/// <summary>Before a grant nothing, during it what was granted and nothing more, after it nothing; other members never.</summary>
public sealed class GrantTests : IAsyncLifetime
{
    private static readonly DateOnly Today = DateOnly.FromDateTime(MarketplaceHost.Start.UtcDateTime);

    private readonly AccountsHost _host = new();
    private SettledWeekend _weekend = default!;
    private (Guid Id, string Email) _kim, _landlord, _neighbour;

    private int Loop => _weekend.LoopId;

    private Actor Kim => People.Acting(_kim.Id, new RoleHeld(Loop, Household, Role.Consumer));

    /// <summary>Somebody of another loop; and somebody of this one, whom the outer doors let in.</summary>
    private Actor Landlord => People.Acting(_landlord.Id);

    private Actor NextDoor => People.Acting(_neighbour.Id, new RoleHeld(Loop, Neighbour, Role.Consumer));

    private ShowBill Bill => new(Loop, "GRANTS-2026-000001");

    private SharedConsumption Use => new(Loop, Household, Period, Grain.Day);

    public async Task InitializeAsync()
    {
        await _host.InitializeAsync();
        _weekend = await InAsync(_host, "grants");
        _kim = await _host.AddPerson(Loop, Household);
        _neighbour = await _host.AddPerson(Loop, Neighbour);
        await _host.Put(db => db.MemberRoles.Add(new MemberRole { LoopId = Loop, MemberId = Household, Role = Role.Consumer }));
        var elsewhere = await _host.AddLoop("elsewhere");
        _landlord = await _host.AddPerson(elsewhere, 2);
        await _host.Send(new IssueBills(Loop, Period));
    }

    public Task DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task Days_that_no_calendar_holds_are_refused_in_words()
    {
        foreach (var (from, until) in new[] { (DateOnly.MinValue, DateOnly.MinValue), (Today, DateOnly.MaxValue), (DateOnly.MaxValue, DateOnly.MaxValue), (DateOnly.MinValue, Today) })
        {
            var refused = await Should.ThrowAsync<RefusedException>(() => _host.Send(new GrantAccess(Loop, Household, "a@b.example", GrantRelation.Other, GrantScope.Bills, from, until), Kim));
            refused.Message.ShouldContain("between 1990 and 2200");
        }
    }

    [Fact]
    public async Task Bills_only_shows_the_documents_and_no_hours_and_ends_at_once_when_taken_back()
    {
        foreach (var guest in new[] { Landlord, NextDoor })
        {
            await Denied(guest, Bill, Use, new ListSharedBills(Loop, Household), new ReadInvoice(Loop, Bill.Number));
            var id = await Grant(guest, GrantScope.Bills);

            (await _host.Send(Bill, guest)).Number.ShouldBe(Bill.Number);
            (await _host.Send(new ListSharedBills(Loop, Household), guest)).Count.ShouldBe(2);
            (await _host.Send(new ListShared(), guest)).ShouldHaveSingleItem().Member.ShouldBe("Kim");
            await Denied(guest, Use, new ConsumptionOf(Loop, Household, Period, Grain.Day), new ReadHours(Loop, Bill.Number), new ReadAmounts(Loop, Bill.Number),
                new ReadRecord(Loop, Bill.Number), new ShowBillLine(Loop, Bill.Number, 1), new ShowBilledHour(Loop, Bill.Number, 1, Period.Start));
            await Denied(guest, new ReadingsOf(Loop, Household, Period), new ShowGrants(Loop, Household), new RevokeAccess(Loop, Household, id),
                new GrantAccess(Loop, Household, "third@party.example", GrantRelation.Other, GrantScope.Bills, Today, Today));
            await Denied(guest, new ShowBill(Loop, "GRANTS-2026-000003"), new ListSharedBills(Loop, Owner), new SharedConsumption(Loop, Owner, Period, Grain.Day));
            (await _host.Send(new ShowGrants(Loop, Household), Kim))[0].LastUsedAt.ShouldBe(_host.Time.GetUtcNow());

            await _host.Send(new RevokeAccess(Loop, Household, id), Kim);

            await Denied(guest, Bill, Use, new ListSharedBills(Loop, Household), new ReadInvoice(Loop, Bill.Number));
            (await _host.Send(new ListShared(), guest)).ShouldBeEmpty();
        }
    }

    [Fact]
    public async Task Consumption_only_shows_energy_and_no_document_and_ends_by_itself()
    {
        var id = await _host.Send(new GrantAccess(Loop, Household, _landlord.Email, GrantRelation.Caretaker, GrantScope.Consumption, Today.AddDays(1), Today.AddDays(2)), Kim);
        await Denied(Landlord, Use, Bill);
        _host.Time.Advance(TimeSpan.FromDays(1));
        var uses = await _host.Send(Use, Landlord);
        uses.Sum(use => use.Wh).ShouldBe(_weekend.Positions.Where(position => position.MemberId == Household && position.Direction == MeterDirection.Consumption).Sum(position => position.Metered.WattHours));
        await Denied(Landlord, Bill, new ListSharedBills(Loop, Household));
        _host.Time.Advance(TimeSpan.FromDays(2));
        await Denied(Landlord, Use);
        id.ShouldBeGreaterThan(0);
    }

    [Fact]
    public async Task A_grant_belongs_to_the_address_it_names_and_ends_with_whoever_gave_it()
    {
        await Grant(Landlord, GrantScope.Bills | GrantScope.Consumption);
        await Denied(NextDoor, Bill, Use);
        await Denied(Actor.Visitor, Bill, Use);
        (await _host.Send(Bill, Landlord)).ShouldNotBeNull();
        // Whoever gets the address later does not get the grant: it is the account's that used it.
        await _host.Look(db => db.Users.Where(person => person.Id == _landlord.Id).ExecuteUpdateAsync(set => set.SetProperty(person => person.NormalizedEmail, "OLD@X.EXAMPLE")));
        await _host.Look(db => db.Users.Where(person => person.Id == _neighbour.Id).ExecuteUpdateAsync(set => set.SetProperty(person => person.NormalizedEmail, _landlord.Email.ToUpperInvariant())));
        await Denied(NextDoor, Bill);
        (await _host.Send(Bill, Landlord)).ShouldNotBeNull();

        await _host.Look(db => db.Memberships.Where(membership => membership.AccountId == _kim.Id).ExecuteDeleteAsync());

        await Denied(Landlord, Bill, Use);
    }

    [Fact]
    public async Task Nobody_grants_for_others_and_the_word_is_on_the_ledger()
    {
        await Denied(NextDoor, new GrantAccess(Loop, Household, _neighbour.Email, GrantRelation.Household, GrantScope.Bills, Today, Today));
        await Denied(_weekend.As(Operator, Role.Operator), new GrantAccess(Loop, Household, _neighbour.Email, GrantRelation.Household, GrantScope.Bills, Today, Today));
        await Denied(Actor.System, new GrantAccess(Loop, Household, _neighbour.Email, GrantRelation.Household, GrantScope.Bills, Today, Today));
        await Should.ThrowAsync<RefusedException>(() => _host.Send(new GrantAccess(Loop, Household, "nobody", GrantRelation.Household, GrantScope.Bills, Today, Today), Kim));
        await Should.ThrowAsync<RefusedException>(() => _host.Send(new GrantAccess(Loop, Household, "a@b.example", GrantRelation.Household, GrantScope.None, Today, Today), Kim));
        await Should.ThrowAsync<RefusedException>(() => _host.Send(new GrantAccess(Loop, Household, "a@b.example", GrantRelation.Household, GrantScope.Bills, Today, Today.AddYears(3)), Kim));
        await _host.Services.GetRequiredService<Sequencer>().IntegrateAsync(Loop, CancellationToken.None);
        var before = await Entries();

        var id = await Grant(Landlord, GrantScope.Bills);
        await _host.Send(new RevokeAccess(Loop, Household, id), Kim);
        await _host.Send(new RevokeAccess(Loop, Household, id), Kim);
        await _host.Services.GetRequiredService<Sequencer>().IntegrateAsync(Loop, CancellationToken.None);

        (await Entries() - before).ShouldBe(2, "the grant and its end");
    }

    [Fact]
    public async Task Erasing_the_member_takes_its_grants_away()
    {
        await _host.Put(db => db.MemberRoles.Add(new MemberRole { LoopId = Loop, MemberId = Operator, Role = Role.Operator }));
        await _host.AddPerson(Loop, Operator);
        await Grant(Landlord, GrantScope.Bills);
        await _host.Send(new EraseMember(Loop, Household), _weekend.As(Operator, Role.Operator));
        await Denied(Landlord, Bill);
        (await _host.Look(db => db.Database.SqlQuery<long>($"""SELECT count(*) AS "Value" FROM market.access_grants WHERE loop_id = {Loop}""").SingleAsync())).ShouldBe(0);
    }

    [Fact]
    public async Task The_pages_work_without_a_script()
    {
        using var customer = new Browser(_host);
        await customer.SignIn(_kim.Email, People.Password);
        var sharing = await customer.Get("/loops/grants/sharing");
        sharing.Text.ShouldContain("Nobody else may look");
        await customer.Post(sharing, "grant", ("Email", _landlord.Email), ("Relation", "Landlord"), ("What", "Bills"), ("What", "Consumption"), ("From", "2026-03-05"), ("Until", "2026-09-05"));

        using var landlord = new Browser(_host);
        await landlord.SignIn(_landlord.Email, People.Password);
        (await landlord.Get("/shared")).Text.ShouldContain("Kim");
        (await landlord.Get($"/shared/grants/{Household}")).Text.ShouldContain("Documents");
        (await landlord.Get("/shared/grants/bills/GRANTS-2026-000001")).Status.ShouldBe(System.Net.HttpStatusCode.OK);
        (await landlord.Get("/loops/grants/bills/GRANTS-2026-000001")).Status.ShouldBe(System.Net.HttpStatusCode.NotFound);
        (await landlord.Get($"/shared/grants/{Owner}")).Status.ShouldBe(System.Net.HttpStatusCode.NotFound);

        var held = await customer.Get("/loops/grants/sharing");
        held.Text.ShouldContain("Landlord");
        await customer.Post(held, "revoke", ("GrantId", held.Find("name=\"GrantId\" value=\"(\\d+)\"")));
        (await landlord.Get($"/shared/grants/{Household}")).Status.ShouldBe(System.Net.HttpStatusCode.NotFound);
        (await landlord.Get("/shared/grants/bills/GRANTS-2026-000001")).Status.ShouldBe(System.Net.HttpStatusCode.NotFound);
    }

    private Task<long> Grant(Actor guest, GrantScope scope) =>
        _host.Send(new GrantAccess(Loop, Household, guest.AccountId == _landlord.Id ? _landlord.Email : _neighbour.Email, GrantRelation.Landlord, scope, Today, Today.AddDays(30)), Kim);

    private Task<long> Entries() => _host.Look(db => db.Database.SqlQuery<long>($"""SELECT coalesce(sum(entry_count), 0)::bigint AS "Value" FROM ledger.batches WHERE loop_id = {Loop}""").SingleAsync());

    private async Task Denied(Actor actor, params IBaseRequest[] requests)
    {
        foreach (var request in requests)
        {
            var answer = request.GetType().GetInterfaces().Single(face => face.IsGenericType && face.GetGenericTypeDefinition() == typeof(IRequest<>)).GetGenericArguments()[0];
            var send = typeof(MarketplaceHost).GetMethods().Single(method => method.Name == nameof(MarketplaceHost.Send) && method.GetParameters().Length == 2).MakeGenericMethod(answer);
            await Should.ThrowAsync<NotPermittedException>(async () => await (Task)send.Invoke(_host, [request, actor])!, request.GetType().Name);
        }
    }
}
