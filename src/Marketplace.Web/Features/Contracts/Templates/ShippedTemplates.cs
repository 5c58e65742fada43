using Marketplace.Contracts;
using Marketplace.Data;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Contracts.Templates;

/// <summary>The templates that the product brings, as data beside the program (Templates/Shipped/*.json).</summary>
internal static class ShippedTemplates
{
    private const string Prefix = "template.";

    public static IReadOnlyList<Template> All { get; } =
    [
        .. typeof(ShippedTemplates).Assembly.GetManifestResourceNames().Where(name => name.StartsWith(Prefix, StringComparison.Ordinal)).Order(StringComparer.Ordinal).Select(Read),
    ];

    private static Template Read(string name)
    {
        using var stream = typeof(ShippedTemplates).Assembly.GetManifestResourceStream(name)!;
        using var bytes = new MemoryStream();
        stream.CopyTo(bytes);
        return TemplateJson.Read(bytes.ToArray());
    }
}

/// <summary>Publishes the shipped templates that the loop has none of yet. Those it has, changed or retired, stay as they are.</summary>
/// <returns>How many were added.</returns>
public sealed record AddShippedTemplates(int LoopId) : IRequest<int>, IOperatorAct, IGoverned
{
    GovernedArea IGoverned.Area => GovernedArea.Template;

    public string Subject => "shipped templates";
}

internal sealed class AddShippedTemplatesHandler(Work work, TemplatePress press) : IRequestHandler<AddShippedTemplates, int>
{
    public async Task<int> Handle(AddShippedTemplates request, CancellationToken cancellationToken)
    {
        var loopId = request.LoopId;
        await press.LockAsync(loopId, cancellationToken);
        var known = (await work.Db.ContractTemplates.Where(template => template.LoopId == loopId).Select(template => template.Code).Distinct().ToListAsync(cancellationToken)).ToHashSet(StringComparer.Ordinal);
        var missing = ShippedTemplates.All.Where(template => !known.Contains(template.Code)).ToList();
        foreach (var template in missing)
        {
            await press.PublishAsync(loopId, template, cancellationToken);
        }

        return missing.Count;
    }
}
