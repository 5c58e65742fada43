using FluentValidation;
using Marketplace.Data;
using Marketplace.Market;
using Marketplace.Quantities;
using Marketplace.Replica;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Features.Orders;
using Marketplace.Web.Features.Plants;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Auctions.Rules;

/// <summary>How orders are to be brought together.</summary>
/// <param name="Cap">No price is higher.</param>
/// <param name="Floor">No price is lower.</param>
/// <param name="Rounds">In how many steps falling offers reach their limits.</param>
public sealed record RulesWished(Mechanism Heat, Mechanism Cold, Mechanism Electricity, Price? Cap, Price? Floor, int Rounds)
{
    public MarketRules For(int loopId) => new()
    {
        LoopId = loopId, Heat = Heat, Cold = Cold, Electricity = Electricity, Cap = Cap, Floor = Floor, Rounds = Rounds, Reason = "",
    };
}

/// <summary>Sets the rules of a loop's market from an hour on. Hours whose gate has closed keep theirs.</summary>
public sealed record SetMarketRules(int LoopId, RulesWished Rules, DateTimeOffset ValidFrom, string Reason) : IRequest<int>, IOperatorAct, IGoverned
{
    GovernedArea IGoverned.Area => GovernedArea.MarketRules;

    public string Subject =>
        $"from {Instants.Iso(ValidFrom)}: heat {Rules.Heat.Name()}, cold {Rules.Cold.Name()}, electricity {Rules.Electricity.Name()}";
}

public sealed class RulesWishedValidator : AbstractValidator<RulesWished>
{
    /// <summary>As many as the core allows is far more than anybody can follow in an hour.</summary>
    public const int MostRounds = 60;

    public RulesWishedValidator()
    {
        RuleFor(rules => rules.Heat).IsInEnum().WithMessage("Choose a mechanism for heat.");
        RuleFor(rules => rules.Cold).IsInEnum().WithMessage("Choose a mechanism for cold.");
        RuleFor(rules => rules.Electricity).IsInEnum().WithMessage("Choose a mechanism for electricity.");
        RuleFor(rules => rules.Rounds).InclusiveBetween(1, MostRounds).WithMessage($"Choose 1 to {MostRounds} rounds.");
        RuleFor(rules => rules.Cap!.Value).LimitWithinBounds().When(rules => rules.Cap is not null).OverridePropertyName(nameof(RulesWished.Cap));
        RuleFor(rules => rules.Floor!.Value).LimitWithinBounds().When(rules => rules.Floor is not null).OverridePropertyName(nameof(RulesWished.Floor));
        RuleFor(rules => rules.Floor).Must((rules, floor) => floor is null || rules.Cap is null || floor <= rules.Cap)
            .WithMessage("The lowest price allowed is above the highest.");
    }
}

public sealed class SetMarketRulesValidator : AbstractValidator<SetMarketRules>
{
    public SetMarketRulesValidator()
    {
        RuleFor(request => request.Rules).SetValidator(new RulesWishedValidator());
        RuleFor(request => request.ValidFrom).Must(MarketHour.IsStart).WithMessage("Choose a whole hour.");
        RuleFor(request => request.Reason).NotEmpty().WithMessage("Say why; members will read it.").MaximumLength(500).WithMessage("Use at most 500 characters.");
    }
}

internal sealed class SetMarketRulesHandler(RulesBook book) : IRequestHandler<SetMarketRules, int>
{
    public Task<int> Handle(SetMarketRules request, CancellationToken cancellationToken) => book.SetAsync(request, cancellationToken);
}

/// <summary>Where rules of a market are written, by whoever decided them: the operator, or the members by a vote.</summary>
public sealed class RulesBook(Work work, Gate gate, CurrentActor current, TimeProvider time)
{
    /// <summary>Writes a version in the caller's transaction.</summary>
    /// <returns>Its number.</returns>
    public async Task<int> SetAsync(SetMarketRules request, CancellationToken cancellationToken)
    {
        var db = work.Db;
        var loop = await db.Loops.FromSql($"SELECT * FROM market.loops WHERE id = {request.LoopId} FOR UPDATE").SingleAsync(cancellationToken);
        await gate.PassAsync(loop, request.ValidFrom, cancellationToken, nameof(request.ValidFrom));
        await RequireCeilingAsync(request, cancellationToken);
        await RequireTradesKeptAsync(loop, request, cancellationToken);
        var last = await db.MarketRules.Where(rules => rules.LoopId == loop.Id).MaxAsync(rules => (int?)rules.Version, cancellationToken) ?? 0;
        var rules = request.Rules.For(loop.Id);
        (rules.Version, rules.ValidFrom, rules.Reason) = (last + 1, request.ValidFrom, request.Reason.Trim());
        (rules.SetBy, rules.SetAt) = (current.Actor.AccountId, time.GetUtcNow());
        db.MarketRules.Add(rules);
        await db.SaveChangesAsync(cancellationToken);
        return rules.Version;
    }

    /// <summary>Offers fall from a ceiling: the cap, or what the grid or the balancing plant asks.</summary>
    private async Task RequireCeilingAsync(SetMarketRules request, CancellationToken cancellationToken)
    {
        var rules = request.Rules.For(request.LoopId);
        if (rules.Cap is not null || Carriers.All.All(carrier => rules.Of(carrier) != Mechanism.FallingOffers))
        {
            return;
        }

        var kinds = (await work.Db.Plants.AsNoTracking().Where(plant => plant.LoopId == request.LoopId).Select(plant => plant.Definition).ToListAsync(cancellationToken))
            .Select(definition => PlantDefinition.Read(definition).Kind)
            .ToHashSet();
        foreach (var carrier in Carriers.All.Where(carrier => rules.Of(carrier) == Mechanism.FallingOffers))
        {
            if (!kinds.Contains(carrier == Carrier.Electricity ? PlantKind.GridSupplier : PlantKind.BalancingPlant))
            {
                throw new RefusedException(nameof(RulesWished.Cap), $"Falling offers for {carrier} need a price to fall from: set the highest price allowed.");
            }
        }
    }

    /// <summary>What members have traded with each other binds them: their hours keep continuous trading.</summary>
    private async Task RequireTradesKeptAsync(Loop loop, SetMarketRules request, CancellationToken cancellationToken)
    {
        var rules = request.Rules.For(loop.Id);
        var bound = await work.Db.LiveTrades
            .Where(trade => trade.LoopId == loop.Id && trade.Hour >= request.ValidFrom)
            .GroupBy(trade => trade.Carrier)
            .Select(group => new { Carrier = group.Key, Last = group.Max(trade => trade.Hour) })
            .ToListAsync(cancellationToken);
        if (bound.Find(carrier => rules.Of(carrier.Carrier) != Mechanism.PayAsBid) is { } kept)
        {
            throw new RefusedException(
                nameof(request.ValidFrom),
                $"Members have already traded {kept.Carrier} with each other for hours up to {Gate.Local(loop, kept.Last)}. Choose a later hour.");
        }
    }
}
