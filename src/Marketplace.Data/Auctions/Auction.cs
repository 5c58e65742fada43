using Marketplace.Quantities;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Marketplace.Data;

/// <summary>The steps of a market hour, in order. Stored as numbers: never renumber.</summary>
public enum HourStepKind : short
{
    /// <summary>Gate closed: the book is fixed and its hash is on the ledger.</summary>
    Closed = 1,

    /// <summary>Prices and volumes published.</summary>
    Cleared = 2,

    /// <summary>Metered energy settled against the trades.</summary>
    Settled = 3,
}

/// <summary>Where an order in the book comes from. Stored as numbers: never renumber.</summary>
public enum OrderSource : short
{
    Own = 1,
    Standing = 2,
    Default = 3,
    Plant = 4,
}

/// <summary>That a step of an hour is done. Its primary key is what makes a step happen once.</summary>
public sealed class HourStep
{
    public int LoopId { get; set; }

    public DateTimeOffset Hour { get; set; }

    public HourStepKind Step { get; set; }

    public DateTimeOffset DoneAt { get; set; }
}

/// <summary>A step that failed and waits for the operator or for its next try.</summary>
public sealed class HourFailure
{
    public int LoopId { get; set; }

    public DateTimeOffset Hour { get; set; }

    public HourStepKind Step { get; set; }

    public DateTimeOffset At { get; set; }

    public int Attempts { get; set; }

    public required string Reason { get; set; }
}

/// <summary>The order book of an hour as it stood at gate closure, in the format of formats.md.</summary>
public sealed class Book
{
    public int LoopId { get; set; }

    public DateTimeOffset Hour { get; set; }

    /// <summary>Canonical JSON; its SHA-256 is what the ledger holds.</summary>
    public required byte[] Json { get; set; }

    public required byte[] Canonical { get; set; }

    public int Orders { get; set; }

    public long BatchId { get; set; }

    public int BatchPosition { get; set; }
}

/// <summary>One order in a closed book.</summary>
public sealed class BookOrder
{
    public int LoopId { get; set; }

    public DateTimeOffset Hour { get; set; }

    /// <summary>Position in the book: its time priority.</summary>
    public int Position { get; set; }

    /// <summary>The order's name in the published book: random for each hour, so that members cannot be followed.</summary>
    public required string PublicId { get; set; }

    public int MemberId { get; set; }

    public Carrier Carrier { get; set; }

    /// <summary>The zone of the node it stands at; empty where the carrier has one node for the whole loop.</summary>
    public string Zone { get; set; } = "";

    public OrderSide Side { get; set; }

    public Energy Quantity { get; set; }

    public Price Limit { get; set; }

    public OrderSource Source { get; set; }

    /// <summary>Salts the order's leaf under the book's root, so that its owner can prove it and nobody can guess it.</summary>
    public required byte[] Salt { get; set; }

    /// <summary>The own or standing order it came from.</summary>
    public long? OrderId { get; set; }

    /// <summary>The plant it came from.</summary>
    public string? PlantCode { get; set; }
}

/// <summary>The published outcome of an hour, with the dual prices that prove it.</summary>
public sealed class AuctionResult
{
    public int LoopId { get; set; }

    public DateTimeOffset Hour { get; set; }

    /// <summary>Canonical JSON in the format of formats.md.</summary>
    public required byte[] Json { get; set; }

    public required byte[] Canonical { get; set; }

    public Money Welfare { get; set; }

    public long BatchId { get; set; }

    public int BatchPosition { get; set; }
}

/// <summary>How much of an order was accepted.</summary>
public sealed class Acceptance
{
    public int LoopId { get; set; }

    public DateTimeOffset Hour { get; set; }

    public int Position { get; set; }

    public Energy Accepted { get; set; }
}

/// <summary>The uniform price of a carrier in an hour and zone; no price where nothing could be traded. In one hour a carrier has a price
/// either for the whole loop or for each zone, never both.</summary>
public sealed class HourPrice
{
    public int LoopId { get; set; }

    public DateTimeOffset Hour { get; set; }

    public Carrier Carrier { get; set; }

    /// <summary>Empty where the carrier has one price for the whole loop.</summary>
    public string Zone { get; set; } = "";

    public Price? Price { get; set; }

    public Price? Lowest { get; set; }

    public Price? Highest { get; set; }

    /// <summary>Energy sold at the node, by orders and converters.</summary>
    public Energy Traded { get; set; }
}

/// <summary>What a converter did in an hour: energy taken is negative, energy given positive.</summary>
public sealed class ConverterRun
{
    public int LoopId { get; set; }

    public DateTimeOffset Hour { get; set; }

    public required string PlantCode { get; set; }

    /// <summary>Where it stands; empty in an hour with one zone.</summary>
    public string Zone { get; set; } = "";

    public Energy Activity { get; set; }

    public Energy Heat { get; set; }

    public Energy Cold { get; set; }

    public Energy Electricity { get; set; }
}

internal sealed class HourStepTable : IEntityTypeConfiguration<HourStep>
{
    public void Configure(EntityTypeBuilder<HourStep> builder)
    {
        builder.ToTable("HourSteps").HasKey(step => new { step.LoopId, step.Step, step.Hour });
        builder.HasOne<Loop>().WithMany().HasForeignKey(step => step.LoopId);
    }
}

internal sealed class HourFailureTable : IEntityTypeConfiguration<HourFailure>
{
    public void Configure(EntityTypeBuilder<HourFailure> builder) =>
        builder.ToTable("HourFailures").HasKey(failure => new { failure.LoopId, failure.Hour, failure.Step });
}

internal sealed class BookTable : IEntityTypeConfiguration<Book>
{
    public void Configure(EntityTypeBuilder<Book> builder) =>
        builder.ToTable("Books").HasKey(book => new { book.LoopId, book.Hour });
}

internal sealed class BookOrderTable : IEntityTypeConfiguration<BookOrder>
{
    public void Configure(EntityTypeBuilder<BookOrder> builder)
    {
        builder.ToTable("BookOrders").HasKey(order => new { order.LoopId, order.Hour, order.Position });
        builder.HasIndex(order => new { order.LoopId, order.MemberId, order.Hour });
        builder.Property(order => order.Zone).HasMaxLength(20).HasDefaultValue("").ValueGeneratedNever();
    }
}

internal sealed class AuctionResultTable : IEntityTypeConfiguration<AuctionResult>
{
    public void Configure(EntityTypeBuilder<AuctionResult> builder) =>
        builder.ToTable("Results").HasKey(result => new { result.LoopId, result.Hour });
}

internal sealed class AcceptanceTable : IEntityTypeConfiguration<Acceptance>
{
    public void Configure(EntityTypeBuilder<Acceptance> builder) =>
        builder.ToTable("Acceptances").HasKey(acceptance => new { acceptance.LoopId, acceptance.Hour, acceptance.Position });
}

internal sealed class HourPriceTable : IEntityTypeConfiguration<HourPrice>
{
    public void Configure(EntityTypeBuilder<HourPrice> builder)
    {
        builder.ToTable("Prices").HasKey(price => new { price.LoopId, price.Hour, price.Carrier, price.Zone });
        builder.Property(price => price.Zone).HasMaxLength(20).HasDefaultValue("").ValueGeneratedNever();
    }
}

internal sealed class ConverterRunTable : IEntityTypeConfiguration<ConverterRun>
{
    public void Configure(EntityTypeBuilder<ConverterRun> builder)
    {
        builder.ToTable("ConverterRuns").HasKey(run => new { run.LoopId, run.Hour, run.PlantCode });
        builder.Property(run => run.Zone).HasMaxLength(20).HasDefaultValue("").ValueGeneratedNever();
    }
}
