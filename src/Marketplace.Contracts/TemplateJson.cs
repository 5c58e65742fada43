using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Marketplace.Contracts;

/// <summary>Templates as JSON: how they are kept, handed around and hashed. Members without a value are left out.</summary>
public static class TemplateJson
{
    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web)
    {
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        AllowDuplicateProperties = false,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        NumberHandling = JsonNumberHandling.Strict,
        ReadCommentHandling = JsonCommentHandling.Disallow,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase, allowIntegerValues: false) },
    };

    /// <summary>The canonical bytes of a template's version (<see cref="CanonicalJson"/>).</summary>
    public static byte[] Write(Template template)
    {
        ArgumentNullException.ThrowIfNull(template);
        return CanonicalJson.Write(JsonSerializer.SerializeToElement(template, Options));
    }

    /// <summary>Reads a template; the bytes need not be canonical.</summary>
    /// <exception cref="FormatException">These bytes are no template; the message names the place.</exception>
    public static Template Read(ReadOnlySpan<byte> json)
    {
        try
        {
            return JsonSerializer.Deserialize<Template>(json, Options) ?? throw new FormatException("The template is empty");
        }
        catch (JsonException wrong)
        {
            throw new FormatException($"This is no template: {wrong.Message}", wrong);
        }
    }

    /// <summary>SHA-256 of the canonical bytes: what the ledger holds of a published version.</summary>
    public static byte[] Hash(Template template) => SHA256.HashData(Write(template));
}
