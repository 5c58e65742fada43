using System.Text;
using Marketplace.Metering;
using Marketplace.Quantities;
using Marketplace.Web.Features.Metering;
using Shouldly;
using Xunit;

namespace Marketplace.Web.Tests.Features.Metering;

public sealed class ReplayFolderTests : IDisposable
{
    private const string Readings = """
        timestamp_utc,building,commodity,kwh,basis
        2019-12-03 00:00:00,b4,electricity,10.2,measured
        2019-12-03 00:00:00,b4,heat,35.84,measured x11.2 (inferred m3->kWh)
        2019-12-03 01:00:00,b4,electricity,8.6,measured
        2019-12-03 01:00:00,b4,heat,0,measured
        """;

    private const string Participants = "building,approx_roof_m2,role\nb4,686.1,consumer\n";

    private const string Site = """
        timestamp_utc,air_temp_c,rel_humidity_pct,ghi_w_m2,import_price_gbp_per_kwh,grid_carbon_kg_per_kwh
        2019-12-03 00:00:00,3.3,91.2,0.0,0.1003,0.178
        2019-12-03 01:00:00,-3.3,91.2,12.5,-0.0074,0.176
        """;

    private readonly string _folder = Directory.CreateTempSubdirectory("Demo Week ").FullName;

    public ReplayFolderTests()
    {
        Write(ReplayFolder.ReadingsName, Readings);
        Write(ReplayFolder.ParticipantsName, Participants);
        Write(ReplayFolder.SiteName, Site);
    }

    public void Dispose() => Directory.Delete(_folder, true);

    [Fact]
    public void A_good_folder_is_read_exactly_and_without_a_word()
    {
        var folder = ReplayFolder.Read(_folder + "/");

        folder.Problems.Kept.ShouldBeEmpty();
        folder.IsUsable.ShouldBeTrue();
        (folder.Currency, folder.TimeZone).ShouldBe(("GBP", "UTC"));
        folder.Name.ShouldBe(Path.GetFileName(_folder));
        folder.Slug.ShouldStartWith("demo-week-");
        folder.Span.ShouldBe(new Interval(At(0), At(2)));
        (folder.RowsRead, folder.ReadingCount).ShouldBe((4, 4));
        var first = folder.Meters.SelectMany(meter => folder.DeliveredBy(meter, new Interval(At(0), At(1))));
        first.Select(reading => (reading.Meter, reading.KilowattHours, reading.Note)).ShouldBe(
            [("b4-heat", 35.84m, "measured x11.2 (inferred m3->kWh)"), ("b4-electricity", 10.2m, null)]);
        folder.Conditions[1].ShouldBe(new FolderConditions(3, At(1), -3.3m, 12.5m, Price.FromMicroPerKWh(-7_400), 176, false));
        var participant = folder.Participants.ShouldHaveSingleItem();
        (participant.Building, participant.Role, participant.Attributes["approx_roof_m2"]).ShouldBe(("b4", FolderRole.Consumer, "686.1"));
        folder.Meters.Select(meter => (meter.Code, meter.MissingHours)).ShouldBe([("b4-heat", 0), ("b4-electricity", 0)]);
        folder.Plants.ShouldBeNull();
    }

    [Theory]
    [InlineData("2019-12-03 00:00:00,b9,electricity,1,measured", "building", "unknown-building", "'b9' is not among the participants")]
    [InlineData("2019-12-03 00:00:00,,electricity,1,measured", "building", "building-name", "1 to 64 characters")]
    [InlineData("2019-12-03 00:00:00,b4,gas,1,measured", "commodity", "unknown-commodity", "'gas' is not electricity, heat or cold")]
    [InlineData("2019-12-03 00:00:00,b4,cold,1;5,measured", "kwh", "number", "'1;5' is not a number")]
    [InlineData("2019-12-03 00:00:00,b4,cold,\"1,5\",measured", "kwh", "number", "write a decimal point")]
    [InlineData("2019-12-03 00:00:00,b4,cold,1,5,measured", "", "field-count", "6 fields, the header 5")]
    [InlineData("2019-12-03 00:00:00,b4", "", "field-count", "2 fields, the header 5")]
    [InlineData("2019-12-03 00:00:00,b4,cold,1.5 MWh,measured", "kwh", "number", "carries a unit")]
    [InlineData("2019-12-03 00:00:00,b4,cold,NaN,measured", "kwh", "number", "'NaN' is not a number")]
    [InlineData("2019-12-03 00:00:00,b4,cold,,measured", "kwh", "empty", "the field is empty")]
    [InlineData("2019-12-03 00:00:00,b4,cold,-0.1,measured", "kwh", "negative", "-0.1 kWh is below zero")]
    [InlineData("2019-12-03 00:00:00,b4,cold,0.0001,measured", "kwh", "whole-watt-hours", "finer than one watt-hour")]
    [InlineData("2019-12-03 00:00:00,b4,cold,10000001,measured", "kwh", "too-large", "10 GWh")]
    [InlineData("2019-12-03 00:00:00,b4,cold,99999999999999999999999999999999,measured", "kwh", "too-large", "too large a number")]
    [InlineData("2019-12-03 00:30:00,b4,cold,1,measured", "timestamp_utc", "interval-start", "not on the hour")]
    [InlineData("03/12/2019 00:00,b4,cold,1,measured", "timestamp_utc", "timestamp", "is not a UTC time such as")]
    [InlineData("2019-13-03 00:00:00,b4,cold,1,measured", "timestamp_utc", "timestamp", "is not a UTC time such as")]
    [InlineData("2019-12-03T01:00:00+01:00,b4,cold,1,measured", "timestamp_utc", "not-utc", "write 2019-12-03 00:00:00")]
    [InlineData("2019-12-03T01:00:00 Europe/London,b4,cold,1,measured", "timestamp_utc", "timestamp", "is not a UTC time such as")]
    [InlineData("2019-12-03 02:00:00,b4,cold,1,measured", "timestamp_utc", "future", "the site's hours end at 2019-12-03T02:00:00Z")]
    [InlineData("2019-12-02 23:00:00,b4,cold,1,measured", "timestamp_utc", "before-site", "before the site's first hour")]
    [InlineData("2019-12-03 00:00:00,b4,electricity,10.200,measured", "timestamp_utc", "repeated", "already stands on line 2")]
    [InlineData("2019-12-03 00:00:00,b4,electricity,11,measured", "timestamp_utc", "contradicted", "with 10.2 kWh instead of 11 kWh")]
    [InlineData("2019-12-03 00:00:00,b4,cold,\"1,measured", "", "open-quote", "a quote is opened and not closed")]
    public void A_bad_reading_is_named_by_file_line_and_field_and_takes_no_good_one_with_it(string row, string field, string rule, string words)
    {
        var lines = Readings.Split('\n').ToList();
        lines.Insert(3, row);
        Write(ReplayFolder.ReadingsName, string.Join('\n', lines));

        var folder = ReplayFolder.Read(_folder);

        // A duplicate is found where it stands second.
        var problem = folder.Problems.Kept.ShouldHaveSingleItem();
        (problem.File, problem.Line, problem.Field, problem.Rule, problem.Weight).ShouldBe((ReplayFolder.ReadingsName, 4, field, rule, ProblemWeight.RowRefused));
        problem.Message.ShouldContain(words);
        problem.ToString().ShouldStartWith(field.Length == 0 ? "readings.csv, line 4: " : $"readings.csv, line 4, {field}: ");
        folder.IsUsable.ShouldBeTrue();
        (folder.RowsRead, folder.ReadingCount, folder.Problems.RowsRefused).ShouldBe((5, 4, 1));
    }

    [Theory]
    [InlineData("2019-12-03T00:00:00Z")]
    [InlineData("2019-12-03T00:00:00+00:00")]
    [InlineData("2019-12-03 00:00")]
    public void Other_ways_to_write_UTC_are_read(string time)
    {
        Write(ReplayFolder.ReadingsName, Readings.Replace("2019-12-03 00:00:00", time, StringComparison.Ordinal));

        ReplayFolder.Read(_folder).Problems.Kept.ShouldBeEmpty();
    }

    [Fact]
    public void Byte_order_marks_line_ends_quotes_blanks_and_empty_lines_do_no_harm()
    {
        var text = Readings.Replace("b4,heat,35.84,measured x11.2 (inferred m3->kWh)", "\"b4\", heat ,35.84,\"measured, \"\"scaled\"\"\"", StringComparison.Ordinal);
        File.WriteAllText(PathOf(ReplayFolder.ReadingsName), text.Replace("\n", "\r\n\r\n", StringComparison.Ordinal), new UTF8Encoding(true));

        var folder = ReplayFolder.Read(_folder);

        folder.Problems.Kept.ShouldBeEmpty();
        folder.DeliveredBy(folder.Meters[0], new Interval(At(0), At(1))).First().Note.ShouldBe("measured, \"scaled\"");
    }

    [Fact]
    public void Rows_out_of_order_are_used_in_their_place_and_named()
    {
        var lines = Readings.Split('\n');
        (lines[1], lines[3]) = (lines[3], lines[1]);
        Write(ReplayFolder.ReadingsName, string.Join('\n', lines));

        var folder = ReplayFolder.Read(_folder);

        var problem = folder.Problems.Kept.ShouldHaveSingleItem();
        (problem.Line, problem.Field, problem.Rule, problem.Weight).ShouldBe((4, "timestamp_utc", "out-of-order", ProblemWeight.Warning));
        folder.ReadingCount.ShouldBe(4);
    }

    [Fact]
    public void A_repeated_hour_on_the_day_clocks_go_back_hints_at_local_time()
    {
        Write(ReplayFolder.ReadingsName, "timestamp_utc,building,commodity,kwh,basis\n2019-10-27 01:00:00,b4,heat,1,\n2019-10-27 01:00:00,b4,heat,2,\n");
        Write(ReplayFolder.SiteName, Site.Replace("2019-12-03", "2019-10-27", StringComparison.Ordinal));

        var problem = ReplayFolder.Read(_folder).Problems.Kept.First(problem => problem.Weight == ProblemWeight.RowRefused);

        (problem.Line, problem.Rule).ShouldBe((3, "contradicted"));
        problem.Message.ShouldContain("Clocks go back on this day: if the file is in local time, convert it to UTC.");
    }

    [Fact]
    public void An_hour_nobody_has_on_the_day_clocks_go_forward_hints_at_local_time()
    {
        Write(ReplayFolder.ReadingsName, "timestamp_utc,building,commodity,kwh,basis\n2019-03-31 00:00:00,b4,heat,1,\n2019-03-31 02:00:00,b4,heat,2,\n");
        Write(ReplayFolder.LoopName, """{ "timeZone": "Europe/London" }""");

        ReplayFolder.Read(_folder, FolderUse.ReadingsOnly).Problems.ByRule.Keys.ShouldContain("before-site");
        File.Delete(PathOf(ReplayFolder.SiteName));
        var folder = ReplayFolder.Read(_folder, FolderUse.ReadingsOnly);

        folder.Problems.Kept.Where(problem => problem.Rule == "local-time").ShouldHaveSingleItem().Message.ShouldContain("2019-03-31T01:00:00Z");
        folder.TimeZone.ShouldBe("Europe/London");
    }

    [Theory]
    [InlineData(ReplayFolder.ReadingsName, "timestamp_utc,building,commodity,mwh,basis\n", 1, "kwh", "The file has 'mwh' instead")]
    [InlineData(ReplayFolder.ReadingsName, "timestamp_utc;building;commodity;kwh;basis\n", 1, "timestamp_utc", "separated by commas")]
    [InlineData(ReplayFolder.ReadingsName, "", 1, "", "the file is empty")]
    [InlineData(ReplayFolder.ReadingsName, "timestamp_utc,building,commodity,kwh,basis\n", 0, "", "no good reading")]
    [InlineData(ReplayFolder.SiteName, "timestamp_utc,air_temp_c\n2019-12-03 00:00:00,1\n", 1, "import_price_gbp_per_kwh", "no price column")]
    [InlineData(ReplayFolder.PlantsName, "plant,owner\n", 1, "kind", "the column 'kind' is missing")]
    [InlineData(ReplayFolder.LoopName, "{\n\"name\": \n", 3, "", "not well-formed JSON")]
    [InlineData(ReplayFolder.LoopName, """{ "currency": "pounds" }""", 0, "currency", "\"pounds\" is not a currency code")]
    [InlineData(ReplayFolder.LoopName, """{ "timeZone": "Mars/Olympus" }""", 0, "timeZone", "not an IANA time zone")]
    public void What_leaves_nothing_to_do_is_fatal_and_named(string file, string text, int line, string field, string words)
    {
        Write(file, text);

        var folder = ReplayFolder.Read(_folder);

        folder.IsUsable.ShouldBeFalse();
        var problem = folder.Problems.Kept.First(problem => problem.Weight == ProblemWeight.Fatal);
        (problem.File, problem.Line, problem.Field).ShouldBe((file, line, field));
        problem.Message.ShouldContain(words);
    }

    [Theory]
    [InlineData(ReplayFolder.ReadingsName)]
    [InlineData(ReplayFolder.SiteName)]
    public void A_missing_file_is_fatal_where_the_market_needs_it(string file)
    {
        File.Delete(PathOf(file));

        var folder = ReplayFolder.Read(_folder);

        folder.IsUsable.ShouldBeFalse();
        folder.Problems.Kept.ShouldContain(problem => problem.File == file && problem.Message == "the file is missing.");
    }

    [Fact]
    public void A_missing_folder_is_fatal() => ReplayFolder.Read(_folder + "-not").IsUsable.ShouldBeFalse();

    [Fact]
    public void Without_participants_every_building_is_a_consumer()
    {
        File.Delete(PathOf(ReplayFolder.ParticipantsName));

        var folder = ReplayFolder.Read(_folder);

        folder.IsUsable.ShouldBeTrue();
        folder.Participants.ShouldHaveSingleItem().Building.ShouldBe("b4");
        folder.Problems.ByRule.Keys.ShouldBe(["missing-file", "no-participants"], ignoreOrder: true);
    }

    [Fact]
    public void Roles_in_free_text_are_consumers_with_a_warning_and_keep_their_text()
    {
        Write(ReplayFolder.ParticipantsName, "building,role\nb4,candidate waste-heat producer\nb5,Prosumer\nb5,storage\nb5,Prosumer\n,consumer\n");

        var folder = ReplayFolder.Read(_folder);

        folder.Participants.Select(participant => (participant.Building, participant.Role, participant.RoleText)).ShouldBe(
            [("b4", FolderRole.Consumer, "candidate waste-heat producer"), ("b5", FolderRole.Prosumer, "Prosumer")]);
        folder.Problems.Kept.Where(problem => problem.File == ReplayFolder.ParticipantsName).Select(problem => (problem.Line, problem.Field, problem.Rule)).ShouldBe(
        [
            (2, "role", "free-text-role"), (4, "building", "contradicted"), (5, "building", "repeated"), (6, "building", "building-name"),
        ]);
    }

    [Fact]
    public void An_hour_without_its_own_conditions_takes_those_before_it_and_says_so()
    {
        Write(ReplayFolder.SiteName, Site.Replace("-0.0074", "?", StringComparison.Ordinal) + "\n2019-12-03 02:00:00,1,1,1,0.1,0.1");

        var folder = ReplayFolder.Read(_folder);

        folder.Conditions[1].ImportPrice.ShouldBe(Price.FromMicroPerKWh(100_300));
        folder.Conditions[1].IsCarriedForward.ShouldBeTrue();
        folder.Problems.Kept.Select(problem => (problem.Line, problem.Field)).ShouldBe([(3, "import_price_gbp_per_kwh"), (0, "timestamp_utc")]);
    }

    [Theory]
    [InlineData("2019-12-03 01:00:00,1,1,1,0.1,0.1", "contradicted")]
    [InlineData("2019-12-03 01:00:00,-3.3,91.2,12.5,-0.0074,0.176", "repeated")]
    [InlineData("2019-12-03 02:00:00,1,1,1,0.10000001,0.1", "price")]
    [InlineData("2019-12-03 02:00:00,1000,1,1,0.1,0.1", "out-of-range")]
    public void A_bad_row_of_the_site_is_refused(string row, string rule)
    {
        Write(ReplayFolder.SiteName, Site + "\n" + row);

        var problem = ReplayFolder.Read(_folder).Problems.Kept.ShouldHaveSingleItem();

        (problem.File, problem.Line, problem.Rule).ShouldBe((ReplayFolder.SiteName, 4, rule));
    }

    [Fact]
    public void Missing_hours_of_a_meter_are_counted()
    {
        Write(ReplayFolder.ReadingsName, Readings.Replace("2019-12-03 01:00:00,b4,heat,0,measured", "", StringComparison.Ordinal));

        var folder = ReplayFolder.Read(_folder);

        folder.Problems.Kept.ShouldHaveSingleItem().Message.ShouldBe("b4 heat lacks 1 of 2 hours; they are estimated.");
        folder.Meters[0].MissingHours.ShouldBe(1);
    }

    [Fact]
    public void Plants_are_kept_as_they_stand()
    {
        Write(ReplayFolder.PlantsName, "plant,owner,kind,carrier_in,carrier_out,capacity_kw,efficiency_or_cop,cost_per_kwh\nhp1,b4,heat_pump,electricity,heat,50,3.5,0.002\nhp1,b4,heat_pump,electricity,heat,60,3.5,0.002\n");

        var folder = ReplayFolder.Read(_folder);

        folder.Plants.ShouldNotBeNull().ShouldHaveSingleItem().ShouldBe(new FolderPlant(2, "hp1", "b4", "heat_pump", "electricity", "heat", "50", "3.5", "0.002"));
        folder.Problems.Kept.ShouldHaveSingleItem().Line.ShouldBe(3);
    }

    [Fact]
    public void A_file_wrong_throughout_is_counted_without_filling_the_memory()
    {
        var text = new StringBuilder(Readings);
        for (var i = 0; i < FolderProblems.MostKept + 500; i++)
        {
            text.Append("\n2019-12-03 00:00:00,b9,heat,1,measured");
        }

        Write(ReplayFolder.ReadingsName, text.ToString());

        var folder = ReplayFolder.Read(_folder);

        folder.Problems.Kept.Count.ShouldBe(FolderProblems.MostKept);
        folder.Problems.ByRule["unknown-building"].ShouldBe(FolderProblems.MostKept + 500);
        folder.ReadingCount.ShouldBe(4);
    }

    private static DateTimeOffset At(int hour) => new(2019, 12, 3, hour, 0, 0, TimeSpan.Zero);

    private string PathOf(string name) => Path.Combine(_folder, name);

    private void Write(string name, string text) => File.WriteAllText(PathOf(name), text);
}
