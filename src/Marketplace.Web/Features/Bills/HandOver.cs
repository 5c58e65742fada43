using System.Globalization;
using System.Text.RegularExpressions;
using FluentValidation;
using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Features.Orders;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Bills;

/// <summary>A member moves out at the start of a day and, perhaps, another one moves in: from then on the meters count for the new one. Counters read at the
/// handover are kept with it. The one who leaves gets a final bill for the days of the month until then (<see cref="IssueFinalBill"/>).</summary>
/// <param name="From">Who leaves.</param>
/// <param name="To">Who follows, a member of the loop without own meters; null where nobody does yet.</param>
/// <param name="Hour">The start of a local day whose gates are open.</param>
/// <param name="Counters">What the counters stood at: a meter's code and its value and unit, one a line.</param>
public sealed partial record HandOver(int LoopId, int From, int? To, DateTimeOffset Hour, string Counters) : IRequest<int>, IOperatorAct
{
    public string Subject => string.Create(CultureInfo.InvariantCulture, $"member {From} to {To?.ToString(CultureInfo.InvariantCulture) ?? "nobody"} at {Instants.Iso(Hour)}");

    /// <summary>A meter's code after it went over: the counter is the same, the account is another.</summary>
    public static string CodeAfter(string code) => Suffix().Match(code) is { Success: true } match
        ? code[..match.Index] + "~" + (int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture) + 1).ToString(CultureInfo.InvariantCulture)
        : code + "~2";

    [GeneratedRegex("~([0-9]{1,4})$")]
    private static partial Regex Suffix();
}

/// <summary>Issues the final bill of somebody who has moved out: from the start of the running period to the handover, the standing charge by days.</summary>
public sealed record IssueFinalBill(int LoopId, int MemberId) : IRequest<IssuedBills>, IOperatorAct
{
    public string Subject => string.Create(CultureInfo.InvariantCulture, $"member {MemberId}");
}

public sealed class HandOverValidator : AbstractValidator<HandOver>
{
    public HandOverValidator()
    {
        RuleFor(request => request.Hour).Must(MarketHour.IsStart).WithMessage("Choose a day.");
        RuleFor(request => request.To).Must((request, to) => to != request.From).WithMessage("Somebody else moves in.");
        RuleFor(request => request.Counters).NotEmpty().WithMessage("Write down what the counters stood at, one meter a line.").MaximumLength(2_000).WithMessage("Use at most 2,000 characters.");
    }
}

internal sealed class HandOverHandler(Work work, Gate gate, CurrentActor current, TimeProvider time) : IRequestHandler<HandOver, int>
{
    public async Task<int> Handle(HandOver request, CancellationToken cancellationToken)
    {
        var (db, hour) = (work.Db, request.Hour);
        var loop = await db.Loops.FromSql($"SELECT * FROM market.loops WHERE id = {request.LoopId} FOR UPDATE").AsNoTracking().SingleAsync(cancellationToken);
        if (loop.Calendar.StartOf(loop.Calendar.DayOf(hour)) != hour)
        {
            throw new RefusedException(nameof(request.Hour), "A handover is at the start of a day, so that nobody pays a day twice.");
        }

        await gate.PassAsync(loop, hour, cancellationToken, nameof(request.Hour), "Choose a later day.");
        var meters = await db.Meters.Where(meter => meter.LoopId == loop.Id && meter.MemberId == request.From && meter.PlantCode == null
            && (meter.InServiceUntil == null || meter.InServiceUntil > hour)).OrderBy(meter => meter.Id).ToListAsync(cancellationToken);
        if (meters.Count == 0)
        {
            throw new RefusedException(nameof(request.From), "This member has no meter in service then.");
        }

        var known = meters.Select(meter => meter.Code).ToHashSet(StringComparer.Ordinal);
        var read = request.Counters.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(line => line.Split(' ', 2)[0]).ToList();
        if (known.Except(read).FirstOrDefault() is { } unread)
        {
            throw new RefusedException(nameof(request.Counters), $"What does the counter of {unread} stand at?");
        }

        var followers = new Dictionary<int, int>();
        if (request.To is { } next)
        {
            if (!await db.Members.AnyAsync(member => member.LoopId == loop.Id && member.Id == next, cancellationToken))
            {
                throw new RefusedException(nameof(request.To), "This loop has no such member.");
            }

            var last = await db.Meters.Where(meter => meter.LoopId == loop.Id).MaxAsync(meter => meter.Id, cancellationToken);
            foreach (var (i, meter) in meters.Index())
            {
                var after = new Meter
                {
                    LoopId = loop.Id, Id = last + 1 + i, MemberId = next, Carrier = meter.Carrier, Direction = meter.Direction, Code = HandOver.CodeAfter(meter.Code),
                    CapacityWatts = meter.CapacityWatts, InServiceFrom = hour,
                };
                db.Meters.Add(after);
                followers.Add(meter.Id, after.Id);
            }

            await PlaceLikeAsync(loop.Id, request.From, next, hour, cancellationToken);
        }

        await MoveRegistersAsync(loop.Id, meters, followers, hour, cancellationToken);
        foreach (var meter in meters)
        {
            meter.InServiceUntil = hour;
        }

        var number = (await db.Handovers.Where(handover => handover.LoopId == loop.Id).MaxAsync(handover => (int?)handover.Number, cancellationToken) ?? 0) + 1;
        db.Handovers.Add(new Handover
        {
            LoopId = loop.Id, Number = number, Hour = hour, FromMemberId = request.From, ToMemberId = request.To, Counters = request.Counters.Trim(),
            SetBy = current.Actor.AccountId, SetAt = time.GetUtcNow(),
        });
        await db.SaveChangesAsync(cancellationToken);
        return number;
    }

    /// <summary>The devices stay; from the hour on their registers count for the meters that follow, and what was promised there goes on.</summary>
    private async Task MoveRegistersAsync(int loopId, List<Meter> meters, Dictionary<int, int> followers, DateTimeOffset hour, CancellationToken cancellationToken)
    {
        var db = work.Db;
        var ids = meters.ConvertAll(meter => meter.Id);
        foreach (var register in await db.DeviceRegisters.Where(register => register.LoopId == loopId && ids.Contains(register.MeterId)
            && register.FromHour < hour && (register.UntilHour == null || register.UntilHour > hour)).ToListAsync(cancellationToken))
        {
            if (followers.TryGetValue(register.MeterId, out var follower))
            {
                db.DeviceRegisters.Add(new DeviceRegister
                {
                    LoopId = loopId, DeviceId = register.DeviceId, Register = register.Register, FromHour = hour, UntilHour = register.UntilHour, MeterId = follower,
                });
            }

            register.UntilHour = hour;
        }

        var promised = await db.TemperatureTerms.AsNoTracking().Where(terms => terms.LoopId == loopId && ids.Contains(terms.MeterId)).ToListAsync(cancellationToken);
        foreach (var last in promised.GroupBy(terms => terms.MeterId).Select(own => own.MaxBy(terms => terms.Version)!).Where(last => last.PromisesAnything && followers.ContainsKey(last.MeterId)))
        {
            db.TemperatureTerms.Add(new TemperatureTerms
            {
                LoopId = loopId, MeterId = followers[last.MeterId], Version = 1, ValidFrom = hour, SupplyAtLeast = last.SupplyAtLeast, SupplyAtMost = last.SupplyAtMost,
                ReturnAtLeast = last.ReturnAtLeast, ReturnAtMost = last.ReturnAtMost, Tolerance = last.Tolerance, LeastLitres = last.LeastLitres,
                SetAt = time.GetUtcNow(), SetBy = current.Actor.AccountId,
            });
        }
    }

    /// <summary>The meters stay where they are, so whoever follows stands in the same zone.</summary>
    private async Task PlaceLikeAsync(int loopId, int from, int to, DateTimeOffset hour, CancellationToken cancellationToken)
    {
        var db = work.Db;
        var placed = await db.ZonePlacements.AsNoTracking().Where(place => place.LoopId == loopId && place.PlantCode == "" && (place.MemberId == from || place.MemberId == to))
            .ToListAsync(cancellationToken);
        if (placed.Where(place => place.MemberId == from && place.ValidFrom <= hour).MaxBy(place => place.Version) is { } own)
        {
            db.ZonePlacements.Add(new ZonePlacement
            {
                LoopId = loopId, MemberId = to, PlantCode = "", Version = placed.Where(place => place.MemberId == to).Select(place => place.Version).DefaultIfEmpty().Max() + 1,
                Zone = own.Zone, ValidFrom = hour, SetBy = current.Actor.AccountId, SetAt = time.GetUtcNow(),
            });
        }
    }
}

internal sealed class IssueFinalBillHandler(Work work, BillIssue issue) : IRequestHandler<IssueFinalBill, IssuedBills>
{
    public async Task<IssuedBills> Handle(IssueFinalBill request, CancellationToken cancellationToken)
    {
        var (db, loopId) = (work.Db, request.LoopId);
        var handover = await db.Handovers.AsNoTracking().Where(handover => handover.LoopId == loopId && handover.FromMemberId == request.MemberId)
            .OrderByDescending(handover => handover.Hour).FirstOrDefaultAsync(cancellationToken)
            ?? throw new RefusedException("This member has not moved out.");
        return await issue.IssueFinalAsync(loopId, request.MemberId, handover.Hour, cancellationToken);
    }
}
