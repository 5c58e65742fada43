using System.Text;
using Marketplace.Data;
using Marketplace.Web.Features.Accounts;
using Marketplace.Web.Features.Signing;
using Marketplace.Web.Pipeline;
using Marketplace.Web.Tests.Features.Accounts;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Shouldly;
using Xunit;

namespace Marketplace.Web.Tests.Features.Signing;

public sealed class SignatureTests : IAsyncLifetime, IDisposable
{
    private const int House = 2;
    private readonly MarketplaceHost _host = TestPasskey.Host();
    private readonly TestPasskey _passkey = new();
    private int _loop;
    private Guid _account;
    private Actor _actor = Actor.Visitor;

    public async Task InitializeAsync()
    {
        await _host.InitializeAsync();
        _loop = await _host.AddLoop("signed");
        _account = (await _host.AddPerson(_loop, House)).Id;
        _actor = People.Acting(_account, new RoleHeld(_loop, House, Role.Consumer));
    }

    public Task DisposeAsync() => _host.DisposeAsync();

    public void Dispose() => _passkey.Dispose();

    private SignedAct Act(string words) => new(_loop, House, words, Encoding.UTF8.GetBytes(words));

    private async Task<Signature> SignAsync(SignedAct act, SignatureGiven given)
    {
        await using var scope = _host.Services.CreateAsyncScope();
        scope.ServiceProvider.GetRequiredService<CurrentActor>().Actor = _actor;
        await using var transaction = await scope.ServiceProvider.GetRequiredService<Work>().Db.Database.BeginTransactionAsync();
        var signature = await scope.ServiceProvider.GetRequiredService<Signatures>().RequireAsync(act, given, CancellationToken.None);
        await transaction.CommitAsync();
        return signature;
    }

    private async Task<string> BoundAsync(SignedAct act, SignatureGiven given) => (await Should.ThrowAsync<RefusedException>(() => SignAsync(act, given))).Problems[0].Bound!;

    [Fact]
    public async Task A_passkey_signs_one_act_once_and_what_is_kept_can_be_checked_by_anybody()
    {
        await _passkey.AddToAsync(_host, _account);
        var (yes, no) = (Act("Vote yes, first vote on proposal 3"), Act("Vote no, first vote on proposal 3"));
        var given = await _passkey.SignAsync(_host, yes, _actor);

        (await BoundAsync(no, given)).ShouldBe("passkey");
        var signature = await SignAsync(yes, given);
        (await SignAsync(yes, new SignatureGiven(null, null))).Id.ShouldBe(signature.Id, "a form sent twice");

        var file = await _host.Send(new ShowSignature(_loop, signature.Id), _actor);
        file.Statement.ShouldBe($"signature/v1\nloop signed\nmember house-2\naccount {_account}\nact {Convert.ToHexStringLower(yes.Hash())}\ntitle {yes.Title}\n");
        static byte[] Bytes(string? text) => System.Buffers.Text.Base64Url.DecodeFromChars(text);
        PasskeySignature.Check(
            new PasskeyProof(Bytes(file.CredentialId), Bytes(file.PublicKeyCose), Bytes(file.AuthenticatorData), Bytes(file.ClientDataJson), Bytes(file.Signature)),
            System.Security.Cryptography.SHA256.HashData(Encoding.UTF8.GetBytes(file.Statement)), [TestPasskey.Origin], TestPasskey.Site).ShouldBe(PasskeyFault.None);
        (await Should.ThrowAsync<PostgresException>(() => _host.Look(db => db.Database.ExecuteSqlAsync($"UPDATE market.signatures SET title = 'x'")))).SqlState.ShouldBe("42501");
        await Should.ThrowAsync<NotPermittedException>(() => _host.Send(new ShowSignature(_loop, signature.Id), Actor.Visitor));
    }

    [Fact]
    public async Task A_passkey_that_counts_backwards_is_refused()
    {
        await _passkey.AddToAsync(_host, _account);
        var (first, second) = (Act("First"), Act("Second"));
        var early = await _passkey.SignAsync(_host, second, _actor);
        await SignAsync(first, await _passkey.SignAsync(_host, first, _actor));

        (await BoundAsync(second, early)).ShouldBe("passkey");
    }

    [Fact]
    public async Task A_code_signs_once_and_wrong_ones_are_counted_though_the_act_is_undone()
    {
        (await _host.Send(new WaysToSign(Act("First")), _actor)).Any.ShouldBeFalse();
        (await BoundAsync(Act("First"), new SignatureGiven(null, "123456"))).ShouldBe("second-factor");
        var key = (await _host.Send(new SetUpAuthenticator(), _actor)).Key;
        var (now, next) = (Totp.Code(key), Totp.Code(key, 1));
        await _host.Send(new TurnOnAuthenticator(now), _actor);
        (await BoundAsync(Act("First"), new SignatureGiven(null, now))).ShouldBe("code", "it turned the second step on");

        var signature = await SignAsync(Act("First"), new SignatureGiven(null, next));

        (signature.Method, signature.Passkey).ShouldBe((SigningMethod.Authenticator, null));
        (await BoundAsync(Act("Second"), new SignatureGiven(null, next))).ShouldBe("code", "used before");
        (await BoundAsync(Act("Second"), new SignatureGiven(null, now))).ShouldBe("code", "used before the last one");
        for (var i = 2; i < AccountsFeature.TriesBeforeRest; i++)
        {
            await BoundAsync(Act("Second"), new SignatureGiven(null, "000000"));
        }

        (await BoundAsync(Act("Second"), new SignatureGiven(null, Totp.Code(key, 2)))).ShouldBe("resting");
    }
}
