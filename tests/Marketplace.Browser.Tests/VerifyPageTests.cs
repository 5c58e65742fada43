using System.Text;
using System.Text.Json;
using Marketplace.Testing;
using Microsoft.Playwright;
using Shouldly;
using Xunit;

namespace Marketplace.Browser.Tests;

/// <summary>The public page that checks a proof in the reader's own browser.</summary>
[Collection(ReplayedPortal.Name)]
public sealed class VerifyPageTests(ReplayedPortal portal)
{
    private const string Peter = "log PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW\nquorum none\n";

    // What a file means to tlog.js, in the words of SignedProof.Meaning; null where it refuses.
    private const string Meaning = """
        const bytes = base64 => Uint8Array.from(atob(base64), c => c.charCodeAt(0));
        const meaning = async (file, policy) => {
          try {
            const { record, index, checkpoint, cosigners, signatures } = await tlog.verifyProof(file, policy);
            const { kind, version } = record;
            const opening = [kind, version, ...tlog.parseProof(file).extra.slice(2, 34), ...record.bytes];
            return signatures !== 'checked' ? signatures
              : `${tlog.toHex(opening)} ${index} ${checkpoint.size} ${checkpoint.origin} ${cosigners.map(c => `${c.key.name}@${c.seconds}`).join(',')}`;
          } catch (error) {
            if (error instanceof tlog.Refused) return null;
            throw error;
          }
        };
        """;

    private static string Vectors => Path.Combine(Path.GetDirectoryName(Repository.Root)!, "shared", "vectors", "ledger");

    [Fact]
    public async Task A_proof_with_its_policy_is_verified_and_shown_in_plain_words()
    {
        await using var visit = await portal.VisitAsync();
        await OpenAsync(visit);

        await GiveAsync(visit, SignedProof.File, SignedProof.Policy);

        var result = Result(visit);
        await Assertions.Expect(result.Locator(".notice-good")).ToContainTextAsync("Proved");
        await Assertions.Expect(result).ToContainTextAsync("loop.example/ledger");
        await Assertions.Expect(result).ToContainTextAsync("18 of 21");
        await Assertions.Expect(result).ToContainTextAsync("residents (w1.example) on 31 Dec 2025");
        await Assertions.Expect(result).ToContainTextAsync("producers (w2.example)");
        await Assertions.Expect(result).ToContainTextAsync("both: met");
        await Assertions.Expect(result).Not.ToContainTextAsync("stranger");
        await Assertions.Expect(result.Locator("tr", new() { HasText = "cents" })).ToContainTextAsync("1800");

        // What a record holds is text and nothing else.
        await Assertions.Expect(result).ToContainTextAsync("<img src=x onerror=alert(1)>");
        (await result.Locator("img").CountAsync()).ShouldBe(0);
        await visit.ShouldBeAccessibleAsync();
        await visit.ShootAsync("verify-proved");
        visit.ShouldBeContent();
    }

    [Fact]
    public async Task Without_a_policy_signatures_are_said_to_be_unchecked()
    {
        await using var visit = await portal.VisitAsync();
        await OpenAsync(visit);

        await GiveAsync(visit, SignedProof.File, null);

        await Assertions.Expect(Result(visit).Locator(".notice-attention")).ToContainTextAsync("signatures were not checked");
        await Assertions.Expect(Result(visit)).Not.ToContainTextAsync("Proved");
        await visit.ShootAsync("verify-no-policy");
    }

    [Theory]
    [InlineData("record", "Not proved")]
    [InlineData("quorum", "do not meet the quorum")]
    [InlineData("log", "is not a log of the policy")]
    [InlineData("policy", "Line 2")]
    public async Task What_does_not_hold_is_refused_with_its_reason(string what, string words)
    {
        await using var visit = await portal.VisitAsync();
        await OpenAsync(visit);

        await GiveAsync(visit, what == "record" ? SignedProof.OfAnotherRecord : SignedProof.File, what switch
        {
            "quorum" => SignedProof.StricterPolicy,
            "log" => Peter,
            "policy" => "# ours\nwitness w1\nquorum none\n",
            _ => SignedProof.Policy,
        });

        await Assertions.Expect(Result(visit).Locator(".notice")).ToContainTextAsync(words);
        await Assertions.Expect(Result(visit)).Not.ToContainTextAsync("Proved:");
        await visit.ShouldBeAccessibleAsync();
        await visit.ShootAsync("verify-refused-" + what);
    }

    [Fact]
    public async Task A_browser_without_Ed25519_says_so_and_calls_nothing_verified()
    {
        await using var visit = await portal.VisitAsync();
        await visit.Page.AddInitScriptAsync("""
            const real = SubtleCrypto.prototype.importKey;
            SubtleCrypto.prototype.importKey = function (format, key, algorithm, ...rest) {
              return (algorithm?.name ?? algorithm) === 'Ed25519'
                ? Promise.reject(new DOMException('Unrecognized name', 'NotSupportedError')) : real.call(this, format, key, algorithm, ...rest);
            };
            """);
        await OpenAsync(visit);

        await GiveAsync(visit, SignedProof.File, SignedProof.Policy);

        await Assertions.Expect(Result(visit).Locator(".notice-attention")).ToContainTextAsync("cannot check Ed25519");
        await Assertions.Expect(Result(visit)).Not.ToContainTextAsync("Proved");
    }

    [Fact]
    public async Task Pasted_text_and_the_keyboard_do_as_well()
    {
        await using var visit = await portal.VisitAsync(width: 390);
        await OpenAsync(visit);
        await visit.Page.Locator("summary", new() { HasText = "paste its text" }).First.PressAsync("Enter");
        await visit.Page.Locator("[data-paste=proof]").FillAsync(SignedProof.File.TrimEnd('\n'));
        await visit.Page.Locator("summary", new() { HasText = "paste its text" }).Last.PressAsync("Enter");
        await visit.Page.Locator("[data-paste=policy]").FillAsync(SignedProof.Policy);

        await visit.Page.Locator("[data-part=check]").PressAsync("Enter");

        await Assertions.Expect(Result(visit).Locator(".notice-good")).ToContainTextAsync("Proved");
    }

    [Fact]
    public async Task Every_bit_of_a_proof_is_read_as_the_core_reads_it()
    {
        await using var visit = await portal.VisitAsync();
        await OpenAsync(visit);
        var file = Encoding.UTF8.GetBytes(SignedProof.File);

        var read = await visit.Page.EvaluateAsync<string?[]>(
            $$"""
            async ([file, policy]) => {
              const tlog = await import('/tlog.js');
              {{Meaning}}
              const whole = bytes(file);
              const results = [await meaning(whole, policy)];
              for (let at = 0; at < whole.length; at++) {
                for (let bit = 0; bit < 8; bit++) {
                  const changed = whole.slice();
                  changed[at] ^= 1 << bit;
                  results.push(await meaning(changed, policy));
                }
                results.push(await meaning(whole.slice(0, at), policy));
                results.push(await meaning(new Uint8Array([...whole.slice(0, at), 65, ...whole.slice(at)]), policy));
              }
              return results;
            }
            """,
            new object[] { Convert.ToBase64String(file), SignedProof.Policy });

        var meant = SignedProof.Meaning(file).ShouldNotBeNull();
        var expected = new List<string?> { meant };
        for (var at = 0; at < file.Length; at++)
        {
            for (var bit = 0; bit < 8; bit++)
            {
                var changed = file.ToArray();
                changed[at] ^= (byte)(1 << bit);
                expected.Add(SignedProof.Meaning(changed));
            }

            expected.Add(SignedProof.Meaning(file.AsSpan(0, at)));
            expected.Add(SignedProof.Meaning([.. file[..at], 65, .. file[at..]]));
        }

        read.Length.ShouldBe(expected.Count);
        for (var i = 0; i < read.Length; i++)
        {
            read[i].ShouldBe(expected[i], $"change {i} at byte {(i - 1) / 10}");
            (read[i] is null || read[i] == meant).ShouldBeTrue($"change {i} has another meaning");
        }

        // Only the line of a key nobody knows may change unseen.
        expected.Count(meaning => meaning is not null).ShouldBeLessThan(900);
    }

    [PublishedVectorsFact]
    public async Task The_published_vectors_verify_and_no_byte_of_them_may_change()
    {
        await using var visit = await portal.VisitAsync();
        await OpenAsync(visit);
        var proof = await File.ReadAllBytesAsync(Path.Combine(Vectors, "derived-1000-777.tlog-proof"));
        var leaf = await File.ReadAllBytesAsync(Path.Combine(Vectors, "derived-1000-777.leaf"));

        var answer = await visit.Page.EvaluateAsync<JsonElement>(
            """
            async ([proof, leaf, policy]) => {
              const tlog = await import('/tlog.js');
              const bytes = base64 => Uint8Array.from(atob(base64), c => c.charCodeAt(0));
              const [file, entry] = [bytes(proof), bytes(leaf)];
              const right = await tlog.verifyProof(file, policy, entry);
              const accepted = [];
              // The unused bits of a last base64 character are no bytes of the proof: base64 that decodes alike means alike.
              const decoded = word => { try { return word.endsWith('=') ? atob(word) : word; } catch { return word; } };
              const meant = bytes => new TextDecoder('latin1').decode(bytes).split(/([ \n])/).map(decoded).join('');
              const read = async (changed, other, at) => {
                try {
                  const found = await tlog.verifyProof(changed, policy, other);
                  accepted.push([at, found.index === right.index && tlog.toHex(found.checkpoint.root) === tlog.toHex(right.checkpoint.root)]);
                } catch (error) {
                  if (!(error instanceof tlog.Refused)) throw error;
                }
              };
              for (let at = 0; at < file.length; at++) {
                const changed = file.slice();
                changed[at] ^= 1;
                if (meant(changed) !== meant(file)) await read(changed, entry, at);
              }
              for (let at = 0; at < entry.length; at++) {
                const changed = entry.slice();
                changed[at] ^= 1;
                await read(file, changed, -1);
              }
              const unknown = new TextDecoder().decode(file).indexOf('\u2014 w1.example');
              return { index: Number(right.index), size: Number(right.checkpoint.size), signatures: right.signatures,
                unknown: new TextEncoder().encode(new TextDecoder().decode(file).slice(0, unknown)).length, accepted };
            }
            """,
            new object[] { Convert.ToBase64String(proof), Convert.ToBase64String(leaf), Peter });

        answer.GetProperty("index").GetInt32().ShouldBe(777);
        answer.GetProperty("size").GetInt32().ShouldBe(1000);
        answer.GetProperty("signatures").GetString().ShouldBe("checked");
        foreach (var accepted in answer.GetProperty("accepted").EnumerateArray())
        {
            accepted[0].GetInt32().ShouldBeGreaterThan(answer.GetProperty("unknown").GetInt32(), "only an unknown witness's line may change");
            accepted[1].GetBoolean().ShouldBeTrue();
        }
    }

    /// <summary>A test on the published vectors; reported as skipped where they are missing.</summary>
    [AttributeUsage(AttributeTargets.Method)]
    private sealed class PublishedVectorsFactAttribute : FactAttribute
    {
        public PublishedVectorsFactAttribute()
        {
            if (!Directory.Exists(Vectors))
            {
                Skip = "The published vectors are not beside this repository";
            }
        }
    }

    private static async Task OpenAsync(Visit visit)
    {
        (await visit.GoToAsync("/verify?loop=" + ReplayedPortal.Slug)).Status.ShouldBe(200);
        await visit.Page.EvaluateAsync("() => customElements.whenDefined('tlog-verifier')");
    }

    private static async Task GiveAsync(Visit visit, string proof, string? policy)
    {
        await visit.Page.SetInputFilesAsync("#verify-proof", new FilePayload { Name = "bill.tlog-proof", MimeType = "text/plain", Buffer = Encoding.UTF8.GetBytes(proof) });
        if (policy is not null)
        {
            await visit.Page.SetInputFilesAsync("#verify-policy", new FilePayload { Name = "loop.policy", MimeType = "text/plain", Buffer = Encoding.UTF8.GetBytes(policy) });
        }
    }

    private static ILocator Result(Visit visit) => visit.Page.Locator("[data-part=result]");
}
