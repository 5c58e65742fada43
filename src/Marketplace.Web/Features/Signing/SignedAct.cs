using System.Security.Cryptography;
using Marketplace.Ledger;

namespace Marketplace.Web.Features.Signing;

/// <summary>How somebody signs. Stored as numbers: never renumber.</summary>
public enum SigningMethod : short
{
    /// <summary>A passkey signed the act's hash: anybody can check it.</summary>
    Passkey = 1,

    /// <summary>A code of an authenticator app: it shows the operator's server, and nobody else, that it was the person.</summary>
    Authenticator = 2,
}

/// <summary>An act to be signed by a person for a member of a loop.</summary>
/// <param name="Title">What it is, in plain words that do not depend on the reader's language: page and server have to make the same ones.</param>
/// <param name="Canonical">The act's bytes. They name the act's own place (its number), so that no two acts have the same: then a signature is good for one only.</param>
public sealed record SignedAct(int LoopId, int MemberId, string Title, byte[] Canonical)
{
    public byte[] Hash() => SHA256.HashData(Canonical);

    /// <summary>What is signed: the act's hash, bound to who signs where for whom.</summary>
    public byte[] Statement(string loop, string member, Guid account) => CanonicalRecord.Of("signature", 1)
        .Add("loop", loop)
        .Add("member", member)
        .Add("account", account.ToString())
        .Add("act", Convert.ToHexStringLower(Hash()))
        .Add("title", string.Concat(Title.Select(letter => char.IsControl(letter) ? ' ' : letter)))
        .ToBytes();
}

/// <summary>What somebody gave to sign with: the fields <c>Credential</c> and <c>Code</c> of the form around <see cref="SignPart"/>.</summary>
public sealed record SignatureGiven(string? Credential, string? Code)
{
    public bool IsEmpty => string.IsNullOrWhiteSpace(Credential) && string.IsNullOrWhiteSpace(Code);
}

/// <summary>A signature that is kept.</summary>
/// <param name="Statement">What was signed; its SHA-256 is the passkey's challenge.</param>
public sealed record Signature(
    long Id, int MemberId, Guid AccountId, SigningMethod Method, string Title, byte[] ActHash, byte[] Statement, PasskeyProof? Passkey, DateTimeOffset At)
{
    /// <summary>A fingerprint of the whole signature, for the record of the act on the ledger.</summary>
    public string Digest() => Convert.ToHexStringLower(SHA256.HashData(
        [(byte)Method, .. SHA256.HashData(Statement), .. Passkey is { } passkey ? SHA256.HashData([.. passkey.AuthenticatorData, .. passkey.ClientDataJson, .. passkey.Signature]) : []]));
}
