using Marketplace.Data;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Bills;

/// <summary>Who has moved out and in, and who could.</summary>
public sealed record ShowHandovers(int LoopId) : IRequest<HandoverView>, IGuarded
{
    public bool Permits(Actor actor) => actor.Operates(LoopId);
}

public sealed record HandoverView(IReadOnlyList<HandoverMember> Members, IReadOnlyList<HandoverRow> Handovers, DateOnly Tomorrow);

/// <param name="Meters">Codes of own meters in service.</param>
public sealed record HandoverMember(int Id, string Name, IReadOnlyList<string> Meters);

/// <param name="FinalBill">The number of the final bill, once it is issued.</param>
public sealed record HandoverRow(int Number, int FromId, string From, string? To, DateTimeOffset Hour, string Counters, string? FinalBill);

internal sealed class ShowHandoversHandler(Work work, MarketTime marketTime) : IRequestHandler<ShowHandovers, HandoverView>
{
    private const int Most = 200;

    public async Task<HandoverView> Handle(ShowHandovers request, CancellationToken cancellationToken)
    {
        var (db, loopId) = (work.Db, request.LoopId);
        var loop = await db.Loops.AsNoTracking().SingleAsync(loop => loop.Id == loopId, cancellationToken);
        var names = await db.Members.AsNoTracking().Where(member => member.LoopId == loopId).OrderBy(member => member.Name).Select(member => new { member.Id, member.Name }).ToListAsync(cancellationToken);
        var meters = (await db.Meters.AsNoTracking().Where(meter => meter.LoopId == loopId && meter.PlantCode == null && meter.InServiceUntil == null)
            .OrderBy(meter => meter.Code).Select(meter => new { meter.MemberId, meter.Code }).ToListAsync(cancellationToken)).ToLookup(meter => meter.MemberId, meter => meter.Code);
        var handovers = await db.Handovers.AsNoTracking().Where(handover => handover.LoopId == loopId).OrderByDescending(handover => handover.Number).Take(Most).ToListAsync(cancellationToken);
        var finals = await db.Bills.AsNoTracking().Where(bill => bill.LoopId == loopId && bill.IsFinal && bill.Revision == 0 && bill.Role == Role.Consumer)
            .Select(bill => new { bill.MemberId, bill.PeriodEnd, bill.Number }).ToListAsync(cancellationToken);
        var name = names.ToDictionary(member => member.Id, member => member.Name);
        return new HandoverView(
            [.. names.Select(member => new HandoverMember(member.Id, member.Name, [.. meters[member.Id]]))],
            [.. handovers.Select(handover => new HandoverRow(
                handover.Number, handover.FromMemberId, name.GetValueOrDefault(handover.FromMemberId, ""), handover.ToMemberId is { } to ? name.GetValueOrDefault(to, "") : null,
                handover.Hour, handover.Counters, finals.FirstOrDefault(bill => bill.MemberId == handover.FromMemberId && bill.PeriodEnd == handover.Hour)?.Number))],
            loop.Calendar.DayOf(await marketTime.NowAsync(loopId, cancellationToken)).AddDays(1));
    }
}
