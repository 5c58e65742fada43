using FluentValidation;
using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Features.Network;
using Marketplace.Web.Pipeline;
using Marketplace.Web.Shell.Components.Charts;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Prices;

/// <summary>The hourly prices of a span, without energy: cheap enough for a picture beside something else.</summary>
public sealed record PricesBefore(int LoopId, Interval Span, string? Zone = null) : IRequest<IReadOnlyList<PriceStep>>, IPublic;

public sealed class PricesBeforeValidator : AbstractValidator<PricesBefore>
{
    public PricesBeforeValidator() => RuleFor(request => request.Span.Length).LessThanOrEqualTo(TimeSpan.FromDays(32))
        .OverridePropertyName("Span").WithMessage("Ask for at most 32 days by the hour.");
}

internal sealed class PricesBeforeHandler(MarketplaceDb db, ZoneChoice choice) : IRequestHandler<PricesBefore, IReadOnlyList<PriceStep>>
{
    public async Task<IReadOnlyList<PriceStep>> Handle(PricesBefore request, CancellationToken cancellationToken)
    {
        var (loopId, from, to) = (request.LoopId, request.Span.Start, request.Span.End);
        var zone = await choice.OfAsync(loopId, to, request.Zone, cancellationToken);
        return [.. (await db.Prices.In(zone)
            .Where(price => price.LoopId == loopId && price.Hour >= from && price.Hour < to)
            .OrderBy(price => price.Hour).ThenBy(price => price.Carrier)
            .Select(price => new { price.Hour, price.Carrier, price.Price })
            .ToListAsync(cancellationToken))
            .Select(price => new PriceStep(MarketMoment.HourOf(price.Hour), price.Carrier, price.Price))];
    }
}
