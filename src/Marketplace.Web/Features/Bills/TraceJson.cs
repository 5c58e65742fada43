using System.Text.Json;
using Marketplace.Billing;

namespace Marketplace.Web.Features.Bills;

/// <summary>How a line's trace is kept: its formula's name, its tariff, its tax code and its inputs, as JSON.</summary>
internal static class TraceJson
{
    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web);

    public static string Write(BillLine line) => JsonSerializer.Serialize(
        new Kept(line.Trace.Formula, line.Trace.TariffVersion, line.Vat.Code, line.Trace.Inputs.ToDictionary(input => input.Key, input => input.Value)), Options);

    public static (LineTrace Trace, string VatCode) Read(string json)
    {
        var kept = JsonSerializer.Deserialize<Kept>(json, Options) ?? throw new InvalidOperationException("A bill line's trace is empty");
        return (new LineTrace(kept.Formula, kept.Tariff, [.. kept.Inputs]), kept.Vat);
    }

    private sealed record Kept(string Formula, int Tariff, string Vat, Dictionary<string, long> Inputs);
}
