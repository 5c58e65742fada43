using System.Text.RegularExpressions;
using FluentValidation;
using Marketplace.Data;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.PublicTexts;

/// <summary>Writes one of the loop's public pages anew; the former versions are kept. A text that is the same makes no new version.</summary>
public sealed record SetPublicText(int LoopId, PublicPage Page, string En, string De, string Fr) : IRequest<int>, IOperatorAct
{
    public const int Longest = 40_000;

    public string Subject => Page.Address();
}

public sealed partial class SetPublicTextRules : AbstractValidator<SetPublicText>
{
    public SetPublicTextRules()
    {
        RuleFor(request => request.Page).IsInEnum();
        foreach (var text in new System.Linq.Expressions.Expression<Func<SetPublicText, string>>[] { request => request.En, request => request.De, request => request.Fr })
        {
            RuleFor(text).MaximumLength(SetPublicText.Longest).WithMessage("Use at most 40,000 characters.");
            RuleFor(text).Must(words => !Blank().IsMatch(words)).WithMessage("Fill in what stands in square brackets, or take it out.");
        }
    }

    // As the outlines mark what is to be filled in. Not the brackets of a link or a footnote's number.
    [GeneratedRegex(@"\[\p{L}[^\[\]\r\n]{2,}\](?!\()", RegexOptions.CultureInvariant, 1_000)]
    private static partial Regex Blank();
}

internal sealed class SetPublicTextHandler(Work work, CurrentActor current, TimeProvider time) : IRequestHandler<SetPublicText, int>
{
    public async Task<int> Handle(SetPublicText request, CancellationToken cancellationToken)
    {
        var (db, loopId) = (work.Db, request.LoopId);
        await db.Database.ExecuteSqlAsync($"SELECT pg_advisory_xact_lock(hashtextextended({"public texts/" + loopId.ToString(System.Globalization.CultureInfo.InvariantCulture)}, 0))", cancellationToken);
        var last = await ShowPublicTextHandler.LastAsync(db, loopId, request.Page, cancellationToken);
        var (en, de, fr) = (Tidy(request.En), Tidy(request.De), Tidy(request.Fr));
        if (last is var (_, _, lastEn, lastDe, lastFr, _) && (lastEn, lastDe, lastFr) == (en, de, fr))
        {
            return last.Version;
        }

        var version = last.Version + 1;
        await db.Database.ExecuteSqlAsync(
            $"""
            INSERT INTO market.public_texts (loop_id, page, version, en, de, fr, set_by, set_at)
            VALUES ({loopId}, {(short)request.Page}, {version}, {en}, {de}, {fr}, {current.Actor.AccountId}, {time.GetUtcNow()})
            """, cancellationToken);
        return version;
    }

    private static string Tidy(string text) => text.ReplaceLineEndings("\n").Trim();
}
