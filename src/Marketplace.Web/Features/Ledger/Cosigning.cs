using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
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
    NpgsqlDataSource source, LoopNames loops, LogPolicies policies, WitnessNet net, LogAlarms alarms, IEd25519 ed25519,
    IOptions<LedgerOptions> options, TimeProvider clock, ILogger<Cosigning> log) : BackgroundService
{
    /// <summary>An idle log's last checkpoint is cosigned anew this often, to show that it is still the last.</summary>
    public static readonly TimeSpan IdleRenewal = TimeSpan.FromDays(1);

    private readonly ConcurrentDictionary<int, SemaphoreSlim> _turns = new();
    private readonly Channel<int> _woken = Channel.CreateUnbounded<int>(new UnboundedChannelOptions { SingleReader = true });

    /// <summary>Has the loop's last checkpoint published in the background.</summary>
    public void Wake(int loopId) => _woken.Writer.TryWrite(loopId);

    /// <summary>Publishes the last signed checkpoint, if it meets the policy.</summary>
    /// <param name="loopId">Whose.</param>
    /// <param name="cancellationToken">Stops the asking.</param>
    /// <param name="anew">Whether to ask even if it is published already.</param>
    /// <returns>Whether it is published.</returns>
    public async Task<bool> PublishAsync(int loopId, CancellationToken cancellationToken, bool anew = false)
    {
        // One round at a time for each loop here; two nodes that ask at once do no harm, only double work.
        var turn = _turns.GetOrAdd(loopId, _ => new SemaphoreSlim(1));
        await turn.WaitAsync(cancellationToken);
        try
        {
            await using var connection = await source.OpenConnectionAsync(cancellationToken);
            return await PublishInTurnAsync(connection, loopId, anew, cancellationToken);
        }
        finally
        {
            turn.Release();
        }
    }

    /// <summary>
    /// Looks at what each witness shows of our log. A checkpoint signed by our key that is not one of our tree means that the database
    /// was rolled back, that somebody else signs beside us, or that the key has leaked.
    /// </summary>
    public async Task CompareAsync(int loopId, CancellationToken cancellationToken)
    {
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        var slug = await loops.SlugOfAsync(loopId, cancellationToken);
        var trust = await LogTrust.ReadAsync(connection, null, loopId, cancellationToken);
        var witnesses = policies.Wished(slug, trust).Witnesses.Where(w => w.Url is not null);
        await Task.WhenAll(witnesses.Select(witness => ExamineAsync(loopId, slug, witness, policies.Ever(slug, trust), claimed: null, cancellationToken)));
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

            // A slow witness of one loop does not keep the others waiting.
            await Task.WhenAll(waiting.Select(loopId => PublishWokenAsync(loopId, stoppingToken)));
        }
    }

    private async Task PublishWokenAsync(int loopId, CancellationToken stoppingToken)
    {
        try
        {
            await PublishAsync(loopId, stoppingToken);
        }
        catch (Exception e) when (!stoppingToken.IsCancellationRequested)
        {
            // Whatever it is, it is this log's alone; the host and the other logs go on.
            LedgerLog.PublishingFailed(log, loopId, e);
        }
    }

    private async Task<bool> PublishInTurnAsync(NpgsqlConnection connection, int loopId, bool anew, CancellationToken cancellationToken)
    {
        var slug = await loops.SlugOfAsync(loopId, cancellationToken);
        var trust = await LogTrust.ReadAsync(connection, null, loopId, cancellationToken);
        var policy = policies.Wished(slug, trust);
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

        var isRenewal = published?.Size == signed.Size && trust.InForce?.Text == policy.Text;
        if (isRenewal && (policy.Witnesses.Count == 0 || (!anew && clock.GetUtcNow() - published!.PublishedAt < IdleRenewal)))
        {
            return true;
        }

        var note = SignedNote.Parse(Encoding.UTF8.GetBytes(signed.Note));
        WitnessAnswer[] answers;
        using (LedgerTrace.Start(LedgerTrace.Cosign, loopId)?.SetTag("size", signed.Size))
        {
            answers = await Task.WhenAll(policy.Witnesses.Where(w => w.Url is not null).Select(w => net.AskAsync(loopId, slug, w, signed, note, cancellationToken)));
        }

        await RememberAsync(connection, loopId, signed.Size, answers, cancellationToken);
        note = answers.Select(a => a.Cosignature).OfType<NoteSignature>().Aggregate(note, (cosigned, cosignature) => cosigned.With(cosignature));
        var disputes = answers.Where(a => a.IsDisputed || a.SeenSize is not null).ToList();
        await Task.WhenAll(disputes.Select(a => ExamineAsync(loopId, slug, a.Witness, policies.Ever(slug, trust), a.SeenSize, cancellationToken)));
        if (disputes.Count > 0 && await LogTables.HaltedBecauseAsync(connection, loopId, cancellationToken) is not null)
        {
            return false;
        }

        try
        {
            policy.Open(note, ed25519);
        }
        catch (NotVerifiedException e)
        {
            LedgerLog.NotPublished(log, slug, signed.Size, e.Message);
            await AlarmIfLateAsync(connection, loopId, slug, isRenewal ? published : null, e.Message, answers, cancellationToken);
            return isRenewal;
        }

        using (LedgerTrace.Start(LedgerTrace.Publish, loopId)?.SetTag("size", signed.Size))
        {
            await LogWriter.PublishAsync(connection, loopId, signed.Size, note.ToString(), policy.Text, clock.GetUtcNow(), cancellationToken);
        }

        await alarms.EndAsync(connection, loopId, IncidentTopic.Quorum, string.Create(CultureInfo.InvariantCulture, $"Enough witnesses have cosigned; {signed.Size} entries are published"), cancellationToken);
        return true;
    }

    private async Task RememberAsync(NpgsqlConnection connection, int loopId, long size, WitnessAnswer[] answers, CancellationToken cancellationToken)
    {
        if (answers.Length > 0)
        {
            var now = clock.GetUtcNow();
            var calls = answers.Select(a => new WitnessCall(a.Witness.Key.ToString(), now, a.Problem, a.Cosignature is null ? null : size, a.Cosignature is null ? null : now));
            await LogTrust.RememberCallsAsync(connection, loopId, [.. calls], cancellationToken);
        }
    }

    /// <summary>The market goes on without a quorum; but if it stays away, somebody has to know.</summary>
    private async Task AlarmIfLateAsync(
        NpgsqlConnection connection, int loopId, string slug, PublishedCheckpoint? renewed, string problem, WitnessAnswer[] answers, CancellationToken cancellationToken)
    {
        var since = renewed is null ? await LogTables.WaitingSinceAsync(connection, loopId, cancellationToken) : renewed.PublishedAt + IdleRenewal;
        if (since is { } waiting && clock.GetUtcNow() - waiting >= TimeSpan.FromSeconds(options.Value.QuorumAlarmSeconds))
        {
            var words = $"New entries are signed but not published. {problem}. {string.Join("; ", answers.Where(a => a.Problem is not null).Select(a => $"{a.Witness.Name}: {a.Problem}"))}".TrimEnd();
            await alarms.RaiseAsync(connection, loopId, slug, IncidentTopic.Quorum, IncidentCause.NoQuorum, words, null, cancellationToken);
        }
    }

    /// <summary>Compares what a witness shows with our tree. Another node may have signed meanwhile, so our newest checkpoint is looked at again.</summary>
    private async Task ExamineAsync(int loopId, string slug, PolicyWitness witness, LedgerPolicy ever, long? claimed, CancellationToken cancellationToken)
    {
        var held = await net.HeldAsync(witness, ever, cancellationToken);
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        var size = (await LogTables.LatestSignedAsync(connection, loopId, cancellationToken))?.Size ?? 0;
        var seen = Math.Max(held?.Checkpoint.Size ?? 0, claimed ?? 0);
        if (seen > size)
        {
            var shown = held?.Checkpoint.Size > size ? "and shows a checkpoint signed with our key" : "though it shows no such checkpoint";
            var words = string.Create(
                CultureInfo.InvariantCulture,
                $"The witness {witness.Name} has cosigned {seen} entries {shown}, but this database holds only {size}: it was rolled back, perhaps restored from an old backup, or another installation signs beside this one.");
            await alarms.HaltAsync(connection, loopId, slug, IncidentCause.RolledBack, words, held?.Note, cancellationToken);
        }
        else if (held is var (theirs, evidence) && await LogTables.RootAtAsync(connection, loopId, theirs.Size, size, cancellationToken) is { } ours && ours != theirs.Root)
        {
            var words = string.Create(
                CultureInfo.InvariantCulture,
                $"The witness {witness.Name} holds a checkpoint of {theirs.Size} entries with the root {theirs.Root}, signed with our key; our own tree of that size has the root {ours}. Either our rows were changed, or somebody else signs with our key.");
            await alarms.HaltAsync(connection, loopId, slug, IncidentCause.Forked, words, evidence, cancellationToken);
        }
    }
}
