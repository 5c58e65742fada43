using System.Text.Json;
using System.Text.Json.Serialization;
using Marketplace.Ledger;

namespace Marketplace.Auditor;

/// <summary>What a witness remembers of one log, as kept on disk.</summary>
internal sealed record Remembered([property: JsonRequired] long Size, [property: JsonRequired] string Root, [property: JsonRequired] string Note);

[JsonSerializable(typeof(SortedDictionary<string, Remembered>))]
[JsonSourceGenerationOptions(WriteIndented = true)]
internal sealed partial class WitnessJson : JsonSerializerContext;

/// <summary>
/// A witness's memory, one file. It is written aside, forced to disk and put in place before an answer leaves, so that a
/// crash or a power cut never makes the witness forget what it cosigned. Deciding and remembering are one step.
/// </summary>
internal sealed class WitnessMemory : IDisposable
{
    private readonly Lock _gate = new();
    private readonly string _file;
    private readonly FileStream _lock;
    private SortedDictionary<string, Remembered> _logs;

    public WitnessMemory(string file)
    {
        _file = file;
        _lock = Lock(file);
        try
        {
            _logs = File.Exists(file) ? Read(file) : [];
        }
        catch
        {
            _lock.Dispose();
            throw;
        }
    }

    /// <summary>The newest note cosigned for a log, by the hexadecimal SHA-256 of its origin.</summary>
    public string? NoteOf(Func<string, bool> isOrigin)
    {
        lock (_gate)
        {
            return _logs.FirstOrDefault(l => isOrigin(l.Key)).Value?.Note;
        }
    }

    /// <summary>Decides and, if there is something new to remember, remembers it before the reply is given away.</summary>
    public WitnessReply Decide(Func<Func<string, WitnessedState>, WitnessReply> decide)
    {
        lock (_gate)
        {
            var reply = decide(origin => _logs.TryGetValue(origin, out var known) ? new WitnessedState(known.Size, TreeHash.Parse(known.Root)) : WitnessedState.Nothing);
            if (reply is { NewState: { } state, Origin: { } origin, Cosigned: { } note })
            {
                var next = new SortedDictionary<string, Remembered>(_logs) { [origin] = new Remembered(state.Size, state.Root.ToString(), note.ToString()) };
                Persist(next);
                _logs = next;
            }

            return reply;
        }
    }

    public void Dispose() => _lock.Dispose();

    private static SortedDictionary<string, Remembered> Read(string file)
    {
        try
        {
            var logs = JsonSerializer.Deserialize(File.ReadAllBytes(file), WitnessJson.Default.SortedDictionaryStringRemembered) ?? throw new JsonException("it is empty");
            foreach (var (origin, remembered) in logs)
            {
                if (remembered is not { Note: not null, Root: not null })
                {
                    throw new JsonException($"what it says of {origin} is incomplete");
                }

                // The note was cosigned by us; what it says must be what was remembered beside it.
                var note = Checkpoint.Parse(SignedNote.Parse(System.Text.Encoding.UTF8.GetBytes(remembered.Note)).Text);
                if (note.Origin != origin || note.Size != remembered.Size || note.Root.ToString() != remembered.Root)
                {
                    throw new JsonException($"what it says of {origin} does not agree with the note beside it");
                }
            }

            return logs;
        }
        catch (Exception e) when (e is JsonException or NotVerifiedException)
        {
            throw new InputException($"the witness's state {file} cannot be read ({e.Message.ReplaceLineEndings(" ")}); a witness must not forget, so restore it");
        }
    }

    private void Persist(SortedDictionary<string, Remembered> logs)
    {
        var aside = _file + ".next";
        using (var stream = new FileStream(aside, FileMode.Create, FileAccess.Write, FileShare.None))
        {
            JsonSerializer.Serialize(stream, logs, WitnessJson.Default.SortedDictionaryStringRemembered);
            stream.Flush(flushToDisk: true);
        }

        File.Move(aside, _file, overwrite: true);

        // The bytes are on disk; this forces the new name there too.
        DirectoryOnDisk.Force(Path.GetDirectoryName(Path.GetFullPath(_file))!);
    }

    // Two witnesses on one memory would each forget what the other cosigned. The system lets go of the lock however the
    // process ends.
    private static FileStream Lock(string file)
    {
        try
        {
            return new FileStream(file + ".lock", FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException) when (File.Exists(file + ".lock"))
        {
            throw new InputException($"another witness runs on the state {file}; two on one state could cosign a fork");
        }
    }
}
