using System.Globalization;
using FluentValidation;
using Marketplace.Data;
using Marketplace.Web.Features.Metering;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;
using VirtualMeter = Marketplace.Data.VirtualMeter;

namespace Marketplace.Web.Features.Devices;

/// <summary>A member asks to have a meter tested.</summary>
public sealed record RequestMeterTest(int LoopId, string MeterCode, string Reason) : IRequest<Unit>, IGuarded, IChange
{
    public bool Permits(Actor actor) => actor.BelongsTo(LoopId);
}

/// <summary>Notes how a test ended.</summary>
/// <param name="ErrorPpm">The error found in millionths of the true value; positive if the meter counts too much.</param>
public sealed record DecideMeterTest(int LoopId, long TestId, MeterTestOutcome Outcome, int? ErrorPpm, string Findings) : IRequest<Unit>, IOperatorAct
{
    string IOperatorAct.Subject => string.Create(CultureInfo.InvariantCulture, $"meter test {TestId}: {Outcome}, {ErrorPpm?.ToString(CultureInfo.InvariantCulture) ?? "no"} ppm");
}

/// <summary>Defines a virtual meter anew from the next version on: the sum of others, each multiplied by a factor.</summary>
/// <param name="Parts">Meter codes, each with its factor in millionths; negative to subtract.</param>
public sealed record DefineVirtualMeter(int LoopId, string Code, IReadOnlyList<(string MeterCode, long FactorMillionths)> Parts, DateTimeOffset FromHour)
    : IRequest<Unit>, IOperatorAct
{
    string IOperatorAct.Subject => string.Create(
        CultureInfo.InvariantCulture, $"virtual meter {Code} = {string.Join(" + ", Parts.Select(part => string.Create(CultureInfo.InvariantCulture, $"{part.FactorMillionths}e-6 {part.MeterCode}")))}");
}

public sealed class RequestMeterTestValidator : AbstractValidator<RequestMeterTest>
{
    public RequestMeterTestValidator() =>
        RuleFor(request => request.Reason).NotEmpty().WithMessage("Say what makes you doubt the meter.").MaximumLength(500).WithMessage("Use at most 500 characters.");
}

public sealed class DecideMeterTestValidator : AbstractValidator<DecideMeterTest>
{
    public DecideMeterTestValidator()
    {
        RuleFor(request => request.Outcome).IsInEnum().WithMessage("Choose how it ended.");
        RuleFor(request => request.ErrorPpm).InclusiveBetween(-1_000_000, 1_000_000).WithMessage("Use an error from -100 to 100 %.");
        RuleFor(request => request.ErrorPpm).NotNull().When(request => request.Outcome != MeterTestOutcome.CalledOff).WithMessage("State the error that was found; 0 if there was none.");
        RuleFor(request => request.Findings).MaximumLength(1000).WithMessage("Use at most 1,000 characters.");
    }
}

public sealed class DefineVirtualMeterValidator : AbstractValidator<DefineVirtualMeter>
{
    public DefineVirtualMeterValidator()
    {
        RuleFor(request => request.Code).Must(Marketplace.Metering.SignedBatch.IsName).WithMessage("A meter's code has 1 to 64 letters, digits, hyphens, dots or underscores.");
        RuleFor(request => request.Parts).NotEmpty().WithMessage("Name at least one meter.");
        RuleFor(request => request.Parts).Must(parts => parts.Select(part => part.MeterCode).Distinct().Count() == parts.Count).WithMessage("A meter stands here twice; add its factors up.");
        RuleFor(request => request.Parts).Must(parts => parts.All(part => part.FactorMillionths != 0 && Math.Abs(part.FactorMillionths) <= 1_000_000_000_000))
            .WithMessage("A factor is not zero and at most a million.");
        RuleFor(request => request.FromHour).Must(Loops.MarketHour.IsStart).WithMessage("Choose the start of an hour.");
    }
}

internal sealed class MeterTestsHandler(Work work, DeviceBook book, CurrentActor current, TimeProvider time)
    : IRequestHandler<RequestMeterTest, Unit>, IRequestHandler<DecideMeterTest, Unit>, IRequestHandler<DefineVirtualMeter, Unit>
{
    public async Task<Unit> Handle(RequestMeterTest request, CancellationToken cancellationToken)
    {
        var db = work.Db;
        var meter = await VisibleMeter.FindAsync(db, current.Actor, request.LoopId, request.MeterCode, cancellationToken);
        if (meter is null || !current.Actor.ActsFor(request.LoopId, meter.MemberId))
        {
            throw new NotPermittedException(nameof(RequestMeterTest));
        }

        await book.LockAsync(request.LoopId, cancellationToken);
        if (await db.MeterTests.AnyAsync(test => test.LoopId == meter.LoopId && test.MeterId == meter.Id && test.Outcome == null, cancellationToken))
        {
            throw new RefusedException("A test of this meter is under way already.");
        }

        db.MeterTests.Add(new MeterTest { LoopId = meter.LoopId, MeterId = meter.Id, Reason = request.Reason.Trim(), RequestedBy = current.Actor.AccountId, RequestedAt = time.GetUtcNow() });
        await db.SaveChangesAsync(cancellationToken);
        return Unit.Value;
    }

    public async Task<Unit> Handle(DecideMeterTest request, CancellationToken cancellationToken)
    {
        await book.LockAsync(request.LoopId, cancellationToken);
        var test = await work.Db.MeterTests.SingleOrDefaultAsync(test => test.LoopId == request.LoopId && test.Id == request.TestId, cancellationToken)
            ?? throw new NotPermittedException(nameof(DecideMeterTest));
        if (test.Outcome is not null)
        {
            throw new RefusedException("This test has ended already.");
        }

        (test.Outcome, test.ErrorPpm, test.Findings, test.DecidedAt) = (request.Outcome, request.ErrorPpm, request.Findings.Trim(), time.GetUtcNow());
        await work.Db.SaveChangesAsync(cancellationToken);
        return Unit.Value;
    }

    public async Task<Unit> Handle(DefineVirtualMeter request, CancellationToken cancellationToken)
    {
        var (db, loopId) = (work.Db, request.LoopId);
        await book.LockAsync(loopId, cancellationToken);
        var codes = request.Parts.Select(part => part.MeterCode).ToArray();
        var meters = await db.Meters.AsNoTracking().Where(meter => meter.LoopId == loopId && codes.Contains(meter.Code)).ToDictionaryAsync(meter => meter.Code, cancellationToken);
        if (codes.FirstOrDefault(code => !meters.ContainsKey(code)) is { } unknown)
        {
            throw new RefusedException(nameof(request.Parts), $"This loop has no meter '{unknown}'.");
        }

        if (meters.Values.Select(meter => meter.Carrier).Distinct().Count() > 1)
        {
            throw new RefusedException(nameof(request.Parts), "A virtual meter adds up meters of one carrier.");
        }

        if (await db.Meters.AnyAsync(meter => meter.LoopId == loopId && meter.Code == request.Code, cancellationToken))
        {
            throw new RefusedException(nameof(request.Code), "A meter has this code already.");
        }

        var carrier = meters.Values.First().Carrier;
        var virtualMeter = await db.VirtualMeters.SingleOrDefaultAsync(meter => meter.LoopId == loopId && meter.Code == request.Code, cancellationToken);
        if (virtualMeter is null)
        {
            var id = 1 + (await db.VirtualMeters.Where(meter => meter.LoopId == loopId).MaxAsync(meter => (int?)meter.Id, cancellationToken) ?? 0);
            db.VirtualMeters.Add(virtualMeter = new VirtualMeter { LoopId = loopId, Id = id, Code = request.Code, Carrier = carrier, CreatedAt = time.GetUtcNow() });
        }
        else if (virtualMeter.Carrier != carrier)
        {
            throw new RefusedException(nameof(request.Parts), "A virtual meter keeps its carrier.");
        }

        var version = 1 + (await db.VirtualMeterParts.Where(part => part.LoopId == loopId && part.VirtualMeterId == virtualMeter.Id).MaxAsync(part => (int?)part.Version, cancellationToken) ?? 0);
        db.VirtualMeterParts.AddRange(request.Parts.Select(part => new VirtualMeterPart
        {
            LoopId = loopId, VirtualMeterId = virtualMeter.Id, Version = version, MeterId = meters[part.MeterCode].Id, FactorMillionths = part.FactorMillionths, FromHour = request.FromHour,
        }));
        await db.SaveChangesAsync(cancellationToken);
        return Unit.Value;
    }
}
