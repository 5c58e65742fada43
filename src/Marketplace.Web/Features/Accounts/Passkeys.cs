using System.Buffers.Text;
using FluentValidation;
using Marketplace.Data;
using Marketplace.Web.Features.Mail;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.AspNetCore.Identity;

namespace Marketplace.Web.Features.Accounts;

/// <summary>What the browser needs to make a passkey: JSON for navigator.credentials.create().</summary>
public sealed record OfferPasskey : IRequest<string>, IPersonal;

/// <summary>Adds the passkey that the browser has made.</summary>
public sealed record AddPasskey(string Credential, string Name) : IRequest<Unit>, IPersonal, IChange;

public sealed record RenamePasskey(string Id, string Name) : IRequest<Unit>, IPersonal, IChange;

public sealed record RemovePasskey(string Id) : IRequest<Unit>, IPersonal, IChange;

public sealed class AddPasskeyRules : AbstractValidator<AddPasskey>
{
    public AddPasskeyRules()
    {
        RuleFor(request => request.Credential).NotEmpty().WithMessage("The browser gave no passkey. Try once more.").MaximumLength(100_000).WithMessage("This is larger than any passkey.");
        RuleFor(request => request.Name).Must(PasskeyIds.IsName).WithMessage(PasskeyIds.NameMessage);
    }
}

public sealed class RenamePasskeyRules : AbstractValidator<RenamePasskey>
{
    public RenamePasskeyRules() => RuleFor(request => request.Name).Must(PasskeyIds.IsName).WithMessage(PasskeyIds.NameMessage);
}

public sealed class PasskeysHandler(OwnAccount own, UserManager<Account> users, SignInManager<Account> signIn, Postbox postbox, Work work)
    : IRequestHandler<OfferPasskey, string>, IRequestHandler<AddPasskey, Unit>, IRequestHandler<RenamePasskey, Unit>, IRequestHandler<RemovePasskey, Unit>
{
    private const int Most = 20;

    public async Task<string> Handle(OfferPasskey request, CancellationToken cancellationToken)
    {
        var account = await own.LoadAsync();
        return await signIn.MakePasskeyCreationOptionsAsync(new PasskeyUserEntity { Id = account.Id.ToString(), Name = account.Email!, DisplayName = account.DisplayName });
    }

    public async Task<Unit> Handle(AddPasskey request, CancellationToken cancellationToken)
    {
        var account = await own.LoadAsync();
        if ((await users.GetPasskeysAsync(account)).Count >= Most)
        {
            throw new RefusedException("You have twenty passkeys, the most an account can hold. Remove one first.");
        }

        PasskeyAttestationResult attestation;
        try
        {
            attestation = await signIn.PerformPasskeyAttestationAsync(request.Credential);
        }
        catch (InvalidOperationException)
        {
            throw new RefusedException("The request for the passkey has expired. Try once more.");
        }

        if (!attestation.Succeeded || attestation.UserEntity.Id != account.Id.ToString())
        {
            throw new RefusedException("The browser's passkey could not be accepted. Try once more, or with another device.");
        }

        attestation.Passkey.Name = request.Name.Trim();
        if (!(await users.AddOrUpdatePasskeyAsync(account, attestation.Passkey)).Succeeded)
        {
            throw new RefusedException("The passkey could not be kept. Try once more.");
        }

        work.AfterCommit(_ =>
        {
            postbox.Post(SecurityLetters.Tell(account, "A passkey was added", $"The passkey \"{request.Name.Trim()}\" can now sign in to your account."));
            return Task.CompletedTask;
        });
        return Unit.Value;
    }

    public async Task<Unit> Handle(RenamePasskey request, CancellationToken cancellationToken)
    {
        var account = await own.LoadAsync();
        var passkey = await FindAsync(account, request.Id);
        passkey.Name = request.Name.Trim();
        await users.AddOrUpdatePasskeyAsync(account, passkey);
        return Unit.Value;
    }

    public async Task<Unit> Handle(RemovePasskey request, CancellationToken cancellationToken)
    {
        var account = await own.LoadAsync();
        var passkey = await FindAsync(account, request.Id);
        await users.RemovePasskeyAsync(account, passkey.CredentialId);
        work.AfterCommit(_ =>
        {
            postbox.Post(SecurityLetters.Tell(account, "A passkey was removed", $"The passkey \"{passkey.Name}\" can no longer sign in to your account."));
            return Task.CompletedTask;
        });
        return Unit.Value;
    }

    private async Task<UserPasskeyInfo> FindAsync(Account account, string id) =>
        PasskeyIds.TryDecode(id, out var credentialId) && await users.GetPasskeyAsync(account, credentialId) is { } passkey
            ? passkey
            : throw new RefusedException("This passkey is no longer in your account.");
}

internal static class PasskeyIds
{
    public const string NameMessage = "Give it a name of 1 to 60 characters, e.g. My phone.";

    public static bool IsName(string name) => name.Trim().Length is >= 1 and <= 60;

    public static PasskeyView View(UserPasskeyInfo passkey) =>
        new(Base64Url.EncodeToString(passkey.CredentialId), passkey.Name ?? "Passkey", passkey.CreatedAt, passkey.IsBackedUp);

    public static bool TryDecode(string id, out byte[] credentialId)
    {
        var room = new byte[1024];
        var valid = id.Length <= 1400 && Base64Url.TryDecodeFromChars(id, room, out var written) && written > 0;
        credentialId = valid ? Base64Url.DecodeFromChars(id) : [];
        return valid;
    }
}
