using System.Globalization;
using Marketplace.Quantities;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Shell;
using Marketplace.Web.Shell.Components.Charts;
using Shouldly;
using Xunit;

namespace Marketplace.Web.Tests.Shell;

public sealed class ChartTests
{
    private static readonly Format s_format = new("EUR", TimeZoneInfo.FindSystemTimeZoneById("Europe/Berlin"), CultureInfo.GetCultureInfo("en-GB"));

    [Theory]
    [InlineData("2026-10-25", 25, 2.5)]
    [InlineData("2026-03-29", 23, 3)]
    [InlineData("2026-11-05", 24, 2)]
    public void A_day_on_which_the_clock_is_set_has_all_its_hours_in_the_heat_map(string date, int hours, double third)
    {
        var day = s_format.Calendar.Day(DateOnly.Parse(date, CultureInfo.InvariantCulture));

        var row = HeatRows.OfHours(day.Steps(TimeSpan.FromHours(1)).Select((hour, i) => (hour, (long)i)), s_format).ShouldHaveSingleItem();

        row.Cells.Count.ShouldBe(hours);
        row.Cells[date == "2026-10-25" ? 3 : 2].Column.ShouldBe(third);
        row.Cells.Zip(row.Cells.Skip(1)).ShouldAllBe(pair => pair.First.Column + pair.First.Width <= pair.Second.Column);
    }

    [Fact]
    public void A_table_is_kept_as_csv_with_invariant_numbers()
    {
        var table = new ChartTable(
            [new ChartColumn("Hour", IsNumber: false), new ChartColumn("Heat", "kWh")],
            [[new ChartCell("01:00–02:00", "2026-11-05T00:00:00Z"), s_format.Cell(Measure.Energy, 1_234_500)], [new ChartCell("a \"b\", c"), ChartCell.None]]);

        table.Csv().ToString().ShouldBe("Hour,Heat (kWh)\r\n2026-11-05T00:00:00Z,1234.5\r\n\"a \"\"b\"\", c\",\r\n");
        table.Csv().DataLink().ShouldStartWith("data:text/csv;charset=utf-8;base64,");
    }

    [Theory]
    [InlineData(Measure.Energy, 12_400, "12.4 kWh")]
    [InlineData(Measure.Money, 31_000, "3.10 ct")]
    [InlineData(Measure.Money, 12_400_000, "€12.40")]
    [InlineData(Measure.Carbon, 340_000, "340 g CO₂")]
    [InlineData(Measure.Carbon, 2_600_000, "2.6 kg CO₂")]
    public void Amounts_carry_their_unit(Measure measure, long amount, string words) =>
        s_format.Amount(measure, amount).Replace('\u00a0', ' ').ShouldBe(words);

    [Fact]
    public void A_running_month_goes_with_as_much_of_the_one_before()
    {
        var calendar = s_format.Calendar;
        Interval Now(int day, int hour) => new(calendar.StartOf(new DateOnly(2026, 3, 1)), calendar.StartOf(new DateOnly(2026, 3, day)).AddHours(hour));
        Interval Beside(Interval now) => calendar.SameSoFar(now, new DateOnly(2026, 4, 1), new DateOnly(2026, 2, 1), new DateOnly(2026, 3, 1));

        Beside(Now(5, 7)).End.ShouldBe(calendar.StartOf(new DateOnly(2026, 2, 5)).AddHours(7));
        Beside(Now(6, 0)).End.ShouldBe(calendar.StartOf(new DateOnly(2026, 2, 6)));
        Beside(Now(30, 5)).End.ShouldBe(calendar.StartOf(new DateOnly(2026, 3, 1)), "February has no 30th");
        Beside(new Interval(calendar.StartOf(new DateOnly(2026, 3, 1)), calendar.StartOf(new DateOnly(2026, 4, 1)))).End.ShouldBe(calendar.StartOf(new DateOnly(2026, 3, 1)));
    }
}
