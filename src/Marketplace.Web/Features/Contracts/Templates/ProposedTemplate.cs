using Marketplace.Contracts;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Contracts.Templates;

/// <summary>A template that members may vote on: the draft as it could be published now, or, with a proposal, what that one speaks of.</summary>
/// <param name="Proposal">Null for the draft.</param>
public sealed record ShowProposedTemplate(int LoopId, string Code, int? Proposal) : IRequest<ProposedTemplate>, IGuarded
{
    public bool Permits(Actor actor) => actor.BelongsTo(LoopId);
}

/// <param name="Template">With the number that it would have.</param>
/// <param name="Hash">SHA-256 of its canonical bytes.</param>
/// <param name="Retires">Whether it would be taken off offer.</param>
/// <param name="Former">The version before; none where it is the first.</param>
/// <param name="Differences">To the version before.</param>
public sealed record ProposedTemplate(Template Template, string Hash, bool Retires, int? Former, IReadOnlyList<TemplateDifference> Differences)
{
    /// <summary>What a proposal speaks of, as it was when it was opened.</summary>
    internal static async Task<ProposedTemplate?> FindAsync(Work work, int loopId, int proposal, CancellationToken cancellationToken) =>
        (await work.Db.Database.SqlQuery<Row>(
            $"""SELECT retires AS "Retires", body AS "Body", former AS "Former" FROM market.proposed_templates WHERE loop_id = {loopId} AND proposal = {proposal}""")
            .ToListAsync(cancellationToken)) is [var row] ? Of(row.Body, row.Former, row.Retires) : null;

    internal static ProposedTemplate Of(byte[] body, byte[]? former, bool retires) => new(
        TemplateJson.Read(body), Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(body)), retires,
        former is null ? null : TemplateJson.Read(former).Version, former is null ? [] : TemplateDifference.Between(former, body));

    private sealed record Row(bool Retires, byte[] Body, byte[]? Former);
}

internal sealed class ShowProposedTemplateHandler(Work work, TemplatePress press) : IRequestHandler<ShowProposedTemplate, ProposedTemplate>
{
    public async Task<ProposedTemplate> Handle(ShowProposedTemplate request, CancellationToken cancellationToken)
    {
        var found = request.Proposal is { } proposal ? await ProposedTemplate.FindAsync(work, request.LoopId, proposal, cancellationToken)
            : await press.RipeAsync(request.LoopId, request.Code, cancellationToken) is { } ripe ? ProposedTemplate.Of(ripe.Body, ripe.Last?.Body, false)
            : null;
        return found is not null && found.Template.Code == request.Code ? found : throw new NotPermittedException(nameof(ShowProposedTemplate));
    }
}
