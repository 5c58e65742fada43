using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace Marketplace.Ledger;

/// <summary>A witness's statement that it saw the log grow up to a checkpoint, and when (c2sp.org/tlog-cosignature, cosignature/v1).</summary>
public static class Cosignature
{
    /// <summary>The bytes a witness signs: two header lines and the whole note text.</summary>
    public static byte[] Message(long unixSeconds, string noteText)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(unixSeconds);
        return Encoding.UTF8.GetBytes($"cosignature/v1\ntime {unixSeconds.ToString(CultureInfo.InvariantCulture)}\n{noteText}");
    }

    /// <summary>Whether the signature is this key's over this text, and the time it states.</summary>
    public static bool Verify(VerifierKey key, string noteText, NoteSignature signature, IEd25519 ed25519, out long? unixSeconds)
    {
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(signature);
        ArgumentNullException.ThrowIfNull(ed25519);
        unixSeconds = null;
        var bytes = signature.Bytes.Span;
        if (bytes.Length != 8 + 64 || BinaryPrimitives.ReadInt64BigEndian(bytes) is var time && time < 0)
        {
            return false;
        }

        unixSeconds = time;
        return ed25519.Verify(key.PublicKey.Span, Message(time, noteText), bytes[8..]);
    }
}
