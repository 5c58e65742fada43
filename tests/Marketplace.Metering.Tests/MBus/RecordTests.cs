using System.Text.Json.Nodes;
using Marketplace.Metering.MBus;
using Marketplace.Quantities;
using Shouldly;
using Xunit;

namespace Marketplace.Metering.Tests.MBus;

public class RecordTests
{
    [Theory]
    [InlineData("01 13 80", "-0.128", false)] // type B: the least of its width is "invalid"
    [InlineData("01 13 FF", "-0.001", true)]
    [InlineData("02 13 34 12", "4.66", true)]
    [InlineData("03 13 FF FF FF", "-0.001", true)]
    [InlineData("04 06 01 00 00 80", "-2147483647000", true)]
    [InlineData("06 03 FF FF FF FF FF 7F", "140737488355327", true)]
    [InlineData("07 03 FF FF FF FF FF FF FF 7F", "9223372036854775807", true)]
    [InlineData("05 5B 00 00 20 C1", "-10", true)]
    [InlineData("09 5B 42", "42", true)]
    [InlineData("0A 5A 05 F0", "-0.5", true)]
    [InlineData("0B 3B 56 34 12", "123.456", true)]
    [InlineData("0C 06 78 56 34 12", "12345678000", true)]
    [InlineData("0E 03 12 90 78 56 34 12", "123456789012", true)]
    [InlineData("0C 06 78 56 34 F2", "-2345678000", true)]
    [InlineData("0A 5A 5C 00", "6.2", false)] // twelve is no digit
    [InlineData("04 FD 17 00 00 00 80", "-2147483648", true)] // bits have no "invalid"
    [InlineData("0D 06 C3 56 34 12", "123456000", true)]
    [InlineData("0D 06 D3 56 34 12", "-123456000", true)]
    [InlineData("0D 06 E2 34 12", "4660000", true)]
    [InlineData("0D 06 C0", "0", true)]
    public void Numbers(string record, string expected, bool isValid)
    {
        var value = Only(record).Value;

        value.Number.ShouldBe(decimal.Parse(expected, System.Globalization.CultureInfo.InvariantCulture));
        value.IsValid.ShouldBe(isValid);
    }

    [Theory]
    [InlineData("42 6C DF 1C", "2014-12-31", true)]
    [InlineData("02 6C 00 00", "2000-00-00", false)]
    [InlineData("02 6C FF FF", "2027-15-31", false)]
    [InlineData("04 6D 3B 17 DF 1C", "2014-12-31T23:59:00Z", true)]
    [InlineData("04 6D BB 17 DF 1C", "2014-12-31T23:59:00Z", false)] // the meter says that its clock is wrong
    [InlineData("04 6D 00 20 21 C1", "2097-01-01T00:00:00Z", true)] // the centuries since 1900 in the hour's byte
    [InlineData("04 6D 00 00 21 C1", "1997-01-01T00:00:00Z", true)]
    [InlineData("06 6D 1E 3B 17 DF 1C 00", "2014-12-31T23:59:30Z", true)]
    [InlineData("03 6D 1E 3B 17", "23:59:30", true)]
    [InlineData("04 FD 70 00 08 16 27", "2016-07-22T08:00:00Z", true)]
    [InlineData("02 FD 30 DF 1C", "2014-12-31", true)]
    [InlineData("0D 78 04 34 33 32 31", "1234", true)]
    [InlineData("0D FD 10 03 E4 0A 41", "A ä", true)]
    [InlineData("0D FD 0B F0 00 01 02 03 04 05 06 07 08 09 0A 0B 0C 0D 0E 0F", "00 01 02 03 04 05 06 07 08 09 0A 0B 0C 0D 0E 0F", true)]
    [InlineData("00 13", "", true)]
    [InlineData("05 5B 00 00 C0 7F", "NaN", false)]
    public void Dates_texts_and_nothing(string record, string expected, bool isValid)
    {
        var value = Only(record).Value;

        value.Text.ShouldBe(expected);
        value.Number.ShouldBeNull();
        value.IsValid.ShouldBe(isValid);
    }

    [Theory]
    [InlineData("01 FB 01 05", "Energy", "Wh", "5000000")]
    [InlineData("01 FB 08 05", "Energy", "J", "500000000")]
    [InlineData("01 FB 11 05", "Volume", "m^3", "5000")]
    [InlineData("01 FB 5B 05", "Flow temperature", "°F", "5")]
    [InlineData("01 FB 7F 05", "Cumul count max power", "W", "50000")]
    [InlineData("01 FB 29 05", "Power", "W", "5000000")]
    [InlineData("01 FD 48 05", "Voltage", "V", "0.5")]
    [InlineData("01 FD 59 05", "Current", "A", "0.005")]
    [InlineData("01 FD 01 05", "Credit", "Currency units", "0.05")]
    [InlineData("01 FD 6D 02", "Operating time battery", "s", "172800")]
    [InlineData("01 48 05", "Volume flow", "m^3/s", "0.000000005")]
    [InlineData("01 47 05", "Volume flow", "m^3/min", "5")]
    [InlineData("01 37 05", "Power", "J/h", "50000000")]
    [InlineData("01 57 05", "Mass flow", "kg/h", "50000")]
    [InlineData("01 6B 05", "Pressure", "bar", "5")]
    [InlineData("01 77 05", "Actuality Duration", "s", "432000")]
    [InlineData("01 6F 05", "Reserved", "Reserved", "5")]
    [InlineData("01 93 74 05", "Volume", "m^3", "0.00005")] // times 10^-2
    [InlineData("01 93 7D 05", "Volume", "m^3", "5")] // times 1000
    [InlineData("01 DB 79 05", "Flow temperature", "°C", "5.01")] // plus 0.01
    [InlineData("01 FD BA 73 05", "Dimensionless", "", "0.005")]
    [InlineData("01 93 FF 74 05", "Volume", "m^3", "0.005")] // after "manufacturer specific" no code is known
    [InlineData("01 7C 03 48 52 25 05", "%RH", "-", "5")]
    [InlineData("01 FC 74 03 48 52 25 05", "%RH", "-", "0.05")] // the text after the extensions, as the standard says
    [InlineData("01 FC 03 48 52 25 74 05", "%RH", "-", "0.05")] // and before them, as some meters do
    public void Quantities_and_units(string record, string quantity, string unit, string expected)
    {
        var decoded = Only(record);

        (decoded.Quantity, decoded.Unit).ShouldBe((quantity, unit));
        decoded.Value.Number.ShouldBe(decimal.Parse(expected, System.Globalization.CultureInfo.InvariantCulture));
    }

    [Theory]
    [InlineData("01 13 00", 0, 0, 0, MBusFunction.Instantaneous)]
    [InlineData("51 13 00", 1, 0, 0, MBusFunction.Maximum)]
    [InlineData("A1 42 13 00", 4, 0, 1, MBusFunction.Minimum)]
    [InlineData("F1 F1 6E 13 00", 1 + 2 + (14 << 5), 3 + (2 << 2), 1 + (1 << 1), MBusFunction.DuringError)]
    public void Storage_tariff_unit_and_function(string record, long storage, long tariff, long subunit, MBusFunction function)
    {
        var decoded = Only(record);

        (decoded.Storage, decoded.Tariff, decoded.Subunit, decoded.Function).ShouldBe((storage, tariff, subunit, function));
    }

    [Fact]
    public void Remarks_say_what_else_a_record_is()
    {
        Only("01 86 3B 00").Remarks.ShouldBe(["Accumulation only if positive contributions"]);
        Only("01 BB 50 00").Remarks.ShouldBe(["Duration of first lower limit exceed"]);
        Only("01 FB 1A 00").Remarks.ShouldBe(["Relative humidity in 0.1 % since EN 13757-3:2013"]);
        Only("01 93 15 00").Value.IsValid.ShouldBeFalse();
        Only("01 93 15 00").Remarks.ShouldBe(["No data available (undefined value)"]);
    }

    [Theory]
    [InlineData("02 BB 4A 0F 2C", "-", null, "2016-12-15")] // begin of the first time above the limit
    [InlineData("04 BB 6A 3B 17 DF 1C", "-", null, "2014-12-31T23:59:00Z")]
    [InlineData("02 93 39 DF 1C", "-", null, "2014-12-31")] // start of
    [InlineData("01 BB 49 03", "", "3", null)] // so many times above the limit
    [InlineData("01 BB 41 03", "", "3", null)]
    [InlineData("01 BB 58 05", "s", "5", null)]
    [InlineData("01 BB 51 05", "s", "300", null)]
    [InlineData("01 BB 5F 02", "s", "172800", null)]
    [InlineData("01 BB 66 02", "s", "7200", null)]
    [InlineData("01 BB F4 58 05", "s", "5", null)] // a correction of the quantity is none of the duration
    [InlineData("01 BB 40 05", "m^3/h", "0.005", null)] // the limit itself is a quantity
    [InlineData("01 BB 68 05", "m^3/h", "0.005", null)] // and so is what was measured beyond it
    public void A_field_that_makes_the_value_a_time_a_number_or_a_duration_leaves_no_number_of_the_quantity(string record, string unit, string? number, string? text)
    {
        var decoded = Only(record);

        decoded.Quantity.ShouldBe(record[3..5] == "93" ? "Volume" : "Volume flow");
        (decoded.Unit, decoded.Value.Number?.ToString("0.######", System.Globalization.CultureInfo.InvariantCulture), decoded.Value.Text, decoded.Value.IsValid).ShouldBe((unit, number, text, true));
        decoded.Remarks.ShouldHaveSingleItem();
    }

    [Fact]
    public void What_is_published_as_a_quantity_keeps_its_number_and_unit_but_says_what_it_is()
    {
        var duration = Only("04 BE 58 F4 02 00 00");
        (duration.Unit, duration.Value.Number, duration.Value.IsValid).ShouldBe(("m^3/h", 756m, false));
        duration.Remarks.ShouldBe(["Duration of first upper limit exceed", "756 s"]);
        var date = Only("04 DA 6F 32 14 7A 18");
        (date.Unit, date.Value.Number, date.Value.IsValid).ShouldBe(("°C", 41065374.6m, false));
        date.Remarks.ShouldBe(["Date (/time) of end of last", "2011-08-26T20:50:00Z"]);
        Only("01 BB 49 80").Value.IsValid.ShouldBeFalse();
    }

    [Fact]
    public void Numbers_and_corrections_beyond_every_number_are_no_values()
    {
        var flood = MBusTelegram.Decode("68 15 15 68 08 01 72 78 56 34 12 2D 2C 01 04 01 00 00 00 05 16 00 00 80 6B F4 16");
        MainRegisters.Of(flood).Litres.ShouldBeNull();
        var corrected = MBusTelegram.Decode(Telegram.WithRecords("01 8F FD FD FD FD FD FD FD FD FD 7D 05 01 13 05")).Records;
        (corrected[0].Value.Number, corrected[0].Value.IsValid).ShouldBe((null, false));
        corrected[1].Value.Number.ShouldBe(0.005m);
    }

    [Fact]
    public void Fillers_are_skipped_and_the_manufacturers_tail_is_kept()
    {
        var telegram = MBusTelegram.Decode(Telegram.WithRecords("2F 2F 01 13 05 2F 0F 01 02 2F"));

        telegram.Records.Count.ShouldBe(2);
        telegram.Records[1].ShouldSatisfyAllConditions(
            tail => tail.Function.ShouldBe(MBusFunction.ManufacturerSpecific),
            tail => tail.Value.Text.ShouldBe("01 02 2F"));
        telegram.HasMoreRecords.ShouldBeFalse();
        MBusTelegram.Decode(Telegram.WithRecords("01 13 05 1F")).HasMoreRecords.ShouldBeTrue();
    }

    [Fact]
    public void Mode_2_sends_the_most_significant_byte_first()
    {
        var telegram = MBusTelegram.Decode(Telegram.Frame("08 02 76 12 34 56 78 40 24 01 07 55 00 00 00 02 13 12 34"));

        telegram.Header.Id.ShouldBe("12345678");
        telegram.Header.Manufacturer.ShouldBe("PAD");
        telegram.Records[0].Value.Number.ShouldBe(4.66m);
    }

    [Fact]
    public void A_short_header_names_no_meter_and_none_has_no_status()
    {
        MBusTelegram.Decode(Telegram.Frame("08 02 7A 55 10 00 00 01 13 05")).Header.ShouldBe(new MBusHeader(null, null, null, null, 0x55, 0x10, 0));
        MBusTelegram.Decode(Telegram.Frame("08 02 78 01 13 05")).Records.ShouldHaveSingleItem().Value.Number.ShouldBe(0.005m);
    }

    [Theory]
    [InlineData("73 78 56 34 12 0A 00 E9 7E 01 00 00 00 35 01 00 00", 0.001, 0.135)] // counted in BCD, the second one historic
    [InlineData("73 78 56 34 12 0A 01 E9 69 10 00 00 00 FF FF FF FF", 0.016, -0.001)] // counted in binary
    [InlineData("77 12 34 56 78 0A 00 E9 7E 00 00 00 01 00 00 01 35", 0.001, 0.135)]
    public void The_fixed_structure_has_two_counters(string counted, double first, double second)
    {
        var telegram = MBusTelegram.Decode(Telegram.Frame("08 05 " + counted));

        telegram.Header.Id.ShouldBe("12345678");
        telegram.Header.Medium.ShouldBe("Water");
        telegram.Header.AccessNumber.ShouldBe(10);
        telegram.Records.Select(record => record.Value.Number).ShouldBe([(decimal)first, (decimal)second]);
        telegram.Records.ShouldAllBe(record => record.Unit == "m^3" && record.Quantity == "Volume");
    }

    [Fact]
    public void An_error_telegram_says_what_the_meter_could_not_do()
    {
        var telegram = MBusTelegram.Decode(Telegram.Frame("08 01 70 08"));

        telegram.Error.ShouldBe(new MBusApplicationError(8, "Application too busy for handling readout request"));
        JsonNode.Parse(MBusJson.Write(telegram))!["error"]!["code"]!.GetValue<int>().ShouldBe(8);
        MBusTelegram.Decode("68 03 03 68 08 01 70 79 16").Error.ShouldBe(new MBusApplicationError(0, "Unspecified error"));
    }

    [Fact]
    public void Json_rounds_to_six_decimals_and_keeps_the_exact_value_beside()
    {
        var json = JsonNode.Parse(MBusJson.Write(MBusTelegram.Decode(Telegram.WithRecords("01 48 05 01 13 05 0A 5A 5C 00"))))!;

        json["id"]!.GetValue<string>().ShouldBe("12345678");
        json["status"]!.GetValue<string>().ShouldBe("00");
        json["records"]!.ToJsonString().ShouldBe(
            """[{"function":"Instantaneous value","storage":0,"tariff":0,"device":0,"unit":"m^3/s","quantity":"Volume flow","value":0,"exact":0.000000005},"""
            + """{"function":"Instantaneous value","storage":0,"tariff":0,"device":0,"unit":"m^3","quantity":"Volume","value":0.005},"""
            + """{"function":"Instantaneous value","storage":0,"tariff":0,"device":0,"unit":"\u00B0C","quantity":"Flow temperature","value":6.2,"valid":false,"digits":"005C"}]""");
    }

    [Fact]
    public void A_text_before_the_extensions_is_found_though_a_long_one_after_them_would_fit()
    {
        // As extension 03 and a length of 0x48 the bytes would fit, too: 72 bytes of other records are no unit.
        var records = MBusTelegram.Decode(Telegram.WithRecords("01 FC 03 48 52 25 74 32" + string.Concat(Enumerable.Repeat(" 04 13 05 00 00 00", 14)))).Records;

        records.Count.ShouldBe(15);
        (records[0].Quantity, records[0].Value.Number).ShouldBe(("%RH", 0.5m));
    }

    [Fact]
    public void The_main_registers_are_those_of_now_of_the_total_and_of_the_main_part()
    {
        var registers = MainRegisters.Of(MBusTelegram.Decode(Telegram.WithRecords(
            "44 06 09 00 00 00 84 10 06 08 00 00 00 14 06 07 00 00 00" // stored, tariff 1, maximum
            + "04 06 05 00 00 00 84 00 86 3C 02 00 00 00 04 13 39 30 00 00 02 5A B4 02 02 5E C2 01 04 6D 3B 17 DF 1C")));

        registers.ShouldBe(new MainRegisters(Energy.FromWh(5_000), Energy.FromWh(2_000), 12_345, 69_200, 45_000, new DateTime(2014, 12, 31, 23, 59, 0)));
    }

    [Fact]
    public void Joules_become_watt_hours_and_what_is_not_valid_is_not_there()
    {
        MainRegisters.Of(MBusTelegram.Decode(Telegram.WithRecords("04 0B 10 0E 00 00"))).Energy.ShouldBe(Energy.FromWh(1_000));
        MainRegisters.Of(MBusTelegram.Decode(Telegram.WithRecords("04 06 00 00 00 80 02 5A 00 80"))).ShouldBe(new MainRegisters(null, null, null, null, null, null));
    }

    private static MBusRecord Only(string record) => MBusTelegram.Decode(Telegram.WithRecords(record)).Records.ShouldHaveSingleItem();
}
