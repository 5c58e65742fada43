using System.Globalization;
using Marketplace.Ledger;
using Marketplace.Quantities;

namespace Marketplace.Auditor;

/// <summary>Says in words what was found.</summary>
internal static class Describe
{
    public static string Signature(KnownSignature signature) => signature.UnixSeconds is { } seconds
        ? $"{signature.Key.Name} at {Time(seconds)}"
        : signature.Key.Name;

    public static string Trust(TrustedCheckpoint? trusted) => trusted switch
    {
        null => "signatures not checked (no policy given)",
        { Cosignatures.Count: 0 } => $"signed by {trusted.LogKey.Name}, no cosignature asked for",
        _ => $"signed by {trusted.LogKey.Name}, cosigned by {string.Join(", ", trusted.Cosignatures.Select(Signature))}",
    };

    public static string Tree(Checkpoint checkpoint) =>
        string.Create(CultureInfo.InvariantCulture, $"{checkpoint.Origin} with {checkpoint.Size} entries and root {checkpoint.Root}");

    private static string Time(long seconds) => seconds <= DateTimeOffset.MaxValue.ToUnixTimeSeconds()
        ? Instants.Iso(DateTimeOffset.FromUnixTimeSeconds(seconds))
        : "a time beyond the calendar";
}
