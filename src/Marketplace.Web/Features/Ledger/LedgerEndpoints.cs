using System.Text;
using Marketplace.Data;
using Marketplace.Ledger;
using Npgsql;

namespace Marketplace.Web.Features.Ledger;

/// <summary>
/// The public read interface of each loop's log (c2sp.org/tlog-tiles): the first loop's at <c>/ledger/</c>, each loop's at
/// <c>/ledger/{slug}/</c>. It serves stored bytes and needs no sign-in.
/// </summary>
internal static class LedgerEndpoints
{
    private const string PlainText = "text/plain; charset=utf-8";
    private static readonly string[] Methods = [HttpMethods.Get, HttpMethods.Head];

    public static void MapLedger(this IEndpointRouteBuilder routes)
    {
        foreach (var prefix in new[] { "/ledger", "/ledger/{slug}" })
        {
            var group = routes.MapGroup(prefix).AllowAnonymous().ExcludeFromDescription();
            group.AddEndpointFilter(async (context, next) =>
            {
                // Anyone's own page or tool may check us.
                var headers = context.HttpContext.Response.Headers;
                headers.AccessControlAllowOrigin = "*";
                headers["Cross-Origin-Resource-Policy"] = "cross-origin";
                var result = await next(context);
                if (result is IStatusCodeHttpResult { StatusCode: StatusCodes.Status404NotFound })
                {
                    // What is not there yet may be there in a second: nobody shall remember that it was not.
                    headers.CacheControl = "no-store";
                }

                return result;
            });
            group.MapMethods("/checkpoint", Methods, CheckpointAsync);
            group.MapMethods("/tile/{**path}", Methods, TileAsync);
            group.MapMethods("/policy", Methods, PolicyAsync);
            group.MapMethods("/key", Methods, KeyAsync);
        }
    }

    private static async Task<IResult> CheckpointAsync(HttpContext context, LoopNames loops, NpgsqlDataSource source, CancellationToken cancellationToken)
    {
        if (await loops.FindAsync(Slug(context), cancellationToken) is not { } loopId)
        {
            return Results.NotFound();
        }

        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        if (await LogTables.LatestPublishedAsync(connection, loopId, cancellationToken) is not { } published)
        {
            return Results.NotFound();
        }

        context.Response.Headers.CacheControl = "public, max-age=2";
        return Results.Text(published.Note, PlainText, Encoding.UTF8);
    }

    private static async Task<IResult> TileAsync(
        string path, HttpContext context, LoopNames loops, FullTiles full, NpgsqlDataSource source, CancellationToken cancellationToken)
    {
        if (!TileId.TryParse("tile/" + path, out var tile) || await loops.FindAsync(Slug(context), cancellationToken) is not { } loopId)
        {
            return Results.NotFound();
        }

        // A partial tile is a prefix of the full one, so what is remembered serves both.
        var bytes = full.Find(loopId, tile);
        if (bytes.IsEmpty)
        {
            await using var connection = await source.OpenConnectionAsync(cancellationToken);
            if (await LogTables.TileAsync(connection, loopId, tile, cancellationToken) is not { } found)
            {
                return Results.NotFound();
            }

            full.Remember(loopId, tile, found);
            bytes = found;
        }

        context.Response.Headers.CacheControl = "public, max-age=31536000, immutable";
        return Results.Bytes(bytes, "application/octet-stream");
    }

    private static async Task<IResult> PolicyAsync(HttpContext context, LoopNames loops, LogPolicies policies, CancellationToken cancellationToken) =>
        await loops.FindAsync(Slug(context), cancellationToken) is { } loopId
            ? Results.Text((await policies.OfAsync(loopId, cancellationToken)).Text, PlainText, Encoding.UTF8)
            : Results.NotFound();

    private static async Task<IResult> KeyAsync(HttpContext context, LoopNames loops, LogPolicies policies, CancellationToken cancellationToken) =>
        await loops.FindAsync(Slug(context), cancellationToken) is { } loopId
            ? Results.Text(await policies.KeyAsync(loopId, cancellationToken) + "\n", PlainText, Encoding.UTF8)
            : Results.NotFound();

    private static string? Slug(HttpContext context) => context.Request.RouteValues["slug"] as string;
}
