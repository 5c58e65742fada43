using Marketplace.Data;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.PublicTexts;

/// <summary>What a loop says on one of its public pages.</summary>
public sealed record ShowPublicText(int LoopId, PublicPage Page) : IRequest<PublicText>, IPublic;

/// <summary>All of them, for whoever writes them.</summary>
public sealed record ShowPublicTexts(int LoopId) : IRequest<IReadOnlyList<PublicText>>, IGuarded
{
    public bool Permits(Actor actor) => actor.Operates(LoopId);
}

internal sealed class ShowPublicTextHandler(MarketplaceDb db) : IRequestHandler<ShowPublicText, PublicText>, IRequestHandler<ShowPublicTexts, IReadOnlyList<PublicText>>
{
    public async Task<PublicText> Handle(ShowPublicText request, CancellationToken cancellationToken) => await LastAsync(db, request.LoopId, request.Page, cancellationToken);

    public async Task<IReadOnlyList<PublicText>> Handle(ShowPublicTexts request, CancellationToken cancellationToken)
    {
        var texts = new List<PublicText>();
        foreach (var page in Enum.GetValues<PublicPage>())
        {
            texts.Add(await LastAsync(db, request.LoopId, page, cancellationToken));
        }

        return texts;
    }

    internal static async Task<PublicText> LastAsync(MarketplaceDb db, int loopId, PublicPage page, CancellationToken cancellationToken)
    {
        var rows = await db.Database.SqlQuery<Row>(
            $"""
            SELECT version AS "Version", en AS "En", de AS "De", fr AS "Fr", set_at AS "SetAt" FROM market.public_texts
            WHERE loop_id = {loopId} AND page = {(short)page} ORDER BY version DESC LIMIT 1
            """).ToListAsync(cancellationToken);
        return rows is [var row] ? new PublicText(page, row.Version, row.En, row.De, row.Fr, row.SetAt) : new PublicText(page, 0, "", "", "", null);
    }

    private sealed record Row(int Version, string En, string De, string Fr, DateTimeOffset SetAt);
}
