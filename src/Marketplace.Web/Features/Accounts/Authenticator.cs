using FluentValidation;
using Marketplace.Data;
using Marketplace.Web.Features.Mail;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.AspNetCore.Identity;
using QRCoder;

namespace Marketplace.Web.Features.Accounts;

/// <summary>What an authenticator app is set up with: a QR code, and the same key for typing.</summary>
public sealed record AuthenticatorSetup(string Key, string QrSvg);

/// <summary>Shows the key of an authenticator app that is not yet turned on.</summary>
public sealed record SetUpAuthenticator : IRequest<AuthenticatorSetup>, IPersonal, IChange;

/// <summary>Turns the second step on, once a code shows that the app has the key. Answers the recovery codes: shown once, kept as hashes.</summary>
public sealed record TurnOnAuthenticator(string Code) : IRequest<IReadOnlyList<string>>, IPersonal, IChange;

public sealed record TurnOffAuthenticator(string Password) : IRequest<Unit>, IPersonal, IChange;

/// <summary>Makes new recovery codes; the old ones end.</summary>
public sealed record RenewRecoveryCodes(string Password) : IRequest<IReadOnlyList<string>>, IPersonal, IChange;

public sealed class TurnOnAuthenticatorRules : AbstractValidator<TurnOnAuthenticator>
{
    public TurnOnAuthenticatorRules() => RuleFor(request => request.Code)
        .NotEmpty().WithMessage("Enter the six digits that the app shows.").MaximumLength(20).WithMessage("Enter the six digits that the app shows.");
}

public sealed class AuthenticatorHandler(OwnAccount own, UserManager<Account> users, SignInRenewal renewal, Postbox postbox, Work work)
    : IRequestHandler<SetUpAuthenticator, AuthenticatorSetup>, IRequestHandler<TurnOnAuthenticator, IReadOnlyList<string>>,
      IRequestHandler<TurnOffAuthenticator, Unit>, IRequestHandler<RenewRecoveryCodes, IReadOnlyList<string>>
{
    private const int RecoveryCodes = 10;

    public async Task<AuthenticatorSetup> Handle(SetUpAuthenticator request, CancellationToken cancellationToken)
    {
        var account = await own.LoadAsync();
        if (account.TwoFactorEnabled)
        {
            // The key of an app in use is not shown again: a glance at a screen must not copy it.
            throw new RefusedException("The authenticator app is on. Turn it off first to set up another.");
        }

        if (await users.GetAuthenticatorKeyAsync(account) is not { Length: > 0 })
        {
            await users.ResetAuthenticatorKeyAsync(account);
        }

        var key = (await users.GetAuthenticatorKeyAsync(account))!;
        var uri = $"otpauth://totp/Marketplace:{Uri.EscapeDataString(account.Email!)}?secret={key}&issuer=Marketplace&digits=6";
        using var generator = new QRCodeGenerator();
        using var data = generator.CreateQrCode(uri, QRCodeGenerator.ECCLevel.M);
        using var svg = new SvgQRCode(data);
        return new AuthenticatorSetup(
            string.Join(' ', key.Chunk(4).Select(group => new string(group))),
            svg.GetGraphic(4, "#000", "#fff", drawQuietZones: true, SvgQRCode.SizingMode.ViewBoxAttribute));
    }

    public async Task<IReadOnlyList<string>> Handle(TurnOnAuthenticator request, CancellationToken cancellationToken)
    {
        var account = await own.LoadAsync();
        if (account.TwoFactorEnabled)
        {
            throw new RefusedException("The authenticator app is on already.");
        }

        var code = request.Code.Replace(" ", "", StringComparison.Ordinal).Replace("-", "", StringComparison.Ordinal);
        if (!await users.VerifyTwoFactorTokenAsync(account, users.Options.Tokens.AuthenticatorTokenProvider, code))
        {
            throw new RefusedException(nameof(request.Code), "This code is not right. Check that the app has scanned this QR code and that the phone's clock is set automatically.");
        }

        await users.SetTwoFactorEnabledAsync(account, true);
        var codes = await users.GenerateNewTwoFactorRecoveryCodesAsync(account, RecoveryCodes);
        await renewal.RenewAsync(account);
        Tell(account, "The second step was turned on", "Signing in to your account with the password now also asks for a code from your authenticator app.");
        return [.. codes!];
    }

    public async Task<Unit> Handle(TurnOffAuthenticator request, CancellationToken cancellationToken)
    {
        var account = await own.LoadAsync();
        await own.CheckPasswordAsync(account, nameof(request.Password), request.Password);
        await users.SetTwoFactorEnabledAsync(account, false);
        await users.ResetAuthenticatorKeyAsync(account);
        await users.GenerateNewTwoFactorRecoveryCodesAsync(account, 0);
        await renewal.RenewAsync(account);
        Tell(account, "The second step was turned off", "Signing in to your account no longer asks for a code from an authenticator app.");
        return Unit.Value;
    }

    public async Task<IReadOnlyList<string>> Handle(RenewRecoveryCodes request, CancellationToken cancellationToken)
    {
        var account = await own.LoadAsync();
        await own.CheckPasswordAsync(account, nameof(request.Password), request.Password);
        if (!account.TwoFactorEnabled)
        {
            throw new RefusedException("Recovery codes belong to the authenticator app. Turn it on first.");
        }

        var codes = await users.GenerateNewTwoFactorRecoveryCodesAsync(account, RecoveryCodes);
        Tell(account, "New recovery codes", "New recovery codes were made for your account. The old ones no longer work.");
        return [.. codes!];
    }

    private void Tell(Account account, Said subject, Said what) => work.AfterCommit(_ =>
    {
        postbox.Post(SecurityLetters.Tell(account, subject, what));
        return Task.CompletedTask;
    });
}
