using FluentValidation;
using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Features.Plants;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Orders;

/// <summary>What a template asks for in one hour of the day.</summary>
/// <param name="HourOfDay">The hour on the loop's clocks, 0 to 23.</param>
public sealed record TemplateHour(int HourOfDay, Energy Quantity, Price Limit);

/// <param name="Followed">Whether a standing order follows it now.</param>
public sealed record TemplateView(
    long Id, string Name, Carrier Carrier, OrderSide Side, string? PlantCode, IReadOnlyList<TemplateHour> Hours, bool Followed);

/// <summary>A member's templates by name.</summary>
public sealed record TemplatesOf(int LoopId, int MemberId) : IRequest<IReadOnlyList<TemplateView>>, IGuarded
{
    public bool Permits(Actor actor) => actor.ActsFor(LoopId, MemberId);
}

internal sealed class TemplatesOfHandler(MarketplaceDb db) : IRequestHandler<TemplatesOf, IReadOnlyList<TemplateView>>
{
    public async Task<IReadOnlyList<TemplateView>> Handle(TemplatesOf request, CancellationToken cancellationToken)
    {
        var templates = await db.OrderTemplates.AsNoTracking()
            .Where(template => template.LoopId == request.LoopId && template.MemberId == request.MemberId)
            .OrderBy(template => template.Name)
            .Select(template => new
            {
                template,
                followed = db.StandingOrders.Any(order => order.LoopId == template.LoopId && order.TemplateId == template.Id && order.EndedAt == null),
            })
            .ToListAsync(cancellationToken);
        var ids = templates.Select(row => row.template.Id).ToList();
        var hours = (await db.OrderTemplateHours.AsNoTracking()
            .Where(hour => hour.LoopId == request.LoopId && ids.Contains(hour.TemplateId))
            .OrderBy(hour => hour.HourOfDay)
            .ToListAsync(cancellationToken)).ToLookup(hour => hour.TemplateId);
        return [.. templates.Select(row => new TemplateView(
            row.template.Id, row.template.Name, row.template.Carrier, row.template.Side, row.template.PlantCode.Length == 0 ? null : row.template.PlantCode,
            [.. hours[row.template.Id].Select(hour => new TemplateHour(hour.HourOfDay, hour.Quantity, hour.Limit))], row.followed))];
    }
}

/// <summary>Saves a template under a name, or changes one; a standing order that follows it changes with it, from the next open hour on.</summary>
/// <param name="TemplateId">The one to change; null makes one.</param>
public sealed record SaveTemplate(
    int LoopId, int MemberId, long? TemplateId, string Name, Carrier Carrier, OrderSide Side, string? PlantCode, IReadOnlyList<TemplateHour> Hours)
    : IRequest<long>, IGuarded, IChange
{
    public bool Permits(Actor actor) => actor.ActsFor(LoopId, MemberId);
}

public sealed class SaveTemplateValidator : AbstractValidator<SaveTemplate>
{
    public SaveTemplateValidator()
    {
        RuleFor(template => template.Name).Must(name => name.Trim().Length is >= 1 and <= 60).WithMessage("Give the template a name of 1 to 60 characters.");
        RuleFor(template => template.Carrier).IsInEnum().WithMessage("Choose heat, cold or electricity.");
        RuleFor(template => template.Side).IsInEnum().WithMessage("Choose to buy or to sell.");
        RuleFor(template => template.PlantCode).NotEmpty().When(template => template.Side == OrderSide.Sell).WithMessage("Choose the plant that will deliver.");
        RuleFor(template => template.Hours).NotEmpty().WithMessage("Fill in at least one hour of the day.");
        RuleFor(template => template.Hours).Must(hours => hours.All(hour => hour.HourOfDay is >= 0 and <= 23)).WithMessage("Hours of the day are 0 to 23.");
        RuleFor(template => template.Hours).Must(hours => hours.Select(hour => hour.HourOfDay).Distinct().Count() == hours.Count)
            .WithMessage("An hour of the day stands here twice.");
        RuleForEach(template => template.Hours).ChildRules(hour =>
        {
            hour.RuleFor(row => row.Quantity).QuantityWithinBounds();
            hour.RuleFor(row => row.Limit).LimitWithinBounds();
        });
    }
}

internal sealed class SaveTemplateHandler(Work work, OrderIntake intake, TimeProvider time) : IRequestHandler<SaveTemplate, long>
{
    private const int Most = 100;

    public async Task<long> Handle(SaveTemplate request, CancellationToken cancellationToken)
    {
        var (db, loopId, memberId, name) = (work.Db, request.LoopId, request.MemberId, request.Name.Trim());
        await intake.LockAsync(loopId, memberId, cancellationToken);
        var own = db.OrderTemplates.Where(template => template.LoopId == loopId && template.MemberId == memberId);
        if (await own.AnyAsync(template => template.Name == name && template.Id != (request.TemplateId ?? 0), cancellationToken))
        {
            throw new RefusedException(nameof(request.Name), "You have a template of this name already.");
        }

        if (request.TemplateId is null && await own.CountAsync(cancellationToken) >= Most)
        {
            throw new RefusedException([new Problem("", $"You have {Most} templates; delete one before you save another.", "count")]);
        }

        await CheckPlantAsync(request, cancellationToken);
        var template = request.TemplateId is { } id ? await Templates.FindAsync(db, loopId, memberId, id, cancellationToken) : null;
        var followers = template is null
            ? []
            : await db.StandingOrders.Where(order => order.LoopId == loopId && order.TemplateId == template.Id && order.EndedAt == null).ToListAsync(cancellationToken);
        var plant = request.Side == OrderSide.Sell ? request.PlantCode! : "";
        if (followers.Count > 0 && (template!.Carrier, template.Side, template.PlantCode) != (request.Carrier, request.Side, plant))
        {
            throw new RefusedException("A standing order follows this template. End it before you change what the template is for; quantities and limits can be changed.");
        }

        if (template is null)
        {
            template = new OrderTemplate { LoopId = loopId, MemberId = memberId, Name = name, PlantCode = plant };
            db.OrderTemplates.Add(template);
        }

        (template.Name, template.Carrier, template.Side, template.PlantCode, template.ChangedAt) = (name, request.Carrier, request.Side, plant, time.GetUtcNow());
        await db.SaveChangesAsync(cancellationToken);
        await db.OrderTemplateHours.Where(hour => hour.LoopId == loopId && hour.TemplateId == template.Id).ExecuteDeleteAsync(cancellationToken);
        await db.BulkInsertAsync(
            [.. request.Hours.Select(hour => new OrderTemplateHour
            {
                LoopId = loopId, TemplateId = template.Id, HourOfDay = checked((short)hour.HourOfDay), Quantity = hour.Quantity, Limit = hour.Limit,
            })],
            cancellationToken);
        if (followers.Count > 0)
        {
            await StandingRules.RefuseCrossingAsync(db, loopId, memberId, nameof(request.Hours), cancellationToken);
        }

        return template.Id;
    }

    private async Task CheckPlantAsync(SaveTemplate request, CancellationToken cancellationToken)
    {
        if (request.Side != OrderSide.Sell)
        {
            return;
        }

        var record = await work.Db.Plants.AsNoTracking().SingleOrDefaultAsync(
            plant => plant.LoopId == request.LoopId && plant.OwnerId == request.MemberId && plant.Code == request.PlantCode, cancellationToken);
        var plant = record is null ? null : PlantDefinition.Read(record.Definition);
        if (plant is null || !plant.Sells(request.Carrier))
        {
            throw new RefusedException([new Problem(nameof(request.PlantCode), $"None of your plants with this name sells {request.Carrier} by offer.", "plant")]);
        }

        if (request.Hours.Max(hour => hour.Quantity.WattHours) > plant.CapacityWatts)
        {
            throw new RefusedException([new Problem(
                nameof(request.Hours), $"{plant.DisplayName} can give at most {Energy.FromWh(plant.CapacityWatts).KilowattHours:0.###} kWh in an hour.", "capacity")]);
        }
    }
}

/// <summary>Deletes a template that no standing order follows. Orders placed by it stay.</summary>
public sealed record DeleteTemplate(int LoopId, int MemberId, long TemplateId) : IRequest<Unit>, IGuarded, IChange
{
    public bool Permits(Actor actor) => actor.ActsFor(LoopId, MemberId);
}

internal sealed class DeleteTemplateHandler(Work work) : IRequestHandler<DeleteTemplate, Unit>
{
    public async Task<Unit> Handle(DeleteTemplate request, CancellationToken cancellationToken)
    {
        var db = work.Db;
        var template = await Templates.FindAsync(db, request.LoopId, request.MemberId, request.TemplateId, cancellationToken);
        if (await db.StandingOrders.AnyAsync(order => order.LoopId == request.LoopId && order.TemplateId == template.Id && order.EndedAt == null, cancellationToken))
        {
            throw new RefusedException("A standing order follows this template. End the standing order, then delete the template.");
        }

        // Ended standing orders keep their history, without the name of what they followed.
        await db.StandingOrders.Where(order => order.LoopId == request.LoopId && order.TemplateId == template.Id)
            .ExecuteUpdateAsync(orders => orders.SetProperty(order => order.TemplateId, (long?)null), cancellationToken);
        db.OrderTemplates.Remove(template);
        await db.SaveChangesAsync(cancellationToken);
        return Unit.Value;
    }
}

internal static class Templates
{
    /// <exception cref="RefusedException">The member has no such template.</exception>
    public static async Task<OrderTemplate> FindAsync(MarketplaceDb db, int loopId, int memberId, long id, CancellationToken cancellationToken) =>
        await db.OrderTemplates.SingleOrDefaultAsync(template => template.LoopId == loopId && template.MemberId == memberId && template.Id == id, cancellationToken)
        ?? throw new RefusedException("You have no such template.");
}
