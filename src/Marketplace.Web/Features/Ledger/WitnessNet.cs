using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using Marketplace.Data;
using Marketplace.Ledger;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Marketplace.Web.Features.Ledger;

/// <summary>What a witness said to a checkpoint of ours.</summary>
/// <param name="Cosignature">Its cosignature, if it gave one.</param>
/// <param name="Problem">Why it gave none.</param>
/// <param name="SeenSize">The larger size it says it has seen.</param>
/// <param name="IsDisputed">Whether it holds that our tree is not the one it knows.</param>
public sealed record WitnessAnswer(PolicyWitness Witness, NoteSignature? Cosignature, string? Problem, long? SeenSize = null, bool IsDisputed = false);

/// <summary>Talks to witnesses (c2sp.org/tlog-witness): asks for cosignatures and for what they hold of our log.</summary>
public sealed class WitnessNet(NpgsqlDataSource source, IEd25519 ed25519, IHttpClientFactory clients, IOptions<LedgerOptions> options, ILogger<WitnessNet> log)
{
    /// <summary>The HTTP client's name, for tests and settings.</summary>
    public const string Client = "Cosigning";

    private const int Attempts = 3;
    private const int MaxAnswer = 1_000_000;
    private readonly ConcurrentDictionary<(int LoopId, string Witness), long> _sizes = new();

    /// <summary>Asks a witness to cosign, within the time set for that. It may take three tries to learn what it saw last.</summary>
    public async Task<WitnessAnswer> AskAsync(int loopId, string slug, PolicyWitness witness, SignedCheckpoint checkpoint, SignedNote note, CancellationToken cancellationToken)
    {
        using var step = LedgerTrace.Start(LedgerTrace.Ask, loopId)?.SetTag("witness", witness.Name);
        var answer = await WithinTimeAsync(
            timeout => TryAsync(loopId, witness, checkpoint, note, timeout), problem => new WitnessAnswer(witness, null, problem), cancellationToken);
        if (answer.Problem is { } reason)
        {
            LedgerLog.NotCosigned(log, witness.Name, slug, checkpoint.Size, reason);
        }

        return answer;
    }

    /// <summary>The newest checkpoint of ours that a witness shows, signed by a key of ours; null where it shows none.</summary>
    public async Task<(Checkpoint Checkpoint, string Note)?> HeldAsync(PolicyWitness witness, LedgerPolicy ever, CancellationToken cancellationToken)
    {
        var origin = ever.Logs[0].Key.Name;
        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(origin)));
        return await WithinTimeAsync<(Checkpoint, string)?>(
            async timeout =>
            {
                using var client = NewClient();
                using var response = await client.GetAsync(new Uri($"{witness.Url!.TrimEnd('/')}/{hash}/checkpoint"), timeout);
                if (!response.IsSuccessStatusCode)
                {
                    return null;
                }

                var text = await response.Content.ReadAsStringAsync(timeout);
                return (ever.OpenLogOnly(SignedNote.Parse(Encoding.UTF8.GetBytes(text)), ed25519).Checkpoint, text);
            },
            _ => null,
            cancellationToken);
    }

    private async Task<WitnessAnswer> TryAsync(int loopId, PolicyWitness witness, SignedCheckpoint checkpoint, SignedNote note, CancellationToken cancellationToken)
    {
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            var old = _sizes.GetValueOrDefault((loopId, witness.Name));
            if (old > checkpoint.Size)
            {
                old = 0;
            }

            var request = new AddCheckpoint(old, await ConsistencyAsync(loopId, old, checkpoint.Size, cancellationToken), note);
            using var client = NewClient();
            using var body = new StringContent(request.ToBody());
            using var response = await client.PostAsync(new Uri($"{witness.Url!.TrimEnd('/')}/add-checkpoint"), body, cancellationToken);
            var text = await response.Content.ReadAsStringAsync(cancellationToken);
            if (response.StatusCode == HttpStatusCode.OK)
            {
                var cosignature = CosignatureIn(text, witness, note);
                _sizes[(loopId, witness.Name)] = checkpoint.Size;
                return new WitnessAnswer(witness, cosignature, null);
            }

            if (response.StatusCode != HttpStatusCode.Conflict || !Checkpoint.TryReadNumber(text.TrimEnd('\n'), out var seen))
            {
                return new WitnessAnswer(witness, null, $"it answered {(int)response.StatusCode}: {Shorten(text)}", IsDisputed: response.StatusCode == HttpStatusCode.UnprocessableEntity);
            }

            if (seen > checkpoint.Size)
            {
                return new WitnessAnswer(
                    witness, null, string.Create(CultureInfo.InvariantCulture, $"it has seen {seen} entries, more than the {checkpoint.Size} it was asked about"), SeenSize: seen);
            }

            _sizes[(loopId, witness.Name)] = seen;
        }

        return new WitnessAnswer(witness, null, "it named another size at each try");
    }

    private NoteSignature CosignatureIn(string lines, PolicyWitness witness, SignedNote note)
    {
        foreach (var line in lines.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            var signature = NoteSignature.Parse(line);
            if (signature.Name == witness.Key.Name && signature.KeyId == witness.Key.Id)
            {
                return Cosignature.Verify(witness.Key, note.Text, signature, ed25519, out _)
                    ? signature
                    : throw new NotVerifiedException("its cosignature is not over our checkpoint");
            }
        }

        throw new NotVerifiedException("its answer holds no cosignature by the key of the policy");
    }

    private async Task<IReadOnlyList<TreeHash>> ConsistencyAsync(int loopId, long oldSize, long size, CancellationToken cancellationToken)
    {
        var nodes = ConsistencyProof.NodesFor(oldSize, size).ToList();
        if (nodes.Count == 0)
        {
            return [];
        }

        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        var tiles = await LogTables.TilesAsync(connection, loopId, nodes.Select(n => n.TileAt(size)), cancellationToken);
        return ConsistencyProof.Make(
            oldSize, size, node => tiles.TryGetValue(node.TileAt(size), out var tile) ? node.HashIn(tile) : throw new NotVerifiedException($"our own {node.TileAt(size)} is missing"));
    }

    private HttpClient NewClient()
    {
        var client = clients.CreateClient(Client);
        client.MaxResponseContentBufferSize = MaxAnswer;
        return client;
    }

    private async Task<T> WithinTimeAsync<T>(Func<CancellationToken, Task<T>> ask, Func<string, T> failed, CancellationToken cancellationToken)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(TimeSpan.FromSeconds(options.Value.WitnessTimeoutSeconds));
        try
        {
            return await ask(timeout.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return failed(string.Create(CultureInfo.InvariantCulture, $"it did not answer within {options.Value.WitnessTimeoutSeconds} seconds"));
        }
        catch (Exception e) when (e is HttpRequestException or NotVerifiedException or UriFormatException)
        {
            return failed(e.Message);
        }
    }

    private static string Shorten(string text) => text.Trim() is { Length: > 200 } words ? words[..200] + "…" : text.Trim();
}
