namespace Marketplace.Web.Shell.Components;

/// <summary>What an input inside a <see cref="FormField{TValue}"/> needs to be joined to its label, hint and error.</summary>
/// <param name="Id">For the input's id.</param>
/// <param name="DescribedBy">For its aria-describedby.</param>
public sealed record FieldPlace(string Id, string? DescribedBy)
{
    /// <summary>The id of a property's input.</summary>
    public static string IdOf(string property) => "field-" + property;
}
