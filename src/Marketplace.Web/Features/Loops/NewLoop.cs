using System.Text.RegularExpressions;
using FluentValidation;
using Marketplace.Billing;
using Marketplace.Data;
using Marketplace.Quantities;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Loops;

/// <summary>What an operator decides when a loop begins. All of it but the address can be changed later.</summary>
public sealed record NewLoop(string Name, string Slug, string Currency, string TimeZone, NewTariff Tariff)
{
    /// <summary>Makes the loop with its clock in real time, its first tariff, and its operator as member 1.</summary>
    public async Task<Loop> LayAsync(MarketplaceDb db, Guid operatorAccountId, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var loop = new Loop { Slug = Slug, Name = Name.Trim(), Kind = LoopKind.Live, Currency = Currency, TimeZone = TimeZone, FirstHour = FirstHour(now), CreatedAt = now };
        db.Loops.Add(loop);
        await db.SaveChangesAsync(cancellationToken);

        var calendar = loop.Calendar;
        db.Clocks.Add(new MarketClock { LoopId = loop.Id, MarketAnchor = now, RealAnchor = now, Rate = 1 });
        db.Tariffs.Add(Tariff.FirstVersion(loop.Id, calendar.StartOf(calendar.DayOf(now))));
        db.Members.Add(new Member { LoopId = loop.Id, Id = 1, Key = "operator", Name = "Operator of " + loop.Name, Kind = "operator", JoinedAt = now });
        db.MemberRoles.Add(new MemberRole { LoopId = loop.Id, MemberId = 1, Role = Role.Operator });
        db.Memberships.Add(new Membership { AccountId = operatorAccountId, LoopId = loop.Id, MemberId = 1 });
        await db.SaveChangesAsync(cancellationToken);
        return loop;
    }

    // The first whole hour whose gate has not closed yet.
    private static DateTimeOffset FirstHour(DateTimeOffset now) => MarketHour.Containing(now.AddTicks(-1)) + (2 * MarketHour.Length);
}

/// <summary>The first tariff of a loop.</summary>
public sealed record NewTariff(
    Price DefaultLimitMargin, Price FeedIn, Price BalancingHeat, Price BalancingCold,
    Price NetworkFeeHeat, Price NetworkFeeCold, Price NetworkFeeElectricity, Money StandingChargePerDay, int VatBasisPoints)
{
    public Tariff FirstVersion(int loopId, DateTimeOffset validFrom) => new()
    {
        LoopId = loopId,
        Version = 1,
        ValidFrom = validFrom,
        DefaultLimitMargin = DefaultLimitMargin,
        FeedIn = FeedIn,
        BalancingHeat = BalancingHeat,
        BalancingCold = BalancingCold,
        NetworkFeeHeat = NetworkFeeHeat,
        NetworkFeeCold = NetworkFeeCold,
        NetworkFeeElectricity = NetworkFeeElectricity,
        StandingChargePerDay = StandingChargePerDay,
        VatBasisPoints = VatBasisPoints,
    };
}

/// <summary>What makes a plan fit to be a loop.</summary>
public sealed partial class NewLoopRules : AbstractValidator<NewLoop>
{
    // Far above any tariff on earth, and far below where a year's bill of a district would overflow.
    private static readonly Price Highest = Price.FromUnitsPerKWh(100m);

    public NewLoopRules()
    {
        RuleFor(plan => plan.Name).Must(name => name.Trim().Length is >= 2 and <= 80).WithMessage("Give the loop a name of 2 to 80 characters.");
        RuleFor(plan => plan.Slug).Must(slug => slug.Length is >= 2 and <= 40 && SlugForm().IsMatch(slug))
            .WithMessage("Use 2 to 40 lower-case letters, digits and hyphens, beginning with a letter, e.g. harbour-loop.");
        RuleFor(plan => plan.Slug).Must(slug => !ReservedSlugs.Contain(slug))
            .WithMessage("This address is taken by the portal itself. Choose a different one, e.g. harbour-loop.");
        RuleFor(plan => plan.Currency).Must(IsoCodes.IsCurrency)
            .WithMessage("Use the currency's three letters, e.g. EUR, GBP or CHF.");
        RuleFor(plan => plan.TimeZone).Must(zone => zone.Contains('/', StringComparison.Ordinal) && TimeZoneInfo.TryFindSystemTimeZoneById(zone, out _))
            .WithMessage("Use a time zone's name, e.g. Europe/Berlin.");
        RuleFor(plan => plan.Tariff.DefaultLimitMargin).Must(Fits).WithMessage(PriceMessage);
        RuleFor(plan => plan.Tariff.FeedIn).Must(Fits).WithMessage(PriceMessage);
        RuleFor(plan => plan.Tariff.BalancingHeat).Must(Fits).WithMessage(PriceMessage);
        RuleFor(plan => plan.Tariff.BalancingCold).Must(Fits).WithMessage(PriceMessage);
        RuleFor(plan => plan.Tariff.NetworkFeeHeat).Must(Fits).WithMessage(PriceMessage);
        RuleFor(plan => plan.Tariff.NetworkFeeCold).Must(Fits).WithMessage(PriceMessage);
        RuleFor(plan => plan.Tariff.NetworkFeeElectricity).Must(Fits).WithMessage(PriceMessage);
        RuleFor(plan => plan.Tariff.StandingChargePerDay).Must(charge => charge >= Money.Zero && charge <= Money.FromCents(100_000))
            .WithMessage("Use an amount from 0 to 1000 a day.");
        RuleFor(plan => plan.Tariff.VatBasisPoints).InclusiveBetween(0, 10_000).WithMessage("Use a rate from 0 to 100 %.");
    }

    private const string PriceMessage = "Use a price from 0 to 10,000 ct/kWh.";

    private static bool Fits(Price price) => price >= Price.Zero && price <= Highest;

    [GeneratedRegex("^[a-z](-?[a-z0-9])*$", RegexOptions.CultureInvariant)]
    private static partial Regex SlugForm();
}
