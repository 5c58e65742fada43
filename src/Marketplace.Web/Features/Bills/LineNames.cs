namespace Marketplace.Web.Features.Bills;

/// <summary>Knows what lines are called in the languages of the portal that are stored under one name, so that a document reads the same to its end in its reader's language.
/// The stored name stays as it is: records commit to it.</summary>
public interface ILineNames
{
    /// <summary>The lines, those that have names in several languages with these.</summary>
    Task<IReadOnlyList<BillLineView>> NamedAsync(int loopId, IReadOnlyList<BillLineView> lines, CancellationToken cancellationToken);
}
