using Marketplace.Quantities;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Marketplace.Data;

/// <summary>Stored as numbers: never renumber.</summary>
public enum LoopKind : short
{
    /// <summary>Real meters and people.</summary>
    Live = 1,

    /// <summary>The generated district shown to newcomers.</summary>
    Demo = 2,

    /// <summary>A folder of recorded readings, run through the market.</summary>
    Replay = 3,
}

/// <summary>A community with its own market, journal and ledger, sealed off from the others.</summary>
public sealed class Loop
{
    public int Id { get; set; }

    /// <summary>The loop's name in addresses and records: lower-case letters, digits and hyphens.</summary>
    public required string Slug { get; set; }

    public required string Name { get; set; }

    public required LoopKind Kind { get; set; }

    /// <summary>ISO 4217.</summary>
    public required string Currency { get; set; }

    /// <summary>IANA name.</summary>
    public required string TimeZone { get; set; }

    public int GateClosureMinutes { get; set; } = 60;

    /// <summary>How long after its end an hour waits for readings before it is settled.</summary>
    public int SettlementDelayMinutes { get; set; }

    /// <summary>How far members may trade beyond balance and deposit where the operator has set nothing else for them.</summary>
    public Money DefaultCreditLimit { get; set; } = FirstDefaultCreditLimit;

    /// <summary>50,000 units of the currency: far beyond what a household trades, and a bound all the same.</summary>
    public static Money FirstDefaultCreditLimit => Money.FromMicro(50_000_000_000);

    /// <summary>The first delivery hour of this market.</summary>
    public DateTimeOffset FirstHour { get; set; }

    /// <summary>The end of the last delivery hour, for markets that end: replays.</summary>
    public DateTimeOffset? EndsAt { get; set; }

    /// <summary>Fixes everything random (salts, order ids) in replays and the demo; null where it must be secret.</summary>
    public byte[]? Seed { get; set; }

    public DateTimeOffset CreatedAt { get; set; }

    public LoopCalendar Calendar => new(TimeZoneInfo.FindSystemTimeZoneById(TimeZone));
}

/// <summary>Which market time it is in a loop. The market clock runs from an anchor at a rate; a demo's clock
/// stops with the process and goes on from <see cref="MarketAnchor"/> when it is anchored anew.</summary>
public sealed class MarketClock
{
    public int LoopId { get; set; }

    /// <summary>Market time at the anchor.</summary>
    public DateTimeOffset MarketAnchor { get; set; }

    /// <summary>Real time at the anchor.</summary>
    public DateTimeOffset RealAnchor { get; set; }

    /// <summary>Market seconds for each real second: 1 is real time, 60 an hour each minute, 0 stands still.</summary>
    public int Rate { get; set; } = 1;

    public DateTimeOffset MarketTime(DateTimeOffset realNow) => MarketAnchor + ((realNow - RealAnchor) * Rate);
}

/// <summary>What the loop charges and guarantees beside the auction, from a date on.</summary>
public sealed class Tariff
{
    public int LoopId { get; set; }

    public int Version { get; set; }

    public DateTimeOffset ValidFrom { get; set; }

    /// <summary>Added to the import price to make the limit of a member who has placed no order.</summary>
    public Price DefaultLimitMargin { get; set; }

    /// <summary>What surplus earns at most; never above the import price.</summary>
    public Price FeedIn { get; set; }

    /// <summary>What the balancing plant asks for a kWh of heat or of cold: the import price of these carriers.</summary>
    public Price BalancingHeat { get; set; }

    public Price BalancingCold { get; set; }

    public Price NetworkFeeHeat { get; set; }

    public Price NetworkFeeCold { get; set; }

    public Price NetworkFeeElectricity { get; set; }

    public Money StandingChargePerDay { get; set; }

    /// <summary>Value added tax in hundredths of a percent: 1900 is 19 %.</summary>
    public int VatBasisPoints { get; set; }

    public int PaymentDays { get; set; } = 14;

    /// <summary>What is given back for each hour in which a promised supply temperature was not kept.</summary>
    public Money CompensationPerHour { get; set; }

    /// <summary>Why this version was made; members read it.</summary>
    public string Reason { get; set; } = "";

    public Guid? SetBy { get; set; }

    public DateTimeOffset? SetAt { get; set; }

    /// <summary>Fees in zones where they differ.</summary>
    public IList<TariffZoneFee> ZoneFees { get; } = [];

    /// <summary>Taxes and levies on each kWh.</summary>
    public IList<TariffLevy> Levies { get; } = [];

    /// <summary>The fee for a kWh taken where somebody stands.</summary>
    /// <param name="zone">A zone's code; empty in a loop with a single one.</param>
    public Price NetworkFee(Carrier carrier, string zone) =>
        ZoneFees.FirstOrDefault(fee => fee.Carrier == carrier && fee.Zone == zone)?.Fee ?? NetworkFee(carrier);

    public Price NetworkFee(Carrier carrier) => carrier switch
    {
        Carrier.Heat => NetworkFeeHeat,
        Carrier.Cold => NetworkFeeCold,
        Carrier.Electricity => NetworkFeeElectricity,
        _ => throw new ArgumentOutOfRangeException(nameof(carrier), carrier, "Not a carrier"),
    };
}

internal sealed class LoopTable : IEntityTypeConfiguration<Loop>
{
    public void Configure(EntityTypeBuilder<Loop> builder)
    {
        builder.ToTable("Loops");
        builder.HasIndex(loop => loop.Slug).IsUnique();
        builder.Ignore(loop => loop.Calendar);
        // The default is for loops that were there before; without ValueGeneratedNever a limit of zero would not be kept.
        builder.Property(loop => loop.DefaultCreditLimit).HasDefaultValue(Loop.FirstDefaultCreditLimit).ValueGeneratedNever();
    }
}

internal sealed class MarketClockTable : IEntityTypeConfiguration<MarketClock>
{
    public void Configure(EntityTypeBuilder<MarketClock> builder)
    {
        builder.ToTable("MarketClocks").HasKey(clock => clock.LoopId);
        builder.Property(clock => clock.LoopId).ValueGeneratedNever();
        builder.HasOne<Loop>().WithOne().HasForeignKey<MarketClock>(clock => clock.LoopId);
    }
}

internal sealed class TariffTable : IEntityTypeConfiguration<Tariff>
{
    public void Configure(EntityTypeBuilder<Tariff> builder)
    {
        builder.ToTable("Tariffs").HasKey(tariff => new { tariff.LoopId, tariff.Version });
        builder.HasOne<Loop>().WithMany().HasForeignKey(tariff => tariff.LoopId);
        builder.Property(tariff => tariff.Reason).HasMaxLength(500).HasDefaultValue("").ValueGeneratedNever();
        builder.HasMany(tariff => tariff.ZoneFees).WithOne().HasForeignKey(fee => new { fee.LoopId, fee.Version });
        builder.HasMany(tariff => tariff.Levies).WithOne().HasForeignKey(levy => new { levy.LoopId, levy.Version });
        // A tariff is its whole self; its parts are few.
        builder.Navigation(tariff => tariff.ZoneFees).AutoInclude();
        builder.Navigation(tariff => tariff.Levies).AutoInclude();
    }
}
