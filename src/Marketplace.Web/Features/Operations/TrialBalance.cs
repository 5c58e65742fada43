using FluentValidation;
using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Operations;

/// <summary>The journal's totals of a period by kind of account. Money and energy are journals of their own.</summary>
public sealed record TrialBalance(int LoopId, Interval Period) : IRequest<JournalTotals>, IGuarded
{
    public bool Permits(Actor actor) => actor.Operates(LoopId) || actor.Roles.Any(held => held.LoopId == LoopId && held.Role == Role.Auditor);
}

public sealed record JournalTotals(IReadOnlyList<AccountTotal> Money, IReadOnlyList<AccountTotal> Energy, long Transfers);

/// <summary>Debits and credits of one kind of account: millionths of the currency, or Wh.</summary>
public sealed record AccountTotal(AccountKind Kind, int Accounts, long Debits, long Credits);

public sealed class TrialBalanceValidator : AbstractValidator<TrialBalance>
{
    public TrialBalanceValidator() => RuleFor(request => request.Period.Length).LessThanOrEqualTo(TimeSpan.FromDays(367))
        .OverridePropertyName("Period").WithMessage("Ask for at most a year at once.");
}

internal sealed class TrialBalanceHandler(MarketplaceDb db) : IRequestHandler<TrialBalance, JournalTotals>
{
    private static readonly short[] EnergyKinds =
        [(short)TransferKind.EnergyTraded, (short)TransferKind.EnergyImbalance, (short)TransferKind.EnergyConverted, (short)TransferKind.EnergyLost];

    public async Task<JournalTotals> Handle(TrialBalance request, CancellationToken cancellationToken)
    {
        var (loopId, from, to) = (request.LoopId, request.Period.Start, request.Period.End);
        var rows = await db.Database.SqlQuery<TotalRow>($"""
            WITH moved AS MATERIALIZED (
                SELECT debit_account, credit_account, kind = ANY ({EnergyKinds}) AS energy, sum(amount) AS amount, count(*) AS transfers
                FROM market.transfers
                WHERE loop_id = {loopId} AND hour >= {from} AND hour < {to}
                GROUP BY 1, 2, 3),
            sides AS (
                SELECT debit_account AS account, energy, amount AS debits, 0 AS credits, transfers FROM moved
                UNION ALL SELECT credit_account, energy, 0, amount, 0 FROM moved)
            SELECT a.kind AS "Kind", s.energy AS "Energy", count(DISTINCT a.id)::int AS "Accounts",
                   sum(s.debits)::bigint AS "Debits", sum(s.credits)::bigint AS "Credits", sum(s.transfers)::bigint AS "Transfers"
            FROM sides s JOIN market.accounts a ON a.loop_id = {loopId} AND a.id = s.account
            GROUP BY a.kind, s.energy ORDER BY s.energy, a.kind
            """).ToListAsync(cancellationToken);
        IReadOnlyList<AccountTotal> Of(bool energy) =>
            [.. rows.Where(row => row.Energy == energy).Select(row => new AccountTotal((AccountKind)row.Kind, row.Accounts, row.Debits, row.Credits))];
        return new JournalTotals(Of(false), Of(true), rows.Sum(row => row.Transfers));
    }

    private sealed record TotalRow(short Kind, bool Energy, int Accounts, long Debits, long Credits, long Transfers);
}
