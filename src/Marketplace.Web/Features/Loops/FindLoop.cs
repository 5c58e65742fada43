using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Loops;

/// <summary>A loop as the person who asks stands in it.</summary>
/// <param name="Members">The members this person acts for; empty for a visitor.</param>
public sealed record LoopView(int Id, string Slug, string Name, string Currency, string TimeZone, LoopKind Kind, IReadOnlyList<MemberHere> Members)
{
    /// <summary>The address under which all pages of the loop live.</summary>
    public string Path => "/loops/" + Slug;

    public LoopCalendar Calendar => new(TimeZoneInfo.FindSystemTimeZoneById(TimeZone));

    public bool Operates => Holds(Role.Operator);

    public bool Holds(Role role) => Members.Any(member => member.Roles.Contains(role));

    /// <summary>The members for which the person holds one of these roles.</summary>
    public IEnumerable<MemberHere> MembersAs(params IReadOnlyCollection<Role> roles) => Members.Where(member => member.Roles.Any(roles.Contains));
}

/// <summary>A member whom the person acts for.</summary>
public sealed record MemberHere(int Id, string Name, IReadOnlyList<Role> Roles);

/// <summary>The loop of this address, for those who belong to it. For everybody else it does not exist.</summary>
public sealed record FindLoop(string Slug) : IRequest<LoopView>, IGuarded
{
    public bool Permits(Actor actor) => actor.IsSystem || actor.AccountId is not null;
}

/// <summary>The public face of a loop, for pages that need no sign-in: prices, the ledger.</summary>
public sealed record FindPublicLoop(string Slug) : IRequest<LoopView>, IPublic;

public sealed class FindLoopHandler(Work work, CurrentActor current) : IRequestHandler<FindLoop, LoopView>, IRequestHandler<FindPublicLoop, LoopView>
{
    public async Task<LoopView> Handle(FindLoop request, CancellationToken cancellationToken)
    {
        var view = await FindAsync(request.Slug, cancellationToken);
        return view is not null && current.Actor.BelongsTo(view.Id) ? view : throw new NotPermittedException(nameof(FindLoop));
    }

    public async Task<LoopView> Handle(FindPublicLoop request, CancellationToken cancellationToken) =>
        await FindAsync(request.Slug, cancellationToken) ?? throw new NotPermittedException(nameof(FindPublicLoop));

    private async Task<LoopView?> FindAsync(string slug, CancellationToken cancellationToken)
    {
        var loop = await work.Db.Loops.AsNoTracking().SingleOrDefaultAsync(loop => loop.Slug == slug, cancellationToken);
        if (loop is null)
        {
            return null;
        }

        var roles = current.Actor.Roles.Where(held => held.LoopId == loop.Id).ToLookup(held => held.MemberId, held => held.Role);
        var ids = roles.Select(member => member.Key).ToList();
        var names = ids.Count == 0
            ? []
            : await work.Db.Members.AsNoTracking()
                .Where(member => member.LoopId == loop.Id && ids.Contains(member.Id))
                .OrderBy(member => member.Id)
                .Select(member => new { member.Id, member.Name })
                .ToListAsync(cancellationToken);
        return new LoopView(loop.Id, loop.Slug, loop.Name, loop.Currency, loop.TimeZone, loop.Kind,
            [.. names.Select(member => new MemberHere(member.Id, member.Name, [.. roles[member.Id].Order()]))]);
    }
}
