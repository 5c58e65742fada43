using Marketplace.Web.Features.Agreements;
using Marketplace.Web.Features.Governance;
using Marketplace.Web.Features.Signing;
using Marketplace.Web.Pipeline;
using Marketplace.Web.Tests.Features.Accounts;
using Marketplace.Web.Tests.Features.Governance;
using Marketplace.Web.Tests.Features.Signing;
using Microsoft.EntityFrameworkCore;
using Shouldly;
using Xunit;

namespace Marketplace.Web.Tests.Features.Agreements;

public sealed class AgreementTests : IAsyncLifetime
{
    private readonly MarketplaceHost _host = TestPasskey.Host();

    public Task InitializeAsync() => _host.InitializeAsync();

    public Task DisposeAsync() => _host.DisposeAsync();

    private async Task SayAsync(GovernedLoop loop, AgreementTopic topic, int version, bool agrees, int seen, string language = "de")
    {
        var act = await _host.Send(new PrepareAgreement(loop.Id, 2, topic, version, language, agrees, seen), loop.ActorOf(2));
        await _host.Send(new Agree(loop.Id, 2, topic, version, language, agrees, seen, await loop.PasskeyOf(2).SignAsync(_host, act, loop.ActorOf(2))), loop.ActorOf(2));
    }

    [Fact]
    public async Task What_a_member_agrees_to_and_withdraws_is_signed_and_kept_with_its_words()
    {
        using var loop = await GovernedLoop.CreateAsync(_host, "agreed", 3);
        await SayAsync(loop, AgreementTopic.Proof, 1, agrees: true, seen: 0);
        await SayAsync(loop, AgreementTopic.DataUse, 1, agrees: true, seen: 0, "fr");
        await SayAsync(loop, AgreementTopic.DataUse, 1, agrees: false, seen: 1);

        var view = await _host.Send(new ShowAgreements(loop.Id, 2), loop.ActorOf(2));
        (view.LastOn(AgreementTopic.Proof)!.Agrees, view.LastOn(AgreementTopic.DataUse)!.Agrees, view.Acts.Count).ShouldBe((true, false, 3));
        view.Texts.ShouldAllBe(text => text.Words.Values.Distinct().Count() == 3 && text.Words.Values.All(words => words.Length > 200));

        await _host.Send(new ProveCommunityRecord(loop.Id, "agreement/2/1/1"), loop.ActorOf(2));
        (await _host.Send(new ListAgreeing(loop.Id), loop.Operator)).ShouldBe([new AgreeingMember(1, "House 2", 1)]);
        await Should.ThrowAsync<NotPermittedException>(() => _host.Send(new ListAgreeing(loop.Id), loop.ActorOf(2)));
        await Should.ThrowAsync<NotPermittedException>(() => _host.Send(new ProveCommunityRecord(loop.Id, "agreement/2/1/1"), loop.ActorOf(3)));
        await Should.ThrowAsync<NotPermittedException>(() => _host.Send(new ShowAgreements(loop.Id, 2), loop.ActorOf(3)));
    }

    [Fact]
    public async Task New_words_are_asked_for_and_old_ones_cannot_be_agreed_to_any_more()
    {
        using var loop = await GovernedLoop.CreateAsync(_host, "words", 3);
        await SayAsync(loop, AgreementTopic.Proof, 1, agrees: true, seen: 0);
        var words = new string('x', 60);
        (await _host.Send(new SetAgreementText(loop.Id, AgreementTopic.Proof, words, words, words), loop.Operator)).ShouldBe(2);

        await Should.ThrowAsync<RefusedException>(() => SayAsync(loop, AgreementTopic.Proof, 1, agrees: true, seen: 1));
        await SayAsync(loop, AgreementTopic.Proof, 2, agrees: true, seen: 1);
        await Should.ThrowAsync<RefusedException>(() => SayAsync(loop, AgreementTopic.Proof, 2, agrees: false, seen: 1));
        await Should.ThrowAsync<RefusedException>(() => SayAsync(loop, AgreementTopic.DataUse, 1, agrees: false, seen: 0));

        (await _host.Send(new ShowAgreements(loop.Id, 2), loop.ActorOf(2))).LastOn(AgreementTopic.Proof)!.Version.ShouldBe(2);
    }

    [Fact]
    public async Task Who_withdraws_does_so_from_the_words_that_were_agreed_to()
    {
        using var loop = await GovernedLoop.CreateAsync(_host, "withdrawn", 3);
        await SayAsync(loop, AgreementTopic.DataUse, 1, agrees: true, seen: 0);
        var words = new string('x', 60);
        await _host.Send(new SetAgreementText(loop.Id, AgreementTopic.DataUse, words, words, words), loop.Operator);
        await Should.ThrowAsync<RefusedException>(() => SayAsync(loop, AgreementTopic.DataUse, 2, agrees: false, seen: 1));
        await SayAsync(loop, AgreementTopic.DataUse, 1, agrees: false, seen: 1);
        var hashes = await _host.Look(db => db.Database.SqlQuery<byte[]>($"SELECT text_hash AS \"Value\" FROM market.agreements WHERE loop_id = {loop.Id} ORDER BY number").ToListAsync());
        hashes[1].ShouldBe(hashes[0]);
    }
}
