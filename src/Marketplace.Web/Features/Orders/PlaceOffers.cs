using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using FluentValidation;
using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Orders;

/// <summary>Offers the same quantity of a plant in each of several hours: one order an hour, all of them or none.</summary>
/// <param name="SubmissionId">Made with the form: a form sent twice places each hour's order once.</param>
/// <param name="From">The first hour.</param>
/// <param name="Until">The last hour, itself included.</param>
/// <returns>How many orders stand for it.</returns>
public sealed record PlaceOffers(
    int LoopId, int MemberId, Guid SubmissionId, string PlantCode, Carrier Carrier, DateTimeOffset From, DateTimeOffset Until, Energy Quantity, Price Limit)
    : IRequest<int>, IGuarded, IChange
{
    public bool Permits(Actor actor) => actor.ActsFor(LoopId, MemberId);

    internal Guid SubmissionOf(DateTimeOffset hour) => new(
        SHA256.HashData(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{SubmissionId:N}/{Instants.Iso(hour)}"))).AsSpan(0, 16));
}

public sealed class PlaceOffersValidator : AbstractValidator<PlaceOffers>
{
    private const int MostHours = 48;

    public PlaceOffersValidator()
    {
        RuleFor(offers => offers.PlantCode).NotEmpty().WithMessage("Choose the plant that will deliver.");
        RuleFor(offers => offers.Quantity).QuantityWithinBounds();
        RuleFor(offers => offers.Limit).LimitWithinBounds();
        RuleFor(offers => offers.From).Must(MarketHour.IsStart).WithMessage("Choose a whole hour.");
        RuleFor(offers => offers.Until).Must(MarketHour.IsStart).WithMessage("Choose a whole hour.");
        RuleFor(offers => offers.Until).GreaterThanOrEqualTo(offers => offers.From).WithMessage("The last hour cannot come before the first.");
        RuleFor(offers => offers.Until).Must((offers, until) => until - offers.From < TimeSpan.FromHours(MostHours))
            .WithMessage(string.Create(CultureInfo.InvariantCulture, $"Offer for at most {MostHours} hours at once."));
    }
}

internal sealed class PlaceOffersHandler(MarketplaceDb db, OrderIntake intake) : IRequestHandler<PlaceOffers, int>
{
    public async Task<int> Handle(PlaceOffers request, CancellationToken cancellationToken)
    {
        var loop = await db.Loops.AsNoTracking().SingleAsync(loop => loop.Id == request.LoopId, cancellationToken);
        var hours = new Interval(request.From, request.Until + MarketHour.Length).Steps(MarketHour.Length).ToList();
        var taken = await intake.TakeAsync(
            loop, request.MemberId,
            [.. hours.Select(hour => new OrderToPlace(
                request.SubmissionOf(hour), hour, request.Carrier, OrderSide.Sell, request.Quantity, request.Limit, request.PlantCode))],
            skipIdentical: false, cancellationToken);
        if (taken.Index().FirstOrDefault(order => order.Item.Problem is not null) is { Item.Problem: { } problem } refused)
        {
            // Which of the hours it was, and that none of them was taken.
            var local = loop.Calendar.ToLocal(hours[refused.Index]);
            throw new RefusedException([problem with
            {
                Field = problem.Field == nameof(PlaceOrder.Hour) ? nameof(PlaceOffers.From) : problem.Field,
                Said = hours.Count == 1 ? problem.Said : Said.Of($"{local:HH:mm} on {local:d MMM}: {problem.Said} None of the {hours.Count} offers was placed."),
            }]);
        }

        return hours.Count;
    }
}
