using Marketplace.Data;
using Marketplace.Metering;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Devices;

/// <summary>What a call of this name was answered before.</summary>
public sealed record FindReadingCall(int LoopId, Guid CallId) : IRequest<ReadingCall?>, IGuarded
{
    public bool Permits(Actor actor) => actor.MayDeliver(LoopId);
}

/// <summary>Keeps the answer to a call, so that the same call gets it again.</summary>
public sealed record KeepReadingCall(int LoopId, Guid CallId, byte[] BodySha256, byte[] Answer) : IRequest<Unit>, IGuarded, IChange
{
    public bool Permits(Actor actor) => actor.MayDeliver(LoopId);
}

/// <summary>The codes of the meters whose device signs: nothing unsigned is taken for them from programs.</summary>
public sealed record MetersThatSign(int LoopId) : IRequest<IReadOnlySet<string>>, IGuarded
{
    public bool Permits(Actor actor) => actor.Operates(LoopId);
}

internal sealed class ReadingCallsHandler(Work work, TimeProvider time)
    : IRequestHandler<FindReadingCall, ReadingCall?>, IRequestHandler<KeepReadingCall, Unit>, IRequestHandler<MetersThatSign, IReadOnlySet<string>>
{
    public Task<ReadingCall?> Handle(FindReadingCall request, CancellationToken cancellationToken) =>
        work.Db.ReadingCalls.AsNoTracking().SingleOrDefaultAsync(call => call.LoopId == request.LoopId && call.CallId == request.CallId, cancellationToken);

    public async Task<Unit> Handle(KeepReadingCall request, CancellationToken cancellationToken)
    {
        // Two of the same call at once did the same: the first answer stays.
        await work.Db.Database.ExecuteSqlAsync(
            $"INSERT INTO market.reading_calls (loop_id, call_id, body_sha256, answer, at) VALUES ({request.LoopId}, {request.CallId}, {request.BodySha256}, {request.Answer}, {time.GetUtcNow()}) ON CONFLICT DO NOTHING",
            cancellationToken);
        return Unit.Value;
    }

    public async Task<IReadOnlySet<string>> Handle(MetersThatSign request, CancellationToken cancellationToken)
    {
        var (db, loopId, now) = (work.Db, request.LoopId, time.GetUtcNow());
        var codes = await (
            from register in db.DeviceRegisters
            join meter in db.Meters on new { register.LoopId, Id = register.MeterId } equals new { meter.LoopId, meter.Id }
            where register.LoopId == loopId && register.UntilHour == null && register.Register <= Register.ElectricityExport
                && db.DeviceKeys.Any(key => key.LoopId == loopId && key.DeviceId == register.DeviceId && (key.EndsAt == null || key.EndsAt > now))
            select meter.Code).ToListAsync(cancellationToken);
        return codes.ToHashSet(StringComparer.Ordinal);
    }
}
