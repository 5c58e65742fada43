using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Marketplace.Benchmarks.Circuits;

/// <summary>
/// The few messages of Blazor's hub protocol that a browser exchanges with a circuit: SignalR's messages in MessagePack, each after its length
/// as a variable-length integer ("blazorpack": the SignalR hub protocol's MessagePack encoding under another name).
/// </summary>
internal static class BlazorPack
{
    public const int Invocation = 1;
    public const int Completion = 3;
    public const int Ping = 6;
    public const int Close = 7;

    public static byte[] PingMessage { get; } = Framed([0x91, Ping]);

    /// <summary>A call of the server, with texts, numbers, truth values and nulls as arguments.</summary>
    /// <param name="id">Under which its answer comes; none where none is waited for.</param>
    public static byte[] Call(string? id, string target, params object?[] arguments)
    {
        var bytes = new ArrayBufferWriter<byte>();
        Byte(bytes, 0x96);
        Byte(bytes, Invocation);
        Byte(bytes, 0x80);
        Value(bytes, id);
        Value(bytes, target);
        Byte(bytes, (byte)(0x90 | arguments.Length));
        foreach (var argument in arguments)
        {
            Value(bytes, argument);
        }

        Byte(bytes, 0x90);
        return Framed(bytes.WrittenSpan);
    }

    /// <summary>Takes one whole message from the front of what has come.</summary>
    /// <returns>Its bytes; null while it is not whole.</returns>
    public static ReadOnlyMemory<byte>? Next(ReadOnlyMemory<byte> come, out int consumed)
    {
        var (length, shift, at) = (0, 0, 0);
        consumed = 0;
        while (true)
        {
            if (at == come.Length)
            {
                return null;
            }

            var part = come.Span[at++];
            length |= (part & 0x7F) << shift;
            if ((part & 0x80) == 0)
            {
                break;
            }

            shift += 7;
        }

        if (come.Length < at + length)
        {
            return null;
        }

        consumed = at + length;
        return come.Slice(at, length);
    }

    /// <summary>Reads a message: arrays as lists, maps left out, bytes as their number.</summary>
    public static List<object?> Read(ReadOnlyMemory<byte> message)
    {
        var at = 0;
        return (List<object?>)Read(message.Span, ref at)!;
    }

    private static object? Read(ReadOnlySpan<byte> bytes, ref int at)
    {
        var head = bytes[at++];
        switch (head)
        {
            case < 0x80:
                return (long)head;
            case < 0x90:
                return Map(bytes, head & 0x0F, ref at);
            case < 0xA0:
                return List(bytes, head & 0x0F, ref at);
            case < 0xC0:
                return Text(bytes, head & 0x1F, ref at);
            case 0xC0:
                return null;
            case 0xC2 or 0xC3:
                return head == 0xC3;
            case 0xC4 or 0xC5 or 0xC6:
                var size = Length(bytes, head - 0xC4, ref at);
                at += size;
                return size;
            case 0xCA:
                at += 4;
                return 0.0;
            case 0xCB:
                at += 8;
                return 0.0;
            case >= 0xCC and <= 0xCF:
                return Number(bytes, 1 << (head - 0xCC), ref at);
            case >= 0xD0 and <= 0xD3:
                return Number(bytes, 1 << (head - 0xD0), ref at);
            case 0xD9 or 0xDA or 0xDB:
                return Text(bytes, Length(bytes, head - 0xD9, ref at), ref at);
            case 0xDC or 0xDD:
                return List(bytes, Length(bytes, head - 0xDC + 1, ref at), ref at);
            case 0xDE or 0xDF:
                return Map(bytes, Length(bytes, head - 0xDE + 1, ref at), ref at);
            case >= 0xE0:
                return (long)(sbyte)head;
            default:
                throw new InvalidDataException($"No value of the protocol begins with {head:X2}");
        }
    }

    private static List<object?> List(ReadOnlySpan<byte> bytes, int count, ref int at)
    {
        var list = new List<object?>(count);
        for (var i = 0; i < count; i++)
        {
            list.Add(Read(bytes, ref at));
        }

        return list;
    }

    private static object? Map(ReadOnlySpan<byte> bytes, int count, ref int at)
    {
        for (var i = 0; i < 2 * count; i++)
        {
            Read(bytes, ref at);
        }

        return null;
    }

    private static string Text(ReadOnlySpan<byte> bytes, int length, ref int at)
    {
        var text = Encoding.UTF8.GetString(bytes.Slice(at, length));
        at += length;
        return text;
    }

    // 0, 1 or 2: a length of one, two or four bytes.
    private static int Length(ReadOnlySpan<byte> bytes, int kind, ref int at) => (int)Number(bytes, 1 << kind, ref at);

    private static long Number(ReadOnlySpan<byte> bytes, int size, ref int at)
    {
        var number = size switch
        {
            1 => bytes[at],
            2 => BinaryPrimitives.ReadUInt16BigEndian(bytes[at..]),
            4 => BinaryPrimitives.ReadUInt32BigEndian(bytes[at..]),
            _ => BinaryPrimitives.ReadInt64BigEndian(bytes[at..]),
        };
        at += size;
        return number;
    }

    private static void Value(ArrayBufferWriter<byte> bytes, object? value)
    {
        switch (value)
        {
            case null:
                Byte(bytes, 0xC0);
                break;
            case string text:
                var utf8 = Encoding.UTF8.GetBytes(text);
                Byte(bytes, 0xDB);
                BinaryPrimitives.WriteInt32BigEndian(bytes.GetSpan(4), utf8.Length);
                bytes.Advance(4);
                bytes.Write(utf8);
                break;
            case bool yes:
                Byte(bytes, (byte)(yes ? 0xC3 : 0xC2));
                break;
            case long number:
                Byte(bytes, 0xD3);
                BinaryPrimitives.WriteInt64BigEndian(bytes.GetSpan(8), number);
                bytes.Advance(8);
                break;
            default:
                throw new ArgumentException($"A {value.GetType().Name} is not sent", nameof(value));
        }
    }

    private static void Byte(ArrayBufferWriter<byte> bytes, byte value)
    {
        bytes.GetSpan(1)[0] = value;
        bytes.Advance(1);
    }

    private static byte[] Framed(ReadOnlySpan<byte> message)
    {
        var length = new List<byte>();
        for (var left = message.Length; ; left >>= 7)
        {
            length.Add((byte)((left & 0x7F) | (left > 0x7F ? 0x80 : 0)));
            if (left <= 0x7F)
            {
                return [.. length, .. message];
            }
        }
    }
}
