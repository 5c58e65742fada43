using System.Security.Cryptography;
using System.Text.Json;
using Marketplace.Data;
using Marketplace.Web.Features.Accounts;
using Marketplace.Web.Features.Mail;
using Marketplace.Web.Pipeline;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace Marketplace.Web.Features.Signing;

/// <summary>The site that passkeys belong to, and the addresses of its pages.</summary>
public sealed class SigningSite(IOptions<IdentityPasskeyOptions> options, PublicAddress address, IHttpContextAccessor http)
{
    public string Name => options.Value.ServerDomain ?? http.HttpContext?.Request.Host.Host ?? "";

    public IReadOnlyList<string> Origins => [.. new[] { address.Link(""), http.HttpContext?.Request is { } request ? $"{request.Scheme}://{request.Host}" : "" }
        .Where(origin => Uri.TryCreate(origin, UriKind.Absolute, out _)).Select(origin => new Uri(origin).GetLeftPart(UriPartial.Authority)).Distinct(StringComparer.Ordinal)];
}

/// <summary>Has acts signed by the person who does them, with the second factor: not with the password, which is a secret that the server has seen.</summary>
public sealed class Signatures(Work work, OwnAccount own, UserManager<Account> users, SigningSite site, SignatureStore store, IServiceScopeFactory scopes, TimeProvider time)
{
    /// <summary>The most that a browser's answer may hold.</summary>
    private const int MostLetters = 20_000;

    /// <summary>Keeps the person's signature of an act in the caller's transaction. An act that this person has signed before has its signature already: the same is answered.</summary>
    /// <exception cref="RefusedException">What was given is no signature of this act by this person.</exception>
    public async Task<Signature> RequireAsync(SignedAct act, SignatureGiven given, CancellationToken cancellationToken)
    {
        var account = await own.LoadAsync();
        await work.Db.Database.ExecuteSqlAsync($"SELECT pg_advisory_xact_lock(hashtextextended({"signatures/" + account.Id}, 0))", cancellationToken);
        if (await store.FindAsync(act.LoopId, act.MemberId, account.Id, act.Hash(), cancellationToken) is { } before)
        {
            return before;
        }

        var statement = await store.StatementAsync(act, account.Id, cancellationToken);
        var passkey = default(PasskeyProof);
        if (await users.IsLockedOutAsync(account))
        {
            throw Refused(nameof(SignatureGiven.Code), "There were several wrong tries. Wait 5 minutes and try again.", "resting");
        }

        if (!string.IsNullOrWhiteSpace(given.Credential))
        {
            passkey = await CheckAsync(account, given.Credential, SHA256.HashData(statement));
        }
        else
        {
            await CheckCodeAsync(account, given.Code ?? "");
        }

        await users.ResetAccessFailedCountAsync(account);
        return await store.AddAsync(act, account.Id, statement, passkey, time.GetUtcNow(), cancellationToken);
    }

    private async Task<PasskeyProof> CheckAsync(Account account, string credential, byte[] challenge)
    {
        if (Read(credential) is not { } answer || await users.GetPasskeyAsync(account, answer.CredentialId) is not { } known)
        {
            throw Refused(nameof(SignatureGiven.Credential), "This passkey is not one of your account. Use one that you added, or a code.", "passkey");
        }

        var proof = answer with { PublicKey = known.PublicKey };
        var fault = PasskeySignature.Check(proof, challenge, site.Origins, site.Name);
        if (fault != PasskeyFault.None)
        {
            throw Refused(nameof(SignatureGiven.Credential), fault == PasskeyFault.OtherChallenge
                ? "What you signed is not what stands here now. Read it again and sign once more."
                : "The passkey's signature is not right. Try once more.", "passkey");
        }

        if (proof.Counter != 0 || known.SignCount != 0)
        {
            if (proof.Counter <= known.SignCount)
            {
                throw Refused(nameof(SignatureGiven.Credential), "This passkey has signed more often elsewhere than it says: it may have been copied. Remove it from your account and make another.", "passkey");
            }

            known.SignCount = proof.Counter;
            await users.AddOrUpdatePasskeyAsync(account, known);
        }

        return proof;
    }

    private async Task CheckCodeAsync(Account account, string typed)
    {
        if (!account.TwoFactorEnabled)
        {
            throw Refused(nameof(SignatureGiven.Code), "To sign, set up a passkey or an authenticator app in your account first.", "second-factor");
        }

        var code = string.Concat(typed.Where(char.IsAsciiDigit));
        if (code.Length == 0)
        {
            throw Refused(nameof(SignatureGiven.Code), "Enter the six digits that your authenticator app shows now.", "code");
        }

        if (!await users.VerifyTwoFactorTokenAsync(account, users.Options.Tokens.AuthenticatorTokenProvider, code))
        {
            // The refusal takes back this transaction; the count of wrong tries has to stay.
            await using var scope = scopes.CreateAsyncScope();
            var others = scope.ServiceProvider.GetRequiredService<UserManager<Account>>();
            if (await others.FindByIdAsync(account.Id.ToString()) is { } counted)
            {
                await others.AccessFailedAsync(counted);
            }

            throw Refused(nameof(SignatureGiven.Code), "This code is not right or was used before. Wait for the next one; check that your phone's clock is set automatically.", "code");
        }
    }

    private static PasskeyProof? Read(string credential)
    {
        try
        {
            if (credential.Length > MostLetters)
            {
                return null;
            }

            using var document = JsonDocument.Parse(credential);
            var response = document.RootElement.GetProperty("response");
            byte[] Field(JsonElement of, string name) => System.Buffers.Text.Base64Url.DecodeFromChars(of.GetProperty(name).GetString() ?? "");
            return new PasskeyProof(Field(document.RootElement, "id"), [], Field(response, "authenticatorData"), Field(response, "clientDataJSON"), Field(response, "signature"));
        }
        catch (Exception fault) when (fault is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            return null;
        }
    }

    private static RefusedException Refused(string field, Said message, string bound) => new([new Problem(field, message, bound)]);
}
