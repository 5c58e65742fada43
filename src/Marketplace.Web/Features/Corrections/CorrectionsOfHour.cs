using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Corrections;

/// <summary>The named corrections of a published hour, for anybody: when and why, not whose.</summary>
public sealed record CorrectionsOfHour(int LoopId, DateTimeOffset Hour) : IRequest<IReadOnlyList<CorrectionNotice>>, IPublic;

public sealed record CorrectionNotice(DateTimeOffset At, Carrier Carrier, string Reason);

/// <summary>What the corrections of an hour moved for one member.</summary>
public sealed record OwnCorrections(int LoopId, int MemberId, DateTimeOffset Hour) : IRequest<IReadOnlyList<OwnCorrection>>, IGuarded
{
    public bool Permits(Actor actor) => actor.ActsFor(LoopId, MemberId) || actor.Operates(LoopId);
}

/// <param name="Amount">Above zero the member owes it.</param>
public sealed record OwnCorrection(Carrier Carrier, Money Amount);

internal sealed class CorrectionsOfHourHandler(MarketplaceDb db)
    : IRequestHandler<CorrectionsOfHour, IReadOnlyList<CorrectionNotice>>, IRequestHandler<OwnCorrections, IReadOnlyList<OwnCorrection>>
{
    public async Task<IReadOnlyList<CorrectionNotice>> Handle(CorrectionsOfHour request, CancellationToken cancellationToken)
    {
        // The key finds the few hours that have any; only for those is the list of acts read.
        if (!await db.CorrectedMembers.AnyAsync(member => member.LoopId == request.LoopId && member.Hour == request.Hour, cancellationToken))
        {
            return [];
        }

        var start = CorrectionSubject.Start(request.Hour);
        var acts = await db.OperatorActions
            .Where(action => action.LoopId == request.LoopId && action.Action == nameof(CorrectHour) && action.Subject.StartsWith(start))
            .OrderBy(action => action.Id)
            .Select(action => new { action.At, action.Subject })
            .ToListAsync(cancellationToken);
        var resettled = await db.Database.SqlQuery<ResettledRow>($"""
            SELECT DISTINCT r.at AS "At", p.carrier AS "Carrier", r.reason AS "Reason" FROM market.resettlements r
            JOIN market.resettled_positions p ON p.loop_id = r.loop_id AND p.hour = r.hour AND p.number = r.number
            WHERE r.loop_id = {request.LoopId} AND r.hour = {request.Hour}
            """).ToListAsync(cancellationToken);
        return
        [
            .. acts.Select(act => CorrectionSubject.Read(act.Subject) is var (carrier, reason) ? new CorrectionNotice(act.At, carrier, reason) : null).OfType<CorrectionNotice>()
                .Concat(resettled.Select(row => new CorrectionNotice(row.At, (Carrier)row.Carrier, row.Reason)))
                .OrderBy(notice => notice.At).ThenBy(notice => notice.Carrier),
        ];
    }

    private sealed record ResettledRow(DateTimeOffset At, short Carrier, string Reason);

    public async Task<IReadOnlyList<OwnCorrection>> Handle(OwnCorrections request, CancellationToken cancellationToken) =>
        await db.CorrectedMembers.AsNoTracking()
            .Where(member => member.LoopId == request.LoopId && member.Hour == request.Hour && member.MemberId == request.MemberId)
            .OrderBy(member => member.Reference)
            .Select(member => new OwnCorrection(member.Carrier, member.Amount))
            .ToListAsync(cancellationToken);
}
