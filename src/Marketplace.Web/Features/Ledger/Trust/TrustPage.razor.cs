using Marketplace.Data;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Pipeline;
using Marketplace.Web.Shell;
using Marketplace.Web.Shell.Components;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Forms;

namespace Marketplace.Web.Features.Ledger.Trust;

/// <summary>Where an operator sees whose word counts for the ledger, and what to do when something is wrong.</summary>
public partial class TrustPage : OperatorPage
{
    private const int StepsAtMost = 6;
    private static readonly string[] DoneKeys = ["added", "removed", "needed", "rule", "key", "asked", "unmet", "resumed"];
    private TrustView? _view;
    private IReadOnlyList<Problem> _refused = [];
    private EditContext _resume = default!;
    private EditContext _needed = default!;
    private EditContext _adding = default!;
    private EditContext _rule = default!;
    private EditContext _keyForm = default!;

    /// <summary>What was done before the page was shown again.</summary>
    [SupplyParameterFromQuery(Name = "done")]
    private string? Done { get; set; }

    [SupplyParameterFromForm(FormName = "resume")]
    private ResumeForm Resume { get; set; } = default!;

    [SupplyParameterFromForm(FormName = "witnesses")]
    private WitnessesForm Asked { get; set; } = default!;

    [SupplyParameterFromForm(FormName = "needed")]
    private NeededForm Needed { get; set; } = default!;

    [SupplyParameterFromForm(FormName = "add")]
    private AddForm Adding { get; set; } = default!;

    [SupplyParameterFromForm(FormName = "rule")]
    private RuleForm Rule { get; set; } = default!;

    [SupplyParameterFromForm(FormName = "key")]
    private KeyForm KeyChange { get; set; } = default!;

    private Format Format => Loop.Format();

    /// <inheritdoc/>
    protected override async Task OnInitializedAsync()
    {
        var view = await Requests.Send(new ShowTrust(Loop.Id));
        Resume ??= new ResumeForm();
        Asked ??= new WitnessesForm();
        Needed ??= new NeededForm { Needed = view.Simple?.Needed ?? 0 };
        Adding ??= new AddForm();
        Rule ??= new RuleForm { Text = view.RuleText };
        KeyChange ??= new KeyForm();
        _resume = new EditContext(Resume);
        _needed = new EditContext(Needed);
        _adding = new EditContext(Adding);
        _rule = new EditContext(Rule);
        _keyForm = new EditContext(KeyChange);
        _view = view;
    }

    private string RuleInWords(TrustView view) => view switch
    {
        { Witnesses.Count: 0 } => T["Rule.None"],
        { Simple: null } => T["Rule.Own", view.Wished.Quorum],
        { Simple.Needed: 0 } => T["Rule.Zero"],
        { Simple: { } simple } => T["Rule.Some", Format.Count(simple.Needed), Format.Count(simple.Witnesses.Count)],
    };

    private IEnumerable<string> Steps(string cause) => Enumerable.Range(1, StepsAtMost)
        .Select(i => T[FormattableString.Invariant($"Way.{cause}.{i}")])
        .TakeWhile(step => !step.ResourceNotFound)
        .Select(step => step.Value);

    private async Task ResumeAsync(EditContext context)
    {
        var attempt = await Requests.Try(new ResumeSigning(Loop.Id, Resume.Why?.Trim() ?? ""));
        End(context, attempt.Problems, "resumed");
    }

    private async Task WitnessesAsync()
    {
        if (Asked.Removed is { } name)
        {
            var attempt = await Requests.Try(new RemoveWitness(Loop.Id, name));
            _refused = attempt.Problems;
            if (attempt.Succeeded)
            {
                Leave("removed");
            }
        }
        else
        {
            Leave(await Requests.Send(new AskWitnesses(Loop.Id)) ? "asked" : "unmet");
        }
    }

    private async Task NeededAsync(EditContext context)
    {
        var attempt = await Requests.Try(new SetNeeded(Loop.Id, Needed.Needed));
        End(context, attempt.Problems, "needed");
    }

    private async Task AddAsync(EditContext context)
    {
        var attempt = await Requests.Try(new AddWitness(Loop.Id, Adding.Name?.Trim() ?? "", Adding.Key?.Trim() ?? "", Adding.Url?.Trim() ?? ""));
        End(context, attempt.Problems, "added");
    }

    private async Task RuleAsync(EditContext context)
    {
        var attempt = await Requests.Try(new SetWitnessRule(Loop.Id, Rule.Text ?? ""));
        End(context, attempt.Problems, "rule");
    }

    private async Task ChangeKeyAsync(EditContext context)
    {
        var attempt = await Requests.Try(new ChangeLogKey(Loop.Id, KeyChange.OldSignsDays, KeyChange.Reason?.Trim() ?? ""));
        End(context, attempt.Problems, "key");
    }

    private void End(EditContext context, IReadOnlyList<Problem> problems, string done)
    {
        if (!new FormFaults(context).Show(problems))
        {
            Leave(done);
        }
    }

    private void Leave(string done) => Navigation.NavigateTo($"{Loop.Path}/operations/ledger?done={done}");

    /// <summary>As it was typed.</summary>
    public sealed class ResumeForm
    {
        public string? Why { get; set; }
    }

    /// <summary>Which button of the list was pressed.</summary>
    public sealed class WitnessesForm
    {
        public string? Removed { get; set; }

        public string? Ask { get; set; }
    }

    /// <summary>As it was typed.</summary>
    public sealed class NeededForm
    {
        public int Needed { get; set; }
    }

    /// <summary>As it was typed.</summary>
    public sealed class AddForm
    {
        public string? Name { get; set; }

        public string? Key { get; set; }

        public string? Url { get; set; }
    }

    /// <summary>As it was typed.</summary>
    public sealed class RuleForm
    {
        public string? Text { get; set; }
    }

    /// <summary>As it was typed.</summary>
    public sealed class KeyForm
    {
        public int OldSignsDays { get; set; } = 30;

        public string? Reason { get; set; }
    }
}
