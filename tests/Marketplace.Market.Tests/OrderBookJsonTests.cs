using System.Text;
using Shouldly;
using Xunit;
using static Marketplace.Market.Tests.Books;

namespace Marketplace.Market.Tests;

/// <summary>Books and results as files.</summary>
public sealed class OrderBookJsonTests
{
    private const string Example = """
        { "hour": "2019-12-03T00:00:00Z",
          "nodes": ["heat", "cold", "electricity", "A/heat", "B/heat"],
          "orders": [ { "id": "o1", "node": "heat", "side": "buy", "quantityWh": 12000, "limitMicroPerKWh": 120000, "tag": "kept out" },
                      { "id": "o2", "node": "electricity", "side": "sell", "party": "pv", "steps": [ { "quantityWh": 10, "limitMicroPerKWh": 1 }, { "quantityWh": 20, "limitMicroPerKWh": 5 } ] } ],
          "converters": [ { "id": "hp1", "capacityWh": 50000, "flows": { "electricity": -1.0, "heat": 3.5, "cold": 2.5 }, "costMicroPerKWh": 2000 } ],
          "connections": [ { "id": "pipe1", "from": "A/heat", "to": "B/heat", "capacityWh": 80000, "loss": 0.02, "feeMicroPerKWh": 500 } ] }
        """;

    private static OrderBook Read(string json) => OrderBookJson.Read(Encoding.UTF8.GetBytes(json));

    [Fact]
    public void The_documented_book_is_read_and_written_canonically()
    {
        var book = Read(Example);
        book.Converters[0].Flows["heat"].ShouldBe(3_500_000);
        book.Connections[0].LossMillionths.ShouldBe(20_000);
        book.Orders[1].StepCount.ShouldBe(2);
        var written = OrderBookJson.Write(book);
        Encoding.UTF8.GetString(written).ShouldBe(
            """{"hour":"2019-12-03T00:00:00Z","nodes":["heat","cold","electricity","A/heat","B/heat"],"orders":[{"id":"o1","node":"heat","side":"buy","quantityWh":12000,"limitMicroPerKWh":120000},{"id":"o2","node":"electricity","side":"sell","steps":[{"quantityWh":10,"limitMicroPerKWh":1},{"quantityWh":20,"limitMicroPerKWh":5}],"party":"pv"}],"converters":[{"id":"hp1","capacityWh":50000,"flows":{"cold":2.5,"electricity":-1,"heat":3.5},"costMicroPerKWh":2000}],"connections":[{"id":"pipe1","from":"A/heat","to":"B/heat","capacityWh":80000,"loss":0.02,"feeMicroPerKWh":500}]}""");
        OrderBookJson.Write(OrderBookJson.Read(written)).ShouldBe(written);
    }

    [Fact]
    public void A_result_reads_back_as_it_was_written()
    {
        var book = Read(Example);
        var result = Clear(book);
        var json = ClearingResultJson.Write(book, result);
        var again = ClearingResultJson.Read(json, book);
        ClearingResultJson.Write(book, again).ShouldBe(json);
        ClearingCheck.Check(book, again).Holds.ShouldBeTrue();
    }

    [Theory]
    [InlineData("\"quantityWh\": 12000", "\"quantityWh\": -5", "orders[0]", "'o1'", "negative")]
    [InlineData("\"quantityWh\": 12000", "\"quantityWh\": 1.5", "orders[0] 'o1'", "'quantityWh'", "1.5")]
    [InlineData("\"quantityWh\": 12000", "\"quantityWh\": \"many\"", "orders[0] 'o1'", "'quantityWh'", "not a number")]
    [InlineData("\"quantityWh\": 12000", "\"quantityWh\": 99999999999999999999", "orders[0] 'o1'", "'quantityWh'", "64 bits")]
    [InlineData("\"quantityWh\": 12000", "\"quantityWh\": 9223372036854775807", "orders[0]", "'o1'", "exceeds")]
    [InlineData("\"quantityWh\": 12000, \"limitMicroPerKWh\": 120000", "\"quantityWh\": 1000000000000000, \"limitMicroPerKWh\": 120000000", "order 'o1'", "value", "overflows")]
    [InlineData("\"node\": \"heat\"", "\"node\": \"steam\"", "order 'o1'", "'steam'", "unknown")]
    [InlineData("\"side\": \"buy\"", "\"side\": \"bid\"", "orders[0] 'o1'", "'bid'", "neither")]
    [InlineData("\"id\": \"o2\"", "\"id\": \"o1\"", "order 'o1'", "id", "twice")]
    [InlineData("\"id\": \"pipe1\"", "\"id\": \"hp1\"", "connection 'hp1'", "id", "twice")]
    [InlineData("\"electricity\": -1.0", "\"electricity\": -1.2", "converters[0]", "'hp1'", "absolute value 1")]
    [InlineData("\"heat\": 3.5", "\"heat\": 3.1234567", "converters[0] 'hp1'", "'heat'", "6 decimals")]
    [InlineData("\"heat\": 3.5", "\"heat\": 1e-40", "converters[0] 'hp1'", "'heat'", "6 decimals")]
    [InlineData("\"heat\": 3.5", "\"heat\": 3.5, \"heat\": 2", "JSON", "heat", "uplicate")]
    [InlineData("\"loss\": 0.02", "\"loss\": 1.02", "connections[0]", "'pipe1'", "between 0 and 1")]
    [InlineData("\"loss\": 0.02", "\"loss\": 0.0000001", "connections[0] 'pipe1'", "'loss'", "6 decimals")]
    [InlineData("\"to\": \"B/heat\"", "\"to\": \"C/heat\"", "connection 'pipe1'", "'C/heat'", "unknown")]
    [InlineData("\"hour\": \"2019-12-03T00:00:00Z\"", "\"hour\": \"noon\"", "book", "'hour'", "instant")]
    [InlineData("\"nodes\": [\"heat\", \"cold\"", "\"nodes\": [\"heat\", \"heat\"", "nodes", "'heat'", "twice")]
    [InlineData("\"limitMicroPerKWh\": 5", "\"limitMicroPerKWh\": 1", "orders[1]", "'o2'", "rise")]
    [InlineData("\"nodes\":", "\"stores\": [{}], \"nodes\":", "stores", "hourly auction", "orders")]
    [InlineData("\"tag\":", "\"allOrNothing\": true, \"tag\":", "orders[0] 'o1'", "allOrNothing", "not possible")]
    [InlineData("\"orders\": [", "\"orders\": 7, \"x\": [", "book", "'orders'", "not an array")]
    [InlineData("{ \"hour\"", "{ hour", "JSON", "", "")]
    public void What_is_wrong_is_named_in_one_line(string original, string replacement, string first, string second, string third)
    {
        Example.ShouldContain(original);
        var message = Should.Throw<OrderBookException>(() => Read(Example.Replace(original, replacement, StringComparison.Ordinal))).Message;
        message.ShouldContain(first);
        message.ShouldContain(second);
        message.ShouldContain(third);
        message.ShouldNotContain("\n");
    }

    [Theory]
    [InlineData("\"o1\":", "\"o9\":", "accepted", "'o9'")]
    [InlineData("\"welfareMicro\":", "\"welfare\":", "result", "'welfareMicro'")]
    [InlineData("\"prices\":{\"heat\"", "\"prices\":{\"steam\"", "prices", "'steam'")]
    public void A_malformed_result_is_refused(string original, string replacement, string first, string second)
    {
        var book = Read(Example);
        var json = Encoding.UTF8.GetString(ClearingResultJson.Write(book, Clear(book)));
        var message = Should.Throw<OrderBookException>(() => ClearingResultJson.Read(Encoding.UTF8.GetBytes(json.Replace(original, replacement, StringComparison.Ordinal)), book)).Message;
        message.ShouldContain(first);
        message.ShouldContain(second);
    }
}
