using Marketplace.Data;
using Marketplace.Metering;
using Marketplace.Metering.MBus;
using Marketplace.Quantities;
using Marketplace.Web.Features.Devices;
using Marketplace.Web.Tests.Features.Metering;
using Microsoft.EntityFrameworkCore;
using Shouldly;
using Xunit;

namespace Marketplace.Web.Tests.Features.Devices;

public sealed class TelegramTests : MeteringLoop
{
    /// <summary>A long frame with a counter of 1,234 kWh, 65.0 °C and 40.0 °C, of meter 12345678 (EN 13757-3, variable structure).</summary>
    private static byte[] Telegram(byte energy = 0x34)
    {
        byte[] body =
        [
            0x08, 0x01, 0x72, 0x78, 0x56, 0x34, 0x12, 0x2D, 0x2C, 0x01, 0x04, 0x01, 0x00, 0x00, 0x00,
            0x0C, 0x06, energy, 0x12, 0x00, 0x00, 0x0A, 0x5A, 0x50, 0x06, 0x0A, 0x5E, 0x00, 0x04,
        ];
        return [0x68, (byte)body.Length, (byte)body.Length, 0x68, .. body, (byte)(body.Sum(b => b) & 0xFF), 0x16];
    }

    /// <summary>The same with what the meter's clock shows (type F, without a zone).</summary>
    private static byte[] Showing(DateTime time)
    {
        var plain = Telegram();
        byte[] body =
        [
            .. plain[4..^2], 0x04, 0x6D, (byte)time.Minute, (byte)time.Hour,
            (byte)(time.Day | ((time.Year - 2000 & 7) << 5)), (byte)(time.Month | ((time.Year - 2000 & 0x78) << 1)),
        ];
        return [0x68, (byte)body.Length, (byte)body.Length, 0x68, .. body, (byte)(body.Sum(b => b) & 0xFF), 0x16];
    }

    [Fact]
    public async Task A_clock_that_is_off_has_one_flag_until_it_is_right_again_on_the_wall_or_by_standard_time()
    {
        await Host.Send(new RegisterDevice(LoopId, "12345678", "", null, null));
        await Host.Send(new CommissionDevice(LoopId, "12345678", "ann-heat", Hour));
        Task Read(int minutes, int shownMinutes) =>
            Deliver(new SentTelegram(null, Hour.AddMinutes(minutes), Showing(Hour.AddMinutes(shownMinutes).AddHours(1).DateTime)));

        await Read(60, 61);
        (await Open()).ShouldBe(0);
        await Read(120, 129);
        await Read(180, 189);
        (await Open()).ShouldBe(1);
        (await Host.Look(db => db.ReadingFlags.SingleAsync())).Words.ShouldBe("The device's clock is 540 seconds ahead.");
        await Read(240, 240);
        (await Open()).ShouldBe(0);

        Task<int> Open() => Host.Look(db => db.OpenFlags.CountAsync(flag => flag.CheckName == "clock-drift"));
    }

    private Task<IReadOnlyList<TelegramOutcome>> Deliver(params SentTelegram[] telegrams) => Host.Send(new ReceiveTelegrams(LoopId, telegrams));

    [Fact]
    public async Task A_telegram_gives_counter_and_temperatures_once()
    {
        await Host.Send(new RegisterDevice(LoopId, "12345678", "", null, null));
        await Host.Send(new CommissionDevice(LoopId, "12345678", "ann-heat", Hour));
        var sent = new SentTelegram(null, Hour.AddHours(2), Telegram());

        var first = (await Deliver(sent)).ShouldHaveSingleItem();
        var again = (await Deliver(sent)).ShouldHaveSingleItem();

        (first.Rule, first.Device, first.Stored).ShouldBe((null, "12345678", 3));
        (again.Stored, again.Unchanged).ShouldBe((0, 3));
        var values = await Host.Look(db => db.RegisterValues.Where(value => value.LoopId == LoopId).OrderBy(value => value.Register).ToListAsync());
        values.Select(value => (value.Register, value.Value)).ShouldBe(
            [(Register.HeatTotal, 1_234_000L), (Register.FlowTemperature, 65_000L), (Register.ReturnTemperature, 40_000L)]);
    }

    [Fact]
    public async Task What_is_no_telegram_of_a_device_in_service_without_a_key_is_refused_by_its_rule()
    {
        using var signing = new TestDevice("12345678");
        var broken = Telegram();
        broken[^2]++;
        (await Deliver(new SentTelegram(null, null, Telegram()), new SentTelegram(null, null, broken), new SentTelegram(null, null, [])))
            .Select(one => one.Rule).ShouldBe(["unknown-device", "malformed", "malformed"]);
        await Host.Send(new RegisterDevice(LoopId, signing.Code, "", signing.Pem, null));
        (await Deliver(new SentTelegram(null, null, Telegram()))).ShouldHaveSingleItem().Rule.ShouldBe("not-in-service");
        await Host.Send(new CommissionDevice(LoopId, signing.Code, "ann-heat", Hour));
        (await Deliver(new SentTelegram(signing.Code, null, Telegram()), new SentTelegram(null, Hour.AddDays(9), Telegram())))
            .Select(one => one.Rule).ShouldBe(["unsigned", "future"]);
    }

    /// <summary>A frame around a long header of this medium, and records.</summary>
    private static byte[] OfMedium(byte medium, params byte[] records)
    {
        byte[] body = [0x08, 0x01, 0x72, 0x78, 0x56, 0x34, 0x12, 0x2D, 0x2C, 0x01, medium, 0x01, 0x00, 0x00, 0x00, .. records];
        return [0x68, (byte)body.Length, (byte)body.Length, 0x68, .. body, (byte)(body.Sum(b => b) & 0xFF), 0x16];
    }

    [Theory]
    [InlineData("68 1C 1C 68 08 01 72 78 56 34 12 2D 2C 01 0D 01 00 00 00 0C 06 34 12 00 00 0C 86 3C 78 00 00 00 95 16", 1_234_000L, 78_000L)] // heat and cold
    [InlineData("04", 1_234_000L, null)]
    [InlineData("0C", 1_234_000L, null)]
    [InlineData("0A", null, 1_234_000L)]
    [InlineData("0B", null, 1_234_000L)]
    [InlineData("02", null, null)] // electricity at a device for heat and cold
    [InlineData("0F", null, null)] // an unknown medium at a device for both: nobody can say which
    public async Task What_a_counter_counts_is_said_by_the_medium_and_the_direction_and_never_by_the_order_of_registers(string telegram, long? heat, long? cold)
    {
        var meter = new Meter { LoopId = LoopId, Id = 9, MemberId = 1, Code = "ann-cold", Carrier = Carrier.Cold, Direction = MeterDirection.Consumption, InServiceFrom = Hour.AddDays(-30) };
        await Host.Put(db => db.Meters.Add(meter));
        await Host.Send(new RegisterDevice(LoopId, "12345678", "", null, null));
        foreach (var code in telegram.Length > 2 ? new[] { "ann-heat", "ann-cold" } : ["ann-cold", "ann-heat"])
        {
            await Host.Send(new CommissionDevice(LoopId, "12345678", code, Hour));
        }

        await Deliver(new SentTelegram(
            null, Hour.AddHours(2), telegram.Length > 2 ? MBusFrame.BytesOf(telegram) : OfMedium(Convert.FromHexString(telegram)[0], 0x0C, 0x06, 0x34, 0x12, 0x00, 0x00)));

        var values = await Host.Look(db => db.RegisterValues.Where(value => value.LoopId == LoopId).ToDictionaryAsync(value => value.Register, value => value.Value));
        (Said(Register.HeatTotal), Said(Register.ColdTotal), values.Count).ShouldBe((heat, cold, (heat is null ? 0 : 1) + (cold is null ? 0 : 1)));

        long? Said(Register register) => values.TryGetValue(register, out var value) ? value : null;
    }

    [Fact]
    public async Task A_medium_that_says_nothing_is_taken_for_what_the_device_was_put_in_for()
    {
        await Host.Send(new RegisterDevice(LoopId, "12345678", "", null, null));
        await Host.Send(new CommissionDevice(LoopId, "12345678", "ann-heat", Hour));

        (await Deliver(new SentTelegram(null, Hour.AddHours(2), OfMedium(0x0F, 0x0C, 0x06, 0x34, 0x12, 0x00, 0x00)))).ShouldHaveSingleItem().Stored.ShouldBe(1);
        (await Deliver(new SentTelegram(null, Hour.AddHours(3), OfMedium(0x0A, 0x0C, 0x06, 0x34, 0x12, 0x00, 0x00)))).ShouldHaveSingleItem().Rule.ShouldBe("no-values");
    }

    [Fact]
    public async Task A_telegram_that_contradicts_an_earlier_one_is_refused_value_by_value_and_one_of_many_takes_no_other_with_it()
    {
        await Host.Send(new RegisterDevice(LoopId, "12345678", "", null, null));
        await Host.Send(new CommissionDevice(LoopId, "12345678", "ann-heat", Hour));
        var outcomes = await Deliver(
            new SentTelegram(null, Hour.AddHours(2), Telegram()), new SentTelegram(null, Hour.AddHours(2), Telegram(0x35)), new SentTelegram(null, Hour.AddHours(3), Telegram(0x35)),
            new SentTelegram(null, null, [], "it is nothing"), new SentTelegram("no\0name", null, Telegram()));

        outcomes.Select(one => (one.Rule, one.Stored, one.Unchanged, one.Refused.Count)).ShouldBe([(null, 3, 0, 0), (null, 0, 2, 1), (null, 3, 0, 0), ("malformed", 0, 0, 0), ("unknown-device", 0, 0, 0)]);
        (outcomes[1].Refused[0].Register, outcomes[1].Refused[0].Rule).ShouldBe(("heat-total", "contradicted"));
        outcomes[1].Refused[0].Reason.ShouldContain("said 1234000 ");
        (await Host.Look(db => db.RegisterValues.CountAsync(value => value.LoopId == LoopId))).ShouldBe(6);

        var heatAlone = OfMedium(0x04, 0x0C, 0x06, 0x36, 0x12, 0x00, 0x00);
        (await Deliver(new SentTelegram(null, Hour.AddHours(2), heatAlone))).ShouldHaveSingleItem().Rule.ShouldBe("contradicted");
        (await Committed()).ShouldBeGreaterThanOrEqualTo(2);
    }

    [Fact]
    public async Task A_number_beyond_every_counter_takes_no_other_telegram_with_it()
    {
        await Host.Send(new RegisterDevice(LoopId, "12345678", "", null, null));
        await Host.Send(new CommissionDevice(LoopId, "12345678", "ann-heat", Hour));
        (await Deliver(
            new SentTelegram(null, Hour.AddHours(2), MBusFrame.BytesOf("68 15 15 68 08 01 72 78 56 34 12 2D 2C 01 04 01 00 00 00 05 16 00 00 80 6B F4 16")), new SentTelegram(null, Hour.AddHours(2), Telegram())))
            .Select(one => (one.Rule, one.Stored)).ShouldBe([("no-values", 0), (null, 3)]);
    }
}
