using System.Security.Cryptography;
using System.Text;
using Shouldly;
using Xunit;

namespace Marketplace.Ledger.Tests;

public class NoteTests
{
    private static readonly VerifierKey Peter = VerifierKey.Parse(Vectors.Peter);

    [Fact]
    public void A_published_key_pair_signs_the_published_note()
    {
        var key = SignerKey.Parse(Vectors.PeterPrivate, Vectors.Ed25519);
        key.Verifier.ShouldBe(Peter);
        key.Verifier.ToString().ShouldBe(Vectors.Peter);
        key.ToSecretText().ShouldBe(Vectors.PeterPrivate);
        key.Sign(Vectors.PeterText).ToString().ShouldBe(Vectors.PeterSignature);

        var note = SignedNote.Parse(Vectors.Bytes($"{Vectors.PeterText}\n{Vectors.PeterSignature}"));
        note.Text.ShouldBe(Vectors.PeterText);
        note.Verify([Peter], Vectors.Ed25519).ShouldHaveSingleItem().Key.ShouldBe(Peter);
        note.ToString().ShouldBe($"{Vectors.PeterText}\n{Vectors.PeterSignature}");
    }

    [Fact]
    public void A_real_checkpoint_whose_origin_is_not_its_keys_name_verifies_as_a_note()
    {
        var note = SignedNote.Parse(Vectors.Bytes(Vectors.SumDbNote));
        note.Verify([VerifierKey.Parse(Vectors.SumDb)], Vectors.Ed25519).Count.ShouldBe(1);
        var checkpoint = Checkpoint.Parse(note.Text);
        checkpoint.Origin.ShouldBe("go.sum database tree");
        checkpoint.Size.ShouldBe(35225469);
        checkpoint.ToText().ShouldBe(note.Text);
    }

    [Fact]
    public void The_published_cosignature_is_made_and_verified()
    {
        var seed = SHA256.HashData("skylight test witness key"u8);
        var key = new SignerKey("witness.example.org", SignatureType.Cosignature, seed, Vectors.Ed25519);
        key.Verifier.ToString().ShouldBe(Vectors.Witness);
        key.Sign(Vectors.WitnessText, Vectors.WitnessTime).ToString().ShouldBe(Vectors.WitnessSignature);
        SignedNote.Parse(Vectors.Bytes($"{Vectors.WitnessText}\n{Vectors.WitnessSignature}"))
            .Verify([key.Verifier], Vectors.Ed25519).ShouldHaveSingleItem().UnixSeconds.ShouldBe(Vectors.WitnessTime);
    }

    [Theory]
    [InlineData(Vectors.PeterText, Vectors.PeterSignature, Vectors.Peter)]
    [InlineData(Vectors.WitnessText, Vectors.WitnessSignature, Vectors.Witness)]
    public void Every_flipped_missing_or_added_byte_of_a_note_is_caught(string text, string signature, string vkey)
    {
        var key = VerifierKey.Parse(vkey);
        Hostile.EachChange(Vectors.Bytes($"{text}\n{signature}"), bytes =>
        {
            var note = SignedNote.Parse(bytes);
            return (note.Text, note.Verify([key], Vectors.Ed25519).Single(), Convert.ToHexString(note.Signatures.Single().Bytes.Span));
        });
    }

    [Fact]
    public void Every_flipped_byte_of_a_key_is_caught()
    {
        foreach (var vkey in new[] { Vectors.Peter, Vectors.SumDb, Vectors.Witness })
        {
            Hostile.EachChange(Vectors.Bytes(vkey), bytes => VerifierKey.Parse(Encoding.UTF8.GetString(bytes)));
        }

        Hostile.EachChange(Vectors.Bytes(Vectors.PeterPrivate), bytes => SignerKey.Parse(Encoding.UTF8.GetString(bytes), Vectors.Ed25519).Verifier);
        for (var at = 0; at < Vectors.PeterPrivate.Length; at++)
        {
            var flipped = Vectors.PeterPrivate.ToCharArray();
            flipped[at] ^= (char)1;
            Should.Throw<FormatException>(() => SignerKey.Parse(new string(flipped), Vectors.Ed25519)).Message.ShouldNotContain(Vectors.PeterPrivate[38..58], Case.Sensitive);
        }
    }

    [Fact]
    public void Unknown_keys_are_passed_over_and_a_known_bad_one_rejects_the_note()
    {
        var other = new SignerKey("someone", SignatureType.Ed25519, SHA256.HashData("other"u8), Vectors.Ed25519);
        var note = new SignedNote(Vectors.PeterText, [other.Sign(Vectors.PeterText)]);
        Should.Throw<NotVerifiedException>(() => note.Verify([Peter], Vectors.Ed25519)).Message.ShouldContain("no signature by a known key");

        var both = note.With(NoteSignature.Parse(Vectors.PeterSignature[..^1]));
        both.Verify([Peter], Vectors.Ed25519).Count.ShouldBe(1);
        both.Verify([Peter, other.Verifier], Vectors.Ed25519).Count.ShouldBe(2);

        var bad = both.With(other.Sign("another text\n"));
        bad.Verify([Peter], Vectors.Ed25519).Count.ShouldBe(1);
        Should.Throw<NotVerifiedException>(() => bad.Verify([Peter, other.Verifier], Vectors.Ed25519)).Message.ShouldContain("'someone'");
    }

    [Fact]
    public void Sixteen_signatures_are_read_and_a_flood_is_refused()
    {
        var signers = Enumerable.Range(0, 101).Select(i => new SignerKey($"s{i}", SignatureType.Ed25519, SHA256.HashData([(byte)i]), Vectors.Ed25519)).ToList();
        var sixteen = new SignedNote(Vectors.PeterText, [.. signers.Take(16).Select(s => s.Sign(Vectors.PeterText))]);
        SignedNote.Parse(sixteen.ToBytes()).Verify([signers[15].Verifier], Vectors.Ed25519).Count.ShouldBe(1);
        var flood = new SignedNote(Vectors.PeterText, [.. signers.Select(s => s.Sign(Vectors.PeterText))]);
        Should.Throw<NotVerifiedException>(() => SignedNote.Parse(flood.ToBytes()));
    }

    [Fact]
    public void The_text_ends_at_the_last_blank_line()
    {
        var key = SignerKey.Parse(Vectors.PeterPrivate, Vectors.Ed25519);
        const string text = "a\n\nb\n";
        var note = SignedNote.Parse(new SignedNote(text, [key.Sign(text)]).ToBytes());
        note.Text.ShouldBe(text);
        note.Verify([Peter], Vectors.Ed25519).Count.ShouldBe(1);
    }

    [Theory]
    [InlineData("no newline")]
    [InlineData("text\n\n")]
    [InlineData("text\n\n— name\n")]
    [InlineData("text\n\n- PeterNeumann AAAAAAA=\n")]
    [InlineData("te\rxt\n\n— PeterNeumann x08go/ZJkuBS9UG/\n")]
    [InlineData("text\n\n— Peter+Neumann x08go/ZJkuBS9UG/\n")]
    [InlineData("text\n\n— PeterNeumann  x08go/ZJkuBS9UG/\n")]
    [InlineData("text\n\n— Peter\u00a0Neumann x08go/ZJkuBS9UG/\n")]
    [InlineData("text\n\n— PeterNeumann AAAA\n")]
    public void Malformed_notes_are_refused(string note) =>
        Should.Throw<NotVerifiedException>(() => SignedNote.Parse(Vectors.Bytes(note)));

    [Fact]
    public void Bytes_that_are_not_UTF_8_are_refused() =>
        Should.Throw<NotVerifiedException>(() => SignedNote.Parse([.. "text\n\n"u8, 0xE2, 0x80, .. " a b\n"u8]));

    [Theory]
    [InlineData("origin\n1\n")]
    [InlineData("origin\n01\nlCkHUpkmVBEms2r2T1K6Og69+wUuuN3MIEW1/ezu2v0=\n")]
    [InlineData("origin\n-1\nlCkHUpkmVBEms2r2T1K6Og69+wUuuN3MIEW1/ezu2v0=\n")]
    [InlineData("origin\n+1\nlCkHUpkmVBEms2r2T1K6Og69+wUuuN3MIEW1/ezu2v0=\n")]
    [InlineData("origin\n9223372036854775808\nlCkHUpkmVBEms2r2T1K6Og69+wUuuN3MIEW1/ezu2v0=\n")]
    [InlineData("origin\n1\nlCkHUpkmVBEms2r2T1K6Og69+wUuuN3MIEW1/ezu2v1=\n")]
    [InlineData("origin\n1\nlCkHUpkmVBEms2r2T1K6Og69+wUuuN3MIEW1/ezu2g==\n")]
    [InlineData("\n1\nlCkHUpkmVBEms2r2T1K6Og69+wUuuN3MIEW1/ezu2v0=\n")]
    [InlineData("origin\n1\nlCkHUpkmVBEms2r2T1K6Og69+wUuuN3MIEW1/ezu2v0=")]
    [InlineData("origin\n1\nlCkHUpkmVBEms2r2T1K6Og69+wUuuN3MIEW1/ezu2v0=\n\nmore\n")]
    public void Malformed_checkpoints_are_refused(string text) => Should.Throw<NotVerifiedException>(() => Checkpoint.Parse(text));

    [Fact]
    public void Ed25519_agrees_with_RFC_8032_and_refuses_wrong_shapes()
    {
        // RFC 8032, section 7.1, tests 1 and 3.
        var seed = Convert.FromHexString("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60");
        var publicKey = Vectors.Ed25519.PublicKeyOf(seed);
        Convert.ToHexStringLower(publicKey).ShouldBe("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
        var signature = Vectors.Ed25519.Sign(seed, []);
        Convert.ToHexStringLower(signature).ShouldBe("e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b");
        Vectors.Ed25519.Verify(publicKey, [], signature).ShouldBeTrue();
        Vectors.Ed25519.Verify(publicKey, "x"u8, signature).ShouldBeFalse();
        Vectors.Ed25519.Verify(publicKey, [], signature.AsSpan(1)).ShouldBeFalse();
        Vectors.Ed25519.Verify(publicKey.AsSpan(1), [], signature).ShouldBeFalse();
        Should.Throw<ArgumentException>(() => Vectors.Ed25519.Sign(new byte[31], []));
        var three = Vectors.Ed25519.Sign(Convert.FromHexString("c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7"), [0xaf, 0x82]);
        Convert.ToHexStringLower(three).ShouldStartWith("6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac");
    }
}
