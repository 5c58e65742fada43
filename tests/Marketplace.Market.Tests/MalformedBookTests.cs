using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Shouldly;
using Xunit;

namespace Marketplace.Market.Tests;

/// <summary>Every member of a book missing, of the wrong type, negative, too large or too fine: refused in one line that names it, never by a crash.</summary>
public sealed class MalformedBookTests
{
    private const string Good = """
        { "hour": "2019-12-03T00:00:00Z", "capMicroPerKWh": 900000, "floorMicroPerKWh": -900000,
          "nodes": ["heat", "cold", "electricity", "A/heat"],
          "orders": [ { "id": "o1", "node": "heat", "side": "buy", "quantityWh": 12000, "limitMicroPerKWh": 120000, "party": "p" },
                      { "id": "o2", "node": "electricity", "side": "sell", "steps": [ { "quantityWh": 10, "limitMicroPerKWh": 1 }, { "quantityWh": 20, "limitMicroPerKWh": 5 } ] } ],
          "converters": [ { "id": "hp1", "capacityWh": 50000, "flows": { "electricity": -1.0, "heat": 3.5, "cold": 2.5 }, "costMicroPerKWh": 2000 } ],
          "connections": [ { "id": "pipe1", "from": "A/heat", "to": "heat", "capacityWh": 80000, "loss": 0.02, "feeMicroPerKWh": 500 } ] }
        """;

    private const string OtherMechanisms = """
        { "hour": "2019-12-03T00:00:00Z", "capMicroPerKWh": 900000, "mechanism": { "heat": "communityFirst", "cold": "fallingOffers", "electricity": "payAsBid" }, "rounds": 3,
          "nodes": ["heat", "cold", "electricity", "A/heat"],
          "orders": [ { "id": "o1", "node": "heat", "side": "buy", "quantityWh": 12000, "limitMicroPerKWh": 120000, "party": "p" },
                      { "id": "o2", "node": "heat", "side": "sell", "quantityWh": 12000, "limitMicroPerKWh": 20000, "origin": "outside" },
                      { "id": "o3", "node": "cold", "side": "sell", "quantityWh": 100, "limitMicroPerKWh": 70000, "standing": true },
                      { "id": "o4", "node": "electricity", "side": "sell", "steps": [ { "quantityWh": 10, "limitMicroPerKWh": 1 } ] } ] }
        """;

    private static readonly string?[] Wrong = [null, "\"text\"", "-5", "99999999999999999999", "9223372036854775807", "1.0000001", "1e-40", "true", "[]", "{}", "[1]", "\"\"", "1e400", "0"];

    /// <summary>Wrong values that a member takes all the same, because they are right there.</summary>
    private static readonly HashSet<string> Optional = ["capMicroPerKWh", "floorMicroPerKWh", "party", "costMicroPerKWh", "feeMicroPerKWh", "loss", "orders", "converters", "connections"];

    private static IEnumerable<(string Path, JsonNode Parent, object Key)> Members(JsonNode node, string path)
    {
        if (node is JsonObject members)
        {
            foreach (var name in members.Select(m => m.Key).ToList())
            {
                yield return ($"{path}.{name}", node, name);
                foreach (var inner in Members(members[name]!, $"{path}.{name}"))
                {
                    yield return inner;
                }
            }
        }
        else if (node is JsonArray items)
        {
            for (var i = 0; i < items.Count; i++)
            {
                yield return (string.Create(CultureInfo.InvariantCulture, $"{path}[{i}]"), node, i);
                foreach (var inner in Members(items[i]!, string.Create(CultureInfo.InvariantCulture, $"{path}[{i}]")))
                {
                    yield return inner;
                }
            }
        }
    }

    [Theory]
    [InlineData(Good)]
    [InlineData(OtherMechanisms)]
    public void Whatever_is_wrong_is_refused_in_one_line_or_is_a_book_that_clears(string good)
    {
        var count = Members(JsonNode.Parse(good)!, "").Count();
        var refused = 0;
        for (var m = 0; m < count; m++)
        {
            foreach (var wrong in Wrong)
            {
                var root = JsonNode.Parse(good)!;
                var (path, parent, key) = Members(root, "").ElementAt(m);
                Replace(parent, key, wrong);
                refused += IsRefused(root.ToJsonString(), $"{path} = {wrong ?? "missing"}") ? 1 : 0;
            }
        }

        refused.ShouldBeGreaterThan(count * Wrong.Length * 6 / 10);
    }

    private static void Replace(JsonNode parent, object key, string? wrong)
    {
        var value = wrong is null ? null : JsonNode.Parse(wrong);
        if (parent is JsonObject members)
        {
            members.Remove((string)key);
            if (wrong is not null)
            {
                members[(string)key] = value;
            }
        }
        else
        {
            ((JsonArray)parent)[(int)key] = value;
        }
    }

    private static bool IsRefused(string json, string what)
    {
        try
        {
            var book = OrderBookJson.Read(Encoding.UTF8.GetBytes(json));
            Clearing.Check(book, Clearing.Run(book, Books.Solver)).Findings.ShouldBeEmpty(what);
            return false;
        }
        catch (OrderBookException e)
        {
            e.Message.ShouldNotContain("\n");
            e.Message.Length.ShouldBeGreaterThan(10);
            return true;
        }
    }

    [Fact]
    public void A_member_that_is_needed_is_missed_by_name()
    {
        var count = Members(JsonNode.Parse(Good)!, "").Count();
        for (var m = 0; m < count; m++)
        {
            var root = JsonNode.Parse(Good)!;
            var (path, parent, key) = Members(root, "").ElementAt(m);
            if (key is not string name || Optional.Contains(name) || path.Contains(".flows.", StringComparison.Ordinal) || name == "steps")
            {
                continue;
            }

            ((JsonObject)parent).Remove(name);
            Should.Throw<OrderBookException>(() => OrderBookJson.Read(Encoding.UTF8.GetBytes(root.ToJsonString())), path).Message.ShouldContain($"'{name}'");
        }
    }

    [Fact]
    public void Damaged_bytes_are_refused_without_a_crash()
    {
        var good = Encoding.UTF8.GetBytes(Good);
        var random = new Random(4);
        for (var i = 0; i < 3_000; i++)
        {
            var bytes = (byte[])good.Clone();
            for (var k = random.Next(1, 4); k > 0; k--)
            {
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            }

            try
            {
                Books.Clear(OrderBookJson.Read(bytes.AsMemory(0, random.Next(2) == 0 ? bytes.Length : random.Next(bytes.Length))));
            }
            catch (OrderBookException e)
            {
                e.Message.ShouldNotContain("\n");
            }
        }
    }

    [Fact]
    public void A_name_that_is_no_text_is_refused()
    {
        foreach (var name in new[] { "heat", "o1", "electricity" })
        {
            var json = Good.Replace($"\"{name}\"", "\"\\ud800\"", StringComparison.Ordinal);
            Should.Throw<OrderBookException>(() => OrderBookJson.Read(Encoding.UTF8.GetBytes(json))).Message.ShouldNotContain("\n");
        }
    }
}
