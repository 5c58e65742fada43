using System.Text.Json;
using System.Text.Json.Serialization;
using Marketplace.Billing;
using Marketplace.Data;
using Marketplace.Quantities;

namespace Marketplace.Web.Features.Bills;

/// <summary>How a line's trace is kept: its formula's name, its tariff, its tax code and its inputs, as JSON.</summary>
internal static class TraceJson
{
    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web) { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };

    public static string Write(BillLine line) => JsonSerializer.Serialize(
        new Kept(line.Trace.Formula, line.Trace.TariffVersion, line.Vat.Code, line.Trace.Inputs.ToDictionary(input => input.Key, input => input.Value),
            Empty(line.Trace.Explanation), Empty(line.Trace.Unit)), Options);

    public static (LineTrace Trace, string VatCode) Read(string json)
    {
        var kept = JsonSerializer.Deserialize<Kept>(json, Options) ?? throw new InvalidOperationException("A bill line's trace is empty");
        return (new LineTrace(kept.Formula, kept.Tariff, [.. kept.Inputs]) { Explanation = kept.Explanation ?? "", Unit = kept.Unit ?? "" }, kept.Vat);
    }

    /// <summary>A line of an issued document, as it was computed.</summary>
    public static BillLine LineOf(BillLineRow row)
    {
        var (trace, vat) = Read(row.Trace);
        return new BillLine
        {
            Kind = (BillLineKind)row.Kind, Carrier = row.Carrier == 0 ? null : (Carrier)row.Carrier, Plant = row.PlantCode ?? "", Name = row.Name ?? "",
            Quantity = row.Quantity, Exact = row.Amount, Vat = VatRate.Of(vat, row.VatBasisPoints), Trace = trace,
        };
    }

    private static string? Empty(string text) => text.Length == 0 ? null : text;

    private sealed record Kept(string Formula, int Tariff, string Vat, Dictionary<string, long> Inputs, string? Explanation = null, string? Unit = null);
}
