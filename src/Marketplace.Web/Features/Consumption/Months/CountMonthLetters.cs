using Marketplace.Web.Features.Sending;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Consumption.Months;

/// <summary>How the letters about a loop's last told month stand, for the operator.</summary>
public sealed record CountMonthLetters(int LoopId) : IRequest<MonthLetters?>, IGuarded
{
    public bool Permits(Actor actor) => actor.Operates(LoopId);
}

/// <param name="Month">Its first day.</param>
/// <param name="NotArrived">Failed, in doubt, without an address, or made while e-mail was not set up.</param>
public sealed record MonthLetters(DateOnly Month, long Sent, long Waiting, long NotArrived);

internal sealed class CountMonthLettersHandler(Work work) : IRequestHandler<CountMonthLetters, MonthLetters?>
{
    public async Task<MonthLetters?> Handle(CountMonthLetters request, CancellationToken cancellationToken)
    {
        short[] waiting = [(short)LetterState.Waiting, (short)LetterState.Sending];
        var rows = await work.Db.Database.SqlQuery<MonthLetters>($"""
            SELECT m.month AS "Month", count(*) FILTER (WHERE l.state = {(short)LetterState.Sent}) AS "Sent",
                   count(*) FILTER (WHERE l.state = ANY ({waiting})) AS "Waiting",
                   count(*) FILTER (WHERE NOT l.state = ANY ({waiting}) AND l.state <> {(short)LetterState.Sent} AND l.state <> {(short)LetterState.Refused}) AS "NotArrived"
            FROM market.consumption_months m LEFT JOIN market.consumption_letters l ON l.loop_id = m.loop_id AND l.month = m.month
            WHERE m.loop_id = {request.LoopId} GROUP BY m.month ORDER BY m.month DESC LIMIT 1
            """).ToListAsync(cancellationToken);
        return rows.SingleOrDefault();
    }
}
