using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Threading.Channels;
using Marketplace.Data;
using Marketplace.Ledger;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Marketplace.Web.Features.Ledger;

/// <summary>
/// Asks the stakeholders' witnesses to cosign, all at once, and publishes a checkpoint when enough of them have. A
/// crash in the middle loses nothing: the witnesses remember, and asking again gives a newer cosignature.
/// </summary>
public sealed class Cosigning(
    NpgsqlDataSource source, LoopNames loops, LogPolicies policies, IEd25519 ed25519, IHttpClientFactory clients,
    IOptions<LedgerOptions> options, TimeProvider clock, ILogger<Cosigning> log) : BackgroundService
{
    /// <summary>An idle log's last checkpoint is cosigned anew this often, to show that it is still the last.</summary>
    public static readonly TimeSpan IdleRenewal = TimeSpan.FromDays(1);

    private const int Attempts = 3;
    private readonly ConcurrentDictionary<(int LoopId, string Witness), long> _sizes = new();
    private readonly ConcurrentDictionary<int, SemaphoreSlim> _turns = new();
    private readonly Channel<int> _woken = Channel.CreateUnbounded<int>(new UnboundedChannelOptions { SingleReader = true });

    /// <summary>Has the loop's last checkpoint published in the background.</summary>
    public void Wake(int loopId) => _woken.Writer.TryWrite(loopId);

    /// <summary>Publishes the last signed checkpoint, if it meets the policy.</summary>
    /// <returns>Whether it is published.</returns>
    public async Task<bool> PublishAsync(int loopId, CancellationToken cancellationToken)
    {
        // One round at a time for each loop here; two nodes that ask at once do no harm, only double work.
        var turn = _turns.GetOrAdd(loopId, _ => new SemaphoreSlim(1));
        await turn.WaitAsync(cancellationToken);
        try
        {
            return await PublishInTurnAsync(loopId, cancellationToken);
        }
        finally
        {
            turn.Release();
        }
    }

    private async Task<bool> PublishInTurnAsync(int loopId, CancellationToken cancellationToken)
    {
        var slug = await loops.SlugOfAsync(loopId, cancellationToken);
        var policy = policies.Of(slug);
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        var signed = await LogTables.LatestSignedAsync(connection, loopId, cancellationToken);
        var published = await LogTables.LatestPublishedAsync(connection, loopId, cancellationToken);
        if (signed is null)
        {
            return false;
        }

        if (await LogTables.HaltedBecauseAsync(connection, loopId, cancellationToken) is { } reason)
        {
            LedgerLog.NotPublished(log, slug, signed.Size, reason);
            return false;
        }

        var isRenewal = published?.Size == signed.Size;
        if (isRenewal && (policy.Witnesses.Count == 0 || clock.GetUtcNow() - published!.PublishedAt < IdleRenewal))
        {
            return true;
        }

        var note = SignedNote.Parse(System.Text.Encoding.UTF8.GetBytes(signed.Note));
        var answers = await Task.WhenAll(policy.Witnesses.Where(w => w.Url is not null).Select(w => AskAsync(loopId, slug, w, signed, note, cancellationToken)));
        foreach (var cosignature in answers.OfType<NoteSignature>())
        {
            note = note.With(cosignature);
        }

        try
        {
            policy.Open(note, ed25519);
        }
        catch (NotVerifiedException e)
        {
            LedgerLog.NotPublished(log, slug, signed.Size, e.Message);
            return isRenewal;
        }

        await LogWriter.PublishAsync(connection, loopId, signed.Size, note.ToString(), clock.GetUtcNow(), cancellationToken);
        return true;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (await _woken.Reader.WaitToReadAsync(stoppingToken))
        {
            var waiting = new HashSet<int>();
            while (_woken.Reader.TryRead(out var loopId))
            {
                waiting.Add(loopId);
            }

            foreach (var loopId in waiting)
            {
                try
                {
                    await PublishAsync(loopId, stoppingToken);
                }
                catch (Exception e) when (e is NpgsqlException or FormatException or InvalidOperationException)
                {
                    LedgerLog.PublishingFailed(log, loopId, e);
                }
            }
        }
    }

    private async Task<NoteSignature?> AskAsync(
        int loopId, string slug, PolicyWitness witness, SignedCheckpoint signed, SignedNote note, CancellationToken cancellationToken)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(TimeSpan.FromSeconds(options.Value.WitnessTimeoutSeconds));
        try
        {
            for (var attempt = 0; attempt < Attempts; attempt++)
            {
                var old = _sizes.GetValueOrDefault((loopId, witness.Name));
                var request = new AddCheckpoint(old, await ConsistencyAsync(loopId, old, signed.Size, timeout.Token), note);
                using var client = clients.CreateClient(nameof(Cosigning));
                using var body = new StringContent(request.ToBody());
                using var response = await client.PostAsync(new Uri($"{witness.Url!.TrimEnd('/')}/add-checkpoint"), body, timeout.Token);
                var text = await response.Content.ReadAsStringAsync(timeout.Token);
                if (response.StatusCode == HttpStatusCode.OK)
                {
                    _sizes[(loopId, witness.Name)] = signed.Size;
                    return CosignatureIn(text, witness, note);
                }

                if (response.StatusCode != HttpStatusCode.Conflict || !Checkpoint.TryReadNumber(text.TrimEnd('\n'), out var seen))
                {
                    LedgerLog.NotCosigned(log, witness.Name, slug, signed.Size, $"{(int)response.StatusCode} {text.Trim()}");
                    return null;
                }

                if (seen > signed.Size && await HaltIfAheadAsync(loopId, slug, witness, seen, timeout.Token))
                {
                    return null;
                }

                _sizes[(loopId, witness.Name)] = Math.Min(seen, signed.Size);
            }
        }
        catch (Exception e) when (e is HttpRequestException or NotVerifiedException || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            LedgerLog.NotCosigned(log, witness.Name, slug, signed.Size, e.Message);
        }

        return null;
    }

    private NoteSignature? CosignatureIn(string lines, PolicyWitness witness, SignedNote note)
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

    /// <summary>
    /// A witness that has seen more than we ever signed means that our database was rolled back. Another node may have
    /// signed meanwhile, so the newest checkpoint is looked at again first.
    /// </summary>
    private async Task<bool> HaltIfAheadAsync(int loopId, string slug, PolicyWitness witness, long seen, CancellationToken cancellationToken)
    {
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        var newest = await LogTables.LatestSignedAsync(connection, loopId, cancellationToken);
        if (newest is not null && newest.Size >= seen)
        {
            return true;
        }

        var words = string.Create(
            CultureInfo.InvariantCulture,
            $"The witness {witness.Name} has cosigned {seen} entries, but this database holds only {newest?.Size ?? 0}: it was rolled back, perhaps restored from an old backup. Bring back the missing entries from the published tiles, or start a new log whose first entry names the old checkpoint; then resume.");
        await LogWriter.RecordIncidentAsync(connection, loopId, halts: true, words, clock.GetUtcNow(), cancellationToken);
        LedgerLog.Halted(log, slug, words);
        return true;
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
        return ConsistencyProof.Make(oldSize, size, node => node.HashIn(tiles[node.TileAt(size)]));
    }
}
