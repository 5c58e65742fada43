using Marketplace.Contracts;
using Marketplace.Web.Features.Contracts;
using Marketplace.Web.Features.Contracts.Templates;
using Marketplace.Web.Pipeline;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using Shouldly;
using Xunit;
using Role = Marketplace.Data.Role;

namespace Marketplace.Web.Tests.Features.Contracts;

public sealed class TemplateTests(MarketplaceHost host) : IClassFixture<MarketplaceHost>
{
    [Fact]
    public async Task The_shipped_templates_are_whole_in_three_languages_and_published_once()
    {
        var loop = await ContractLoop.CreateAsync(host);
        (await host.Send(new AddShippedTemplates(loop.LoopId))).ShouldBe(0);
        var rows = await host.Look(db => db.ContractTemplates.Where(template => template.LoopId == loop.LoopId).ToListAsync());
        rows.Count.ShouldBe(13);
        rows.Select(row => (TemplateKind)row.Kind).Distinct().Count().ShouldBe(Enum.GetValues<TemplateKind>().Length, "each kind has a template");
        foreach (var row in rows)
        {
            row.Hash.ShouldBe(TemplateJson.Hash(TemplateJson.Read(row.Body)), row.Code);
        }

        (await host.Look(db => db.Database.SqlQuery<string>(
            $"SELECT batch_key AS \"Value\" FROM ledger.batches WHERE loop_id = {loop.LoopId} AND batch_key LIKE 'template/%'").ToListAsync())).Count.ShouldBe(13);
        (await Should.ThrowAsync<PostgresException>(() => host.Look(db => db.Database.ExecuteSqlAsync($"UPDATE market.contract_templates SET version = 7")))).SqlState.ShouldBe("42501");
    }

    [Fact]
    public async Task A_draft_with_findings_is_kept_but_not_published_and_says_why()
    {
        var loop = await ContractLoop.CreateAsync(host);
        var actor = loop.Market.ActorOf(ContractLoop.Operator, Role.Operator);
        var whole = TemplateJson.Read((await loop.TemplateAsync("peak-smoothing")).Body);
        var wrong = whole with { Clauses = [whole.Clauses[0] with { Vat = null, Payee = "" }, .. whole.Clauses.Skip(1)] };
        await host.Send(new SaveTemplateDraft(loop.LoopId, wrong), actor);

        var refused = await Should.ThrowAsync<RefusedException>(() => host.Send(new PublishTemplate(loop.LoopId, "peak-smoothing"), actor));
        refused.Problems.Select(problem => (problem.Field, problem.Bound)).ShouldBe([("clause excess", "clause-payee"), ("clause excess", "clause-vat")]);

        await host.Send(new SaveTemplateDraft(loop.LoopId, whole with { NoticeDays = 60 }), actor);
        (await host.Send(new PublishTemplate(loop.LoopId, "peak-smoothing"), actor)).ShouldBe(2);
        (await host.Send(new PublishTemplate(loop.LoopId, "peak-smoothing"), actor)).ShouldBe(2, "sent twice");
        await Should.ThrowAsync<NotPermittedException>(() => host.Send(new SaveTemplateDraft(loop.LoopId, whole), loop.Market.ActorOf(1)));
    }

    [Fact]
    public async Task A_retired_template_begins_no_contract_until_a_later_version_comes()
    {
        var loop = await ContractLoop.CreateAsync(host);
        var actor = loop.Market.ActorOf(ContractLoop.Operator, Role.Operator);
        var roles = ContractLoop.Roles(("network", ContractLoop.Operator), ("consumer", 1));
        var running = await loop.AgreeAsync("peak-smoothing", roles);
        await host.Send(new RetireTemplate(loop.LoopId, "peak-smoothing"), actor);
        await host.Send(new RetireTemplate(loop.LoopId, "peak-smoothing"), actor);

        await Should.ThrowAsync<RefusedException>(() => loop.DraftAsync("peak-smoothing", ContractLoop.Roles(("network", ContractLoop.Operator), ("consumer", 2))));
        (await host.Send(new ShowContract(loop.LoopId, running))).Standing.Binds.ShouldBeTrue();

        await host.Send(new SaveTemplateDraft(loop.LoopId, TemplateJson.Read((await loop.TemplateAsync("peak-smoothing")).Body)), actor);
        (await host.Send(new PublishTemplate(loop.LoopId, "peak-smoothing"), actor)).ShouldBe(2);
        await loop.DraftAsync("peak-smoothing", ContractLoop.Roles(("network", ContractLoop.Operator), ("consumer", 2)));
    }
}
