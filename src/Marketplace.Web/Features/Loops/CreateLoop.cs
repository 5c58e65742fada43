using FluentValidation;
using Marketplace.Data;
using Marketplace.Web.Features.Accounts;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Loops;

/// <summary>An operator begins a further loop and operates it. It shares nothing with the first but the deployment.</summary>
public sealed record CreateLoop(NewLoop Loop) : IRequest<string>, IGuarded, IChange
{
    public bool Permits(Actor actor) => actor.AccountId is not null && actor.Roles.Any(held => held.Role == Role.Operator);
}

public sealed class CreateLoopRules : AbstractValidator<CreateLoop>
{
    public CreateLoopRules() => RuleFor(request => request.Loop).SetValidator(new NewLoopRules());
}

public sealed class CreateLoopHandler(Work work, OwnAccount own, SignInRenewal renewal, TimeProvider time) : IRequestHandler<CreateLoop, string>
{
    public async Task<string> Handle(CreateLoop request, CancellationToken cancellationToken)
    {
        // Two operators who choose the same address at once: the second waits here and is refused with words.
        await work.Db.Database.ExecuteSqlAsync($"SELECT pg_advisory_xact_lock(hashtext('market.loops'))", cancellationToken);
        if (await work.Db.Loops.AnyAsync(loop => loop.Slug == request.Loop.Slug, cancellationToken))
        {
            throw new RefusedException(nameof(NewLoop.Slug), "Another loop has this address. Choose a different one.");
        }

        var account = await own.LoadAsync();
        var now = time.GetUtcNow();
        var loop = await request.Loop.LayAsync(work.Db, account.Id, now, cancellationToken);
        work.Db.OperatorActions.Add(new OperatorAction { LoopId = loop.Id, AccountId = account.Id, At = now, Action = nameof(CreateLoop), Subject = loop.Slug });
        await work.Db.SaveChangesAsync(cancellationToken);
        await renewal.RenewAsync(account);
        return loop.Slug;
    }
}
