using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Features.Orders;
using Marketplace.Web.Pipeline;
using Shouldly;
using Xunit;

namespace Marketplace.Web.Tests.Features.Orders;

public sealed class OrderFileTests
{
    private static readonly LoopCalendar Berlin = new(TimeZoneInfo.FindSystemTimeZoneById("Europe/Berlin"));

    private static OrderFile Read(string text, int member = 1)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        return OrderFile.Read(new MemoryStream(bytes), SHA256.HashData(bytes), member, Berlin);
    }

    [Fact]
    public void Rows_become_orders_and_keep_their_lines()
    {
        var file = Read("hour_utc,carrier,side,quantity_kwh,limit_ct_per_kwh,plant\r\n\r\n2026-11-22T06:00:00Z,heat,buy,2.5,12.5,\r\n2026-11-22 12:00,electricity,SELL,4,-1.25,roof\r\n");

        file.Rows.Select(row => row.Line).ShouldBe([3, 4]);
        var buy = file.Rows[0].Order.ShouldNotBeNull();
        (buy.Hour, buy.Carrier, buy.Side, buy.Quantity, buy.Limit, buy.PlantCode).ShouldBe(
            (new DateTimeOffset(2026, 11, 22, 6, 0, 0, TimeSpan.Zero), Carrier.Heat, OrderSide.Buy, Energy.FromWh(2_500), Price.FromMicroPerKWh(125_000), null));
        var sell = file.Rows[1].Order.ShouldNotBeNull();
        (sell.Side, sell.Limit, sell.PlantCode).ShouldBe((OrderSide.Sell, Price.FromMicroPerKWh(-12_500), "roof"));
    }

    [Fact]
    public void Between_semicolons_a_decimal_comma_is_understood()
    {
        var order = Read("hour_utc;carrier;side;quantity_kwh;limit_ct_per_kwh\n2026-11-22T06:00;heat;buy;2,5;12,5\n").Rows.ShouldHaveSingleItem().Order.ShouldNotBeNull();
        (order.Quantity, order.Limit).ShouldBe((Energy.FromWh(2_500), Price.FromMicroPerKWh(125_000)));
    }

    [Fact]
    public void Between_commas_a_decimal_comma_is_refused_in_clear_words()
    {
        var fault = Read("hour_utc,carrier,side,quantity_kwh,limit_ct_per_kwh\n2026-11-22T06:00,heat,buy,2,5,12,5\n").Rows.ShouldHaveSingleItem().Fault.ShouldNotBeNull();
        fault.Message.ShouldContain("separate the fields by semicolons");
        var quoted = Read("hour_utc,carrier,side,quantity_kwh,limit_ct_per_kwh\n2026-11-22T06:00,heat,buy,\"2,5\",12\n").Rows.ShouldHaveSingleItem().Fault.ShouldNotBeNull();
        quoted.Field.ShouldBe("quantity_kwh");
        quoted.Message.ShouldContain("decimals with a point");
    }

    [Theory]
    [InlineData("noon,heat,buy,1,1", "hour_utc")]
    [InlineData("2026-11-22T06:30,heat,buy,1,1", "hour_utc")]
    [InlineData(",heat,buy,1,1", "hour_utc")]
    [InlineData("2026-11-22T06:00,steam,buy,1,1", "carrier")]
    [InlineData("2026-11-22T06:00,heat,take,1,1", "side")]
    [InlineData("2026-11-22T06:00,heat,buy,0.0001,1", "quantity_kwh")]
    [InlineData("2026-11-22T06:00,heat,buy,1,cheap", "limit_ct_per_kwh")]
    [InlineData("2026-11-22T06:00,heat,sell,1,1", "plant")]
    public void What_is_wrong_with_a_row_is_said_at_its_column(string row, string field) =>
        Read("hour_utc,carrier,side,quantity_kwh,limit_ct_per_kwh\n" + row + "\n").Rows.ShouldHaveSingleItem().Fault.ShouldNotBeNull().Field.ShouldBe(field);

    [Fact]
    public void A_local_hour_that_comes_twice_has_to_say_which_it_is()
    {
        const string header = "hour_local,carrier,side,quantity_kwh,limit_ct_per_kwh\n";
        Read(header + "2026-10-25 02:00,heat,buy,1,1\n").Rows[0].Fault.ShouldNotBeNull().Message.ShouldContain("2026-10-25 02:00+02:00 or 2026-10-25 02:00+01:00");
        Read(header + "2026-10-25 02:00+01:00,heat,buy,1,1\n").Rows[0].Order.ShouldNotBeNull().Hour.ShouldBe(new DateTimeOffset(2026, 10, 25, 1, 0, 0, TimeSpan.Zero));
        Read(header + "2026-03-29 02:00,heat,buy,1,1\n").Rows[0].Fault.ShouldNotBeNull().Message.ShouldContain("does not exist");
        Read(header + "2026-11-22 07:00,heat,buy,1,1\n").Rows[0].Order.ShouldNotBeNull().Hour.ShouldBe(new DateTimeOffset(2026, 11, 22, 6, 0, 0, TimeSpan.Zero));
    }

    [Fact]
    public void A_file_as_a_whole_is_refused_with_what_is_missing()
    {
        Should.Throw<RefusedException>(() => Read("")).Message.ShouldContain("empty");
        Should.Throw<RefusedException>(() => Read("hour_utc,carrier,side,quantity_kwh,limit_ct_per_kwh\n")).Message.ShouldContain("no rows");
        Should.Throw<RefusedException>(() => Read("hour,carrier,side,kwh\n1,2,3,4\n")).Message.ShouldContain("Missing: hour_utc or hour_local, quantity_kwh, limit_ct_per_kwh");
        Should.Throw<RefusedException>(() => Read("PK\0\0")).Message.ShouldContain("not a text file");
        Should.Throw<RefusedException>(() => OrderFile.Read(new MemoryStream([0xff, 0xfe, 0xff, 0x41, 0x80]), new byte[32], 1, Berlin));
        var many = string.Concat(Enumerable.Repeat("2026-11-22T06:00,heat,buy,1,1\n", OrderFile.MostRows + 1));
        Should.Throw<RefusedException>(() => Read("hour_utc,carrier,side,quantity_kwh,limit_ct_per_kwh\n" + many)).Message.ShouldContain(OrderFile.MostRows.ToString("#,0", CultureInfo.InvariantCulture));
    }

    [Fact]
    public void The_same_file_names_the_same_submissions_and_another_members_names_others()
    {
        const string text = "hour_utc,carrier,side,quantity_kwh,limit_ct_per_kwh\n2026-11-22T06:00,heat,buy,1,1\n2026-11-22T06:00,heat,buy,1,1\n";
        var (once, again, other) = (Read(text).Rows, Read(text).Rows, Read(text, member: 2).Rows);
        once.Select(row => row.Order!.SubmissionId).ShouldBe(again.Select(row => row.Order!.SubmissionId));
        once.Concat(other).Select(row => row.Order!.SubmissionId).Distinct().Count().ShouldBe(4);
    }
}
