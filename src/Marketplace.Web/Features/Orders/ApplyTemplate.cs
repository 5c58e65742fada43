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

/// <summary>Places the orders of a template for every open hour of some days, in one act. An hour that is refused, or whose gate has
/// closed, does not keep the others out; the report names each.</summary>
/// <param name="SubmissionId">Made with the form: a form sent twice places each hour's order once.</param>
/// <param name="From">The first day, in loop time.</param>
/// <param name="Until">The last day, itself included.</param>
public sealed record ApplyTemplate(int LoopId, int MemberId, long TemplateId, Guid SubmissionId, DateOnly From, DateOnly Until)
    : IRequest<TemplateReport>, IGuarded, IChange
{
    public bool Permits(Actor actor) => actor.ActsFor(LoopId, MemberId);

    /// <summary>The hours of these days that the template asks for. A day has the hours it has: where the clock goes forward one is
    /// missing, where it is set back one comes twice.</summary>
    public static IEnumerable<(DateTimeOffset Start, TemplateHour Terms)> HoursOf(TemplateView template, LoopCalendar calendar, DateOnly from, DateOnly until)
    {
        var terms = template.Hours.ToDictionary(hour => hour.HourOfDay);
        return new Interval(calendar.StartOf(from), calendar.StartOf(until.AddDays(1))).Steps(MarketHour.Length)
            .Where(start => terms.ContainsKey(calendar.ToLocal(start).Hour))
            .Select(start => (start, terms[calendar.ToLocal(start).Hour]));
    }

    internal Guid SubmissionOf(DateTimeOffset hour) => new(
        SHA256.HashData(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{SubmissionId:N}/{TemplateId}/{Instants.Iso(hour)}"))).AsSpan(0, 16));
}

/// <param name="Hours">Each hour that the template asks for, in order.</param>
public sealed record TemplateReport(TemplateView Template, IReadOnlyList<TemplateReportHour> Hours)
{
    public int Placed => Hours.Count(hour => hour.Taken.Outcome == IntakeOutcome.Placed);

    public int AlreadyThere => Hours.Count(hour => hour.Taken.Outcome == IntakeOutcome.AlreadyThere);

    public int Refused => Hours.Count(hour => hour.Taken.Outcome == IntakeOutcome.Refused);
}

public sealed record TemplateReportHour(Interval Hour, Energy Quantity, Price Limit, Taken Taken);

public sealed class ApplyTemplateValidator : AbstractValidator<ApplyTemplate>
{
    private const int MostDays = 31;

    public ApplyTemplateValidator()
    {
        RuleFor(apply => apply.Until).GreaterThanOrEqualTo(apply => apply.From).WithMessage("The last day cannot come before the first.");
        RuleFor(apply => apply.Until).Must((apply, until) => until.DayNumber - apply.From.DayNumber < MostDays)
            .WithMessage(string.Create(CultureInfo.InvariantCulture, $"Apply a template to at most {MostDays} days at once."));
    }
}

internal sealed class ApplyTemplateHandler(MarketplaceDb db, OrderIntake intake, IRequestHandler<TemplatesOf, IReadOnlyList<TemplateView>> templates)
    : IRequestHandler<ApplyTemplate, TemplateReport>
{
    public async Task<TemplateReport> Handle(ApplyTemplate request, CancellationToken cancellationToken)
    {
        var loop = await db.Loops.AsNoTracking().SingleAsync(loop => loop.Id == request.LoopId, cancellationToken);
        var template = (await templates.Handle(new TemplatesOf(request.LoopId, request.MemberId), cancellationToken))
            .FirstOrDefault(template => template.Id == request.TemplateId) ?? throw new RefusedException("You have no such template.");
        var orders = ApplyTemplate.HoursOf(template, loop.Calendar, request.From, request.Until).Select(hour => new OrderToPlace(
            request.SubmissionOf(hour.Start), hour.Start, template.Carrier, template.Side, hour.Terms.Quantity, hour.Terms.Limit, template.PlantCode)).ToList();
        var taken = await intake.TakeAsync(loop, request.MemberId, orders, skipIdentical: true, cancellationToken);
        return new TemplateReport(template, [.. orders.Zip(taken, (order, outcome) =>
            new TemplateReportHour(MarketMoment.HourOf(order.Hour), order.Quantity, order.Limit, outcome))]);
    }
}
