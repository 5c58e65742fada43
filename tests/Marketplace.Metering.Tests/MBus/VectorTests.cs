using System.Globalization;
using System.Xml.Linq;
using Marketplace.Metering.MBus;
using Shouldly;
using Xunit;

namespace Marketplace.Metering.Tests.MBus;

/// <summary>Telegrams of real meters with what an independent decoder makes of them (test data of libmbus).</summary>
public class VectorTests
{
    private static string? _document;

    [SharedFact]
    public void Every_published_telegram_decodes_to_the_published_values()
    {
        var telegrams = Directory.GetFiles(SharedData.Vectors, "*.hex");
        telegrams.ShouldNotBeEmpty();
        foreach (var file in telegrams.Order(StringComparer.Ordinal))
        {
            _document = Path.GetFileName(file);
            Compare(MBusTelegram.Decode(File.ReadAllText(file)), Published(file[..^".hex".Length] + ".norm.xml"));
        }
    }

    // The files say ISO-8859-1, but are UTF-8.
    private static XElement Published(string file)
    {
        var text = File.ReadAllText(file);
        return XElement.Parse(text[text.IndexOf("<MBusData>", StringComparison.Ordinal)..], LoadOptions.PreserveWhitespace);
    }

    private static void Compare(MBusTelegram telegram, XElement published)
    {
        var slave = published.Element("SlaveInformation")!;
        Same(telegram.Header.Id, slave, "Id");
        Same(telegram.Header.Manufacturer, slave, "Manufacturer");
        Same(Text(telegram.Header.Version), slave, "Version");
        Same(telegram.Header.Medium, slave, "Medium");
        Same(Text(telegram.Header.AccessNumber), slave, "AccessNumber");
        Same(telegram.Header.Status?.ToString("X2", CultureInfo.InvariantCulture), slave, "Status");
        Same(telegram.Header.Signature?.ToString("X4", CultureInfo.InvariantCulture), slave, "Signature");

        var records = published.Elements("DataRecord").ToList();
        telegram.Records.Count.ShouldBe(records.Count, _document);
        foreach (var (record, expected) in telegram.Records.Zip(records))
        {
            Same(MBusJson.Words(record.Function), expected, "Function");
            Same(Text(record.Storage), expected, "StorageNumber");
            Same(record.Unit, expected, "Unit");
            Same(record.Quantity, expected, "Quantity");
            if (expected.Element("Tariff") is not null)
            {
                Same(Text(record.Tariff), expected, "Tariff");
                Same(Text(record.Subunit), expected, "Device");
            }

            Same(record.Value.Number is { } number ? number.ToString("F6", CultureInfo.InvariantCulture) : record.Value.Text, expected, "Value");
        }
    }

    private static void Same(string? decoded, XElement published, string name) =>
        decoded.ShouldBe(published.Element(name)!.Value, $"{_document}: {name} of {published}");

    private static string? Text(long? number) => number?.ToString(CultureInfo.InvariantCulture);
}
