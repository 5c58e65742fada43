using Marketplace.Data;
using Marketplace.Web.Features.Ledger;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Proofs;

/// <summary>The policy a loop publishes for its own ledger; null where there is no such loop.</summary>
/// <param name="Slug">The loop; null for the first one.</param>
public sealed record PolicyToTrust(string? Slug) : IRequest<PublishedPolicy?>, IPublic;

/// <summary>A loop's policy as it says it of itself.</summary>
public sealed record PublishedPolicy(string Slug, string LoopName, string Text);

internal sealed class PolicyToTrustHandler(MarketplaceDb db, LogPolicies policies) : IRequestHandler<PolicyToTrust, PublishedPolicy?>
{
    public async Task<PublishedPolicy?> Handle(PolicyToTrust request, CancellationToken cancellationToken)
    {
        var loops = db.Loops.AsNoTracking().Where(loop => request.Slug == null || loop.Slug == request.Slug);
        return await loops.OrderBy(loop => loop.Id).Select(loop => new { loop.Id, loop.Slug, loop.Name }).FirstOrDefaultAsync(cancellationToken) is { } found
            ? new PublishedPolicy(found.Slug, found.Name, (await policies.OfAsync(found.Id, cancellationToken)).Text)
            : null;
    }
}
