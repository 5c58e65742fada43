using System.Security.Cryptography;
using System.Text;
using Marketplace.Data;
using Marketplace.Metering;
using Marketplace.Quantities;
using Marketplace.Web.Features.Devices;
using Marketplace.Web.Pipeline;
using Marketplace.Web.Tests.Features.Metering;
using Microsoft.EntityFrameworkCore;
using Shouldly;
using Xunit;

namespace Marketplace.Web.Tests.Features.Devices;

public sealed class SignedBatchTests : MeteringLoop
{
    private readonly TestDevice _device = new("km-603-1");

    private async Task CommissionAsync(TestDevice? device = null, string meter = "ann-heat")
    {
        device ??= _device;
        await Host.Send(new RegisterDevice(LoopId, device.Code, "Heat meter", device.Pem, null));
        await Host.Send(new CommissionDevice(LoopId, device.Code, meter, Hour.AddDays(-1)));
    }

    private Task<IReadOnlyList<BatchOutcome>> Deliver(params SignedBatch[] batches) => Host.Send(new ReceiveSignedBatches(LoopId, batches));

    [Fact]
    public void What_a_device_signs_is_a_promise() =>
        Encoding.UTF8.GetString(SignedBatch.Canonical("km-603-1", 17, [TestDevice.Heat(Hour, 1_500), new SignedReading("flow-temperature", Hour.ToOffset(TimeSpan.FromHours(1)), 3600, 61_250, "mC")])).ShouldBe(
            "marketplace-readings/v1\ndevice km-603-1\nsequence 17\nheat 2026-03-05T00:00:00Z 3600 1500 Wh\nflow-temperature 2026-03-05T00:00:00Z 3600 61250 mC\n");

    [Fact]
    public async Task A_good_batch_is_stored_committed_and_changes_nothing_when_it_comes_again()
    {
        await CommissionAsync();
        var before = await Committed();
        var batch = _device.Sign(1, TestDevice.Heat(Hour, 1_500), TestDevice.Heat(Hour.AddHours(1), 900), new SignedReading("flow-temperature", Hour, 3600, 61_250, "mC"));

        var first = (await Deliver(batch)).ShouldHaveSingleItem();
        var second = (await Deliver(batch)).ShouldHaveSingleItem();

        (first.State, first.Stored, first.Refused.Count).ShouldBe((BatchState.Stored, 3, 0));
        (second.State, second.Stored).ShouldBe((BatchState.Known, 0));
        (await Stored()).Select(reading => (reading.MeterId, reading.Energy.WattHours, reading.Quality)).ShouldBe(
            [(1, 1_500L, ReadingQuality.Measured), (1, 900L, ReadingQuality.Measured)]);
        (await Committed()).ShouldBe(before + 3, "two readings and the batch itself");
        var value = await Host.Look(db => db.RegisterValues.SingleAsync(row => row.LoopId == LoopId));
        (value.Register, value.Value).ShouldBe((Register.FlowTemperature, 61_250L));
    }

    [Fact]
    public async Task Each_bad_batch_is_refused_by_its_rule_and_takes_no_good_one_with_it()
    {
        await CommissionAsync();
        using var stranger = new TestDevice("km-603-9");
        using var retired = new TestDevice("km-603-2");
        await CommissionAsync(retired, "bob-heat");
        await Host.Send(new RetireDevice(LoopId, retired.Code, Hour.AddHours(2), "broken"));
        using var thief = new TestDevice(_device.Code);
        await Deliver(_device.Sign(5, TestDevice.Heat(Hour.AddHours(5), 1)));

        var outcomes = await Deliver(
            stranger.Sign(1, TestDevice.Heat(Hour, 1)),
            retired.Sign(1, TestDevice.Heat(Hour, 1)),
            thief.Sign(6, TestDevice.Heat(Hour, 1)),
            _device.Sign(5, TestDevice.Heat(Hour, 2)),
            _device.Sign(7, TestDevice.Heat(Hour, 3)));

        outcomes.Select(outcome => outcome.Rule ?? outcome.State.ToString()).ShouldBe(["unknown-device", "retired", "bad-signature", "sequence-reused", "Stored"]);
        (await Stored()).Select(reading => reading.Energy.WattHours).ShouldBe([3, 1]);
        var noted = await Host.Look(db => db.Devices.SingleAsync(row => row.LoopId == LoopId && row.Code == retired.Code));
        noted.LastRefusal.ShouldBe("The device 'km-603-2' is retired.");
    }

    [Fact]
    public async Task Each_bad_reading_is_refused_by_its_rule_and_takes_no_good_one_with_it()
    {
        await CommissionAsync();
        await Deliver(_device.Sign(1, new SignedReading("volume", Hour, 3600, 40, "l")));

        var outcome = (await Deliver(_device.Sign(
            2,
            TestDevice.Heat(Hour, 1_500) with { Unit = "kWh" },
            TestDevice.Heat(Hour.AddDays(2), 1_500),
            TestDevice.Heat(Hour, 700),
            TestDevice.Heat(Hour, 701),
            TestDevice.Heat(Hour.AddHours(1), 700) with { Seconds = 900 },
            TestDevice.Heat(Hour.AddHours(2), -1),
            TestDevice.Heat(Hour.AddMinutes(30), 1),
            TestDevice.Heat(Hour.AddDays(-5), 1),
            new SignedReading("gas", Hour, 3600, 1, "Wh"),
            new SignedReading("cold", Hour, 3600, 1, "Wh"),
            new SignedReading("volume", Hour, 3600, 41, "l"),
            new SignedReading("heat-total", Hour, 0, 1_000_000, "Wh")))).ShouldHaveSingleItem();

        outcome.Refused.Select(item => (item.Index, item.Rule)).ShouldBe(
        [
            (0, "wrong-unit"), (1, "future"), (3, "contradicted"), (4, "wrong-length"), (5, "negative"), (6, "interval-start"), (7, "register-not-in-service"),
            (8, "unknown-register"), (9, "register-not-in-service"), (10, "contradicted"),
        ]);
        outcome.Stored.ShouldBe(2);
        (await Stored()).ShouldHaveSingleItem().Energy.WattHours.ShouldBe(700);
    }

    [Fact]
    public async Task A_later_batch_of_one_delivery_corrects_an_earlier_one()
    {
        await CommissionAsync();

        var outcomes = await Deliver(_device.Sign(1, TestDevice.Heat(Hour, 100)), _device.Sign(2, TestDevice.Heat(Hour, 200)), _device.Sign(3, TestDevice.Heat(Hour, 200)));

        outcomes.Select(outcome => (outcome.Stored, outcome.Corrected, outcome.Unchanged)).ShouldBe([(1, 0, 0), (1, 1, 0), (0, 0, 1)]);
        (await Stored()).Select(reading => (reading.Revision, reading.Energy.WattHours)).ShouldBe([((short)0, 100L), ((short)1, 200L)]);
    }

    [Fact]
    public async Task A_key_that_is_rotated_works_for_a_day_and_one_that_is_revoked_not_a_moment()
    {
        await CommissionAsync();
        using var next = new TestDevice(_device.Code);
        await Host.Send(new AddDeviceKey(LoopId, _device.Code, next.Pem));

        (await Deliver(_device.Sign(1, TestDevice.Heat(Hour, 1)), next.Sign(2, TestDevice.Heat(Hour.AddHours(1), 1)))).ShouldAllBe(outcome => outcome.State == BatchState.Stored);
        Host.Time.Advance(TimeSpan.FromHours(25));
        (await Deliver(_device.Sign(3, TestDevice.Heat(Hour.AddHours(2), 1)))).ShouldHaveSingleItem().Rule.ShouldBe("key-ended");
        await Host.Send(new RevokeDeviceKey(LoopId, _device.Code, 2, "lost"));
        (await Deliver(next.Sign(4, TestDevice.Heat(Hour.AddHours(2), 1)))).ShouldHaveSingleItem().Rule.ShouldBe("key-revoked");

        var acts = await Host.Look(db => db.DeviceActs.Where(act => act.LoopId == LoopId).OrderBy(act => act.Number).ToListAsync());
        acts.Select(act => act.Kind).ShouldBe([DeviceActKind.Registered, DeviceActKind.KeyAdded, DeviceActKind.Commissioned, DeviceActKind.KeyRotated, DeviceActKind.KeyRevoked]);
        Encoding.UTF8.GetString(acts[^1].Canonical).ShouldContain("act keyRevoked");
    }

    [Fact]
    public async Task Sent_while_it_is_revoked_a_batch_is_either_wholly_in_or_refused()
    {
        await CommissionAsync();

        var sent = Enumerable.Range(1, 12).Select(i => Deliver(_device.Sign(i, TestDevice.Heat(Hour.AddHours(i), i)))).ToList();
        await Host.Send(new RevokeDeviceKey(LoopId, _device.Code, 1, "stolen"));
        var outcomes = (await Task.WhenAll(sent)).SelectMany(one => one).ToList();
        var after = (await Deliver(_device.Sign(99, TestDevice.Heat(Hour, 1)))).ShouldHaveSingleItem();

        outcomes.ShouldAllBe(outcome => outcome.State == BatchState.Stored || outcome.Rule == "key-revoked");
        after.Rule.ShouldBe("key-revoked");
        (await Stored()).Count.ShouldBe(outcomes.Count(outcome => outcome.State == BatchState.Stored));
    }

    [Fact]
    public async Task An_exchange_lets_the_new_device_count_from_the_hour_on_and_retires_the_old_one()
    {
        await CommissionAsync();
        using var fresh = new TestDevice("km-603-2");
        await Host.Send(new RegisterDevice(LoopId, fresh.Code, "", fresh.Pem, null));

        await Host.Send(new ExchangeDevice(LoopId, _device.Code, fresh.Code, Hour.AddHours(3), Energy.FromWh(9_000), Energy.FromWh(0)));

        (await Deliver(_device.Sign(1, TestDevice.Heat(Hour.AddHours(1), 1)))).ShouldHaveSingleItem().Rule.ShouldBe("retired");
        var outcome = (await Deliver(fresh.Sign(1, TestDevice.Heat(Hour.AddHours(2), 1), TestDevice.Heat(Hour.AddHours(3), 1)))).ShouldHaveSingleItem();
        (outcome.Stored, outcome.Refused.ShouldHaveSingleItem().Rule).ShouldBe((1, "register-not-in-service"));
    }

    [Fact]
    public async Task A_blocked_device_is_refused_until_it_may_go_on()
    {
        await CommissionAsync();
        await Host.Send(new BlockDevice(LoopId, _device.Code, true, "deviates"));
        (await Deliver(_device.Sign(1, TestDevice.Heat(Hour, 1)))).ShouldHaveSingleItem().Rule.ShouldBe("blocked");
        await Host.Send(new BlockDevice(LoopId, _device.Code, false, "looked at"));
        (await Deliver(_device.Sign(1, TestDevice.Heat(Hour, 1)))).ShouldHaveSingleItem().State.ShouldBe(BatchState.Stored);
    }

    [Fact]
    public async Task No_key_is_given_twice_and_none_that_is_private_or_off_the_curve()
    {
        await CommissionAsync();
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        using var p256 = ECDsa.Create(ECCurve.NamedCurves.nistP256);

        foreach (var key in new[] { _device.Pem, other.ExportSubjectPublicKeyInfoPem(), p256.ExportPkcs8PrivateKeyPem(), "04" + new string('1', 128), "{\"kty\":\"EC\"}", "nonsense" })
        {
            await Should.ThrowAsync<RefusedException>(() => Host.Send(new RegisterDevice(LoopId, "other", "", key, null)));
        }

        (await Host.Look(db => db.Devices.CountAsync(device => device.LoopId == LoopId))).ShouldBe(1);
        var point = DevicePublicKey.Parse(_device.Pem).Point;
        DevicePublicKey.Parse(Convert.ToHexString(point)).Point.ShouldBe(point);
        DevicePublicKey.Parse(Convert.ToBase64String(point)).Fingerprint.ShouldBe(DevicePublicKey.Parse(_device.Pem).Fingerprint);
    }

    [Fact]
    public void A_signature_in_der_is_as_good()
    {
        var readings = new[] { TestDevice.Heat(Hour, 1) };
        var batch = SignedBatch.Of(_device.Code, 1, readings, _device.Signature(1, readings, DSASignatureFormat.Rfc3279DerSequence), out _).ShouldNotBeNull();

        DevicePublicKey.Parse(_device.Pem).Verifies(batch.Hash, batch.Signature).ShouldBeTrue();
        SignedBatch.Of("two words", 1, readings, batch.Signature, out var fault).ShouldBeNull();
        fault.ShouldNotBeNull();
    }
}
