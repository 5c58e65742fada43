using System.Buffers.Binary;
using System.Buffers.Text;
using System.Formats.Cbor;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Marketplace.Data;
using Marketplace.Web.Features.Signing;
using Marketplace.Web.Pipeline;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.DependencyInjection;

namespace Marketplace.Web.Tests.Features.Signing;

/// <summary>An authenticator with one passkey on the curve P-256, written apart from what checks it.</summary>
internal sealed class TestPasskey : IDisposable
{
    public const string Site = "loop.example";
    public const string Origin = "https://loop.example";

    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private uint _counter;

    public byte[] CredentialId { get; } = RandomNumberGenerator.GetBytes(16);

    /// <summary>The host whose pages ask this passkey.</summary>
    public static MarketplaceHost Host()
    {
        var host = new Accounts.AccountsHost();
        host.Settings["Marketplace:PublicAddress"] = Origin;
        return host;
    }

    public byte[] PublicKey
    {
        get
        {
            var point = _key.ExportParameters(false).Q;
            var writer = new CborWriter(CborConformanceMode.Ctap2Canonical);
            writer.WriteStartMap(5);
            writer.WriteInt32(1);
            writer.WriteInt32(2);
            writer.WriteInt32(3);
            writer.WriteInt32(-7);
            writer.WriteInt32(-1);
            writer.WriteInt32(1);
            writer.WriteInt32(-2);
            writer.WriteByteString(point.X!);
            writer.WriteInt32(-3);
            writer.WriteByteString(point.Y!);
            writer.WriteEndMap();
            return writer.Encode();
        }
    }

    public PasskeyProof Answer(byte[] challenge, string origin = Origin, string site = Site, byte flags = 5, string type = "webauthn.get")
    {
        var data = new byte[37];
        SHA256.HashData(Encoding.UTF8.GetBytes(site)).CopyTo(data, 0);
        data[32] = flags;
        BinaryPrimitives.WriteUInt32BigEndian(data.AsSpan(33), ++_counter);
        var client = JsonSerializer.SerializeToUtf8Bytes(new { type, challenge = Base64Url.EncodeToString(challenge), origin, crossOrigin = false });
        var signature = _key.SignData([.. data, .. SHA256.HashData(client)], HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);
        return new PasskeyProof(CredentialId, PublicKey, data, client, signature);
    }

    /// <summary>As the page's script posts it.</summary>
    public string Credential(byte[] challenge)
    {
        var proof = Answer(challenge);
        return JsonSerializer.Serialize(new
        {
            id = Base64Url.EncodeToString(CredentialId),
            rawId = Base64Url.EncodeToString(CredentialId),
            type = "public-key",
            response = new
            {
                authenticatorData = Base64Url.EncodeToString(proof.AuthenticatorData),
                clientDataJSON = Base64Url.EncodeToString(proof.ClientDataJson),
                signature = Base64Url.EncodeToString(proof.Signature),
            },
        });
    }

    /// <summary>Puts it into somebody's account.</summary>
    public async Task AddToAsync(MarketplaceHost host, Guid account)
    {
        await using var scope = host.Services.CreateAsyncScope();
        var users = scope.ServiceProvider.GetRequiredService<UserManager<Account>>();
        var owner = (await users.FindByIdAsync(account.ToString()))!;
        await users.AddOrUpdatePasskeyAsync(owner, new UserPasskeyInfo(CredentialId, PublicKey, host.Time.GetUtcNow(), 0, [], true, false, false, [], []) { Name = "Test" });
    }

    /// <summary>Signs an act as a page has it signed.</summary>
    public async Task<SignatureGiven> SignAsync(MarketplaceHost host, SignedAct act, Actor actor) =>
        new(Credential((await host.Send(new WaysToSign(act), actor)).Hash), null);

    public void Dispose() => _key.Dispose();
}
