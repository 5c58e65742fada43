using System.Text.Json;
using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Replica;
using Marketplace.Web.Features.Parties;
using Marketplace.Web.Features.Plants;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Loops;

/// <summary>A meter of a loop that is set up.</summary>
public sealed record MeterPlan(string Code, string MemberKey, Carrier Carrier, Data.MeterDirection Direction, string? PlantCode);

/// <summary>A share of a plant's revenue, and what was paid for it.</summary>
public sealed record SharePlan(string PlantCode, string MemberKey, int ShareMillionths, Money Invested);

/// <summary>A whole loop with its members, meters and plants: the demo's or a replay's.</summary>
public sealed record LoopPlan(
    string Slug, string Name, LoopKind Kind, string Currency, string TimeZone, byte[]? Seed,
    DateTimeOffset FirstHour, DateTimeOffset? EndsAt, DateTimeOffset MarketNow, Tariff Tariff,
    IReadOnlyList<LoopMember> Members, IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>> Attributes,
    IReadOnlyList<MeterPlan> Meters, IReadOnlyList<Plant> Plants, IReadOnlyList<SharePlan> Shares);

/// <summary>Sets up a loop by a plan, all at once. A loop of that name that is there already is left as it is.</summary>
public sealed record SetUpLoop(LoopPlan Plan) : IRequest<int>, IGuarded, IChange
{
    public bool Permits(Actor actor) => actor.IsSystem;
}

internal sealed class SetUpLoopHandler(Work work, TimeProvider time) : IRequestHandler<SetUpLoop, int>
{
    public async Task<int> Handle(SetUpLoop request, CancellationToken cancellationToken)
    {
        var (db, plan, now) = (work.Db, request.Plan, time.GetUtcNow());
        await db.Database.ExecuteSqlAsync($"SELECT pg_advisory_xact_lock(hashtextextended({"loop/" + plan.Slug}, 0))", cancellationToken);
        if (await db.Loops.Where(loop => loop.Slug == plan.Slug).Select(loop => (int?)loop.Id).SingleOrDefaultAsync(cancellationToken) is { } existing)
        {
            return existing;
        }

        if (ReservedSlugs.Contain(plan.Slug))
        {
            throw new RefusedException(nameof(plan.Slug), $"'{plan.Slug}' is an address of the portal itself and cannot name a loop. Rename the folder.");
        }

        var loop = new Loop
        {
            Slug = plan.Slug,
            Name = plan.Name,
            Kind = plan.Kind,
            Currency = plan.Currency,
            TimeZone = plan.TimeZone,
            Seed = plan.Seed,
            FirstHour = plan.FirstHour,
            EndsAt = plan.EndsAt,
            CreatedAt = now,
        };
        db.Loops.Add(loop);
        await db.SaveChangesAsync(cancellationToken);

        db.Clocks.Add(new MarketClock { LoopId = loop.Id, MarketAnchor = plan.MarketNow, RealAnchor = now, Rate = 0 });
        plan.Tariff.LoopId = loop.Id;
        plan.Tariff.Version = 1;
        db.Tariffs.Add(plan.Tariff);
        await db.SaveChangesAsync(cancellationToken);

        var ids = plan.Members.Index().ToDictionary(member => member.Item.Key, member => member.Index + 1);
        await db.BulkInsertAsync(
            [.. plan.Members.Select(member => new Member
            {
                LoopId = loop.Id,
                Id = ids[member.Key],
                Key = member.Key,
                Name = member.DisplayName,
                Kind = member.Kind.ToString(),
                Attributes = plan.Attributes.TryGetValue(member.Key, out var attributes) && attributes.Count > 0 ? JsonSerializer.Serialize(attributes) : null,
                JoinedAt = plan.FirstHour,
            })],
            cancellationToken);
        await db.BulkInsertAsync(
            [.. plan.Members.SelectMany(member => member.Roles.Distinct().Select(role => new MemberRole
            {
                LoopId = loop.Id, MemberId = ids[member.Key], Role = RoleOf(role),
            }))],
            cancellationToken);
        await db.BulkInsertAsync(
            [.. plan.Meters.Index().Select(meter => new Meter
            {
                LoopId = loop.Id,
                Id = meter.Index + 1,
                MemberId = ids[meter.Item.MemberKey],
                Carrier = meter.Item.Carrier,
                Direction = meter.Item.Direction,
                Code = meter.Item.Code,
                PlantCode = meter.Item.PlantCode,
                // A day early, so that the first hour has a yesterday where one is known.
                InServiceFrom = plan.FirstHour.AddDays(-1),
            })],
            cancellationToken);
        await db.BulkInsertAsync(
            [.. plan.Plants.Select(plant => new PlantRecord
            {
                LoopId = loop.Id, Code = plant.Id, Name = plant.DisplayName, OwnerId = ids[plant.Owner], Definition = PlantDefinition.Write(plant),
            })],
            cancellationToken);
        await db.BulkInsertAsync(
            [.. plan.Shares.Select(share => new Data.PlantShare
            {
                LoopId = loop.Id,
                PlantCode = share.PlantCode,
                MemberId = ids[share.MemberKey],
                ShareMillionths = share.ShareMillionths,
                Invested = share.Invested,
            })],
            cancellationToken);
        await MadeUpParties.AddAsync(db, loop, plan.Members, ids, now, cancellationToken);
        db.BillingTerms.Add(Bills.MadeUpTerms.Of(loop.Id, loop.Slug, now));
        await db.SaveChangesAsync(cancellationToken);
        return loop.Id;
    }

    private static Role RoleOf(LoopRole role) => role switch
    {
        LoopRole.Consumer => Role.Consumer,
        LoopRole.Producer => Role.Producer,
        LoopRole.Prosumer => Role.Prosumer,
        LoopRole.Storage => Role.Storage,
        LoopRole.Investor => Role.Investor,
        LoopRole.Operator => Role.Operator,
        _ => throw new ArgumentOutOfRangeException(nameof(role), role, "Not a role"),
    };
}
