using System.Buffers.Binary;
using System.Text;
using Marketplace.Data;
using Npgsql;

namespace Marketplace.Web.Features.Metering;

/// <summary>
/// Writes readings in PostgreSQL's binary COPY format (documentation of COPY, "Binary Format") into one buffer after the other: every
/// reading there is goes this way, and column by column through the driver it would cost more than all that is done with it before.
/// </summary>
internal sealed class ReadingCopy(Stream to)
{
    private const string Copy =
        "COPY market.readings (loop_id, meter_id, hour, revision, energy, quality, note, received_at, batch_id, batch_position) FROM STDIN (FORMAT BINARY)";

    private const int BufferBytes = 64 * 1024;

    // Everything of a row but the note's text, and the trailer.
    private const int RowBytes = 92;
    private const short Columns = 10;

    private static readonly long Epoch = new DateTime(2000, 1, 1, 0, 0, 0, DateTimeKind.Utc).Ticks;

    private readonly byte[] _buffer = new byte[BufferBytes];
    private int _at;

    public static async Task WriteAsync(
        NpgsqlConnection connection, int loopId, IReadOnlyList<NewReading> readings, AppendedBatch appended, DateTimeOffset receivedAt, CancellationToken cancellationToken)
    {
        await using var stream = await connection.BeginRawBinaryCopyAsync(Copy, cancellationToken);
        var copy = new ReadingCopy(stream);
        copy.Signature();
        for (var i = 0; i < readings.Count; i++)
        {
            var note = readings[i].Note is { } text ? Encoding.UTF8.GetBytes(text) : null;
            if (copy._at + RowBytes + (note?.Length ?? 0) > BufferBytes)
            {
                await copy.FlushAsync(cancellationToken);
            }

            if (RowBytes + (note?.Length ?? 0) > BufferBytes)
            {
                throw new ArgumentException("A note is longer than any source writes", nameof(readings));
            }

            copy.Row(loopId, readings[i], note, receivedAt, appended.BatchId, appended.Positions[i]);
        }

        copy.Short(-1);
        await copy.FlushAsync(cancellationToken);
    }

    private void Signature()
    {
        ReadOnlySpan<byte> signature = [.. "PGCOPY\n"u8, 0xFF, .. "\r\n\0"u8];
        signature.CopyTo(_buffer);
        _at = signature.Length;
        Int(0);
        Int(0);
    }

    private void Row(int loopId, NewReading reading, byte[]? note, DateTimeOffset receivedAt, long batchId, int position)
    {
        Short(Columns);
        Int(4);
        Int(loopId);
        Int(4);
        Int(reading.MeterId);
        Instant(reading.Hour);
        Int(2);
        Short(reading.Revision);
        Int(8);
        Long(reading.Energy.WattHours);
        Int(2);
        Short((short)reading.Quality);
        Int(note?.Length ?? -1);
        note?.CopyTo(_buffer, _at);
        _at += note?.Length ?? 0;
        Instant(receivedAt);
        Int(8);
        Long(batchId);
        Int(4);
        Int(position);
    }

    /// <summary>Microseconds since the year 2000.</summary>
    private void Instant(DateTimeOffset instant)
    {
        Int(8);
        Long((instant.UtcTicks - Epoch) / TimeSpan.TicksPerMicrosecond);
    }

    private void Short(short value)
    {
        BinaryPrimitives.WriteInt16BigEndian(_buffer.AsSpan(_at), value);
        _at += sizeof(short);
    }

    private void Int(int value)
    {
        BinaryPrimitives.WriteInt32BigEndian(_buffer.AsSpan(_at), value);
        _at += sizeof(int);
    }

    private void Long(long value)
    {
        BinaryPrimitives.WriteInt64BigEndian(_buffer.AsSpan(_at), value);
        _at += sizeof(long);
    }

    private async Task FlushAsync(CancellationToken cancellationToken)
    {
        await to.WriteAsync(_buffer.AsMemory(0, _at), cancellationToken);
        _at = 0;
    }
}
