using System.Globalization;
using System.Text;

namespace Marketplace.Ledger;

/// <summary>What a witness remembers of a log: the newest checkpoint it cosigned.</summary>
public sealed record WitnessedState(long Size, TreeHash Root)
{
    /// <summary>Before the first checkpoint.</summary>
    public static WitnessedState Nothing { get; } = new(0, MerkleHash.Empty);
}

/// <summary>What a witness answers. A new state must be on disk before the answer leaves.</summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="ContentType">The media type of the body.</param>
/// <param name="Body">The body.</param>
/// <param name="Origin">The log in question, where it is a known one.</param>
/// <param name="NewState">What to remember, if it changes.</param>
/// <param name="Cosigned">The checkpoint with the log's signature and ours, if we cosigned.</param>
public sealed record WitnessReply(int Status, string ContentType, string Body, string? Origin = null, WitnessedState? NewState = null, SignedNote? Cosigned = null);

/// <summary>A log's request for a cosignature (c2sp.org/tlog-witness, add-checkpoint).</summary>
public sealed record AddCheckpoint(long OldSize, IReadOnlyList<TreeHash> Proof, SignedNote Note)
{
    private const int MaxHashes = 63;

    /// <summary>The request body.</summary>
    public string ToBody() =>
        $"old {OldSize.ToString(CultureInfo.InvariantCulture)}\n{string.Concat(Proof.Select(h => h + "\n"))}\n{Note}";

    /// <summary>Reads a request body.</summary>
    /// <exception cref="NotVerifiedException">It is malformed.</exception>
    public static AddCheckpoint Parse(ReadOnlySpan<byte> body)
    {
        var split = body.IndexOf("\n\n"u8);
        if (split < 0)
        {
            throw new NotVerifiedException("The request has no blank line before its checkpoint");
        }

        var lines = Encoding.UTF8.GetString(body[..split]).Split('\n');
        if (!lines[0].StartsWith("old ", StringComparison.Ordinal) || !Checkpoint.TryReadNumber(lines[0][4..], out var oldSize))
        {
            throw new NotVerifiedException("The request does not start with 'old' and a size");
        }

        if (lines.Length - 1 > MaxHashes)
        {
            throw new NotVerifiedException("The request has more than 63 proof lines");
        }

        return new AddCheckpoint(oldSize, [.. lines[1..].Select(TreeHash.Parse)], SignedNote.Parse(body[(split + 2)..]));
    }
}

/// <summary>A witness's decisions, without its clock, disk or network (c2sp.org/tlog-witness).</summary>
public static class WitnessRules
{
    private const string Plain = "text/plain; charset=utf-8";

    /// <summary>Decides about one request. Deciding and storing must be one step for each log.</summary>
    /// <param name="body">The request body.</param>
    /// <param name="logs">The log keys this witness follows, by origin (the key's name).</param>
    /// <param name="stateOf">What the witness remembers of an origin.</param>
    /// <param name="key">The witness's own cosignature key.</param>
    /// <param name="unixSeconds">The time now.</param>
    /// <param name="ed25519">The signature algorithm.</param>
    public static WitnessReply Decide(
        ReadOnlySpan<byte> body,
        IReadOnlyList<VerifierKey> logs,
        Func<string, WitnessedState> stateOf,
        SignerKey key,
        long unixSeconds,
        IEd25519 ed25519)
    {
        ArgumentNullException.ThrowIfNull(logs);
        ArgumentNullException.ThrowIfNull(stateOf);
        ArgumentNullException.ThrowIfNull(key);
        AddCheckpoint request;
        Checkpoint checkpoint;
        try
        {
            request = AddCheckpoint.Parse(body);
            checkpoint = Checkpoint.Parse(request.Note.Text);
        }
        catch (NotVerifiedException e)
        {
            return Refuse(400, e.Message);
        }

        var origin = checkpoint.Origin;
        var trusted = logs.Where(l => string.Equals(l.Name, origin, StringComparison.Ordinal)).ToList();
        if (trusted.Count == 0)
        {
            return Refuse(404, "This witness does not follow that log");
        }

        try
        {
            request.Note.Verify(trusted, ed25519);
        }
        catch (NotVerifiedException e)
        {
            return Refuse(403, e.Message);
        }

        if (request.OldSize > checkpoint.Size)
        {
            return Refuse(400, "The old size is larger than the checkpoint's");
        }

        var state = stateOf(origin);
        if (request.OldSize != state.Size)
        {
            return new WitnessReply(409, "text/x.tlog.size", state.Size.ToString(CultureInfo.InvariantCulture) + "\n", origin);
        }

        if (!checkpoint.IsPossible)
        {
            return Refuse(422, "A tree without entries has another root");
        }

        if (!ConsistencyProof.Verify(request.OldSize, checkpoint.Size, state.Root, checkpoint.Root, request.Proof))
        {
            return Refuse(422, "The proof does not show that the log only grew");
        }

        var cosignature = key.Sign(request.Note.Text, unixSeconds);
        var logSignatures = request.Note.Signatures.Where(s => trusted.Exists(l => l.Id == s.KeyId && string.Equals(l.Name, s.Name, StringComparison.Ordinal)));
        return new WitnessReply(
            200,
            Plain,
            cosignature.ToString(),
            origin,
            new WitnessedState(checkpoint.Size, checkpoint.Root),
            new SignedNote(request.Note.Text, [.. logSignatures, cosignature]));
    }

    private static WitnessReply Refuse(int status, string reason) => new(status, Plain, reason + "\n");
}
