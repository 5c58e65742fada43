using FluentValidation;
using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Privacy;

/// <summary>What a member who lets the person look used in a period: energy only, no prices, no costs, no trades. Settled hours only.</summary>
public sealed record SharedConsumption(int LoopId, int MemberId, Interval Period, Grain Grain) : IRequest<IReadOnlyList<SharedUse>>, IOpenToGrants
{
    public GrantScope Scope => GrantScope.Consumption;

    public int? GrantedMember => MemberId;

    public bool Permits(Actor actor) => actor.ActsFor(LoopId, MemberId);
}

/// <param name="EstimatedHours">Hours of it that are estimated.</param>
public sealed record SharedUse(DateTimeOffset At, short CarrierNumber, long Wh, int EstimatedHours)
{
    public Carrier Carrier => (Carrier)CarrierNumber;

    public Energy Energy => Energy.FromWh(Wh);
}

internal sealed class SharedConsumptionRules : AbstractValidator<SharedConsumption>
{
    public SharedConsumptionRules() => RuleFor(request => request.Period.Length).LessThanOrEqualTo(TimeSpan.FromDays(367))
        .OverridePropertyName("Period").WithMessage("Ask for at most a year at once.");
}

internal sealed class SharedConsumptionHandler(Work work) : IRequestHandler<SharedConsumption, IReadOnlyList<SharedUse>>
{
    public async Task<IReadOnlyList<SharedUse>> Handle(SharedConsumption request, CancellationToken cancellationToken)
    {
        var zone = await work.Db.Loops.Where(loop => loop.Id == request.LoopId).Select(loop => loop.TimeZone).SingleAsync(cancellationToken);
        return await work.Db.Database.SqlQuery<SharedUse>(
            $"""
            SELECT date_trunc({request.Grain.SqlName()}, hour AT TIME ZONE {zone}) AT TIME ZONE {zone} AS "At", carrier AS "CarrierNumber", sum(metered)::bigint AS "Wh",
                   (count(*) FILTER (WHERE estimated))::int AS "EstimatedHours"
            FROM market.positions
            WHERE loop_id = {request.LoopId} AND member_id = {request.MemberId} AND hour >= {request.Period.Start} AND hour < {request.Period.End}
              AND direction = {(short)MeterDirection.Consumption} AND plant_code = ''
            GROUP BY 1, 2 ORDER BY 1, 2
            """).ToListAsync(cancellationToken);
    }
}
