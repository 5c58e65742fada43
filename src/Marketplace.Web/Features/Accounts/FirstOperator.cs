using System.Security.Cryptography;
using FluentValidation;
using Marketplace.Data;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Accounts;

/// <summary>Whoever starts a deployment that has no operator yet reads the link on the console and becomes the operator.
/// The token lives in this process only and works until there is an operator.</summary>
public sealed class FirstOperatorLink
{
    private readonly string _token = OneTimeToken.Create();

    public string Path => "/first-operator/" + _token;

    public bool Accepts(string token) => CryptographicOperations.FixedTimeEquals(OneTimeToken.Hash(token), OneTimeToken.Hash(_token));
}

/// <summary>Whether this link would work: the page shows its form only then.</summary>
public sealed record CheckFirstOperatorLink(string Token) : IRequest<bool>, IPublic;

/// <summary>Makes the first operator and the first loop, and signs the operator in. Answers the loop's address.</summary>
public sealed record BecomeFirstOperator(string Token, string Email, string DisplayName, string Password, NewLoop Loop) : IRequest<string>, IPublic, IChange;

public sealed class BecomeFirstOperatorRules : AbstractValidator<BecomeFirstOperator>
{
    public BecomeFirstOperatorRules()
    {
        RuleFor(request => request.Email).Must(EmailForm.IsAddress).WithMessage(EmailForm.Message);
        RuleFor(request => request.DisplayName).Must(name => name.Trim().Length is >= 1 and <= 80).WithMessage("Enter your name, at most 80 characters.");
        RuleFor(request => request.Password).Custom((password, context) =>
        {
            if (PasswordRules.Problem(password, context.InstanceToValidate.Email) is { } problem)
            {
                context.AddFailure(problem);
            }
        });
        RuleFor(request => request.Loop).SetValidator(new NewLoopRules());
    }
}

public sealed class FirstOperatorHandler(FirstOperatorLink link, Work work, UserManager<Account> users, SignInRenewal renewal, SignInLog log, TimeProvider time)
    : IRequestHandler<CheckFirstOperatorLink, bool>, IRequestHandler<BecomeFirstOperator, string>
{
    public async Task<bool> Handle(CheckFirstOperatorLink request, CancellationToken cancellationToken) =>
        link.Accepts(request.Token) && !await ExistsAsync(work.Db, cancellationToken);

    public async Task<string> Handle(BecomeFirstOperator request, CancellationToken cancellationToken)
    {
        // Two browsers with the same link: the second waits here and then finds that there is an operator.
        await work.Db.Database.ExecuteSqlAsync($"SELECT pg_advisory_xact_lock(hashtext('market.loops'))", cancellationToken);
        if (!link.Accepts(request.Token) || await ExistsAsync(work.Db, cancellationToken))
        {
            throw new RefusedException("This link has been used. Sign in instead.");
        }

        if (await work.Db.Loops.AnyAsync(loop => loop.Slug == request.Loop.Slug, cancellationToken))
        {
            throw new RefusedException(nameof(NewLoop.Slug), "Another loop has this address. Choose a different one.");
        }

        var now = time.GetUtcNow();
        var email = request.Email.Trim();
        var account = new Account { Id = Guid.CreateVersion7(now), UserName = email, Email = email, EmailConfirmed = true, DisplayName = request.DisplayName.Trim(), CreatedAt = now };
        var created = await users.CreateAsync(account, request.Password);
        if (!created.Succeeded)
        {
            throw new RefusedException(nameof(request.Email), "There is an account with this e-mail already. Use another address.");
        }

        var loop = await request.Loop.LayAsync(work.Db, account.Id, now, cancellationToken);
        work.Db.OperatorActions.Add(new OperatorAction { LoopId = loop.Id, AccountId = account.Id, At = now, Action = nameof(BecomeFirstOperator), Subject = loop.Slug });
        log.Add(account, SignInMethods.Password, succeeded: true);
        await work.Db.SaveChangesAsync(cancellationToken);
        await renewal.BeginAsync(account, SignInMethods.Password);
        return loop.Slug;
    }

    /// <summary>Whether anybody who can sign in operates a loop.</summary>
    internal static Task<bool> ExistsAsync(MarketplaceDb db, CancellationToken cancellationToken) =>
        db.Memberships.AnyAsync(membership => db.MemberRoles.Any(role =>
            role.LoopId == membership.LoopId && role.MemberId == membership.MemberId && role.Role == Role.Operator), cancellationToken);
}

/// <summary>Prints the link once the host listens.</summary>
internal sealed class FirstOperatorNotice(
    FirstOperatorLink link, IDbContextFactory<MarketplaceDb> databases, IServer server, IConfiguration configuration) : IHostedLifecycleService
{
    public async Task StartedAsync(CancellationToken cancellationToken)
    {
        if (configuration.GetValue<bool>("Marketplace:Demo"))
        {
            return;
        }

        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        if (await FirstOperatorHandler.ExistsAsync(db, cancellationToken))
        {
            return;
        }

        var address = configuration[Mail.PublicAddress.Setting]
            ?? server.Features.Get<IServerAddressesFeature>()?.Addresses.FirstOrDefault()
                ?.Replace("[::]", "localhost", StringComparison.Ordinal).Replace("0.0.0.0", "localhost", StringComparison.Ordinal)
            ?? "http://localhost";
        await Console.Out.WriteLineAsync($"\nThis marketplace has no operator yet. Open this link once to become its operator and begin the first loop:\n\n  {address.TrimEnd('/')}{link.Path}\n");
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
