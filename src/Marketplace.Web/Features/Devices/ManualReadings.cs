using System.Globalization;
using System.Security.Cryptography;
using FluentValidation;
using Marketplace.Data;
using Marketplace.Ledger;
using Marketplace.Quantities;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Features.Metering;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Devices;

/// <summary>A member or a technician has read a meter's counter, and perhaps photographed it. The photo lies beside the ledger and its hash
/// in the record, so that the one shows whether the other is still what it was.</summary>
/// <param name="SubmissionId">Made by the form, so that a form sent twice is one reading.</param>
/// <param name="At">When it was read, by the loop's clock.</param>
public sealed record TakeManualReading(int LoopId, string MeterCode, Guid SubmissionId, DateTimeOffset At, Energy Counter, byte[]? Photo) : IRequest<long>, IGuarded, IChange
{
    public bool Permits(Actor actor) => actor.BelongsTo(LoopId);
}

public sealed class TakeManualReadingValidator : AbstractValidator<TakeManualReading>
{
    private static readonly Energy HighestCounter = Energy.FromWh(1_000_000_000_000);

    public TakeManualReadingValidator()
    {
        RuleFor(request => request.SubmissionId).NotEmpty();
        RuleFor(request => request.Counter).Must(counter => !counter.IsNegative && counter <= HighestCounter).WithMessage("Use a counter of 0 to 1,000,000,000 kWh.");
        RuleFor(request => request.Photo).Must(photo => photo is null || photo.Length <= Photo.MostBytes).WithMessage("The photo is larger than 8 MB.");
    }
}

/// <summary>The photo of a manual reading, for those who may see its meter.</summary>
public sealed record ShowReadingPhoto(int LoopId, string MeterCode, long ReadingId) : IRequest<ReadingPhoto?>, IGuarded
{
    public bool Permits(Actor actor) => actor.BelongsTo(LoopId);
}

/// <summary>What surrounds a meter: its device, its tests, and its counter as people have read it.</summary>
public sealed record ShowMeterCare(int LoopId, string MeterCode) : IRequest<MeterCare?>, IGuarded
{
    public bool Permits(Actor actor) => actor.BelongsTo(LoopId);
}

/// <param name="Device">The device that counts for it now; null where none does.</param>
/// <param name="IsOwn">Whether the person acts for its member, and may ask for a test.</param>
/// <param name="MayRead">Whether the person may note a counter.</param>
public sealed record MeterCare(
    Meter Meter, Device? Device, Calibration Calibration, IReadOnlyList<MeterTest> Tests, IReadOnlyList<ManualReading> Readings, bool IsOwn, bool MayRead, DateTimeOffset Now);

internal sealed class ManualReadingsHandler(Work work, CurrentActor current, MarketTime marketTime, TimeProvider time)
    : IRequestHandler<TakeManualReading, long>, IRequestHandler<ShowReadingPhoto, ReadingPhoto?>, IRequestHandler<ShowMeterCare, MeterCare?>
{
    private const int MostShown = 20;

    public async Task<long> Handle(TakeManualReading request, CancellationToken cancellationToken)
    {
        var (db, loopId) = (work.Db, request.LoopId);
        var meter = await VisibleMeter.FindAsync(db, current.Actor, loopId, request.MeterCode, cancellationToken);
        if (meter is null || !MayRead(meter))
        {
            throw new NotPermittedException(nameof(TakeManualReading));
        }

        var at = new DateTimeOffset(request.At.UtcTicks - (request.At.UtcTicks % TimeSpan.TicksPerSecond), TimeSpan.Zero);
        if (at > await marketTime.NowAsync(loopId, cancellationToken))
        {
            throw new RefusedException(nameof(request.At), "This time is yet to come.");
        }

        var photo = request.Photo is { Length: > 0 } sent ? Photo.Clean(sent) ?? throw new RefusedException(nameof(request.Photo), "Send a photo as JPEG or PNG, at most 12,000 pixels wide and high.") : null;
        await db.Database.ExecuteSqlAsync($"SELECT pg_advisory_xact_lock(hashtextextended({request.SubmissionId.ToString()}, 0))", cancellationToken);
        if (await db.ManualReadings.Where(reading => reading.LoopId == loopId && reading.SubmissionId == request.SubmissionId).Select(reading => (long?)reading.Id).SingleOrDefaultAsync(cancellationToken) is { } known)
        {
            return known;
        }

        var slug = await db.Loops.Where(loop => loop.Id == loopId).Select(loop => loop.Slug).SingleAsync(cancellationToken);
        var hash = photo is null ? null : SHA256.HashData(photo.Content);
        var record = RecordOf(slug, meter, request.SubmissionId, at, request.Counter, hash);
        var appended = await LedgerDoor.AppendAsync(await work.ConnectionAsync(cancellationToken), work.Transaction, loopId, record.RecordKey, [record], cancellationToken);
        var reading = new ManualReading
        {
            LoopId = loopId, SubmissionId = request.SubmissionId, MeterId = meter.Id, At = at, Counter = request.Counter, TakenBy = current.Actor.AccountId,
            TakenAt = time.GetUtcNow(), PhotoSha256 = hash, Canonical = record.Canonical, BatchId = appended.BatchId, BatchPosition = appended.Positions[0],
        };
        db.ManualReadings.Add(reading);
        await db.SaveChangesAsync(cancellationToken);
        if (photo is not null)
        {
            db.ReadingPhotos.Add(new ReadingPhoto { LoopId = loopId, ReadingId = reading.Id, ContentType = photo.ContentType, Content = photo.Content });
            await db.SaveChangesAsync(cancellationToken);
        }

        return reading.Id;
    }

    public async Task<ReadingPhoto?> Handle(ShowReadingPhoto request, CancellationToken cancellationToken)
    {
        if (await VisibleMeter.FindAsync(work.Db, current.Actor, request.LoopId, request.MeterCode, cancellationToken) is not { } meter)
        {
            return null;
        }

        return await (
            from reading in work.Db.ManualReadings
            join photo in work.Db.ReadingPhotos on new { reading.LoopId, ReadingId = reading.Id } equals new { photo.LoopId, photo.ReadingId }
            where reading.LoopId == meter.LoopId && reading.MeterId == meter.Id && reading.Id == request.ReadingId
            select photo).AsNoTracking().SingleOrDefaultAsync(cancellationToken);
    }

    public async Task<MeterCare?> Handle(ShowMeterCare request, CancellationToken cancellationToken)
    {
        var (db, loopId) = (work.Db, request.LoopId);
        if (await VisibleMeter.FindAsync(db, current.Actor, loopId, request.MeterCode, cancellationToken) is not { } meter)
        {
            return null;
        }

        var now = await marketTime.NowAsync(loopId, cancellationToken);
        var energy = DeviceLifeHandler.EnergyOf(meter);
        var device = await (
            from register in db.DeviceRegisters
            join found in db.Devices on new { register.LoopId, Id = register.DeviceId } equals new { found.LoopId, found.Id }
            where register.LoopId == loopId && register.MeterId == meter.Id && register.Register == energy && register.UntilHour == null
            select found).AsNoTracking().SingleOrDefaultAsync(cancellationToken);
        return new MeterCare(
            meter, device, Calibrations.On(device?.CalibratedUntil, DateOnly.FromDateTime(now.UtcDateTime)),
            await db.MeterTests.AsNoTracking().Where(test => test.LoopId == loopId && test.MeterId == meter.Id).OrderByDescending(test => test.Id).Take(MostShown).ToListAsync(cancellationToken),
            await db.ManualReadings.AsNoTracking().Where(reading => reading.LoopId == loopId && reading.MeterId == meter.Id).OrderByDescending(reading => reading.At).Take(MostShown).ToListAsync(cancellationToken),
            current.Actor.ActsFor(loopId, meter.MemberId), MayRead(meter), now);
    }

    private static LedgerRecord RecordOf(string slug, Meter meter, Guid submission, DateTimeOffset at, Energy counter, byte[]? photo)
    {
        var record = CanonicalRecord.Of("manualReading", 1)
            .Add("loop", slug)
            .Add("meter", meter.Code)
            .Add("at", at)
            .Add("counterWh", counter.WattHours);
        if (photo is not null)
        {
            record.Add("photoSha256", Convert.ToHexStringLower(photo));
        }

        return new LedgerRecord(
            RecordKind.Reading, 1, string.Create(CultureInfo.InvariantCulture, $"manual/{meter.Code}/{submission:N}"), record.ToBytes(), meter.MemberId, DateOnly.FromDateTime(at.UtcDateTime));
    }

    private bool MayRead(Meter meter) => current.Actor.ActsFor(meter.LoopId, meter.MemberId) || current.Actor.MayDeliver(meter.LoopId);
}
