using System.Globalization;
using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Pipeline;

namespace Marketplace.Web.Features.Orders;

/// <summary>The form of a template, as it was typed.</summary>
public sealed class TemplateForm
{
    public const int FewestRows = 6;

    public string? Name { get; set; }

    /// <summary>What it is for: <c>buy/heat</c>, or <c>sell/heat/plant</c>.</summary>
    public string? For { get; set; }

    public List<TemplateRow> Rows { get; set; } = [];

    public sealed class TemplateRow
    {
        public string? Hours { get; set; }

        public string? Quantity { get; set; }

        public string? Limit { get; set; }

        public bool IsEmpty => string.IsNullOrWhiteSpace(Hours) && string.IsNullOrWhiteSpace(Quantity) && string.IsNullOrWhiteSpace(Limit);
    }

    /// <summary>A template as one would type it: like hours in a row together.</summary>
    public static TemplateForm Of(TemplateView template)
    {
        var form = new TemplateForm { Name = template.Name, For = Key(template.Side, template.Carrier, template.PlantCode) };
        var hours = template.Hours.OrderBy(hour => hour.HourOfDay).ToList();
        for (var i = 0; i < hours.Count;)
        {
            var end = i;
            while (end + 1 < hours.Count && hours[end + 1] == hours[i] with { HourOfDay = hours[end].HourOfDay + 1 })
            {
                end++;
            }

            form.Rows.Add(new TemplateRow
            {
                Hours = HourRanges.Write(hours[i].HourOfDay, hours[end].HourOfDay),
                Quantity = hours[i].Quantity.KilowattHours.ToString("0.###", CultureInfo.InvariantCulture),
                Limit = hours[i].Limit.CentsPerKWh.ToString("0.####", CultureInfo.InvariantCulture),
            });
            i = end + 1;
        }

        return form;
    }

    public static string Key(OrderSide side, Carrier carrier, string? plant) =>
        side == OrderSide.Buy ? "buy/" + carrier.Name() : $"sell/{carrier.Name()}/{plant}";

    public (OrderSide Side, Carrier Carrier, string? Plant)? ReadFor() => (For ?? "").Split('/', 3) switch
    {
        ["buy", var name] when Carriers.TryParse(name, out var carrier) => (OrderSide.Buy, carrier, null),
        ["sell", var name, var plant] when Carriers.TryParse(name, out var carrier) => (OrderSide.Sell, carrier, plant),
        _ => null,
    };

    /// <summary>The hours of the day that the rows name; problems say which row they mean.</summary>
    public IReadOnlyList<TemplateHour> ReadHours(string priceUnit, List<Problem> problems)
    {
        var hours = new SortedDictionary<int, TemplateHour>();
        foreach (var (i, row) in Rows.Index().Where(row => !row.Item.IsEmpty))
        {
            var found = new List<Problem>();
            var span = HourRanges.Parse(row.Hours ?? "");
            if (span is null)
            {
                found.Add(new Problem("", "Write the hours as 06–09 (from 6:00 to 9:00) or 7."));
            }

            var quantity = QuantityText.KWh(row.Quantity, "", found);
            var limit = QuantityText.Cents(row.Limit, "", priceUnit, found);
            foreach (var hour in found.Count == 0 ? span! : [])
            {
                if (!hours.TryAdd(hour, new TemplateHour(hour, quantity!.Value, limit!.Value)))
                {
                    found.Add(new Problem("", $"{hour:00}:00 stands in an earlier row too."));
                    break;
                }
            }

            problems.AddRange(found.Select(problem => new Problem(nameof(Rows), $"Row {i + 1}: {problem.Said}")));
        }

        return [.. hours.Values];
    }
}
