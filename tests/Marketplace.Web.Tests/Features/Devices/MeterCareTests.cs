using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Features.Devices;
using Marketplace.Web.Features.Metering;
using Marketplace.Web.Pipeline;
using Marketplace.Web.Tests.Features.Accounts;
using Marketplace.Web.Tests.Features.Metering;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Shouldly;
using Xunit;

namespace Marketplace.Web.Tests.Features.Devices;

public sealed class MeterCareTests : MeteringLoop
{
    // The smallest picture there is: one pixel. Chunks: IHDR, a text with a place in it, IDAT, IEND.
    private static byte[] Png(bool broken = false, uint width = 1)
    {
        using var png = new MemoryStream();
        png.Write([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]);
        Chunk("IHDR", [.. BigEndian(width), 0, 0, 0, 1, 8, 0, 0, 0, 0]);
        Chunk("tEXt", Encoding.ASCII.GetBytes("GPS 52.5 13.4"));
        Chunk("IDAT", [0x78, 0x9C, 0x63, 0x60, 0x00, 0x00, 0x00, 0x02, 0x00, 0x01]);
        Chunk("IEND", []);
        png.Write("hidden behind"u8);
        return png.ToArray();

        void Chunk(string name, byte[] data)
        {
            byte[] body = [.. Encoding.ASCII.GetBytes(name), .. data];
            png.Write(BigEndian((uint)data.Length));
            png.Write(body);
            png.Write(BigEndian(Crc(body) + (broken ? 1u : 0u)));
        }

        static byte[] BigEndian(uint value)
        {
            var bytes = new byte[4];
            BinaryPrimitives.WriteUInt32BigEndian(bytes, value);
            return bytes;
        }

        static uint Crc(byte[] bytes) => ~bytes.Aggregate(uint.MaxValue, (crc, b) =>
        {
            crc ^= b;
            for (var bit = 0; bit < 8; bit++)
            {
                crc = (crc & 1) != 0 ? (crc >> 1) ^ 0xEDB88320u : crc >> 1;
            }

            return crc;
        });
    }

    private Actor Ann => People.Acting(Guid.NewGuid(), new RoleHeld(LoopId, 1, Role.Consumer));

    private Actor Bob => People.Acting(Guid.NewGuid(), new RoleHeld(LoopId, 2, Role.Consumer));

    [Fact]
    public async Task A_counter_with_a_photo_is_one_record_and_the_photo_keeps_nothing_but_the_picture()
    {
        var request = new TakeManualReading(LoopId, "ann-heat", Guid.NewGuid(), Hour.AddMinutes(20), Energy.FromKWh(12_345.6m), Png());
        var id = await Host.Send(request, Ann);
        (await Host.Send(request, Ann)).ShouldBe(id);

        var reading = await Host.Look(db => db.ManualReadings.SingleAsync(row => row.LoopId == LoopId));
        var photo = (await Host.Send(new ShowReadingPhoto(LoopId, "ann-heat", id), Ann)).ShouldNotBeNull();
        reading.PhotoSha256.ShouldBe(SHA256.HashData(photo.Content));
        Encoding.UTF8.GetString(reading.Canonical).ShouldBe(
            $"manualReading/v1\nloop tests\nmeter ann-heat\nat 2026-03-05T00:20:00Z\ncounterWh 12345600\nphotoSha256 {Convert.ToHexStringLower(reading.PhotoSha256!)}\n");
        Encoding.Latin1.GetString(photo.Content).ShouldNotContain("GPS");
        Encoding.Latin1.GetString(photo.Content).ShouldNotContain("hidden");
        photo.ContentType.ShouldBe("image/png");
        (await Host.Send(new ShowReadingPhoto(LoopId, "ann-heat", id), Bob)).ShouldBeNull();
        await Should.ThrowAsync<NotPermittedException>(() => Host.Send(request with { SubmissionId = Guid.NewGuid() }, Bob));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_photo_keeps_which_way_up_it_is_and_nothing_else_of_what_the_camera_noted(bool isLittle)
    {
        var id = await Host.Send(new TakeManualReading(LoopId, "ann-heat", Guid.NewGuid(), Hour, Energy.FromWh(1), Jpeg(isLittle)), Ann);

        var kept = (await Host.Send(new ShowReadingPhoto(LoopId, "ann-heat", id), Ann)).ShouldNotBeNull().Content;

        Encoding.Latin1.GetString(kept).ShouldNotContain("GPS");
        var tiff = kept.AsSpan(kept.AsSpan().IndexOf("Exif\0\0"u8) + 6, 26).ToArray();
        tiff.ShouldBe([.. "MM\0*"u8, 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, 6, 0, 0, 0, 0, 0, 0]);
        kept.AsSpan(0, 6).ToArray().ShouldBe([0xFF, 0xD8, 0xFF, 0xE1, 0, 34]);
        kept.AsSpan(38, 2).ToArray().ShouldBe([0xFF, 0xC0]);
    }

    // A picture of one pixel as a camera held upright writes it: orientation 6, and where it was taken.
    private static byte[] Jpeg(bool isLittle)
    {
        byte[] directory = isLittle
            ? [.. "II*\0"u8, 8, 0, 0, 0, 2, 0, 0x0F, 0x01, 2, 0, 4, 0, 0, 0, .. "GPS\0"u8, 0x12, 0x01, 3, 0, 1, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 0]
            : [.. "MM\0*"u8, 0, 0, 0, 8, 0, 2, 0x01, 0x0F, 0, 2, 0, 0, 0, 4, .. "GPS\0"u8, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, 6, 0, 0, 0, 0, 0, 0];
        byte[] exif = [.. "Exif\0\0"u8, .. directory, .. "GPS 52.5 13.4"u8];
        return
        [
            0xFF, 0xD8, 0xFF, 0xE1, 0, (byte)(exif.Length + 2), .. exif,
            0xFF, 0xC0, 0, 11, 8, 0, 1, 0, 1, 1, 1, 0x11, 0, 0xFF, 0xDA, 0, 8, 1, 1, 0, 0, 63, 0, 0x12, 0x34, 0xFF, 0xD9,
        ];
    }

    [Fact]
    public async Task What_is_no_whole_picture_or_no_time_that_has_passed_is_refused()
    {
        byte[][] bad = [Png(broken: true), Png(width: 100_000), [0xFF, 0xD8, 0xFF, 0xD9], Encoding.ASCII.GetBytes("<svg/>"), Png()[..40]];
        foreach (var photo in bad)
        {
            await Should.ThrowAsync<RefusedException>(() => Host.Send(new TakeManualReading(LoopId, "ann-heat", Guid.NewGuid(), Hour, Energy.FromWh(1), photo), Ann));
        }

        await Should.ThrowAsync<RefusedException>(() => Host.Send(new TakeManualReading(LoopId, "ann-heat", Guid.NewGuid(), Hour.AddDays(2), Energy.FromWh(1), null), Ann));
        (await Host.Look(db => db.ManualReadings.CountAsync(row => row.LoopId == LoopId))).ShouldBe(0);
    }

    [Fact]
    public async Task A_member_asks_for_a_test_of_the_own_meter_once_at_a_time_and_sees_how_it_ended()
    {
        await Host.Send(new RequestMeterTest(LoopId, "ann-heat", "it counts at night"), Ann);
        await Should.ThrowAsync<RefusedException>(() => Host.Send(new RequestMeterTest(LoopId, "ann-heat", "again"), Ann));
        await Should.ThrowAsync<NotPermittedException>(() => Host.Send(new RequestMeterTest(LoopId, "ann-heat", "not mine"), Bob));
        var test = (await Host.Send(new ShowDevices(LoopId))).OpenTests.ShouldHaveSingleItem().Test;

        await Should.ThrowAsync<NotPermittedException>(() => Host.Send(new DecideMeterTest(LoopId, test.Id, MeterTestOutcome.Passed, 0, ""), Ann));
        await Host.Send(new DecideMeterTest(LoopId, test.Id, MeterTestOutcome.Failed, 31_000, "counts 3.1 % too much"), People.Operator(LoopId));

        var seen = (await Host.Send(new ShowMeterCare(LoopId, "ann-heat"), Ann)).ShouldNotBeNull().Tests.ShouldHaveSingleItem();
        (seen.Outcome, seen.ErrorPpm).ShouldBe((MeterTestOutcome.Failed, 31_000));
    }

    [Fact]
    public async Task A_virtual_meter_is_a_versioned_sum_of_meters_of_one_carrier()
    {
        await Host.Send(new DefineVirtualMeter(LoopId, "all-heat", [("ann-heat", 1_000_000), ("bob-heat", -500_000)], Hour));
        await Host.Send(new DefineVirtualMeter(LoopId, "all-heat", [("ann-heat", 1_000_000)], Hour.AddHours(1)));
        await Should.ThrowAsync<RefusedException>(() => Host.Send(new DefineVirtualMeter(LoopId, "mixed", [("ann-heat", 1), ("ann-electricity", 1)], Hour)));
        await Should.ThrowAsync<RefusedException>(() => Host.Send(new DefineVirtualMeter(LoopId, "ann-heat", [("bob-heat", 1)], Hour)));

        var row = (await Host.Send(new ShowDevices(LoopId))).VirtualMeters.ShouldHaveSingleItem();
        (row.Version, row.Parts.ShouldHaveSingleItem()).ShouldBe((2, ("ann-heat", 1_000_000L)));
        (await Host.Look(db => db.VirtualMeterParts.CountAsync(part => part.LoopId == LoopId))).ShouldBe(3);
    }

    [Fact]
    public async Task A_calibration_warns_a_quarter_before_it_ends()
    {
        var today = new DateOnly(2026, 3, 6);
        Calibrations.On(null, today).ShouldBe(Calibration.Unknown);
        Calibrations.On(today.AddDays(-1), today).ShouldBe(Calibration.Over);
        Calibrations.On(today, today).ShouldBe(Calibration.EndsSoon);
        Calibrations.On(today.AddDays(90), today).ShouldBe(Calibration.Valid);
        await Host.Send(new RegisterDevice(LoopId, "m1", "", null, today.AddDays(10)));
        (await Host.Send(new ShowDevices(LoopId))).Devices.ShouldHaveSingleItem().Calibration.ShouldBe(Calibration.EndsSoon);
        await Host.Send(new CalibrateDevice(LoopId, "m1", today.AddYears(5)));
        (await Host.Send(new ShowDevices(LoopId))).Devices.ShouldHaveSingleItem().Calibration.ShouldBe(Calibration.Valid);
    }

    [Fact]
    public async Task Months_are_there_before_they_begin()
    {
        await ActivatorUtilities.CreateInstance<MonthsAhead>(Host.Services).MakeAsync(CancellationToken.None);
        await ActivatorUtilities.CreateInstance<MonthsAhead>(Host.Services).MakeAsync(CancellationToken.None);
        (await Host.Look(db => db.Database.SqlQuery<int>($"SELECT count(*)::int AS \"Value\" FROM pg_class WHERE relname IN ('readings_2026_05', 'register_values_2026_05')").SingleAsync())).ShouldBe(2);
    }
}
