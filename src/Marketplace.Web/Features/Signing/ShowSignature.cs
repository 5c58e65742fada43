using System.Text;
using Marketplace.Web.Features.Metering;
using Marketplace.Web.Pipeline;
using MediatR;

namespace Marketplace.Web.Features.Signing;

/// <summary>A signature with all that is needed to check it. Votes are open among the loop's members; any other act is for who signed it, the parties of the contract
/// that it is about, the operators and the auditors.</summary>
public sealed record ShowSignature(int LoopId, long Id) : IRequest<SignatureFile>, IGuarded
{
    public bool Permits(Actor actor) => actor.BelongsTo(LoopId);
}

/// <summary>A signature as a file. Bytes are in base64url.</summary>
/// <param name="Statement">What was signed, as text.</param>
/// <param name="Challenge">The SHA-256 of the statement: the client data has to carry it.</param>
public sealed record SignatureFile(
    string Method, string Proves, string Statement, string Challenge, DateTimeOffset At, string? CredentialId, string? PublicKeyCose, string? AuthenticatorData, string? ClientDataJson, string? Signature);

internal sealed class ShowSignatureHandler(SignatureStore store, CurrentActor current) : IRequestHandler<ShowSignature, SignatureFile>
{
    public async Task<SignatureFile> Handle(ShowSignature request, CancellationToken cancellationToken)
    {
        var signature = await store.ReadAsync(request.LoopId, request.Id, cancellationToken) ?? throw new NotPermittedException(nameof(ShowSignature));
        var actor = current.Actor;
        if (!actor.ActsFor(request.LoopId, signature.MemberId) && !actor.Operates(request.LoopId) && !actor.Audits(request.LoopId)
            && !await store.IsOpenToAsync(
                request.LoopId, request.Id, [.. actor.Roles.Where(held => held.LoopId == request.LoopId).Select(held => held.MemberId).Distinct()], cancellationToken))
        {
            throw new NotPermittedException(nameof(ShowSignature));
        }

        static string? Url(byte[]? bytes) => bytes is null ? null : System.Buffers.Text.Base64Url.EncodeToString(bytes);
        var passkey = signature.Passkey;
        return new SignatureFile(
            signature.Method == SigningMethod.Passkey ? "passkey" : "authenticator",
            signature.Method == SigningMethod.Passkey
                ? "Anybody can check that this passkey signed the challenge: verify the signature over authenticatorData || SHA-256(clientDataJSON) with the COSE public key."
                : "A code of the person's authenticator app was right. That shows the operator's server who it was; others cannot check it.",
            Encoding.UTF8.GetString(signature.Statement), Url(System.Security.Cryptography.SHA256.HashData(signature.Statement))!, signature.At,
            Url(passkey?.CredentialId), Url(passkey?.PublicKey), Url(passkey?.AuthenticatorData), Url(passkey?.ClientDataJson), Url(passkey?.Signature));
    }
}
