using FluentValidation;
using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Features.Orders;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Network;

/// <summary>Sets what a connection between zones carries from an hour on: a new one, or another capacity, loss or fee of one that is there.
/// What it carried in earlier hours stays. A capacity of zero takes it out of service.</summary>
/// <param name="FromZone">The zone that energy leaves; a connection leads one way.</param>
/// <param name="Fee">For each kWh that enters.</param>
public sealed record SetLine(
    int LoopId, string Code, string FromZone, string ToZone, Carrier Carrier, long CapacityWatts, int LossMillionths, Price Fee,
    DateTimeOffset ValidFrom, string Reason) : IRequest<int>, IOperatorAct
{
    /// <summary>As much as a book can hold of one order.</summary>
    public const long MostWatts = 1_000_000_000;

    public string Subject => string.Create(System.Globalization.CultureInfo.InvariantCulture,
        $"{Code} ({FromZone} to {ToZone}, {Carrier.Name()}) from {Instants.Iso(ValidFrom)}: {CapacityWatts} W, loss {LossMillionths} millionths, fee {Fee.MicroPerKWh} millionths per kWh");
}

public sealed class SetLineValidator : AbstractValidator<SetLine>
{
    public SetLineValidator()
    {
        RuleFor(request => request.Code).Matches("^[a-z][a-z0-9-]{0,39}$").WithMessage("Use 1 to 40 lower-case letters, digits and hyphens, a letter first.");
        RuleFor(request => request.ToZone).Must((request, to) => to != request.FromZone).WithMessage("A connection leads to another zone.");
        RuleFor(request => request.Carrier).IsInEnum().WithMessage("Choose heat, cold or electricity.");
        RuleFor(request => request.CapacityWatts).InclusiveBetween(0, SetLine.MostWatts).WithMessage("The capacity is 0 to 1,000,000 kW.");
        RuleFor(request => request.LossMillionths).InclusiveBetween(0, 500_000).WithMessage("The loss is 0 to 50 %.");
        RuleFor(request => request.Fee).Must(fee => fee >= Price.Zero).WithMessage("The fee is zero or more.");
        RuleFor(request => request.Fee).LimitWithinBounds();
        RuleFor(request => request.ValidFrom).Must(MarketHour.IsStart).WithMessage("Choose a whole hour.");
        RuleFor(request => request.Reason).NotEmpty().WithMessage("Say why; members will read it.").MaximumLength(500).WithMessage("Use at most 500 characters.");
    }
}

internal sealed class SetLineHandler(Work work, Gate gate, CurrentActor current, TimeProvider time) : IRequestHandler<SetLine, int>
{
    /// <summary>As many as a book of an hour is cleared with quickly.</summary>
    private const int MostLines = 200;

    public async Task<int> Handle(SetLine request, CancellationToken cancellationToken)
    {
        var db = work.Db;
        var loop = await NetworkChange.LockAsync(work, gate, request.LoopId, request.ValidFrom, cancellationToken);
        foreach (var (field, code) in new[] { (nameof(request.FromZone), request.FromZone), (nameof(request.ToZone), request.ToZone) })
        {
            if (!await db.Zones.AnyAsync(zone => zone.LoopId == loop.Id && zone.Code == code && zone.ValidFrom <= request.ValidFrom, cancellationToken))
            {
                throw new RefusedException(field, $"There is no zone {code} in that hour.");
            }
        }

        var last = await db.ZoneLines.AsNoTracking()
            .Where(line => line.LoopId == loop.Id && line.Code == request.Code)
            .OrderByDescending(line => line.Version)
            .FirstOrDefaultAsync(cancellationToken);
        if (last is not null && (last.FromZone, last.ToZone, last.Carrier) != (request.FromZone, request.ToZone, request.Carrier))
        {
            throw new RefusedException(nameof(request.Code), $"{request.Code} leads from {last.FromZone} to {last.ToZone} and carries {last.Carrier}. Name another connection.");
        }

        if (last is null && await db.ZoneLines.Where(line => line.LoopId == loop.Id).Select(line => line.Code).Distinct().CountAsync(cancellationToken) >= MostLines)
        {
            throw new RefusedException(nameof(request.Code), $"A loop has at most {MostLines} connections.");
        }

        var version = (last?.Version ?? 0) + 1;
        db.ZoneLines.Add(new ZoneLine
        {
            LoopId = loop.Id, Code = request.Code, Version = version, FromZone = request.FromZone, ToZone = request.ToZone, Carrier = request.Carrier,
            CapacityWatts = request.CapacityWatts, LossMillionths = request.LossMillionths, Fee = request.Fee, ValidFrom = request.ValidFrom,
            Reason = request.Reason.Trim(), SetBy = current.Actor.AccountId, SetAt = time.GetUtcNow(),
        });
        await db.SaveChangesAsync(cancellationToken);
        return version;
    }
}
