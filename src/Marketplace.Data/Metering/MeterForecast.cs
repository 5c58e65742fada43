using Marketplace.Quantities;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Marketplace.Data;

/// <summary>The forecast of a meter for a local day. Never changed: a later one is a further version of the day.</summary>
public sealed class MeterForecast
{
    public int LoopId { get; set; }

    public DateOnly Day { get; set; }

    /// <summary>Counted from 1 for each day of the loop.</summary>
    public int Version { get; set; }

    public int MeterId { get; set; }

    /// <summary>The number of the method in the metering core.</summary>
    public short Method { get; set; }

    /// <summary>Nine of ten hours of the back-test were off by no more.</summary>
    public Energy UsualError { get; set; }

    /// <summary>Watt-hours of each hour of the day, 23 to 25.</summary>
    public required long[] HoursWh { get; set; }

    /// <summary>How each method did in the back-test, the chosen one first, as JSON.</summary>
    public required string Errors { get; set; }

    /// <summary>Nothing measured from here on was known.</summary>
    public DateTimeOffset KnownUntil { get; set; }

    public DateTimeOffset MadeAt { get; set; }
}

/// <summary>That a version of a day's forecasts is complete, and its record on the ledger. Never changed.</summary>
public sealed class ForecastDay
{
    public int LoopId { get; set; }

    public DateOnly Day { get; set; }

    public int Version { get; set; }

    /// <summary>How many meters have a forecast.</summary>
    public int Meters { get; set; }

    /// <summary>SHA-256 over all of them.</summary>
    public required byte[] Sha256 { get; set; }

    public DateTimeOffset MadeAt { get; set; }

    public required byte[] Canonical { get; set; }

    public long BatchId { get; set; }

    public int BatchPosition { get; set; }
}

/// <summary>What standing orders without a quantity, and members without an order, are expected to take. Stored as numbers: never renumber.</summary>
public enum QuantitySource : short
{
    /// <summary>What the meters took at the same hour of the day before.</summary>
    Yesterday = 1,

    /// <summary>The forecast of each meter.</summary>
    Forecast = 2,
}

/// <summary>Which source holds from an hour on. Never changed.</summary>
public sealed class QuantityChoice
{
    public int LoopId { get; set; }

    public int Version { get; set; }

    public QuantitySource Source { get; set; }

    public DateTimeOffset ValidFrom { get; set; }

    public required string Reason { get; set; }

    public Guid? SetBy { get; set; }

    public DateTimeOffset SetAt { get; set; }
}

internal sealed class MeterForecastTable : IEntityTypeConfiguration<MeterForecast>
{
    public void Configure(EntityTypeBuilder<MeterForecast> builder)
    {
        builder.ToTable("MeterForecasts").HasKey(forecast => new { forecast.LoopId, forecast.Day, forecast.Version, forecast.MeterId });
        builder.HasIndex(forecast => new { forecast.LoopId, forecast.MeterId, forecast.Day });
        builder.HasOne<Loop>().WithMany().HasForeignKey(forecast => forecast.LoopId);
    }
}

internal sealed class ForecastDayTable : IEntityTypeConfiguration<ForecastDay>
{
    public void Configure(EntityTypeBuilder<ForecastDay> builder)
    {
        builder.ToTable("ForecastDays").HasKey(day => new { day.LoopId, day.Day, day.Version });
        builder.HasOne<Loop>().WithMany().HasForeignKey(day => day.LoopId);
    }
}

internal sealed class QuantityChoiceTable : IEntityTypeConfiguration<QuantityChoice>
{
    public void Configure(EntityTypeBuilder<QuantityChoice> builder)
    {
        builder.ToTable("QuantityChoices").HasKey(choice => new { choice.LoopId, choice.Version });
        builder.Property(choice => choice.Reason).HasMaxLength(500);
        builder.HasOne<Loop>().WithMany().HasForeignKey(choice => choice.LoopId);
    }
}
