using System.Buffers;
using System.Globalization;
using System.Text.Json;
using Marketplace.Quantities;

namespace Marketplace.Market;

/// <summary>The order book as a file. Written canonically: the same book gives the same bytes, which are what is hashed and anchored.</summary>
public static class OrderBookJson
{
    /// <summary>Reads a book from UTF-8 JSON. Unknown members are passed over; wrong ones are refused.</summary>
    /// <exception cref="OrderBookException">One line that names what is wrong and where.</exception>
    public static OrderBook Read(ReadOnlyMemory<byte> json)
    {
        using var document = JsonReading.Parse(json);
        var root = JsonReading.Object(document.RootElement, "book");
        RefuseStores(root);
        if (!JsonReading.Required(root, "book", "hour").ValueKind.Equals(JsonValueKind.String)
            || !root.GetProperty("hour").TryGetDateTimeOffset(out var hour))
        {
            throw JsonReading.Wrong("book", "'hour' is not an instant such as 2019-12-03T00:00:00Z");
        }

        var names = JsonReading.Array(root, "book", "nodes") ?? throw JsonReading.Wrong("book", "'nodes' is missing");
        return new OrderBook(
            hour,
            [.. names.Select((n, i) => JsonReading.AsText(n, $"nodes[{JsonReading.Invariant(i)}]"))],
            Each(root, "orders", ReadOrder),
            Each(root, "converters", ReadConverter),
            Each(root, "connections", ReadConnection),
            OptionalPrice(root, "capMicroPerKWh"),
            OptionalPrice(root, "floorMicroPerKWh"));
    }

    private static void RefuseStores(JsonElement root)
    {
        if (JsonReading.Array(root, "book", "stores") is { } stores && stores.Any())
        {
            throw JsonReading.Wrong("stores", "the hourly auction clears one hour by itself and cannot take stores, which couple hours: clear them with the day, or place buy and sell orders for them");
        }
    }

    private static List<T> Each<T>(JsonElement root, string name, Func<JsonElement, string, T> read)
    {
        var items = new List<T>();
        if (JsonReading.Array(root, "book", name) is { } elements)
        {
            foreach (var element in elements)
            {
                var where = $"{name}[{JsonReading.Invariant(items.Count)}]";
                try
                {
                    items.Add(read(JsonReading.Object(element, where), where));
                }
                catch (OrderBookException e) when (!e.Message.StartsWith(where, StringComparison.Ordinal))
                {
                    throw new OrderBookException($"{where}: {e.Message}", e);
                }
            }
        }

        return items;
    }

    private static Price? OptionalPrice(JsonElement root, string name) =>
        JsonReading.OptionalWhole(root, "book", name) is { } micro ? Price.FromMicroPerKWh(micro) : null;

    private static string Named(JsonElement element, ref string where)
    {
        var id = JsonReading.Text(element, where, "id");
        where = $"{where} '{id}'";
        return id;
    }

    private static Order ReadOrder(JsonElement element, string where)
    {
        var id = Named(element, ref where);
        var node = JsonReading.Text(element, where, "node");
        var side = JsonReading.Text(element, where, "side") switch
        {
            "buy" => Side.Buy,
            "sell" => Side.Sell,
            var other => throw JsonReading.Wrong(where, $"'side' is '{other}', neither buy nor sell"),
        };
        var party = JsonReading.Has(element, "party", out var p) ? JsonReading.AsText(p, $"{where}: 'party'") : null;
        if (JsonReading.Has(element, "allOrNothing", out var whole) && whole.ValueKind != JsonValueKind.False)
        {
            throw JsonReading.Wrong(where, "'allOrNothing' is not possible in this mechanism: one price a node exists only if orders may be accepted in part");
        }

        if (JsonReading.Array(element, where, "steps") is not { } steps)
        {
            return new Order(id, node, side, Quantity(element, where, "quantityWh"), Limit(element, where, "limitMicroPerKWh"), party);
        }

        if (JsonReading.Has(element, "quantityWh", out _) || JsonReading.Has(element, "limitMicroPerKWh", out _))
        {
            throw JsonReading.Wrong(where, "it has 'steps' and a quantity or limit beside them");
        }

        return Order.Stepwise(
            id, node, side,
            [.. steps.Select((s, i) =>
            {
                var at = $"{where}: steps[{JsonReading.Invariant(i)}]";
                return new OrderStep(Quantity(JsonReading.Object(s, at), at, "quantityWh"), Limit(s, at, "limitMicroPerKWh"));
            })],
            party);
    }

    private static Converter ReadConverter(JsonElement element, string where)
    {
        var id = Named(element, ref where);
        var flows = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var flow in JsonReading.Object(JsonReading.Required(element, where, "flows"), $"{where}: 'flows'").EnumerateObject())
        {
            var node = JsonReading.Name(flow, $"{where}: 'flows'");
            flows.Add(node, JsonReading.AsMillionths(flow.Value, $"{where}: flow of '{node}'"));
        }

        return new Converter(
            id, Quantity(element, where, "capacityWh"), flows,
            Price.FromMicroPerKWh(JsonReading.OptionalWhole(element, where, "costMicroPerKWh") ?? 0));
    }

    private static Connection ReadConnection(JsonElement element, string where)
    {
        var id = Named(element, ref where);
        return new Connection(
            id, JsonReading.Text(element, where, "from"), JsonReading.Text(element, where, "to"), Quantity(element, where, "capacityWh"),
            JsonReading.Has(element, "loss", out var loss) ? JsonReading.AsMillionths(loss, $"{where}: 'loss'") : 0,
            Price.FromMicroPerKWh(JsonReading.OptionalWhole(element, where, "feeMicroPerKWh") ?? 0));
    }

    private static Energy Quantity(JsonElement element, string where, string name) => Energy.FromWh(JsonReading.Whole(element, where, name));

    private static Price Limit(JsonElement element, string where, string name) => Price.FromMicroPerKWh(JsonReading.Whole(element, where, name));

    /// <summary>Writes a book as canonical UTF-8 JSON: fixed order of members, no spaces, flows by name, numbers in their shortest form.</summary>
    public static byte[] Write(OrderBook book)
    {
        ArgumentNullException.ThrowIfNull(book);
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("hour", Instants.Iso(book.Hour));
            if (book.Cap is { } cap)
            {
                json.WriteNumber("capMicroPerKWh", cap.MicroPerKWh);
            }

            if (book.Floor is { } floor)
            {
                json.WriteNumber("floorMicroPerKWh", floor.MicroPerKWh);
            }

            WriteArray(json, "nodes", book.Nodes, (w, node) => w.WriteStringValue(node));
            WriteArray(json, "orders", book.Orders, WriteOrder);
            WriteArray(json, "converters", book.Converters, WriteConverter);
            WriteArray(json, "connections", book.Connections, WriteConnection);
            json.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    private static void WriteArray<T>(Utf8JsonWriter json, string name, IReadOnlyList<T> items, Action<Utf8JsonWriter, T> write)
    {
        json.WriteStartArray(name);
        foreach (var item in items)
        {
            write(json, item);
        }

        json.WriteEndArray();
    }

    private static void WriteOrder(Utf8JsonWriter json, Order order)
    {
        json.WriteStartObject();
        json.WriteString("id", order.Id);
        json.WriteString("node", order.Node);
        json.WriteString("side", order.Side == Side.Buy ? "buy" : "sell");
        if (!order.IsStepwise)
        {
            WriteStep(json, order.Step(0));
        }
        else
        {
            WriteArray(json, "steps", [.. Enumerable.Range(0, order.StepCount).Select(order.Step)], (w, step) =>
            {
                w.WriteStartObject();
                WriteStep(w, step);
                w.WriteEndObject();
            });
        }

        if (order.Party is not null)
        {
            json.WriteString("party", order.Party);
        }

        json.WriteEndObject();
    }

    private static void WriteStep(Utf8JsonWriter json, OrderStep step)
    {
        json.WriteNumber("quantityWh", step.Quantity.WattHours);
        json.WriteNumber("limitMicroPerKWh", step.Limit.MicroPerKWh);
    }

    private static void WriteConverter(Utf8JsonWriter json, Converter converter)
    {
        json.WriteStartObject();
        json.WriteString("id", converter.Id);
        json.WriteNumber("capacityWh", converter.Capacity.WattHours);
        json.WriteStartObject("flows");
        foreach (var (node, flow) in converter.Flows)
        {
            WriteMillionths(json, node, flow);
        }

        json.WriteEndObject();
        json.WriteNumber("costMicroPerKWh", converter.Cost.MicroPerKWh);
        json.WriteEndObject();
    }

    private static void WriteConnection(Utf8JsonWriter json, Connection connection)
    {
        json.WriteStartObject();
        json.WriteString("id", connection.Id);
        json.WriteString("from", connection.From);
        json.WriteString("to", connection.To);
        json.WriteNumber("capacityWh", connection.Capacity.WattHours);
        WriteMillionths(json, "loss", connection.LossMillionths);
        json.WriteNumber("feeMicroPerKWh", connection.Fee.MicroPerKWh);
        json.WriteEndObject();
    }

    private static void WriteMillionths(Utf8JsonWriter json, string name, long millionths)
    {
        json.WritePropertyName(name);
        json.WriteRawValue(((decimal)millionths / Limits.One).ToString("0.######", CultureInfo.InvariantCulture));
    }
}
