using System.Globalization;
using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Features.Plants;
using Marketplace.Web.Pipeline;
using Marketplace.Web.Shell;
using Marketplace.Web.Shell.Components;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Forms;

namespace Marketplace.Web.Features.Orders;

/// <summary>One template: made, changed, renamed or deleted.</summary>
public sealed partial class TemplatePage
{
    private bool _ready;
    private MemberHere? _member;
    private TemplateView? _template;
    private IReadOnlyList<(string Key, string Words)> _choices = [];
    private IReadOnlyList<Problem> _refused = [];
    private EditContext _context = default!;

    [Parameter]
    public long? Id { get; set; }

    [SupplyParameterFromQuery]
    private int? Member { get; set; }

    [SupplyParameterFromForm(FormName = "template")]
    private TemplateForm Form { get; set; } = default!;

    [SupplyParameterFromForm(FormName = "template")]
    private string? Act { get; set; }

    private Format Format => Loop.Format();

    private string Query => Loop.Members.Count > 1 && _member is not null ? "?member=" + _member.Id.ToString(CultureInfo.InvariantCulture) : "";

    /// <inheritdoc/>
    protected override async Task OnInitializedAsync()
    {
        _member = Loop.MemberFor(Member, TemplatesPage.Traders) ?? throw new NotPermittedException(nameof(TemplatePage));
        var templates = await Requests.Send(new TemplatesOf(Loop.Id, _member.Id));
        _template = Id is null ? null : templates.FirstOrDefault(template => template.Id == Id) ?? throw new NotPermittedException(nameof(TemplatePage));
        var desk = await Requests.Send(new OrderDesk(Loop.Id, _member.Id));
        var plants = await Requests.Send(new PlantsOf(Loop.Id, _member.Id));
        _choices =
        [
            .. desk.Buys.Select(carrier => (TemplateForm.Key(OrderSide.Buy, carrier, null), T["Templates.Buy", T["Carrier." + carrier]].Value)),
            .. plants.SelectMany(plant => Carriers.All.Where(plant.Definition.Sells).Select(carrier => (
                TemplateForm.Key(OrderSide.Sell, carrier, plant.Code), T["Templates.Sell", plant.Name, T["Carrier." + carrier]].Value))),
        ];
        Form ??= _template is null ? new TemplateForm { For = _choices.Count > 0 ? _choices[0].Key : null } : TemplateForm.Of(_template);
        while (Form.Rows.Count < TemplateForm.FewestRows)
        {
            Form.Rows.Add(new TemplateForm.TemplateRow());
        }

        _context = new EditContext(Form);
        _ready = true;
    }

    private async Task SaveAsync(EditContext context)
    {
        if (Act == "rows")
        {
            for (var i = 0; i < 6 && Form.Rows.Count < 24; i++)
            {
                Form.Rows.Add(new TemplateForm.TemplateRow());
            }

            return;
        }

        var problems = new List<Problem>();
        var hours = Form.ReadHours(Format.PriceUnit, problems);
        var what = Form.ReadFor();
        if (what is null)
        {
            problems.Add(new Problem(nameof(TemplateForm.For), T["Templates.ProblemFor"]));
        }

        if (problems.Count == 0)
        {
            var attempt = await Requests.Try(new SaveTemplate(
                Loop.Id, _member!.Id, Id, Form.Name ?? "", what!.Value.Carrier, what.Value.Side, what.Value.Plant, hours));
            problems.AddRange(attempt.Problems.Select(problem => problem with
            {
                Field = problem.Field switch { nameof(SaveTemplate.Name) => nameof(TemplateForm.Name), nameof(SaveTemplate.Hours) => nameof(TemplateForm.Rows), var field when field.StartsWith("Hours[", StringComparison.Ordinal) => nameof(TemplateForm.Rows), _ => "" },
            }));
        }

        if (!new FormFaults(context).Show([.. problems.DistinctBy(problem => problem.Message)]))
        {
            Navigation.NavigateTo($"{Loop.Path}/orders/templates{Query}{(Query.Length > 0 ? "&" : "?")}done=saved");
        }
    }

    private async Task DeleteAsync()
    {
        var attempt = await Requests.Try(new DeleteTemplate(Loop.Id, _member!.Id, Id!.Value));
        _refused = attempt.Problems;
        if (attempt.Succeeded)
        {
            Navigation.NavigateTo($"{Loop.Path}/orders/templates{Query}{(Query.Length > 0 ? "&" : "?")}done=deleted");
        }
    }
}
