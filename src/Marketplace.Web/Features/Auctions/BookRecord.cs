using System.Security.Cryptography;
using Marketplace.Data;
using Marketplace.Ledger;
using Marketplace.Quantities;
using Marketplace.Web.Features.Network;

namespace Marketplace.Web.Features.Auctions;

/// <summary>What the ledger holds of a closed book and of a result. A changed byte is a broken promise.</summary>
public static class BookRecord
{
    public static byte[] Canonical(string loop, DateTimeOffset hour, byte[] json, IReadOnlyList<BookOrder> orders)
    {
        // Salted, so that a member can prove the own order and nobody can guess another's.
        var tree = new MerkleTree();
        foreach (var order in orders)
        {
            tree.Append(Commitment.Of(RecordKind.Order, 1, order.Salt, OrderCanonical(order)), (_, _) => { });
        }

        return CanonicalRecord.Of("book", 1)
            .Add("loop", loop)
            .Add("hour", hour)
            .Add("orders", orders.Count)
            .Add("orderRoot", tree.Root().ToHex())
            .Add("bookSha256", Convert.ToHexStringLower(SHA256.HashData(json)))
            .ToBytes();
    }

    public static byte[] OrderCanonical(BookOrder order) => CanonicalRecord.Of("order", 1)
        .Add("hour", order.Hour)
        .Add("id", order.PublicId)
        .Add("carrier", order.Carrier.Name())
        .Add("side", order.Side == OrderSide.Buy ? "buy" : "sell")
        .Add("quantityWh", order.Quantity.WattHours)
        .Add("limitMicroPerKWh", order.Limit.MicroPerKWh)
        .ToBytes();

    public static byte[] ResultCanonical(string loop, DateTimeOffset hour, byte[] bookJson, byte[] resultJson, Money welfare, IReadOnlyList<HourPrice> prices,
        byte[]? network = null)
    {
        var record = CanonicalRecord.Of("result", 1)
            .Add("loop", loop)
            .Add("hour", hour)
            .Add("bookSha256", Convert.ToHexStringLower(SHA256.HashData(bookJson)))
            .Add("resultSha256", Convert.ToHexStringLower(SHA256.HashData(resultJson)))
            .Add("welfareMicro", welfare.Micro);
        foreach (var price in prices)
        {
            // With several zones a carrier's figures are named by node, as in north/heatTradedWh.
            var name = NodeName.Of(price.Zone, price.Carrier);
            if (price.Price is { } clearing)
            {
                record.Add($"{name}MicroPerKWh", clearing.MicroPerKWh);
            }

            record.Add($"{name}TradedWh", price.Traded.WattHours);
        }

        // What trades outside the auction took of the connections, and what these could not carry.
        if (network is not null)
        {
            record.Add("networkSha256", Convert.ToHexStringLower(SHA256.HashData(network)));
        }

        return record.ToBytes();
    }
}
