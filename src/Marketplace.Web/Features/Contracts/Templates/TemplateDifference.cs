using System.Globalization;
using System.Text.Json;

namespace Marketplace.Web.Features.Contracts.Templates;

/// <summary>A place of a template that two versions hold differently.</summary>
/// <param name="Place">As in <c>clauses.1.rate</c>; places in lists count from 1.</param>
/// <param name="Before">Empty where there was nothing.</param>
/// <param name="After">Empty where there is nothing.</param>
public sealed record TemplateDifference(string Place, string Before, string After)
{
    /// <summary>Every place that differs, in the order of the canonical form.</summary>
    public static IReadOnlyList<TemplateDifference> Between(byte[] before, byte[] after)
    {
        var (old, now) = (Places(before), Places(after));
        return [.. old.Keys.Union(now.Keys).Where(place => place != "version" && old.GetValueOrDefault(place) != now.GetValueOrDefault(place))
            .Select(place => new TemplateDifference(place, old.GetValueOrDefault(place, ""), now.GetValueOrDefault(place, "")))];
    }

    private static Dictionary<string, string> Places(byte[] body)
    {
        using var document = JsonDocument.Parse(body);
        var places = new Dictionary<string, string>();
        Walk(document.RootElement, "", places);
        return places;
    }

    private static void Walk(JsonElement value, string place, Dictionary<string, string> places)
    {
        string Below(string name) => place.Length == 0 ? name : place + "." + name;
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                foreach (var member in value.EnumerateObject())
                {
                    Walk(member.Value, Below(member.Name), places);
                }

                break;
            case JsonValueKind.Array:
                foreach (var (i, item) in value.EnumerateArray().Index())
                {
                    // Named things keep their place when another is put before them.
                    var name = item.ValueKind == JsonValueKind.Object && (item.TryGetProperty("code", out var code) || item.TryGetProperty("language", out code) || item.TryGetProperty("role", out code))
                        ? code.GetString()! : (i + 1).ToString(CultureInfo.InvariantCulture);
                    Walk(item, Below(name), places);
                }

                break;
            default:
                places[place] = value.ValueKind == JsonValueKind.String ? value.GetString()! : value.GetRawText();
                break;
        }
    }
}
