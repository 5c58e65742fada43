using System.Text.Json;

namespace Marketplace.Web.Features.Metering;

/// <summary>The optional loop.json: what it does not say is null.</summary>
internal sealed record LoopFile(string? Name, string? Currency, string? TimeZone)
{
    public static LoopFile Read(string folder, FolderProblems problems)
    {
        const string file = ReplayFolder.LoopName;
        var nothing = new LoopFile(null, null, null);
        var path = Path.Combine(folder, file);
        if (!File.Exists(path))
        {
            return nothing;
        }

        try
        {
            using var json = JsonDocument.Parse(File.ReadAllBytes(path).AsMemory(), new JsonDocumentOptions { AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip });
            if (json.RootElement.ValueKind != JsonValueKind.Object)
            {
                problems.Fail(file, 1, "", "json", "the file must hold one JSON object.");
                return nothing;
            }

            return Fields(json.RootElement, problems);
        }
        catch (JsonException malformed)
        {
            problems.Fail(file, (int)(malformed.LineNumber ?? 0) + 1, "", "json", "this is not well-formed JSON.");
            return nothing;
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            problems.Fail(file, 0, "", "unreadable-file", $"the file cannot be read: {unreadable.Message}");
            return nothing;
        }
    }

    private static LoopFile Fields(JsonElement root, FolderProblems problems)
    {
        const string file = ReplayFolder.LoopName;
        var (name, currency, timeZone) = ((string?)null, (string?)null, (string?)null);
        foreach (var field in root.EnumerateObject())
        {
            var text = field.Value.ValueKind == JsonValueKind.String ? field.Value.GetString() : null;
            switch (field.Name)
            {
                case "name" when text is { Length: > 0 and <= 100 } && !text.Any(char.IsControl):
                    name = text;
                    break;
                case "currency" when text is { Length: 3 } && text.All(char.IsAsciiLetterUpper):
                    currency = text;
                    break;
                case "timeZone" when text is not null && TimeZoneInfo.TryFindSystemTimeZoneById(text, out _):
                    timeZone = text;
                    break;
                case "name":
                    problems.Fail(file, 0, field.Name, "loop-name", "the name must be a text of 1 to 100 characters.");
                    break;
                case "currency":
                    problems.Fail(file, 0, field.Name, "currency", $"{field.Value.GetRawText()} is not a currency code such as \"EUR\".");
                    break;
                case "timeZone":
                    problems.Fail(file, 0, field.Name, "time-zone", $"{field.Value.GetRawText()} is not an IANA time zone such as \"Europe/London\".");
                    break;
                default:
                    problems.Warn(file, 0, field.Name, "unknown-field", "this field is not known and is ignored.");
                    break;
            }
        }

        return new LoopFile(name, currency, timeZone);
    }
}
