using System.Formats.Cbor;
using System.Security.Cryptography;
using Marketplace.Web.Features.Signing;
using Shouldly;
using Xunit;

namespace Marketplace.Web.Tests.Features.Signing;

public sealed class PasskeySignatureTests : IDisposable
{
    private static readonly byte[] Challenge = SHA256.HashData("an act"u8);
    private readonly TestPasskey _passkey = new();

    public void Dispose() => _passkey.Dispose();

    private static PasskeyFault Check(PasskeyProof proof) => PasskeySignature.Check(proof, Challenge, [TestPasskey.Origin], TestPasskey.Site);

    [Fact]
    public void Anybody_can_check_what_a_passkey_signed()
    {
        Check(_passkey.Answer(Challenge)).ShouldBe(PasskeyFault.None);
        Check(_passkey.Answer(SHA256.HashData("another act"u8))).ShouldBe(PasskeyFault.OtherChallenge);
        Check(_passkey.Answer(Challenge, origin: "https://loop.example.org")).ShouldBe(PasskeyFault.OtherOrigin);
        Check(_passkey.Answer(Challenge, site: "example")).ShouldBe(PasskeyFault.OtherSite);
        Check(_passkey.Answer(Challenge, flags: 1)).ShouldBe(PasskeyFault.NobodyVerified);
        Check(_passkey.Answer(Challenge, type: "webauthn.create")).ShouldBe(PasskeyFault.NotAnAssertion);
        using var other = new TestPasskey();
        Check(_passkey.Answer(Challenge) with { PublicKey = other.PublicKey }).ShouldBe(PasskeyFault.BadSignature);
        Check(_passkey.Answer(Challenge) with { PublicKey = [] }).ShouldBe(PasskeyFault.UnknownKey);
    }

    [Fact]
    public void No_byte_of_it_can_be_changed()
    {
        var proof = _passkey.Answer(Challenge);
        foreach (var part in new[] { proof.AuthenticatorData, proof.ClientDataJson, proof.Signature })
        {
            for (var i = 0; i < part.Length; i++)
            {
                part[i] ^= 1;
                Check(proof).ShouldNotBe(PasskeyFault.None);
                part[i] ^= 1;
            }
        }

        Check(proof).ShouldBe(PasskeyFault.None);
    }

    [Fact]
    public void A_passkey_with_an_RSA_key_signs_too()
    {
        using var rsa = RSA.Create(2048);
        var numbers = rsa.ExportParameters(false);
        var writer = new CborWriter(CborConformanceMode.Ctap2Canonical);
        writer.WriteStartMap(4);
        writer.WriteInt32(1);
        writer.WriteInt32(3);
        writer.WriteInt32(3);
        writer.WriteInt32(-257);
        writer.WriteInt32(-1);
        writer.WriteByteString(numbers.Modulus!);
        writer.WriteInt32(-2);
        writer.WriteByteString(numbers.Exponent!);
        writer.WriteEndMap();
        var proof = _passkey.Answer(Challenge);
        var signed = proof with
        {
            PublicKey = writer.Encode(),
            Signature = rsa.SignData([.. proof.AuthenticatorData, .. SHA256.HashData(proof.ClientDataJson)], HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1),
        };

        Check(signed).ShouldBe(PasskeyFault.None);
        Check(signed with { Signature = proof.Signature }).ShouldBe(PasskeyFault.BadSignature);
    }
}
