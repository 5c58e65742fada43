using System.Globalization;
using Marketplace.Data;
using Marketplace.Web.Features.Contracts;
using Marketplace.Web.Features.Metering;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Search;

/// <summary>Members, meters, documents and contracts of a loop in which every word begins something: what the actor may open, and nothing else.</summary>
public sealed record FindAnything(int LoopId, string Words) : IRequest<FoundThings>, IGuarded
{
    /// <summary>Of what is typed, so much is looked for.</summary>
    public const int LongestWords = 100;

    public bool Permits(Actor actor) => actor is { IsSystem: false, AccountId: not null } && actor.BelongsTo(LoopId);
}

/// <summary>What a thing is.</summary>
public enum FoundKind : short
{
    Member = 1,
    Meter = 2,
    Bill = 3,
    Contract = 4,
}

/// <param name="Id">The member's or the contract's.</param>
/// <param name="Code">A member's key, a meter's code, a document's number, a template's code.</param>
/// <param name="Name">The member concerned; of a contract, its parties.</param>
/// <param name="From">The first moment of a document's period.</param>
public sealed record FoundThing(FoundKind Kind, long Id, string Code, string Name, DateTimeOffset? From);

/// <param name="Things">At most <see cref="MostOfAKind"/> of a kind; what is called exactly so comes first.</param>
/// <param name="Cut">Of these kinds there are more.</param>
public sealed record FoundThings(IReadOnlyList<FoundThing> Things, IReadOnlySet<FoundKind> Cut)
{
    public const int MostOfAKind = 8;

    public static FoundThings None { get; } = new([], new HashSet<FoundKind>());
}

/// <summary>Each kind is asked for twice: by its unique name, and by its words. Whose things are looked through follows the pages they lead to:
/// members are the operator's, documents the operator's and their member's, meters and contracts also the auditor's and the technician's.</summary>
internal sealed class FindAnythingHandler(Work work, CurrentActor current, TemplateShelf shelf) : IRequestHandler<FindAnything, FoundThings>
{
    public async Task<FoundThings> Handle(FindAnything request, CancellationToken cancellationToken)
    {
        var text = request.Words.Trim();
        text = text.Length > FindAnything.LongestWords ? text[..FindAnything.LongestWords] : text;
        if (!text.Any(char.IsLetterOrDigit))
        {
            return FoundThings.None;
        }

        var (loop, actor) = (request.LoopId, current.Actor);
        var (operates, watches) = (actor.Operates(loop), actor.Operates(loop) || actor.Audits(loop));
        var own = actor.Roles.Where(held => held.LoopId == loop).Select(held => held.MemberId).Distinct().ToArray();
        var contracting = own.Where(member => actor.MayContract(loop, member)).ToArray();
        string[] names = [text, text.ToUpperInvariant(), text.ToLowerInvariant()];
        var templates = await TemplatesNamedAsync(loop, text, cancellationToken);
        var number = long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var typed) ? typed : 0;
        const int most = FoundThings.MostOfAKind + 1;

        var rows = await work.Db.Database.SqlQuery<Row>(
            $"""
            (SELECT 1::smallint AS "Kind", true AS "Exact", m.id::bigint AS "Id", m.key AS "Code", m.name AS "Name", NULL::timestamptz AS "From"
             FROM market.members m WHERE m.loop_id = {loop} AND m.key = ANY ({names}) AND ({operates} OR m.id = ANY ({own})))
            UNION ALL
            (SELECT 1::smallint, false, m.id::bigint, m.key, m.name, NULL::timestamptz
             FROM market.members m WHERE m.loop_id = {loop} AND market.search_words(m.name || ' ' || m.key) @@ market.search_query({text}) AND ({operates} OR m.id = ANY ({own}))
             LIMIT {most})
            UNION ALL
            (SELECT 2::smallint, true, m.id::bigint, m.code, b.name, NULL::timestamptz
             FROM market.meters m JOIN market.members b ON b.loop_id = m.loop_id AND b.id = m.member_id
             WHERE m.loop_id = {loop} AND m.code = ANY ({names}) AND ({watches} OR m.member_id = ANY ({own})))
            UNION ALL
            (SELECT 2::smallint, false, m.id::bigint, m.code, b.name, NULL::timestamptz
             FROM market.meters m JOIN market.members b ON b.loop_id = m.loop_id AND b.id = m.member_id
             WHERE m.loop_id = {loop} AND market.search_words(m.code || ' ' || coalesce(m.plant_code, '')) @@ market.search_query({text}) AND ({watches} OR m.member_id = ANY ({own}))
             LIMIT {most})
            UNION ALL
            (SELECT 3::smallint, true, d.id::bigint, d.number, b.name, d.period_start
             FROM market.bills d JOIN market.members b ON b.loop_id = d.loop_id AND b.id = d.member_id
             WHERE d.loop_id = {loop} AND d.number = ANY ({names}) AND ({operates} OR d.member_id = ANY ({own})))
            UNION ALL
            (SELECT 3::smallint, false, d.id::bigint, d.number, b.name, d.period_start
             FROM market.bills d JOIN market.members b ON b.loop_id = d.loop_id AND b.id = d.member_id
             WHERE d.loop_id = {loop} AND market.search_words(d.number) @@ market.search_query({text}) AND ({operates} OR d.member_id = ANY ({own}))
             LIMIT {most})
            UNION ALL
            (SELECT 4::smallint, c.id = {number}, c.id, c.template_code,
                    (SELECT string_agg(b.name, ', ' ORDER BY b.id) FROM market.contract_parties p JOIN market.members b ON b.loop_id = p.loop_id AND b.id = p.member_id
                     WHERE p.loop_id = c.loop_id AND p.contract_id = c.id),
                    NULL::timestamptz
             FROM market.contracts c
             WHERE c.loop_id = {loop}
               AND (c.id = {number} OR c.template_code = ANY ({templates})
                    OR c.id IN (SELECT p.contract_id FROM market.contract_parties p
                                WHERE p.loop_id = {loop} AND p.member_id IN (
                                    SELECT m.id FROM market.members m WHERE m.loop_id = {loop} AND market.search_words(m.name || ' ' || m.key) @@ market.search_query({text}) LIMIT 100)))
               AND (({watches} AND EXISTS (SELECT FROM market.contract_acts a WHERE a.loop_id = c.loop_id AND a.contract_id = c.id AND a.kind <> {(short)ContractActKind.Drafted}))
                    OR (EXISTS (SELECT FROM market.contract_parties p WHERE p.loop_id = c.loop_id AND p.contract_id = c.id AND p.member_id = ANY ({contracting}))
                        AND (c.member_id = ANY ({contracting}) OR EXISTS (SELECT FROM market.contract_acts a WHERE a.loop_id = c.loop_id AND a.contract_id = c.id AND a.kind <> {(short)ContractActKind.Drafted}))))
             LIMIT {most})
            """).ToListAsync(cancellationToken);

        var distinct = rows.OrderBy(row => row.Kind).ThenByDescending(row => row.Exact).DistinctBy(row => (row.Kind, row.Id)).ToLookup(row => (FoundKind)row.Kind);
        return new FoundThings(
            [.. distinct.SelectMany(kind => kind.Take(FoundThings.MostOfAKind)).Select(row => new FoundThing((FoundKind)row.Kind, row.Id, row.Code, row.Name, row.From))],
            distinct.Where(kind => kind.Count() > FoundThings.MostOfAKind).Select(kind => kind.Key).ToHashSet());
    }

    /// <summary>The templates whose name, as the reader reads it, has every word.</summary>
    private async Task<string[]> TemplatesNamedAsync(int loop, string text, CancellationToken cancellationToken)
    {
        var language = CultureInfo.CurrentUICulture.TwoLetterISOLanguageName;
        return [.. (await shelf.OnOfferAsync(loop, cancellationToken))
            .Where(template => WordMatch.HasAll(text, template.Template.TextIn(language).Name + " " + template.Row.Code))
            .Select(template => template.Row.Code)];
    }

    private sealed record Row(short Kind, bool Exact, long Id, string Code, string Name, DateTimeOffset? From);
}
