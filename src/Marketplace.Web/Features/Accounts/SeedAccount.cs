using Marketplace.Data;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Accounts;

/// <summary>Gives a member of a demo or replay loop somebody who can sign in. Doing it again changes nothing.</summary>
/// <param name="Email">In the domain .example, which reaches nobody.</param>
public sealed record SeedAccount(int LoopId, int MemberId, string Email, string DisplayName, string Password) : IRequest<Guid>, ISystemOnly, IChange;

public sealed class SeedAccountHandler(Work work, UserManager<Account> users, TimeProvider time) : IRequestHandler<SeedAccount, Guid>
{
    public async Task<Guid> Handle(SeedAccount request, CancellationToken cancellationToken)
    {
        var kind = await work.Db.Loops.Where(loop => loop.Id == request.LoopId).Select(loop => loop.Kind).SingleAsync(cancellationToken);
        if (kind == LoopKind.Live || !request.Email.EndsWith(DemoSignIns.Domain, StringComparison.Ordinal))
        {
            throw new BrokenInvariantException("demo-accounts-stay-in-demo-loops", $"{request.Email} was to be seeded into a {kind} loop");
        }

        var account = await users.FindByEmailAsync(request.Email);
        if (account is null)
        {
            account = new Account { Id = Guid.CreateVersion7(time.GetUtcNow()), UserName = request.Email, Email = request.Email, EmailConfirmed = true, DisplayName = request.DisplayName, CreatedAt = time.GetUtcNow() };
            var created = await users.CreateAsync(account, request.Password);
            if (!created.Succeeded)
            {
                throw new BrokenInvariantException("demo-accounts-can-be-made", string.Join(" ", created.Errors.Select(error => error.Description)));
            }
        }

        if (!await work.Db.Memberships.AnyAsync(membership => membership.AccountId == account.Id && membership.LoopId == request.LoopId && membership.MemberId == request.MemberId, cancellationToken))
        {
            work.Db.Memberships.Add(new Membership { AccountId = account.Id, LoopId = request.LoopId, MemberId = request.MemberId });
            await work.Db.SaveChangesAsync(cancellationToken);
        }

        return account.Id;
    }
}

/// <summary>What makes an account fit for a demo: it reaches nobody and its password is published.</summary>
public static class DemoSignIns
{
    /// <summary>Reserved by RFC 2606: no letter to it arrives anywhere.</summary>
    public const string Domain = ".example";

    /// <summary>Shown on the sign-in page of a demo.</summary>
    public const string Password = "Lindenhof-2026";
}
