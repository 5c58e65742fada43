using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text.Json;
using Marketplace.Data;
using Marketplace.Web.Features.Accounts;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.AspNetCore.Identity;

namespace Marketplace.Web.Features.Signing;

/// <summary>How the person can sign an act.</summary>
public sealed record WaysToSign(SignedAct Act) : IRequest<SigningWays>, IGuarded
{
    public bool Permits(Actor actor) => actor.AccountId is not null && actor.ActsFor(Act.LoopId, Act.MemberId);
}

/// <param name="Hash">Of what is signed.</param>
/// <param name="PasskeyOptions">JSON for navigator.credentials.get(); null where the person has no passkey.</param>
public sealed record SigningWays(byte[] Hash, string? PasskeyOptions, bool HasAuthenticator)
{
    public bool Any => PasskeyOptions is not null || HasAuthenticator;
}

internal sealed class WaysToSignHandler(OwnAccount own, UserManager<Account> users, SignatureStore store, SigningSite site) : IRequestHandler<WaysToSign, SigningWays>
{
    private const int TimeoutMilliseconds = 300_000;

    public async Task<SigningWays> Handle(WaysToSign request, CancellationToken cancellationToken)
    {
        var account = await own.LoadAsync();
        var hash = SHA256.HashData(await store.StatementAsync(request.Act, account.Id, cancellationToken));
        var passkeys = await users.GetPasskeysAsync(account);
        return new SigningWays(hash, passkeys.Count == 0 ? null : Options(hash, passkeys), account.TwoFactorEnabled);
    }

    /// <summary>WebAuthn level 3, section 5.5: the challenge is what is signed, so that the answer is a signature of it.</summary>
    private string Options(byte[] hash, IEnumerable<UserPasskeyInfo> passkeys) => JsonSerializer.Serialize(new
    {
        challenge = Base64Url.EncodeToString(hash),
        timeout = TimeoutMilliseconds,
        rpId = site.Name,
        allowCredentials = passkeys.Select(passkey => new { type = "public-key", id = Base64Url.EncodeToString(passkey.CredentialId), transports = passkey.Transports ?? [] }),
        userVerification = "required",
    });
}
