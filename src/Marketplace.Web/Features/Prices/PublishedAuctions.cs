using System.Security.Cryptography;
using Marketplace.Data;
using Marketplace.Market;
using Marketplace.Quantities;
using Marketplace.Web.Features.Network;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Caching.Memory;

namespace Marketplace.Web.Features.Prices;

/// <summary>Who stands behind an order of a closed book. Its place in the list is its place in the book.</summary>
public sealed record BookedOrder(
    string PublicId, int MemberId, Carrier Carrier, OrderSide Side, Energy Quantity, Price Limit, OrderSource Source, string? PlantCode,
    string Zone)
{
    /// <summary>The node of the book where it stands.</summary>
    public string Node => NodeName.Of(Zone, Carrier);
}

/// <summary>An auction read back from the bytes that were hashed.</summary>
public sealed class AuctionRecord
{
    private readonly Lazy<PriceExplanation?> _explanation;
    private readonly Lazy<Dictionary<string, int>> _positions;

    public AuctionRecord(byte[] bookJson, byte[]? resultJson, IReadOnlyList<BookedOrder> orders)
    {
        Book = OrderBookJson.Read(bookJson);
        Result = resultJson is null ? null : ClearingResultJson.Read(resultJson, Book);
        Orders = orders;
        BookSha256 = Convert.ToHexStringLower(SHA256.HashData(bookJson));
        ResultSha256 = resultJson is null ? null : Convert.ToHexStringLower(SHA256.HashData(resultJson));
        _explanation = new Lazy<PriceExplanation?>(() => Result is null ? null : PriceExplanation.Of(Book, Result));
        _positions = new Lazy<Dictionary<string, int>>(() => orders.Select((order, i) => (order.PublicId, i)).ToDictionary(pair => pair.PublicId, pair => pair.i));
    }

    public OrderBook Book { get; }

    /// <summary>None while it is not cleared, and where the hour fell back.</summary>
    public ClearingResult? Result { get; }

    /// <summary>Why the prices are what they are; none without a result.</summary>
    public PriceExplanation? Explanation => _explanation.Value;

    /// <summary>In the order of the book.</summary>
    public IReadOnlyList<BookedOrder> Orders { get; }

    public string BookSha256 { get; }

    public string? ResultSha256 { get; }

    /// <summary>The order of this name in the book; none for a converter or connection.</summary>
    public BookedOrder? OrderOf(string publicId) => _positions.Value.TryGetValue(publicId, out var position) ? Orders[position] : null;

    public Energy Accepted(int position) => Result?.Accepted[position] ?? Energy.Zero;

    /// <summary>Whether everybody at a node has the same price, so that one explanation holds for all.</summary>
    public bool HasOnePrice(string node) => Book.NodeIndex(node) is >= 0 and var place && !Book.MechanismOf(place).HasTrades();
}

/// <summary>Keeps the auctions that were looked at last. A published one never changes, so what is kept is never stale.</summary>
public sealed class PublishedAuctions : IDisposable
{
    /// <summary>In orders: about 100 MB at most.</summary>
    private const long MostKept = 200_000;

    private const int SizeOfEmptyBook = 100;

    private readonly MemoryCache _kept = new(new MemoryCacheOptions { SizeLimit = MostKept });

    /// <summary>The auction of an hour whose gate has closed; null before that.</summary>
    public async Task<AuctionRecord?> ReadAsync(MarketplaceDb db, int loopId, DateTimeOffset hour, CancellationToken cancellationToken)
    {
        if (_kept.TryGetValue((loopId, hour), out AuctionRecord? kept))
        {
            return kept;
        }

        var files = await (
            from book in db.Books
            where book.LoopId == loopId && book.Hour == hour
            join result in db.Results on new { book.LoopId, book.Hour } equals new { result.LoopId, result.Hour } into results
            from result in results.DefaultIfEmpty()
            select new { Book = book.Json, Result = result == null ? null : result.Json })
            .SingleOrDefaultAsync(cancellationToken);
        if (files is null)
        {
            return null;
        }

        var orders = await db.BookOrders
            .Where(order => order.LoopId == loopId && order.Hour == hour)
            .OrderBy(order => order.Position)
            .Select(order => new BookedOrder(
                order.PublicId, order.MemberId, order.Carrier, order.Side, order.Quantity, order.Limit, order.Source, order.PlantCode, order.Zone))
            .ToListAsync(cancellationToken);
        var record = new AuctionRecord(files.Book, files.Result, orders);
        if (record.Result is not null)
        {
            _kept.Set((loopId, hour), record, new MemoryCacheEntryOptions { Size = orders.Count + SizeOfEmptyBook, SlidingExpiration = TimeSpan.FromMinutes(30) });
        }

        return record;
    }

    public void Dispose() => _kept.Dispose();
}
