using FluentValidation;
using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Features.Orders;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Network;

/// <summary>Names a zone of a loop from an hour on. From the second on, each hour has a price for each zone; who is placed nowhere is in the first.</summary>
/// <param name="Code">As it stands in books: lower-case letters, digits and hyphens.</param>
public sealed record AddZone(int LoopId, string Code, string Name, DateTimeOffset ValidFrom) : IRequest<int>, IOperatorAct
{
    public const int MostZones = 50;

    public string Subject => $"{Code} from {Instants.Iso(ValidFrom)}";
}

public sealed class AddZoneValidator : AbstractValidator<AddZone>
{
    public AddZoneValidator()
    {
        RuleFor(request => request.Code).Matches("^[a-z][a-z0-9-]{0,19}$").WithMessage("Use 1 to 20 lower-case letters, digits and hyphens, a letter first.");
        RuleFor(request => request.Name).NotEmpty().WithMessage("Give the zone a name.").MaximumLength(100).WithMessage("Use at most 100 characters.");
        RuleFor(request => request.ValidFrom).Must(MarketHour.IsStart).WithMessage("Choose a whole hour.");
    }
}

internal sealed class AddZoneHandler(Work work, Gate gate, CurrentActor current, TimeProvider time) : IRequestHandler<AddZone, int>
{
    public async Task<int> Handle(AddZone request, CancellationToken cancellationToken)
    {
        var db = work.Db;
        var loop = await NetworkChange.LockAsync(work, gate, request.LoopId, request.ValidFrom, cancellationToken);
        var zones = await db.Zones.AsNoTracking().Where(zone => zone.LoopId == loop.Id).ToListAsync(cancellationToken);
        if (zones.Exists(zone => zone.Code == request.Code))
        {
            throw new RefusedException(nameof(request.Code), $"There is a zone {request.Code} already.");
        }

        if (zones.Count >= AddZone.MostZones)
        {
            throw new RefusedException(nameof(request.Code), $"A loop has at most {AddZone.MostZones} zones.");
        }

        if (zones.Count == 1 && zones[0].ValidFrom > request.ValidFrom)
        {
            throw new RefusedException(nameof(request.ValidFrom), "Choose an hour in which the first zone is known already.");
        }

        // Trades made live stand in a book of one kind: the second zone changes which orders meet, or what the network carries of them.
        if (zones.Count == 1)
        {
            await NetworkChange.RequireNoLiveTradesAsync(db, loop, request.ValidFrom, cancellationToken);
        }

        var number = zones.Count + 1;
        db.Zones.Add(new Zone
        {
            LoopId = loop.Id, Number = number, Code = request.Code, Name = request.Name.Trim(), ValidFrom = request.ValidFrom,
            SetBy = current.Actor.AccountId, SetAt = time.GetUtcNow(),
        });
        await db.SaveChangesAsync(cancellationToken);
        return number;
    }
}

/// <summary>What every change of the network has in common: one at a time for a loop, and only for hours whose gate is open.</summary>
internal static class NetworkChange
{
    public static async Task<Loop> LockAsync(Work work, Gate gate, int loopId, DateTimeOffset validFrom, CancellationToken cancellationToken)
    {
        var loop = await work.Db.Loops.FromSql($"SELECT * FROM market.loops WHERE id = {loopId} FOR UPDATE").AsNoTracking().SingleAsync(cancellationToken);
        await gate.PassAsync(loop, validFrom, cancellationToken, nameof(AddZone.ValidFrom));
        return loop;
    }

    /// <exception cref="RefusedException">Members have traded live for the hour or a later one.</exception>
    public static async Task RequireNoLiveTradesAsync(MarketplaceDb db, Loop loop, DateTimeOffset validFrom, CancellationToken cancellationToken)
    {
        if (await db.LiveTrades.Where(trade => trade.LoopId == loop.Id && trade.Hour >= validFrom).MaxAsync(trade => (DateTimeOffset?)trade.Hour, cancellationToken) is { } last)
        {
            throw new RefusedException(
                nameof(AddZone.ValidFrom), $"Members have already traded with each other for hours up to {Gate.Local(loop, last)}. Choose a later hour.");
        }
    }
}
