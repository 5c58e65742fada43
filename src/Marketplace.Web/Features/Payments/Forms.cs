namespace Marketplace.Web.Features.Payments;

/// <summary>The form of a file for the bank, as it was filled in.</summary>
public sealed class NewBankFileForm
{
    public Guid SubmissionId { get; set; }

    public string? Kind { get; set; }

    public string? ExecuteOn { get; set; }
}

/// <summary>The form that says whose a movement of the bank account is, as it was filled in.</summary>
public sealed class ResolveForm
{
    public long EntryId { get; set; }

    /// <summary><c>assign</c>, <c>returned</c>, <c>file</c>, <c>repeated</c>, <c>not-ours</c> or <c>by-hand</c>: the button that was pressed.</summary>
    public string? Act { get; set; }

    public int? MemberId { get; set; }

    public string? Document { get; set; }

    public string? Reason { get; set; }

    public long? ReceiptId { get; set; }

    public long? ReturnedId { get; set; }

    public int? FileId { get; set; }

    /// <summary>Names of payments, one a line.</summary>
    public string? Without { get; set; }
}
