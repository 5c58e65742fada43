using System.Net;
using Marketplace.Web.Features.PublicTexts;
using Marketplace.Web.Pipeline;
using Marketplace.Web.Shell.Components;
using Marketplace.Web.Tests.Features.Accounts;
using Microsoft.EntityFrameworkCore;
using Shouldly;
using Xunit;

namespace Marketplace.Web.Tests.Features.PublicTexts;

public sealed class PublicTextTests(AccountsHost host) : IClassFixture<AccountsHost>
{
    [Fact]
    public async Task Everybody_reads_what_the_operator_wrote_and_former_versions_stay()
    {
        var loop = await host.AddLoop("texts");
        var office = People.Operator(loop);
        using var visitor = new Browser(host);
        (await visitor.Get("/loops/texts/about/contact")).Text.ShouldContain("has not written this page yet");

        (await host.Send(new SetPublicText(loop, PublicPage.Contact, "Call us: 030 1.\r\n\r\n- <b>day</b>\r\n- night", "", ""), office)).ShouldBe(1);
        (await host.Send(new SetPublicText(loop, PublicPage.Contact, "Call us: 030 1.\n\n- <b>day</b>\n- night ", "", ""), office)).ShouldBe(1, "nothing changed");
        var page = await visitor.Get("/loops/texts/about/contact");
        page.Html.ShouldContain("&lt;b&gt;day&lt;/b&gt;");
        page.Html.ShouldNotContain("<b>day</b>");
        (await host.Send(new SetPublicText(loop, PublicPage.Contact, "Write to us", "Schreiben Sie uns", ""), office)).ShouldBe(2);
        (await visitor.Get("/loops/texts/about/contact")).Text.ShouldContain("Write to us");

        (await host.Look(db => db.Database.SqlQuery<int>($"""SELECT count(*)::int AS "Value" FROM market.public_texts WHERE loop_id = {loop}""").SingleAsync())).ShouldBe(2);
        await Should.ThrowAsync<Exception>(() => host.Look(db => db.Database.ExecuteSqlAsync($"UPDATE market.public_texts SET en = 'x' WHERE loop_id = {loop}")));
        (await host.Look(db => db.OperatorActions.CountAsync(act => act.LoopId == loop && act.Action == nameof(SetPublicText)))).ShouldBe(3);
    }

    [Fact]
    public async Task Only_the_loops_operator_writes()
    {
        var (mine, theirs) = (await host.AddLoop("texts-mine"), await host.AddLoop("texts-theirs"));
        var text = new SetPublicText(mine, PublicPage.Terms, "Mine", "", "");

        await Should.ThrowAsync<NotPermittedException>(() => host.Send(text, People.Operator(theirs)));
        await Should.ThrowAsync<NotPermittedException>(() => host.Send(text, People.Acting(Guid.NewGuid(), new RoleHeld(mine, 2, Data.Role.Consumer))));
        await Should.ThrowAsync<NotPermittedException>(() => host.Send(text, Actor.Visitor));
    }

    [Fact]
    public async Task An_outline_is_not_published_before_it_is_filled_in()
    {
        var loop = await host.AddLoop("texts-outline");

        await Should.ThrowAsync<RefusedException>(() => host.Send(new SetPublicText(loop, PublicPage.LegalNotice, "## Operator\n[Name and legal form]", "", ""), People.Operator(loop)));
        (await host.Send(new SetPublicText(loop, PublicPage.LegalNotice, "## Operator\nHarbour Loop eG [1]", "", ""), People.Operator(loop))).ShouldBe(1);
    }

    [Fact]
    public async Task The_form_begins_with_the_outline_and_saves()
    {
        var loop = await host.AddLoop("texts-form");
        var (_, email) = await host.AddPerson(loop, 1);
        using var browser = new Browser(host);
        await browser.SignIn(email, People.Password);

        var page = await browser.Get("/loops/texts-form/operations/texts?page=legal-notice");
        page.Text.ShouldContain("[Name and legal form]");
        page.Text.ShouldContain("[Name und Rechtsform]");
        var refused = await browser.Post(page, "text", ("Model.En", "[Name and legal form]"), ("Model.De", ""), ("Model.Fr", ""));
        refused.Status.ShouldBe(HttpStatusCode.OK);
        refused.Text.ShouldContain("square brackets");
        (await browser.Post(page, "text", ("Model.En", "Harbour Loop eG"), ("Model.De", ""), ("Model.Fr", ""))).Location.ShouldNotBeNull().ShouldContain("done=true");
        (await browser.Get("/loops/texts-form/about/legal-notice")).Text.ShouldContain("Harbour Loop eG");
        (await browser.Get("/loops/texts-form/about/nothing")).Status.ShouldBe(HttpStatusCode.NotFound);
    }

    [Fact]
    public void A_reader_gets_the_own_language_or_the_first_there_is()
    {
        var text = new PublicText(PublicPage.Terms, 1, "", "Deutsch", "Français", null);

        text.For("fr").ShouldBe(("fr", "Français"));
        text.For("en").ShouldBe(("de", "Deutsch"));
        new PublicText(PublicPage.Terms, 0, "", "", "", null).For("en").ShouldBe(("en", ""));
    }

    [Fact]
    public void Prose_has_headings_lists_paragraphs_and_links_and_nothing_else()
    {
        var blocks = ProseBlock.Read("## Who\nOne\nTwo\n\n- a\n- b\nThree");

        blocks.Select(block => block.Kind).ShouldBe([ProseKind.Heading, ProseKind.Paragraph, ProseKind.List, ProseKind.Paragraph]);
        blocks[1].Lines.ShouldBe(["One", "Two"]);
        blocks[2].Lines.ShouldBe(["a", "b"]);
        ProseBlock.Links("See https://loop.example/a?b=1. Or mail us@loop.example!").ToList().ShouldBe(
            [("See ", null), ("https://loop.example/a?b=1", "https://loop.example/a?b=1"), (". Or mail ", null), ("us@loop.example", "mailto:us@loop.example"), ("!", null)]);
        ProseBlock.Links("javascript:alert(1)").ShouldHaveSingleItem().Href.ShouldBeNull();
    }
}
