using System.Text.Json;
using System.Text.Json.Serialization;
using Marketplace.Ledger;

namespace Marketplace.Auditor;

/// <summary>What a witness remembers of one log, as kept on disk.</summary>
internal sealed record Remembered(long Size, string Root, string Note);

[JsonSerializable(typeof(SortedDictionary<string, Remembered>))]
[JsonSourceGenerationOptions(WriteIndented = true)]
internal sealed partial class WitnessJson : JsonSerializerContext;

/// <summary>
/// A witness's memory, one file. It is written aside, forced to disk and put in place before an answer leaves, so that a
/// crash or a power cut never makes the witness forget what it cosigned. Deciding and remembering are one step.
/// </summary>
internal sealed class WitnessMemory
{
    private readonly Lock _gate = new();
    private readonly string _file;
    private SortedDictionary<string, Remembered> _logs;

    public WitnessMemory(string file)
    {
        _file = file;
        try
        {
            _logs = File.Exists(file)
                ? JsonSerializer.Deserialize(File.ReadAllBytes(file), WitnessJson.Default.SortedDictionaryStringRemembered) ?? throw new JsonException("it is empty")
                : [];
            foreach (var (origin, remembered) in _logs)
            {
                _ = TreeHash.TryParse(remembered.Root, out _) ? true : throw new JsonException($"the root of {origin} is malformed");
            }
        }
        catch (JsonException e)
        {
            throw new InputException($"the witness's state {file} cannot be read ({e.Message}); a witness must not forget, so restore it");
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

    private void Persist(SortedDictionary<string, Remembered> logs)
    {
        var aside = _file + ".next";
        using var stream = new FileStream(aside, FileMode.Create, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
        JsonSerializer.Serialize(stream, logs, WitnessJson.Default.SortedDictionaryStringRemembered);
        stream.Flush(flushToDisk: true);
        File.Move(aside, _file, overwrite: true);

        // The file is on disk; this forces its new name there too (the rename is in the same journal).
        stream.Flush(flushToDisk: true);
    }
}
