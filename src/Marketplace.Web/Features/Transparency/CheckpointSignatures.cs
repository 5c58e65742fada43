using System.Globalization;
using System.Text;
using Marketplace.Ledger;

namespace Marketplace.Web.Features.Transparency;

/// <summary>Who a signature is by, as far as today's policy knows.</summary>
public enum SignerRole
{
    /// <summary>The loop's own log.</summary>
    Log,

    /// <summary>A witness of the policy.</summary>
    Witness,

    /// <summary>A key that today's policy does not name.</summary>
    Unknown,
}

/// <summary>One signature under a checkpoint, checked now.</summary>
/// <param name="Signer">The policy's short name for a witness, else the key's name.</param>
/// <param name="Holds">Whether it belongs to this text; null where the key is unknown.</param>
/// <param name="At">When the witness says it signed.</param>
public sealed record SignatureRow(SignerRole Role, string Signer, string KeyName, string KeyId, bool? Holds, DateTimeOffset? At);

/// <summary>Reads the signatures of a note, each for itself, so that one bad one does not hide the others.</summary>
public static class CheckpointSignatures
{
    public static IReadOnlyList<SignatureRow> Read(string note, LedgerPolicy policy, IEd25519 ed25519)
    {
        ArgumentNullException.ThrowIfNull(policy);
        var parsed = SignedNote.Parse(Encoding.UTF8.GetBytes(note));
        return [.. parsed.Signatures.Select(signature => Read(parsed.Text, signature, policy, ed25519))];
    }

    private static SignatureRow Read(string text, NoteSignature signature, LedgerPolicy policy, IEd25519 ed25519)
    {
        var id = signature.KeyId.ToString("x8", CultureInfo.InvariantCulture);
        bool Is(VerifierKey key) => key.Id == signature.KeyId && string.Equals(key.Name, signature.Name, StringComparison.Ordinal);
        var witness = policy.Witnesses.FirstOrDefault(witness => Is(witness.Key));
        var key = witness?.Key ?? policy.Logs.FirstOrDefault(log => Is(log.Key))?.Key;
        if (key is null)
        {
            return new SignatureRow(SignerRole.Unknown, signature.Name, signature.Name, id, null, null);
        }

        var role = witness is null ? SignerRole.Log : SignerRole.Witness;
        try
        {
            var known = new SignedNote(text, [signature]).Verify([key], ed25519)[0];
            var at = known.UnixSeconds is { } seconds ? DateTimeOffset.FromUnixTimeSeconds(seconds) : (DateTimeOffset?)null;
            return new SignatureRow(role, witness?.Name ?? key.Name, key.Name, id, true, at);
        }
        catch (NotVerifiedException)
        {
            return new SignatureRow(role, witness?.Name ?? key.Name, key.Name, id, false, null);
        }
    }
}
