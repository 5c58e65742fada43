using System.Globalization;
using Marketplace.Billing;
using Marketplace.Data;
using Marketplace.Web.Features.Ledger;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Pipeline;
using Marketplace.Web.Shell;
using Marketplace.Web.Shell.Components;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Forms;

namespace Marketplace.Web.Features.Disputes;

/// <summary>A dispute for its parties.</summary>
public sealed partial class DisputePage
{
    private DisputeView? _view;
    private ProofAnswer? _proof;
    private EditContext? _writing;
    private EditContext _deciding = default!;
    private IReadOnlyList<Problem> _problems = [];
    private Tone _tone;
    private string _state = "";

    [Parameter]
    public int Id { get; set; }

    [SupplyParameterFromQuery]
    private string? Done { get; set; }

    [SupplyParameterFromQuery]
    private string? Problem { get; set; }

    [SupplyParameterFromForm(FormName = "write")]
    private MessageForm Message { get; set; } = default!;

    [SupplyParameterFromForm(FormName = "decide")]
    private DecisionForm Decision { get; set; } = default!;

    private Format Format => Loop.Format();

    private string Path => string.Create(CultureInfo.InvariantCulture, $"{Loop.Path}/disputes/{Id}");

    private string BillPath => $"{Loop.Path}/bills/{_view!.Number}";

    private string LinePath => string.Create(CultureInfo.InvariantCulture, $"{BillPath}/lines/{_view!.Line.Number}");

    /// <inheritdoc/>
    protected override async Task OnInitializedAsync()
    {
        var view = await Requests.Send(new ShowDispute(Loop.Id, Id));
        _proof = await Requests.Send(new ProveDispute(Loop.Id, Id));
        Message ??= new MessageForm();
        Message.SubmissionId = Message.SubmissionId == Guid.Empty ? Guid.NewGuid() : Message.SubmissionId;
        Decision ??= new DecisionForm { Cure = view.CreditNote is null ? nameof(DisputeCure.Revision) : nameof(DisputeCure.Credit) };
        (_writing, _deciding) = (new EditContext(Message), new EditContext(Decision));
        var dispute = view.Dispute;
        (_tone, _state) = DisputeWords.State(
            T, Format,
            new DisputeRow(
                dispute.Id, dispute.MemberId, view.MemberName, view.Number, (short)view.Line.Kind, dispute.State, dispute.DisputedCents, dispute.GrantedCents, dispute.Cure, dispute.OpenedOn,
                dispute.AnswerBy, dispute.DecidedOn, view.AwaitsRevision),
            view.Today, view.AsOperator);
        _view = view;
    }

    private async Task WriteAsync(EditContext context)
    {
        var attempt = await Requests.Try(new WriteToDispute(Loop.Id, Id, Message.SubmissionId, Message.Text ?? ""));
        if (!new FormFaults(context).Show(attempt.Problems))
        {
            Navigation.NavigateTo(Path + "?done=written#said");
        }
    }

    private async Task DecideAsync(EditContext context)
    {
        var outcome = Enum.TryParse<DisputeState>(Decision.Outcome, out var chosen) ? chosen : DisputeState.Open;
        var rejected = outcome == DisputeState.Rejected;
        var attempt = await Requests.Try(new DecideDispute(
            Loop.Id, Id, outcome,
            outcome switch { DisputeState.Upheld => _view!.Dispute.DisputedCents, DisputeState.Rejected => 0, _ => TypedMoney.Cents(Decision.GrantedCents) },
            rejected ? DisputeCure.None : Enum.TryParse<DisputeCure>(Decision.Cure, out var cure) ? cure : DisputeCure.None,
            Decision.Answer ?? ""));
        if (!new FormFaults(context).Show(attempt.Problems))
        {
            Navigation.NavigateTo(Path + "?done=decided");
        }
    }

    private async Task WithdrawAsync()
    {
        _problems = (await Requests.Try(new WithdrawDispute(Loop.Id, Id))).Problems;
        if (_problems.Count == 0)
        {
            Navigation.NavigateTo(Path + "?done=withdrawn");
        }
    }

    private string HourPath(DateTimeOffset hour) =>
        _view!.Line.Kind.HasHours() ? LinePath + "/hours/" + Bills.HourInAddress.Write(hour) : $"{Loop.Path}/market/{HourAddress.Of(hour)}";

    private string FilePath(long file) => string.Create(CultureInfo.InvariantCulture, $"{Path}/files/{file}");

    /// <summary>As it was typed.</summary>
    public sealed class MessageForm
    {
        public Guid SubmissionId { get; set; }

        public string? Text { get; set; }
    }

    /// <summary>As it was chosen and typed.</summary>
    public sealed class DecisionForm
    {
        public string? Outcome { get; set; }

        public string? GrantedCents { get; set; }

        public string? Cure { get; set; }

        public string? Answer { get; set; }
    }
}
