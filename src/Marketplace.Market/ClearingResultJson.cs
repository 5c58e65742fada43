using System.Buffers;
using System.Text.Json;
using Marketplace.Quantities;

namespace Marketplace.Market;

/// <summary>The result of a clearing as a file, written canonically: the same result gives the same bytes.</summary>
public static class ClearingResultJson
{
    /// <summary>Reads a result of a book from UTF-8 JSON. Whether it is right is for <see cref="ClearingCheck"/> to say.</summary>
    /// <exception cref="OrderBookException">One line that names what is wrong and where.</exception>
    public static ClearingResult Read(ReadOnlyMemory<byte> json, OrderBook book)
    {
        ArgumentNullException.ThrowIfNull(book);
        using var document = JsonReading.Parse(json);
        var root = JsonReading.Object(document.RootElement, "result");
        var checks = JsonReading.Has(root, "checks", out var c) ? ReadChecks(c) : new ClearingChecks(false, false, false, Money.FromMicro(0), Money.FromMicro(0));
        return new ClearingResult(
            book,
            Money.FromMicro(JsonReading.Whole(root, "result", "welfareMicro")),
            ReadPrices(root, book),
            Energies(root, "accepted", [.. book.Orders.Select(o => o.Id)]),
            Energies(root, "converters", [.. book.Converters.Select(u => u.Id)]),
            Energies(root, "connections", [.. book.Connections.Select(u => u.Id)]),
            checks,
            ReadTrades(root, book),
            ReadGivenUp(root, book));
    }

    private static List<Trade> ReadTrades(JsonElement root, OrderBook book)
    {
        var trades = new List<Trade>();
        if (JsonReading.Array(root, "result", "trades") is not { } elements)
        {
            return trades;
        }

        var index = book.Orders.Select((order, i) => (order.Id, i)).ToDictionary(p => p.Id, p => p.i, StringComparer.Ordinal);
        foreach (var element in elements)
        {
            var where = $"trades[{JsonReading.Invariant(trades.Count)}]";
            var trade = JsonReading.Object(element, where);
            int Position(string name)
            {
                if (!JsonReading.Has(trade, name, out var id))
                {
                    return Trade.Pool;
                }

                var text = JsonReading.AsText(id, $"{where}: '{name}'");
                return index.TryGetValue(text, out var position) ? position : throw JsonReading.Wrong(where, $"'{text}' is not in the book");
            }

            var round = JsonReading.OptionalWhole(trade, where, "round") ?? 0;
            trades.Add(new Trade(
                Position("buy"), Position("sell"),
                Energy.FromWh(JsonReading.Whole(trade, where, "energyWh")), Price.FromMicroPerKWh(JsonReading.Whole(trade, where, "priceMicroPerKWh")),
                round is >= 0 and <= int.MaxValue ? (int)round : throw JsonReading.Wrong(where, "'round' is out of range")));
        }

        return trades;
    }

    private static Money?[] ReadGivenUp(JsonElement root, OrderBook book)
    {
        var givenUp = new Money?[book.Nodes.Count];
        if (JsonReading.Has(root, "welfareGivenUpMicro", out var element))
        {
            JsonReading.Object(element, "welfareGivenUpMicro");
            RefuseUnknown(element, "welfareGivenUpMicro", name => book.NodeIndex(name) >= 0);
            for (var n = 0; n < givenUp.Length; n++)
            {
                givenUp[n] = JsonReading.OptionalWhole(element, "welfareGivenUpMicro", book.Nodes[n]) is { } micro ? Money.FromMicro(micro) : null;
            }
        }

        return givenUp;
    }

    private static ClearingChecks ReadChecks(JsonElement element)
    {
        var checks = JsonReading.Object(element, "checks");
        bool Flag(string name) => JsonReading.Required(checks, "checks", name).ValueKind switch
        {
            JsonValueKind.True => true,
            JsonValueKind.False => false,
            _ => throw JsonReading.Wrong("checks", $"'{name}' is neither true nor false"),
        };
        return new ClearingChecks(
            Flag("balanced"), Flag("withinLimits"), Flag("complementary"),
            Money.FromMicro(JsonReading.Whole(checks, "checks", "dualityGapMicro")),
            Money.FromMicro(JsonReading.OptionalWhole(checks, "checks", "dualityGapBoundMicro") ?? 0));
    }

    private static NodePrice[] ReadPrices(JsonElement root, OrderBook book)
    {
        var prices = JsonReading.Object(JsonReading.Required(root, "result", "prices"), "prices");
        JsonElement? intervals = JsonReading.Has(root, "priceIntervals", out var element) ? JsonReading.Object(element, "priceIntervals") : null;
        JsonElement? supports = JsonReading.Has(root, "supports", out var support) ? JsonReading.Object(support, "supports") : null;
        RefuseUnknown(prices, "prices", name => book.NodeIndex(name) >= 0);
        return [.. book.Nodes.Select(node =>
        {
            var price = JsonReading.OptionalWhole(prices, "prices", node);
            var (low, high) = intervals is { } all ? ReadInterval(all, node) : (null, null);
            return new NodePrice(node, Of(price), Of(low), Of(high), supports is { } s ? Of(JsonReading.OptionalWhole(s, "supports", node)) : null);
        })];
    }

    private static Price? Of(long? micro) => micro is { } value ? Price.FromMicroPerKWh(value) : null;

    private static (long? Low, long? High) ReadInterval(JsonElement intervals, string node)
    {
        var where = $"priceIntervals: '{node}'";
        if (JsonReading.Array(intervals, "priceIntervals", node) is not { } ends)
        {
            return (null, null);
        }

        var values = ends.ToArray();
        if (values.Length != 2)
        {
            throw JsonReading.Wrong(where, "does not have two ends");
        }

        long? End(JsonElement end) => end.ValueKind == JsonValueKind.Null ? null : JsonReading.AsWhole(end, where);
        return (End(values[0]), End(values[1]));
    }

    /// <summary>Energies by id in the order of the book; an id that is not there has none, one that the book lacks is refused.</summary>
    private static Energy[] Energies(JsonElement root, string name, string[] ids)
    {
        var energies = new Energy[ids.Length];
        if (!JsonReading.Has(root, name, out var element))
        {
            return energies;
        }

        JsonReading.Object(element, name);
        var index = ids.Select((id, i) => (id, i)).ToDictionary(p => p.id, p => p.i, StringComparer.Ordinal);
        foreach (var member in element.EnumerateObject())
        {
            var id = JsonReading.Name(member, name);
            if (!index.TryGetValue(id, out var i))
            {
                throw JsonReading.Wrong(name, $"'{id}' is not in the book");
            }

            energies[i] = Energy.FromWh(JsonReading.AsWhole(member.Value, $"{name}: '{id}'"));
        }

        return energies;
    }

    private static void RefuseUnknown(JsonElement element, string where, Func<string, bool> known)
    {
        foreach (var member in element.EnumerateObject())
        {
            var name = JsonReading.Name(member, where);
            if (!known(name))
            {
                throw JsonReading.Wrong(where, $"'{name}' is not in the book");
            }
        }
    }

    /// <summary>Writes a result as canonical UTF-8 JSON: fixed order of members, entries in the order of the book's, no spaces.</summary>
    public static byte[] Write(OrderBook book, ClearingResult result)
    {
        ArgumentNullException.ThrowIfNull(book);
        ArgumentNullException.ThrowIfNull(result);
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteNumber("welfareMicro", result.Welfare.Micro);
            json.WriteStartObject("prices");
            foreach (var price in result.Prices)
            {
                json.WritePropertyName(price.Node);
                WritePrice(json, price.Price);
            }

            json.WriteEndObject();
            json.WriteStartObject("priceIntervals");
            foreach (var price in result.Prices)
            {
                json.WriteStartArray(price.Node);
                WritePrice(json, price.Low);
                WritePrice(json, price.High);
                json.WriteEndArray();
            }

            json.WriteEndObject();
            if (result.Prices.Any(p => p.Support is not null))
            {
                json.WriteStartObject("supports");
                foreach (var price in result.Prices.Where(p => p.Support is not null))
                {
                    json.WriteNumber(price.Node, price.Support!.Value.MicroPerKWh);
                }

                json.WriteEndObject();
            }

            WriteEnergies(json, "accepted", book.Orders, o => o.Id, result.Accepted);
            WriteEnergies(json, "converters", book.Converters, u => u.Id, result.Converters);
            WriteEnergies(json, "connections", book.Connections, u => u.Id, result.Connections);
            WriteTrades(json, book, result);
            json.WriteStartObject("checks");
            json.WriteBoolean("balanced", result.Checks.Balanced);
            json.WriteBoolean("withinLimits", result.Checks.WithinLimits);
            json.WriteBoolean("complementary", result.Checks.Complementary);
            json.WriteNumber("dualityGapMicro", result.Checks.DualityGap.Micro);
            json.WriteNumber("dualityGapBoundMicro", result.Checks.DualityGapBound.Micro);
            json.WriteEndObject();
            json.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>Nothing where no node has prices by trade, so that the result of a coupled book has the bytes it always had.</summary>
    private static void WriteTrades(Utf8JsonWriter json, OrderBook book, ClearingResult result)
    {
        if (!Enumerable.Range(0, book.Nodes.Count).Any(n => book.MechanismOf(n).HasTrades()))
        {
            return;
        }

        json.WriteStartArray("trades");
        foreach (var trade in result.Trades)
        {
            json.WriteStartObject();
            if (trade.Buy != Trade.Pool)
            {
                json.WriteString("buy", book.Orders[trade.Buy].Id);
            }

            if (trade.Sell != Trade.Pool)
            {
                json.WriteString("sell", book.Orders[trade.Sell].Id);
            }

            json.WriteNumber("energyWh", trade.Energy.WattHours);
            json.WriteNumber("priceMicroPerKWh", trade.Price.MicroPerKWh);
            if (trade.Round != 0)
            {
                json.WriteNumber("round", trade.Round);
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartObject("welfareGivenUpMicro");
        foreach (var (n, givenUp) in result.WelfareGivenUp.Index())
        {
            if (givenUp is { } money)
            {
                json.WriteNumber(book.Nodes[n], money.Micro);
            }
        }

        json.WriteEndObject();
    }

    private static void WritePrice(Utf8JsonWriter json, Price? price)
    {
        if (price is { } value)
        {
            json.WriteNumberValue(value.MicroPerKWh);
        }
        else
        {
            json.WriteNullValue();
        }
    }

    private static void WriteEnergies<T>(Utf8JsonWriter json, string name, IReadOnlyList<T> items, Func<T, string> id, IReadOnlyList<Energy> energies)
    {
        json.WriteStartObject(name);
        for (var i = 0; i < items.Count; i++)
        {
            json.WriteNumber(id(items[i]), energies[i].WattHours);
        }

        json.WriteEndObject();
    }
}
