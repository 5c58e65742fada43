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
        string[] nodes = [.. names.Select((n, i) => JsonReading.AsText(n, $"nodes[{JsonReading.Invariant(i)}]"))];
        return new OrderBook(
            hour,
            nodes,
            Each(root, "orders", ReadOrder),
            Each(root, "converters", ReadConverter),
            Each(root, "connections", ReadConnection),
            OptionalPrice(root, "capMicroPerKWh"),
            OptionalPrice(root, "floorMicroPerKWh"),
            ReadMechanisms(root, nodes),
            ReadRounds(root));
    }

    /// <summary>One name for all nodes, or an object with the names of those that are not coupled.</summary>
    private static Mechanism[]? ReadMechanisms(JsonElement root, string[] nodes)
    {
        if (!JsonReading.Has(root, "mechanism", out var element))
        {
            return null;
        }

        if (element.ValueKind == JsonValueKind.String)
        {
            return [.. Enumerable.Repeat(ReadMechanism(element, "mechanism"), nodes.Length)];
        }

        var mechanisms = Enumerable.Repeat(Mechanism.Coupled, nodes.Length).ToArray();
        foreach (var member in JsonReading.Object(element, "mechanism").EnumerateObject())
        {
            var node = JsonReading.Name(member, "mechanism");
            var index = Array.IndexOf(nodes, node);
            if (index < 0)
            {
                throw JsonReading.Wrong("mechanism", $"node '{node}' is unknown");
            }

            mechanisms[index] = ReadMechanism(member.Value, $"mechanism: '{node}'");
        }

        return mechanisms;
    }

    private static Mechanism ReadMechanism(JsonElement value, string where)
    {
        var name = JsonReading.AsText(value, where);
        return MechanismNames.TryParse(name, out var mechanism)
            ? mechanism
            : throw JsonReading.Wrong(where, $"'{name}' is none of {string.Join(", ", MechanismNames.All.Select(m => m.Name()))}");
    }

    private static int? ReadRounds(JsonElement root) => JsonReading.OptionalWhole(root, "book", "rounds") switch
    {
        null => null,
        var rounds => (int)Math.Clamp(rounds.Value, int.MinValue, int.MaxValue),
    };

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

        var origin = ReadOrigin(element, where);
        var standing = JsonReading.Has(element, "standing", out var s) && ReadFlag(s, $"{where}: 'standing'");
        if (JsonReading.Array(element, where, "steps") is not { } steps)
        {
            return new Order(id, node, side, Quantity(element, where, "quantityWh"), Limit(element, where, "limitMicroPerKWh"), party, origin, standing);
        }

        if (JsonReading.Has(element, "quantityWh", out _) || JsonReading.Has(element, "limitMicroPerKWh", out _))
        {
            throw JsonReading.Wrong(where, "it has 'steps' and a quantity or limit beside them");
        }

        return Order.Stepwise(
            id, node, side,
            [.. steps.Select((step, i) =>
            {
                var at = $"{where}: steps[{JsonReading.Invariant(i)}]";
                return new OrderStep(Quantity(JsonReading.Object(step, at), at, "quantityWh"), Limit(step, at, "limitMicroPerKWh"));
            })],
            party, origin, standing);
    }

    private static Origin ReadOrigin(JsonElement element, string where) =>
        !JsonReading.Has(element, "origin", out var origin) ? Origin.Inside
        : JsonReading.AsText(origin, $"{where}: 'origin'") switch
        {
            "inside" => Origin.Inside,
            "outside" => Origin.Outside,
            var other => throw JsonReading.Wrong(where, $"'origin' is '{other}', neither inside nor outside"),
        };

    private static bool ReadFlag(JsonElement value, string where) => value.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw JsonReading.Wrong(where, "is neither true nor false"),
    };

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

            WriteMechanisms(json, book);
            WriteArray(json, "nodes", book.Nodes, (w, node) => w.WriteStringValue(node));
            WriteArray(json, "orders", book.Orders, WriteOrder);
            WriteArray(json, "converters", book.Converters, WriteConverter);
            WriteArray(json, "connections", book.Connections, WriteConnection);
            json.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>Nothing where all nodes are coupled, so that such a book has the bytes it always had.</summary>
    private static void WriteMechanisms(Utf8JsonWriter json, OrderBook book)
    {
        var mechanisms = Enumerable.Range(0, book.Nodes.Count).Select(book.MechanismOf).ToArray();
        if (!book.IsCoupled && mechanisms.Distinct().Count() == 1)
        {
            json.WriteString("mechanism", mechanisms[0].Name());
        }
        else if (!book.IsCoupled)
        {
            json.WriteStartObject("mechanism");
            foreach (var (n, mechanism) in mechanisms.Index().Where(m => m.Item != Mechanism.Coupled))
            {
                json.WriteString(book.Nodes[n], mechanism.Name());
            }

            json.WriteEndObject();
        }

        if (book.StatedRounds is { } rounds)
        {
            json.WriteNumber("rounds", rounds);
        }
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

        if (order.Origin == Origin.Outside)
        {
            json.WriteString("origin", "outside");
        }

        if (order.IsStanding)
        {
            json.WriteBoolean("standing", true);
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
