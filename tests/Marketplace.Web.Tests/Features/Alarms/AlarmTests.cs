using System.Net;
using Marketplace.Data;
using Marketplace.Metering;
using Marketplace.Quantities;
using Marketplace.Web.Features.Alarms;
using Marketplace.Web.Features.Alarms.Temperatures;
using Marketplace.Web.Features.Devices;
using Marketplace.Web.Features.Metering;
using Marketplace.Web.Pipeline;
using Marketplace.Web.Tests.Features.Accounts;
using Marketplace.Web.Tests.Features.Devices;
using Microsoft.EntityFrameworkCore;
using Shouldly;
using Xunit;

namespace Marketplace.Web.Tests.Features.Alarms;

public sealed class AlarmTests : IAsyncLifetime
{
    private static readonly DateTimeOffset Hour = MarketplaceHost.Start;

    private readonly AccountsHost _host = new();
    private int _loopId;

    private Actor Keeper => People.Operator(_loopId);

    public async Task InitializeAsync()
    {
        await _host.InitializeAsync();
        _loopId = await _host.AddLoop("alarms");
        await _host.Put(db =>
        {
            db.Meters.Add(new Meter { LoopId = _loopId, Id = 1, MemberId = 2, Code = "a-heat", Carrier = Carrier.Heat, Direction = MeterDirection.Consumption, InServiceFrom = Hour, CapacityWatts = 10_000 });
            db.Meters.Add(new Meter { LoopId = _loopId, Id = 2, MemberId = 2, Code = "a-cold", Carrier = Carrier.Cold, Direction = MeterDirection.Consumption, InServiceFrom = Hour });
        });
        _host.Time.SetTo(Hour.AddHours(6));
    }

    public Task DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task A_silent_meter_has_one_alarm_that_ends_when_it_sends_again()
    {
        await Deliver(("a-heat", 0, 1m), ("a-cold", 0, 1m), ("a-cold", 4, 1m));
        await Settled(4);

        (await Look()).ShouldBe(new AlarmChanges(1, 0, 0));
        (await Look()).ShouldBe(new AlarmChanges(0, 0, 0));
        var alarm = (await Open()).ShouldHaveSingleItem();
        (alarm.Kind, alarm.MeterId, alarm.MemberId, alarm.Since).ShouldBe((AlarmKind.SilentMeter, 1, 2, Hour.AddHours(1)));

        await Deliver(("a-heat", 4, 1m));
        (await Look()).ShouldBe(new AlarmChanges(0, 1, 0));
        (await Open()).ShouldBeEmpty();
        (await Acts(alarm.Id)).ShouldBe([AlarmAct.Opened, AlarmAct.Ended]);
    }

    [Fact]
    public async Task A_cause_that_comes_back_is_a_new_alarm_and_one_that_a_person_resolved_is_not_raised_again_while_it_stands()
    {
        await Fail(2);
        await Look();
        var first = (await Open()).ShouldHaveSingleItem();
        (first.Kind, first.Severity).ShouldBe((AlarmKind.FailedHour, AlarmSeverity.Urgent));
        await _host.Send(new ResolveAlarm(_loopId, first.Id, "known, waits for the supplier"), Keeper);

        (await Look()).Any.ShouldBeFalse();
        await _host.Look(db => db.HourFailures.Where(failure => failure.LoopId == _loopId).ExecuteDeleteAsync());
        (await Look()).Any.ShouldBeFalse("it was resolved already");
        await Fail(3);
        (await Look()).Opened.ShouldBe(1);
        (await Open()).ShouldHaveSingleItem().Id.ShouldNotBe(first.Id);
    }

    [Fact]
    public async Task What_nobody_acknowledges_goes_further_up_once()
    {
        await Fail(2);
        await Look();
        _host.Time.Advance(TimeSpan.FromMinutes(31));
        (await Look()).Escalated.ShouldBe(1);
        (await Look()).Any.ShouldBeFalse();

        await _host.Send(new SetAlarmRules(_loopId, 3, 2, 5, 5, 5), Keeper);
        await _host.Put(db => db.ChargingFailures.Add(new ChargingFailure { LoopId = _loopId, GroupId = 1, Period = Hour, Step = Enum.GetValues<ChargingStepKind>()[0], At = Hour, Attempts = 4, Reason = "no solution" }));
        await Look();
        var seen = (await Open()).Single(alarm => alarm.Kind == AlarmKind.FailedChargingPeriod);
        await _host.Send(new AcknowledgeAlarm(_loopId, seen.Id), Keeper);
        _host.Time.Advance(TimeSpan.FromMinutes(10));
        (await Look()).Escalated.ShouldBe(0);
    }

    [Fact]
    public async Task Taking_noting_and_resolving_are_on_record_which_nobody_can_change()
    {
        await Fail(2);
        await Look();
        var id = (await Open()).Single().Id;
        var person = (await _host.AddPerson(_loopId, 1)).Id;
        var actor = People.Acting(person, new RoleHeld(_loopId, 1, Role.Technician));

        await _host.Send(new TakeAlarm(_loopId, id), actor);
        await _host.Send(new TakeAlarm(_loopId, id), actor);
        await _host.Send(new NoteOnAlarm(_loopId, id, "pump looked at"), actor);
        await _host.Send(new ResolveAlarm(_loopId, id, "fuse replaced"), actor);

        var sheet = (await _host.Send(new ShowAlarm(_loopId, id), actor)).ShouldNotBeNull();
        sheet.History.Select(entry => entry.Event.Act).ShouldBe([AlarmAct.Opened, AlarmAct.Taken, AlarmAct.Noted, AlarmAct.Resolved]);
        sheet.History[^1].Event.Note.ShouldBe("fuse replaced");
        sheet.Row.OwnerName.ShouldBe("Person of 1");
        await Should.ThrowAsync<RefusedException>(() => _host.Send(new TakeAlarm(_loopId, id), actor));
        await Should.ThrowAsync<Npgsql.PostgresException>(() => _host.Look(db => db.AlarmEvents.Where(happened => happened.LoopId == _loopId).ExecuteDeleteAsync()));
        await Should.ThrowAsync<NotPermittedException>(() => _host.Send(new TakeAlarm(_loopId, id), People.Acting(person, new RoleHeld(_loopId, 2, Role.Consumer))));
    }

    [Fact]
    public async Task Readings_beyond_the_connection_blocked_devices_and_calibrations_are_alarms()
    {
        await Deliver(("a-heat", 4, 25m), ("a-cold", 4, 1m));
        await Settled(4);
        using var device = new TestDevice("km-1");
        await _host.Send(new RegisterDevice(_loopId, device.Code, "Heat meter", device.Pem, new DateOnly(2026, 4, 1)));
        await _host.Send(new CommissionDevice(_loopId, device.Code, "a-heat", Hour));
        await _host.Send(new BlockDevice(_loopId, device.Code, true, "seal broken"));

        await Look();

        (await Open()).Select(alarm => (alarm.Kind, alarm.Severity, alarm.Subject)).ShouldBe(
            [
                (AlarmKind.BlockedDevice, AlarmSeverity.Urgent, "km-1"), (AlarmKind.AbnormalReading, AlarmSeverity.High, "a-heat"),
                (AlarmKind.CalibrationDue, AlarmSeverity.Low, "km-1"),
            ],
            ignoreOrder: true);
        await _host.Send(new BlockDevice(_loopId, device.Code, false, "seal renewed"));
        (await Look()).Ended.ShouldBe(1);
    }

    [Fact]
    public async Task Two_watchers_at_once_raise_one_alarm()
    {
        await Fail(2);
        var changes = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => Task.Run(Look)));
        changes.Sum(change => change.Opened).ShouldBe(1);
        (await Open()).Count.ShouldBe(1);
    }

    [Fact]
    public async Task A_broken_temperature_promise_is_counted_by_the_hour_and_an_alarm_after_two()
    {
        using var device = await Commissioned();
        _host.Time.SetTo(Hour.AddHours(1));
        await _host.Send(new SetTemperaturePromise(_loopId, "a-heat", Carrier.Heat, Hour.AddHours(1), 60_000, null, null, 45_000), Keeper);
        _host.Time.SetTo(Hour.AddHours(6));
        await Temperatures(device, 1, (0, 40_000, 30_000, 100), (1, 61_000, 50_000, 100), (2, 55_000, 30_000, 5));
        await Temperatures(device, 2, (3, 52_000, 30_000, 100));
        (await Look()).Opened.ShouldBe(0, "one hour is none yet");

        await Temperatures(device, 3, (4, 51_500, 30_000, 100));
        (await Look()).Opened.ShouldBe(1);
        var alarm = (await Open()).ShouldHaveSingleItem();
        (alarm.Kind, alarm.Severity, alarm.Since).ShouldBe((AlarmKind.SupplyPromise, AlarmSeverity.Urgent, Hour.AddHours(3)));

        var sheet = (await _host.Send(new JudgePromise(_loopId, "a-heat", new Interval(Hour, Hour.AddHours(24))), Keeper)).ShouldNotBeNull();
        (sheet.Report.HoursJudged, sheet.Report.HoursWithoutFlow, sheet.Report.HoursNotMeasured).ShouldBe((3, 1, 1), "the hour before the promise does not count");
        (sheet.Report.HoursBroken(PromiseSide.Supply), sheet.Report.HoursBroken(PromiseSide.Return)).ShouldBe((2, 1));
        sheet.Report.MilliKelvinHours(PromiseSide.Supply).ShouldBe(8_000 + 8_500);

        _host.Time.SetTo(Hour.AddHours(7));
        await Temperatures(device, 4, (5, 60_000, 30_000, 100));
        (await Look()).Ended.ShouldBe(1);
        await Should.ThrowAsync<RefusedException>(() => _host.Send(new SetTemperaturePromise(_loopId, "a-heat", Carrier.Heat, Hour, 50_000, null, null, null), Keeper));
    }

    [Fact]
    public async Task A_doubted_reading_has_one_alarm_for_meter_and_check_until_somebody_decides_and_what_cannot_be_is_more_urgent()
    {
        await Deliver(("a-heat", 4, 1m), ("a-cold", 4, 1m));
        await Settled(4);
        foreach (var (meter, hour, check, severity) in new[]
        {
            (1, 2, "spike", FlagSeverity.Doubtful), (1, 3, "spike", FlagSeverity.Doubtful), (2, 3, "negative-energy", FlagSeverity.Severe),
            (2, 3, "long-zeros", FlagSeverity.Note), (2, -24 * 9, "spike", FlagSeverity.Doubtful), (2, 2, "missing-interval", FlagSeverity.Doubtful),
        })
        {
            var flag = new ReadingFlag { LoopId = _loopId, MeterId = meter, Hour = Hour.AddHours(hour), UntilHour = Hour.AddHours(hour + 1), CheckName = check, Severity = severity, Words = $"Found in {hour}.", FoundAt = Hour };
            await _host.Put(db => db.ReadingFlags.Add(flag));
            await _host.Put(db => db.OpenFlags.Add(new OpenFlag { LoopId = _loopId, FlagId = flag.Id, MeterId = meter, Carrier = Carrier.Heat, Severity = severity, CheckName = check, Hour = flag.Hour }));
        }

        var spikes = await _host.Look(db => db.ReadingFlags.Where(flag => flag.MeterId == 1).Select(flag => flag.Id).ToListAsync());

        (await Look()).Opened.ShouldBe(2);
        (await Look()).Any.ShouldBeFalse();

        (await Open()).OrderBy(alarm => alarm.Severity).Select(alarm => (alarm.Kind, alarm.Severity, alarm.Subject, alarm.Since, alarm.Words)).ShouldBe(
            [
                (AlarmKind.DoubtfulReading, AlarmSeverity.High, "a-cold", Hour.AddHours(3), "Found in 3. Expected: A register counts in one direction: energy is zero or more."),
                (AlarmKind.DoubtfulReading, AlarmSeverity.Low, "a-heat", Hour.AddHours(2),
                    "2 findings like this one, the latest: Found in 3. Expected: An hour is not far above the third-highest daily peak."),
            ]);
        await _host.Send(new Web.Features.Metering.Quality.ResolveExceptions(_loopId, spikes, null, Web.Features.Metering.Quality.ExceptionCure.Accept, "a feast"), Keeper);
        (await Look()).Ended.ShouldBe(1);
        (await Open()).ShouldHaveSingleItem().Subject.ShouldBe("a-cold");
    }

    [Fact]
    public async Task The_inbox_works_by_plain_forms_for_a_technician_and_the_member_reads_it_in_plain_words()
    {
        await Deliver(("a-heat", 0, 1m), ("a-cold", 4, 1m));
        await Settled(4);
        await Look();
        await _host.Put(db =>
        {
            db.Members.Add(new Member { LoopId = _loopId, Id = 3, Key = "fitter", Name = "Fitter", Kind = "firm", JoinedAt = Hour });
            db.MemberRoles.Add(new MemberRole { LoopId = _loopId, MemberId = 3, Role = Role.Technician });
        });
        using var fitter = await SignedIn(3);
        using var member = await SignedIn(2);
        var id = (await Open()).Single().Id;

        var inbox = await fitter.Get("/loops/alarms/operations/alarms");
        inbox.Text.ShouldContain("Meter a-heat is silent");
        (await fitter.Post(inbox, "act", ("Act", $"take/{id}"))).Status.ShouldBe(HttpStatusCode.Redirect);
        (await fitter.Get("/loops/alarms/operations/alarms?show=Mine")).Text.ShouldContain("With Person of 3");
        (await fitter.Get("/loops/alarms/home")).Text.ShouldContain("1 open");
        (await member.Get("/loops/alarms/home")).Text.ShouldContain("Your meter a-heat has sent nothing since 5 Mar 2026, 02:00");
        (await member.Get("/loops/alarms/meters/a-heat")).Text.ShouldContain("Until it sends again you are billed by estimated values");
        (await member.Get("/loops/alarms/operations/alarms")).Status.ShouldBe(HttpStatusCode.NotFound);

        var page = await fitter.Get($"/loops/alarms/operations/alarms/{id}");
        (await fitter.Post(page, "resolve", ("Note", "aerial replaced"), ("Then", "resolve"))).Location.ShouldBe("/loops/alarms/operations/alarms?done=resolved");
        (await fitter.Get($"/loops/alarms/operations/alarms/{id}")).Text.ShouldContain("aerial replaced");
    }

    private async Task<Browser> SignedIn(int member)
    {
        var browser = new Browser(_host);
        await browser.SignIn((await _host.AddPerson(_loopId, member)).Email, People.Password);
        return browser;
    }

    private async Task<TestDevice> Commissioned()
    {
        var device = new TestDevice("km-1");
        await _host.Send(new RegisterDevice(_loopId, device.Code, "Heat meter", device.Pem, null));
        await _host.Send(new CommissionDevice(_loopId, device.Code, "a-heat", Hour));
        return device;
    }

    private async Task Temperatures(TestDevice device, long sequence, params (int Hour, int Supply, int Return, long Litres)[] hours)
    {
        var outcomes = await _host.Send(new ReceiveSignedBatches(_loopId, [device.Sign(sequence,
            [.. hours.SelectMany(hour => new[]
            {
                new SignedReading("flow-temperature", Hour.AddHours(hour.Hour), 3600, hour.Supply, "mC"),
                new SignedReading("return-temperature", Hour.AddHours(hour.Hour), 3600, hour.Return, "mC"),
                new SignedReading("volume", Hour.AddHours(hour.Hour), 3600, hour.Litres, "l"),
            })])]));
        outcomes[0].Stored.ShouldBe(3 * hours.Length);
    }

    private Task<AlarmChanges> Look() => _host.Send(new LookForAlarms(_loopId));

    private Task<List<Alarm>> Open() => _host.Look(db => db.Alarms.Where(alarm => alarm.LoopId == _loopId && alarm.ResolvedAt == null).OrderBy(alarm => alarm.Id).ToListAsync());

    private Task<List<AlarmAct>> Acts(long id) => _host.Look(db => db.AlarmEvents.Where(happened => happened.AlarmId == id).OrderBy(happened => happened.Id).Select(happened => happened.Act).ToListAsync());

    private Task Fail(int attempts) => _host.Put(db => db.HourFailures.Add(new HourFailure { LoopId = _loopId, Hour = Hour, Step = HourStepKind.Cleared, At = Hour, Attempts = attempts, Reason = "no solution" }));

    private Task Settled(int hour) => _host.Put(db => db.HourSteps.Add(new HourStep { LoopId = _loopId, Hour = Hour.AddHours(hour), Step = HourStepKind.Settled, DoneAt = Hour.AddHours(hour + 1) }));

    private Task<ReceivedReadings> Deliver(params (string Meter, int Hour, decimal KWh)[] readings) =>
        _host.Send(new ReceiveReadings(_loopId, Guid.NewGuid().ToString("N"), [.. readings.Select((reading, i) => new DeliveredReading(i + 1, reading.Meter, Hour.AddHours(reading.Hour), reading.KWh))]));
}
