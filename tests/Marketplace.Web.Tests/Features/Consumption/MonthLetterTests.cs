using Marketplace.Billing;
using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Features.Consumption.Months;
using Marketplace.Web.Features.Mail;
using Marketplace.Web.Features.Members;
using Marketplace.Web.Features.Parties;
using Marketplace.Web.Pipeline;
using Marketplace.Web.Tests.Features.Accounts;
using Marketplace.Web.Tests.Features.Bills;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Shouldly;
using Xunit;
using static Marketplace.Web.Tests.Features.Bills.SettledWeekend;
using Bill = Marketplace.Data.Bill;

namespace Marketplace.Web.Tests.Features.Consumption;

/// <summary>Who is told of a month's consumption, how often and in which words.</summary>
public sealed class MonthLetterTests : IAsyncLifetime
{
    private static readonly DateTimeOffset FourthOfApril = new(2026, 4, 4, 0, 0, 0, TimeSpan.Zero);
    private readonly AccountsHost _host = new();
    private readonly Letters _mail = new();
    private SettledWeekend _weekend = default!;

    private int Loop => _weekend.LoopId;

    public async Task InitializeAsync()
    {
        _host.Settings["Marketplace:PublicAddress"] = "https://loop.example";
        _host.Replace = services => services.Replace(ServiceDescriptor.Singleton<IMail>(_mail));
        await _host.InitializeAsync();
        _weekend = await InAsync(_host, "months");
        await _host.Look(db => db.Loops.Where(loop => loop.Id == Loop).ExecuteUpdateAsync(loops => loops.SetProperty(loop => loop.Kind, LoopKind.Demo)));
        await SettleAsync(FourthOfApril);
    }

    public Task DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task A_month_without_a_bill_is_told_once_to_each_person_in_their_language_with_a_link_and_nothing_else()
    {
        var kim = await _host.AddPerson(Loop, Household);
        var partner = await _host.AddPerson(Loop, Household);
        await _host.AddPerson(Loop, Neighbour);

        (await _host.Send(new QueueMonths(Loop))).ShouldBe(2, "the neighbour took nothing");
        (await _host.Send(new QueueMonths(Loop))).ShouldBe(0);
        (await _host.Send(new SendMonths())).ShouldBe(2);
        (await _host.Send(new SendMonths())).ShouldBe(0);

        _mail.Sent.Select(letter => letter.To).ShouldBe([kim.Email, partner.Email], ignoreOrder: true);
        _mail.Sent.ShouldAllBe(letter => letter.Subject == "Your consumption of March 2026, Alpha"
            && letter.Text.Contains($"https://loop.example/loops/months/consumption?period=2026-03&member={Household}") && !letter.Text.Contains("Kim") && !letter.Text.Contains("kWh"));

        (await _host.Send(new CountMonthLetters(Loop), _weekend.As(Operator, Role.Operator))).ShouldBe(new MonthLetters(new DateOnly(2026, 3, 1), Sent: 2, Waiting: 0, NotArrived: 0));
        await Should.ThrowAsync<NotPermittedException>(() => _host.Send(new CountMonthLetters(Loop), _weekend.As(Household, Role.Consumer)));

        await SettleAsync(FourthOfApril.AddMonths(1));
        (await _host.Send(new QueueMonths(Loop))).ShouldBe(0, "nothing was taken in April");
    }

    [Fact]
    public async Task A_bill_of_the_month_says_it_already_but_who_wants_every_month_gets_it_and_who_wants_none_never()
    {
        var kim = await _host.AddPerson(Loop, Household);
        var partner = await _host.AddPerson(Loop, Household);
        await _host.Put(db => db.Add(BillOfMarch()));
        var actor = People.Acting(kim.Id, new RoleHeld(Loop, Household, Role.Consumer));
        (await _host.Send(new ShowMonthChoice(Loop), actor)).ShouldBe(MonthChoice.AsTheLawAsks);
        await _host.Send(new ChooseMonths(Loop, MonthChoice.EveryMonth), actor);
        await _host.Send(new ChooseMonths(Loop, MonthChoice.Never), People.Acting(partner.Id, new RoleHeld(Loop, Household, Role.Consumer)));

        (await _host.Send(new QueueMonths(Loop))).ShouldBe(1);
        await _host.Send(new SendMonths());

        _mail.Sent.ShouldHaveSingleItem().To.ShouldBe(kim.Email);
        (await _host.Send(new ShowMonthChoice(Loop), actor)).ShouldBe(MonthChoice.EveryMonth);
        await Should.ThrowAsync<NotPermittedException>(() => _host.Send(new ChooseMonths(Loop, MonthChoice.Never), People.Acting(kim.Id, new RoleHeld(Loop + 1, Household, Role.Consumer))));
    }

    [Fact]
    public async Task The_stated_address_gets_it_in_its_language_and_who_is_erased_leaves_none_behind()
    {
        await _host.Send(new SetRecipient(Loop, Household, new PartyDetails
        {
            Name = "Kim", Street = "Weg 1", PostCode = "10115", City = "Berlin", Country = "DE", Email = "kim@loop.example", Language = "fr",
        }));
        await _host.AddPerson(Loop, Operator);
        await _host.Put(db => db.MemberRoles.Add(new MemberRole { LoopId = Loop, MemberId = Operator, Role = Role.Operator }));
        await _host.Send(new QueueMonths(Loop));
        await _host.Send(new SendMonths());
        var letter = _mail.Sent.ShouldHaveSingleItem();
        (letter.To, letter.Subject).ShouldBe(("kim@loop.example", "Votre consommation de mars 2026, Alpha"));

        await _host.Send(new EraseMember(Loop, Household), _weekend.As(Operator, Role.Operator));
        (await _host.Look(db => db.Database.SqlQuery<int>($"SELECT count(*)::int AS \"Value\" FROM market.consumption_letters WHERE loop_id = {Loop}").SingleAsync())).ShouldBe(0);
    }

    private Task SettleAsync(DateTimeOffset hour) => _host.Put(db => db.Add(new HourStep { LoopId = Loop, Hour = hour, Step = HourStepKind.Settled, DoneAt = hour }));

    private Bill BillOfMarch() => new()
    {
        LoopId = Loop, Id = 1, Number = "MONTHS-2026-000001", MemberId = Household, Role = Role.Consumer, Kind = DocumentKind.Invoice, TariffVersion = 1, Canonical = [1],
        PeriodStart = Period.Start, PeriodEnd = new DateTimeOffset(2026, 3, 31, 22, 0, 0, TimeSpan.Zero), IssuedAt = FourthOfApril, DueOn = new DateOnly(2026, 4, 18),
    };

    private sealed class Letters : IMail
    {
        public List<Letter> Sent { get; } = [];

        public bool ReachesPeople => true;

        public Task SendAsync(Letter letter, CancellationToken cancellationToken)
        {
            Sent.Add(letter);
            return Task.CompletedTask;
        }
    }
}
