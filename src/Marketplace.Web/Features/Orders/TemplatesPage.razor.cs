using System.Globalization;
using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Pipeline;
using Marketplace.Web.Shell;
using Marketplace.Web.Shell.Components;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Forms;

namespace Marketplace.Web.Features.Orders;

/// <summary>The form that applies a template, as it was filled in.</summary>
public sealed class ApplyForm
{
    public Guid SubmissionId { get; set; }

    public string? TemplateId { get; set; }

    public string? From { get; set; }

    public string? Until { get; set; }
}

/// <summary>A member's templates: applied to days, followed by a standing order.</summary>
public sealed partial class TemplatesPage
{
    internal static readonly Role[] Traders = [Role.Consumer, Role.Prosumer, Role.Producer, Role.Storage, Role.Operator];

    private bool _ready;
    private MemberHere _member = default!;
    private IReadOnlyList<TemplateView> _templates = [];
    private IReadOnlyList<Problem> _refused = [];
    private TemplateReport? _report;
    private EditContext _context = default!;

    [SupplyParameterFromQuery]
    private int? Member { get; set; }

    [SupplyParameterFromQuery]
    private string? Done { get; set; }

    [SupplyParameterFromForm(FormName = "apply")]
    private ApplyForm Apply { get; set; } = default!;

    [SupplyParameterFromForm(FormName = "standing")]
    private string? Stand { get; set; }

    private Format Format => Loop.Format();

    private string Path => Loop.Path + "/orders/templates";

    private string Query => Loop.Members.Count > 1 ? "?member=" + _member.Id.ToString(CultureInfo.InvariantCulture) : "";

    /// <inheritdoc/>
    protected override async Task OnInitializedAsync()
    {
        _member = Loop.MemberFor(Member, Traders) ?? throw new NotPermittedException(nameof(TemplatesPage));
        _templates = await Requests.Send(new TemplatesOf(Loop.Id, _member.Id));
        if (Apply is null)
        {
            var desk = await Requests.Send(new OrderDesk(Loop.Id, _member.Id));
            var day = Loop.Calendar.DayOf(desk.Hours is [var first, ..] ? first.Hour.Start : desk.MarketNow).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
            Apply = new ApplyForm { TemplateId = _templates is [var one, ..] ? one.Id.ToString(CultureInfo.InvariantCulture) : null, From = day, Until = day };
        }

        if (Apply.SubmissionId == Guid.Empty)
        {
            Apply.SubmissionId = Guid.NewGuid();
        }

        _context = new EditContext(Apply);
        _ready = true;
    }

    private async Task ApplyAsync(EditContext context)
    {
        var problems = new List<Problem>();
        var from = Day(Apply.From, nameof(ApplyForm.From), problems);
        var until = Day(Apply.Until, nameof(ApplyForm.Until), problems);
        if (!long.TryParse(Apply.TemplateId, NumberStyles.None, CultureInfo.InvariantCulture, out var id))
        {
            problems.Add(new Problem(nameof(ApplyForm.TemplateId), T["Templates.ProblemOne"]));
        }

        if (problems.Count == 0)
        {
            var attempt = await Requests.Try(new ApplyTemplate(Loop.Id, _member.Id, id, Apply.SubmissionId, from!.Value, until!.Value));
            problems.AddRange(attempt.Problems);
            _report = attempt.Value;
        }

        new FormFaults(context).Show(problems);
    }

    private DateOnly? Day(string? text, string field, List<Problem> problems)
    {
        if (DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day) && day.Year is > 2000 and < 2200)
        {
            return day;
        }

        problems.Add(new Problem(field, T["Templates.ProblemDay"]));
        return null;
    }

    private async Task StandAsync()
    {
        var parts = (Stand ?? "").Split('/');
        if (parts.Length != 2 || !long.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var id)
            || _templates.FirstOrDefault(template => template.Id == id) is not { } template)
        {
            return;
        }

        var follow = parts[0] == "follow";
        if (follow)
        {
            _refused = (await Requests.Try(new FollowTemplate(Loop.Id, _member.Id, id))).Problems;
        }
        else
        {
            await Requests.Send(new EndStandingOrder(Loop.Id, _member.Id, template.Carrier, template.Side, template.PlantCode ?? ""));
        }

        if (_refused.Count == 0)
        {
            Navigation.NavigateTo($"{Path}{Query}{(Query.Length > 0 ? "&" : "?")}done={(follow ? "following" : "ended")}");
        }
    }
}
