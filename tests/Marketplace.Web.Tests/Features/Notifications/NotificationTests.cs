using System.Net;
using Marketplace.Billing;
using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Features.Mail;
using Marketplace.Web.Features.Notifications;
using Marketplace.Web.Features.Sending;
using Marketplace.Web.Pipeline;
using Marketplace.Web.Tests.Features.Accounts;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Shouldly;
using Xunit;

namespace Marketplace.Web.Tests.Features.Notifications;

/// <summary>Each source tells each person concerned once, as the person chose, and nobody else.</summary>
public sealed class NotificationTests : IAsyncLifetime
{
    private static readonly TimeZoneInfo Berlin = TimeZoneInfo.FindSystemTimeZoneById("Europe/Berlin");

    private readonly AccountsHost _host = new();
    private readonly MailInMemory _mail = new();
    private int _loop;
    private (Guid Id, string Email) _kim;

    private Actor Kim => People.Acting(_kim.Id, new RoleHeld(_loop, 2, Role.Consumer));

    public async Task InitializeAsync()
    {
        _host.Settings["Marketplace:PublicAddress"] = "https://loop.example";
        _host.Replace = services => services.Replace(ServiceDescriptor.Singleton<IMail>(_mail));
        await _host.InitializeAsync();
        _loop = await _host.AddLoop("told");
        _kim = await _host.AddPerson(_loop, 2);
    }

    public Task DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task A_document_is_told_once_to_each_person_of_its_member_however_often_it_is_looked_for()
    {
        var partner = await _host.AddPerson(_loop, 2);
        var stranger = await _host.AddPerson(_loop, 1);
        await _host.Put(db => db.Add(BillOf(1, "TOLD-2026-000001", 0)));

        var made = await Task.WhenAll(_host.Send(new Notify(_loop)), _host.Send(new Notify(_loop)));
        made.Sum().ShouldBe(2, "two runs at once make nothing twice");
        (await _host.Send(new Notify(_loop))).ShouldBe(0);

        (await ListAsync(Kim)).ShouldHaveSingleItem().ShouldSatisfyAllConditions(
            told => told.Variant.ShouldBe("Bill"),
            told => told.Subject.ShouldBe("TOLD-2026-000001"),
            told => told.ReadAt.ShouldBeNull());
        (await ListAsync(People.Acting(partner.Id, new RoleHeld(_loop, 2, Role.Consumer)))).Count.ShouldBe(1);
        (await ListAsync(People.Acting(stranger.Id, new RoleHeld(_loop, 1, Role.Operator)))).ShouldBeEmpty();
        await Should.ThrowAsync<NotPermittedException>(() => ListAsync(People.Acting(_kim.Id, new RoleHeld(_loop + 1, 2, Role.Consumer))));
        (await _host.Send(new SendNotices())).ShouldBe(0, "the letters of documents have an outbox of their own");
    }

    [Fact]
    public async Task Reading_is_the_persons_own()
    {
        var partner = await _host.AddPerson(_loop, 2);
        var other = People.Acting(partner.Id, new RoleHeld(_loop, 2, Role.Consumer));
        await _host.Put(db => db.AddRange(BillOf(1, "TOLD-2026-000001", 0), BillOf(2, "TOLD-2026-000002", 1)));
        await _host.Send(new Notify(_loop));
        (await _host.Send(new CountUnread(_loop), Kim)).ShouldBe(2);

        var first = (await ListAsync(Kim))[0];
        (await _host.Send(new ReadNotice(_loop, first.Id), other)).ShouldBeNull();
        (await _host.Send(new ReadNotice(_loop, first.Id), Kim)).ShouldNotBeNull().ReadAt.ShouldBe(_host.Time.GetUtcNow());
        (await _host.Send(new CountUnread(_loop), Kim)).ShouldBe(1);
        (await _host.Send(new ShowNotices(_loop, OnlyUnread: true), Kim)).Notices.ShouldHaveSingleItem();
        await _host.Send(new ReadAllNotices(_loop, long.MaxValue), Kim);
        (await _host.Send(new CountUnread(_loop), Kim)).ShouldBe(0);
        (await _host.Send(new CountUnread(_loop), other)).ShouldBe(2);
    }

    [Fact]
    public async Task Nobody_is_told_what_was_chosen_away_and_letters_follow_the_same_choice()
    {
        (await _host.Send(new ShowNoticeChoices(_loop), Kim)).Single(choice => choice.Kind == NoticeKind.Gate).ShouldBe(new NoticeChoice(NoticeKind.Gate, false, false));
        await _host.Send(new ChooseNotices(_loop, [NoticeKind.Gate], [NoticeKind.Alarms, NoticeKind.Votes]), Kim);

        (await _host.Send(new ShowNoticeChoices(_loop), Kim)).Where(choice => choice.Portal).ShouldHaveSingleItem().Kind.ShouldBe(NoticeKind.Gate);
        (await _host.Send(new ShowMailRefusals(_loop), Kim)).ShouldBe([LetterKind.Documents, LetterKind.Reminders, LetterKind.Announcements]);
        await _host.Put(db => db.Add(BillOf(1, "TOLD-2026-000001", 0)));
        await _host.Send(new Notify(_loop));

        (await ListAsync(Kim)).Select(told => told.Variant).ShouldBe(["Gate"], "the bill was chosen away, and no order stands for the hour whose gate closes next");
    }

    [Fact]
    public async Task A_gate_is_told_to_whoever_asked_and_has_no_order()
    {
        await _host.Send(new ChooseNotices(_loop, [NoticeKind.Gate], []), Kim);
        await _host.Put(db => db.Add(new StandingOrder { LoopId = _loop, MemberId = 2, Carrier = Carrier.Heat, Side = OrderSide.Buy, Limit = Price.FromUnitsPerKWh(0.2m), PlacedAt = MarketplaceHost.Start }));

        await _host.Send(new Notify(_loop));

        (await ListAsync(Kim)).ShouldBeEmpty();
    }

    [Fact]
    public async Task An_alarm_is_told_to_the_member_and_to_those_who_tend_the_loop()
    {
        var office = await _host.AddPerson(_loop, 1);
        await _host.Put(db => db.Add(new Meter { LoopId = _loop, Id = 1, MemberId = 2, Carrier = Carrier.Heat, Direction = MeterDirection.Consumption, Code = "house-2-heat", InServiceFrom = MarketplaceHost.Start }));
        await _host.Put(db => db.AddRange(
            AlarmOf("a", AlarmKind.SilentMeter, AlarmSeverity.High, "house-2-heat", 1),
            AlarmOf("b", AlarmKind.LedgerIncident, AlarmSeverity.Urgent, "checkpoint", null),
            AlarmOf("c", AlarmKind.CalibrationDue, AlarmSeverity.Low, "house-2-heat", 1)));

        await _host.Send(new Notify(_loop));

        (await ListAsync(Kim)).ShouldHaveSingleItem().Variant.ShouldBe("MemberAlarm");
        (await ListAsync(People.Acting(office.Id, new RoleHeld(_loop, 1, Role.Operator)))).Select(told => told.Facts[1]).ShouldBe(["house-2-heat", "checkpoint"], ignoreOrder: true);
    }

    [Fact]
    public async Task What_the_auction_accepted_of_an_order_is_told()
    {
        var hour = MarketplaceHost.Start.AddHours(3);
        var order = new MarketOrder
        {
            LoopId = _loop, SubmissionId = Guid.NewGuid(), MemberId = 2, Hour = hour, Carrier = Carrier.Heat, Side = OrderSide.Sell,
            Quantity = new Energy(2_500), Limit = Price.FromUnitsPerKWh(0.1m), PlacedAt = MarketplaceHost.Start,
        };
        await _host.Put(db => db.Add(order));
        await _host.Put(db => db.AddRange(
            new BookOrder { LoopId = _loop, Hour = hour, Position = 1, PublicId = "x", MemberId = 2, Carrier = Carrier.Heat, Side = OrderSide.Sell, Quantity = new Energy(2_500), Limit = order.Limit, Source = OrderSource.Own, Salt = [1], OrderId = order.Id },
            new BookOrder { LoopId = _loop, Hour = hour, Position = 2, PublicId = "y", MemberId = 2, Carrier = Carrier.Heat, Side = OrderSide.Buy, Quantity = new Energy(900), Limit = order.Limit, Source = OrderSource.Default, Salt = [1] },
            new Acceptance { LoopId = _loop, Hour = hour, Position = 1, Accepted = new Energy(2_100) },
            new Acceptance { LoopId = _loop, Hour = hour, Position = 2, Accepted = new Energy(900) },
            new HourStep { LoopId = _loop, Hour = hour, Step = HourStepKind.Cleared, DoneAt = MarketplaceHost.Start }));

        (await _host.Send(new Notify(_loop))).ShouldBe(1);
        (await _host.Send(new Notify(_loop))).ShouldBe(0);

        (await ListAsync(Kim)).ShouldHaveSingleItem().ShouldSatisfyAllConditions(told => told.Variant.ShouldBe("OfferAccepted"), told => told.Facts.ShouldBe(["2100"]));
    }

    [Fact]
    public async Task A_day_of_unusual_use_is_told_and_its_letter_says_nothing_about_the_person()
    {
        var day = new DateOnly(2026, 3, 11);
        await _host.Put(db =>
        {
            for (var week = 1; week <= 4; week++)
            {
                db.AddRange(Positions(day.AddDays(-7 * week), 200, 0));
            }

            db.AddRange(Positions(day, 400, 0));
            db.AddRange(Settled(day));
        });

        (await _host.Send(new Notify(_loop))).ShouldBe(1);
        (await _host.Send(new Notify(_loop))).ShouldBe(0);
        (await ListAsync(Kim)).ShouldHaveSingleItem().ShouldSatisfyAllConditions(
            told => told.Variant.ShouldBe("UnusualUse"),
            told => told.Subject.ShouldBe("2026-03-11"),
            told => told.Facts.ShouldBe(["1", "9600", "4800"], "24 hours of 400 Wh; the four Wednesdays before had 24 of 200 Wh"));

        (await _host.Send(new SendNotices())).ShouldBe(1);
        (await _host.Send(new SendNotices())).ShouldBe(0);
        var letter = _mail.Letters.ShouldHaveSingleItem();
        letter.To.ShouldBe(_kim.Email);
        letter.Text.ShouldContain("https://loop.example/loops/told/notifications/");
        letter.Text.ShouldNotContain("9");
        letter.Text.ShouldNotContain("House 2");
    }

    [Fact]
    public async Task A_usual_day_is_not_told()
    {
        var day = new DateOnly(2026, 3, 11);
        await _host.Put(db =>
        {
            for (var week = 1; week <= 4; week++)
            {
                // One such day among the four is enough to make it usual.
                db.AddRange(Positions(day.AddDays(-7 * week), week == 3 ? 390 : 200, 0));
            }

            db.AddRange(Positions(day, 400, 0));
            db.AddRange(Settled(day));
        });

        (await _host.Send(new Notify(_loop))).ShouldBe(0);
    }

    [Fact]
    public async Task A_month_that_grows_expensive_is_told_once()
    {
        var first = new DateOnly(2026, 3, 1);
        await _host.Put(db =>
        {
            for (var day = first; day.Day <= 10; day = day.AddDays(1))
            {
                db.AddRange(Positions(day, 100, 100_000));
            }

            db.AddRange(Settled(first.AddDays(9)));
            var bill = BillOf(1, "TOLD-2026-000001", 0);
            (bill.NetCents, bill.VatCents, bill.TotalCents) = (5_000, 950, 5_950);
            db.Add(bill);
        });
        await _host.Send(new ChooseNotices(_loop, [NoticeKind.ForecastBill], []), Kim);

        await _host.Send(new Notify(_loop));

        // 240 hours of 10 ct are 24 €; 31 days of it 74.40 €; with the tax of the last bill, 19 %, 88.54 €.
        (await ListAsync(Kim)).ShouldHaveSingleItem().ShouldSatisfyAllConditions(told => told.Variant.ShouldBe("ForecastBill"), told => told.Facts.ShouldBe(["8854", "5950"]));
    }

    [Fact]
    public async Task The_page_shows_what_there_is_and_a_link_marks_it_as_read()
    {
        await _host.Put(db => db.Add(BillOf(1, "TOLD-2026-000001", 0)));
        await _host.Send(new Notify(_loop));
        using var browser = new Browser(_host);
        await browser.SignIn(_kim.Email, People.Password);

        var page = await browser.Get("/loops/told/notifications");
        page.Text.ShouldContain("Your bill TOLD-2026-000001 is there");
        page.Html.ShouldContain("Notifications: 1 unread");
        var opened = await browser.Get(page.Find("href=\"(/loops/told/notifications/\\d+/open)\""));
        (opened.Status, opened.Location).ShouldBe((HttpStatusCode.Redirect, "/loops/told/bills/TOLD-2026-000001"));
        (await browser.Get("/loops/told/notifications")).Html.ShouldNotContain("1 unread");

        var choices = await browser.Get("/loops/told/notifications/choices");
        (await browser.Post(choices, "choices", ("Portal", "Votes"), ("Portal", "Documents"), ("Wanted", "Votes"))).Location.ShouldNotBeNull();
        (await _host.Send(new ShowNoticeChoices(_loop), Kim)).Where(choice => choice.Portal).Select(choice => choice.Kind).ShouldBe([NoticeKind.Documents, NoticeKind.Votes]);
    }

    private async Task<IReadOnlyList<NoticeRow>> ListAsync(Actor actor) => (await _host.Send(new ShowNotices(_loop), actor)).Notices;

    private Bill BillOf(int id, string number, short product) => new()
    {
        LoopId = _loop, Id = id, Number = number, MemberId = 2, Role = Role.Consumer, Kind = DocumentKind.Invoice, Product = product,
        PeriodStart = At(new DateOnly(2026, 2, 1)), PeriodEnd = At(new DateOnly(2026, 3, 1)), IssuedAt = MarketplaceHost.Start, DueOn = new DateOnly(2026, 3, 20), TariffVersion = 1,
        NetCents = 1_000, VatCents = 190, TotalCents = 1_190, Canonical = [1],
    };

    private Alarm AlarmOf(string cause, AlarmKind kind, AlarmSeverity severity, string subject, int? meter) => new()
    {
        LoopId = _loop, Kind = kind, Severity = severity, Cause = cause, Subject = subject, MeterId = meter, Words = "Found.", Since = MarketplaceHost.Start, OpenedAt = MarketplaceHost.Start,
        EscalatesAt = MarketplaceHost.Start.AddHours(4),
    };

    private IEnumerable<Position> Positions(DateOnly day, long wattHours, long micro) => new LoopCalendar(Berlin).Day(day).Steps(TimeSpan.FromHours(1)).Select(hour => new Position
    {
        LoopId = _loop, MemberId = 2, Hour = hour, Carrier = Carrier.Heat, Direction = MeterDirection.Consumption, PlantCode = "",
        Traded = new Energy(wattHours), Metered = new Energy(wattHours), TradedAmount = Money.FromMicro(micro),
    });

    private IEnumerable<HourStep> Settled(DateOnly day) => new LoopCalendar(Berlin).Day(day).Steps(TimeSpan.FromHours(1))
        .Select(hour => new HourStep { LoopId = _loop, Hour = hour, Step = HourStepKind.Settled, DoneAt = hour });

    private static DateTimeOffset At(DateOnly day) => new LoopCalendar(Berlin).StartOf(day);

    private sealed class MailInMemory : IMail
    {
        private readonly Lock _gate = new();

        public List<Letter> Letters { get; } = [];

        public bool ReachesPeople => true;

        public Task SendAsync(Letter letter, CancellationToken cancellationToken)
        {
            lock (_gate)
            {
                Letters.Add(letter);
            }

            return Task.CompletedTask;
        }
    }
}
