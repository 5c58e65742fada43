using System.Text;
using Marketplace.Web.Features.Ledger;
using Marketplace.Web.Pipeline;

namespace Marketplace.Web.Features.Proofs;

/// <summary>
/// Hands a record's proof out, to be kept and checked anywhere. A kind of record joins in with one small query that says where
/// it was put (<see cref="CommittedRecord"/>); who may see the record may have its proof, which is for the request to decide.
/// </summary>
internal static class HandOut
{
    public const string Extension = ".tlog-proof";

    private const string PlainText = "text/plain; charset=utf-8";

    /// <summary>The file, saved under this name; in words why there is none.</summary>
    public static IResult File(ProofAnswer? answer, string name) => answer switch
    {
        null => Results.NotFound(),
        { File: { } file } => Results.File(Encoding.UTF8.GetBytes(file), PlainText, name + Extension),
        var none => Results.Text(Said.Again(none.Words), PlainText, Encoding.UTF8, StatusCodes.Status409Conflict),
    };

    /// <summary>The same for the page's "Verify" button.</summary>
    public static IResult Document(ProofAnswer? answer) => answer switch
    {
        null => Results.NotFound(),
        { Document: { } document } => Results.Json(document),
        var none => Results.Text(Said.Again(none.Words), PlainText, Encoding.UTF8, StatusCodes.Status409Conflict),
    };
}
