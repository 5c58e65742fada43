using System.Globalization;
using Marketplace.Billing;
using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Shell;
using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.Localization;

namespace Marketplace.Web.Features.Bills;

/// <summary>A page about bills and statements of one loop, in the loop's currency and time.</summary>
public abstract class DocumentPage : LoopPage
{
    private Format? _format;

    [Inject]
    protected IStringLocalizer<Texts> T { get; set; } = default!;

    protected Format Format => _format ??= new Format(Loop.Currency, TimeZoneInfo.FindSystemTimeZoneById(Loop.TimeZone), CultureInfo.CurrentCulture);

    protected string Path => Loop.Path + "/bills";

    protected string PathOf(string number) => Path + "/" + number;

    protected string PathOf(string number, short line) => string.Create(CultureInfo.InvariantCulture, $"{Path}/{number}/lines/{line}");

    protected string PathOf(string number, short line, DateTimeOffset hour) => PathOf(number, line) + "/hours/" + HourInAddress.Write(hour);

    protected string LedgerPath => "/ledger/" + Loop.Slug;
}

/// <summary>How an hour stands in an address: <c>20261003T1400Z</c>.</summary>
internal static class HourInAddress
{
    private const string Form = "yyyyMMdd'T'HHmm'Z'";

    public static string Write(DateTimeOffset hour) => hour.ToUniversalTime().ToString(Form, CultureInfo.InvariantCulture);

    public static DateTimeOffset? Read(string text) =>
        DateTimeOffset.TryParseExact(text, Form, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var hour) ? hour : null;
}

/// <summary>How amounts and quantities of a document are told to its reader. A bill counts what is owed, a statement what is
/// earned: there, what the journal keeps as negative is shown as positive.</summary>
internal static class BillWords
{
    public static Money Shown(Role role, Money amount) => role == Role.Consumer ? amount : -amount;

    public static string Title(IStringLocalizer<Texts> t, Role role) => t["Title." + role];

    /// <summary>A document's title, with what it takes back where it does.</summary>
    public static string Title(IStringLocalizer<Texts> t, Role role, DocumentKind kind) => kind == DocumentKind.CreditNote ? t["CreditNote"] : Title(t, role);

    /// <summary>What a line is for, in the words of its document.</summary>
    public static string Name(IStringLocalizer<Texts> t, Role role, BillLineView line)
    {
        var carrier = line.Carrier is { } known ? t["Carrier." + known].Value : "";
        var small = line.Carrier is { } same ? t["Small." + same].Value : "";
        return line.Kind switch
        {
            BillLineKind.Imbalance => t[role == Role.Consumer ? "Line.Imbalance.Consumer" : "Line.Imbalance", small],
            BillLineKind.NetworkFee => t["Line.NetworkFee", small],
            BillLineKind.StandingCharge => t["Line.StandingCharge"],
            BillLineKind.Preference => t[role == Role.Consumer ? "Line.Preference.Consumer" : "Line.Preference", small],
            BillLineKind.ShareReceived or BillLineKind.SharePaid or BillLineKind.StoreShare => t["Line." + line.Kind, line.PlantName ?? line.Plant],
            BillLineKind.Correction or BillLineKind.Curtailment or BillLineKind.TemperatureCompensation => t["Line." + line.Kind, small],
            BillLineKind.Levy or BillLineKind.CommunityShare or BillLineKind.ContractClause =>
                t["Line." + line.Kind, line.Names.GetValueOrDefault(CultureInfo.CurrentUICulture.TwoLetterISOLanguageName) ?? line.Name],
            _ => t["Line." + line.Kind, carrier],
        };
    }

    /// <summary>A line's quantity with its unit.</summary>
    public static string Quantity(IStringLocalizer<Texts> t, Format format, Role role, BillLineView line) => line.Kind switch
    {
        BillLineKind.StandingCharge => t[line.Quantity == 1 ? "Day" : "Days", format.Count(line.Quantity)],
        BillLineKind.ShareReceived or BillLineKind.SharePaid or BillLineKind.CommunityShare => format.Percent(line.Quantity / 1_000_000m, line.Quantity % 10_000 == 0 ? 0 : 2),
        BillLineKind.ContractClause => line.Trace.Unit switch
        {
            "" or "Wh" => line.Quantity == 0 ? "–" : format.Energy(new Energy(line.Quantity)),
            "W" => format.Power(line.Quantity),
            "hours" => t[line.Quantity == 1 ? "HourCount" : "HoursCount", format.Count(line.Quantity)],
            "days" => t[line.Quantity == 1 ? "Day" : "Days", format.Count(line.Quantity)],
            var unit => format.Count(line.Quantity) + " " + unit,
        },
        BillLineKind.Correction or BillLineKind.StoreShare or BillLineKind.TemperatureCompensation => t[line.Quantity == 1 ? "HourCount" : "HoursCount", format.Count(line.Quantity)],
        BillLineKind.ChargingTrade => format.Energy(new Energy(line.Quantity)),
        // A day's shortfall must not hide behind another's surplus: both are said.
        BillLineKind.Imbalance => t["OverUnder", format.Energy(OfTrace(line, line.Direction == MeterDirection.Consumption ? "aboveWh" : "belowWh")),
            format.Energy(OfTrace(line, line.Direction == MeterDirection.Consumption ? "belowWh" : "aboveWh"))],
        _ => format.Energy(new Energy(line.Quantity).Abs()),
    };

    private static Energy OfTrace(BillLineView line, string name) => new Energy(line.Trace[name] ?? 0).Abs();

    /// <summary>An amount to the last millionth: €37.123450.</summary>
    public static string Exact(Format format, Money amount) => format.MoneyExact(amount);

    /// <summary>A price to the last millionth: 8.1000 ct/kWh.</summary>
    public static string ExactPrice(Format format, Price price) => format.PriceNumber(price, 4) + " " + format.PriceUnit;
}
