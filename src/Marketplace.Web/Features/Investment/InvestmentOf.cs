using FluentValidation;
using Marketplace.Contracts;
using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Replica;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Features.Plants;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Investment;

/// <summary>The plants in which a member has a share, and what they earned in a period.</summary>
public sealed record InvestmentOf(int LoopId, int MemberId, Interval Period, Grain Grain) : IRequest<IReadOnlyList<Holding>>, IGuarded
{
    public bool Permits(Actor actor) => actor.ActsFor(LoopId, MemberId) || actor.Operates(LoopId);
}

/// <param name="Rows">The plant's own results.</param>
/// <param name="Share">The investor's part of the revenue of the period so far, by the same rule as the statement.</param>
/// <param name="LastRan">The last settled hour of the period in which the plant gave energy.</param>
public sealed record Holding(
    string PlantCode, string PlantName, PlantKind Kind, string Owner, decimal ShareOfRevenue, Money Invested,
    IReadOnlyList<PlantResult> Rows, Money Revenue, Money Share, DateTimeOffset? LastRan);

public sealed class InvestmentOfValidator : AbstractValidator<InvestmentOf>
{
    public InvestmentOfValidator() => RuleFor(request => request.Period.Length).LessThanOrEqualTo(TimeSpan.FromDays(367))
        .OverridePropertyName("Period").WithMessage("Ask for at most a year at once.");
}

internal sealed class InvestmentOfHandler(MarketplaceDb db) : IRequestHandler<InvestmentOf, IReadOnlyList<Holding>>
{
    public async Task<IReadOnlyList<Holding>> Handle(InvestmentOf request, CancellationToken cancellationToken)
    {
        var (loopId, from, to) = (request.LoopId, request.Period.Start, request.Period.End);
        var held = await (
            from share in db.PlantShares
            where share.LoopId == loopId && share.MemberId == request.MemberId
            join plant in db.Plants on new { share.LoopId, Code = share.PlantCode } equals new { plant.LoopId, plant.Code }
            join owner in db.Members on new { plant.LoopId, Id = plant.OwnerId } equals new { owner.LoopId, owner.Id }
            orderby plant.Name
            select new { share, plant, owner = owner.Name }).AsNoTracking().ToListAsync(cancellationToken);
        if (held.Count == 0)
        {
            return [];
        }

        int[] owners = [.. held.Select(row => row.plant.OwnerId).Distinct()];
        string[] codes = [.. held.Select(row => row.plant.Code)];
        var stakes = (await db.PlantShares.AsNoTracking().Where(share => share.LoopId == loopId && codes.Contains(share.PlantCode)).ToListAsync(cancellationToken))
            .ToLookup(share => share.PlantCode, share => new Stake(share.MemberId, share.ShareMillionths));
        var rows = (await ResultsOfPlants.ReadAsync(db, loopId, owners, codes, request.Period, request.Grain, cancellationToken)).ToLookup(row => row.PlantCode);
        var ran = await db.Positions
            .Where(position => position.LoopId == loopId && owners.Contains(position.MemberId) && position.Hour >= from && position.Hour < to
                && codes.Contains(position.PlantCode) && position.Direction == MeterDirection.Production)
            .GroupBy(position => position.PlantCode)
            .Select(group => new { group.Key, Last = group.Max(position => position.Hour) })
            .ToDictionaryAsync(row => row.Key, row => row.Last, cancellationToken);
        return [.. held.Select(row =>
        {
            var code = row.plant.Code;
            var revenue = rows[code].RevenueOf();
            var part = RevenueShareClause.Evaluate(revenue, row.plant.OwnerId, [.. stakes[code]])
                .Where(result => result.Party == request.MemberId)
                .Aggregate(Money.Zero, (sum, result) => sum + result.Amount);
            return new Holding(
                code, row.plant.Name, PlantDefinition.Read(row.plant.Definition).Kind, row.owner, row.share.ShareMillionths / 1_000_000m, row.share.Invested,
                [.. rows[code]], revenue, part, ran.TryGetValue(code, out var last) ? last : null);
        })];
    }
}
