using Marketplace.Data;
using Marketplace.Metering;
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
}
