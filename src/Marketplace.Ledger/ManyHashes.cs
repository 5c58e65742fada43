using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Marketplace.Ledger;

/// <summary>
/// SHA-256 (FIPS 180-4) of many short messages at once. A call to the platform's library costs far more than the
/// one to three blocks of an entry, a node or a salt; here each lane of a vector register carries a message of its
/// own, so that one pass of the 64 rounds hashes as many as there are lanes. Where there are no vectors, the platform's
/// function does it. Tests compare it with that function at every length and count.
/// </summary>
public static class ManyHashes
{
    private const int BlockLength = 64;
    private const int WordsInBlock = 16;

    private static readonly uint[] Initial =
        [0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19];

    private static readonly uint[] K =
    [
        0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
        0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
        0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
        0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
        0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
        0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
        0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
        0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
    ];

    /// <summary>How many messages one pass hashes on this machine; 1 where it has no vectors.</summary>
    public static int Lanes => Vector.IsHardwareAccelerated ? Vector<uint>.Count : 1;

    /// <summary>The hashes of messages of one length that lie one after the other.</summary>
    /// <param name="messages">Their bytes.</param>
    /// <param name="length">The length of each, at least 1.</param>
    /// <param name="hashes">Receives 32 bytes for each.</param>
    /// <exception cref="ArgumentException">The lengths do not fit together.</exception>
    public static void OfEqual(ReadOnlySpan<byte> messages, int length, Span<byte> hashes)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(length, 1);
        var count = messages.Length / length;
        if (messages.Length != count * length || hashes.Length != count * TreeHash.Length)
        {
            throw new ArgumentException("Messages of one length need 32 bytes each for their hashes");
        }

        Span<Message> lanes = stackalloc Message[Lanes];
        for (var first = 0; first < count; first += lanes.Length)
        {
            var used = Math.Min(lanes.Length, count - first);
            for (var lane = 0; lane < used; lane++)
            {
                lanes[lane] = new Message((first + lane) * length, length, first + lane);
            }

            Pass(messages, lanes[..used], hashes);
        }
    }

    /// <summary>The hashes of messages of any lengths that lie one after the other.</summary>
    /// <param name="messages">Their bytes.</param>
    /// <param name="ends">Where each ends; it starts where the one before ended.</param>
    /// <param name="hashes">Receives 32 bytes for each, in the same order.</param>
    /// <exception cref="ArgumentException">The ends do not ascend to the end of the bytes, or the hashes do not fit.</exception>
    public static void OfAny(ReadOnlySpan<byte> messages, ReadOnlySpan<int> ends, Span<byte> hashes)
    {
        if (hashes.Length != ends.Length * TreeHash.Length || (ends.IsEmpty ? 0 : ends[^1]) != messages.Length)
        {
            throw new ArgumentException("Messages need an end each, up to the last byte, and 32 bytes for a hash");
        }

        // Those of as many blocks go together; within a pass all lanes take the same number of steps.
        var all = new Message[ends.Length];
        var blocks = new int[ends.Length];
        var start = 0;
        for (var i = 0; i < all.Length; i++)
        {
            var length = ends[i] - start;
            all[i] = length >= 0 ? new Message(start, length, i) : throw new ArgumentException("The ends must ascend");
            blocks[i] = BlocksOf(length);
            start = ends[i];
        }

        Array.Sort(blocks, all);
        for (var first = 0; first < all.Length;)
        {
            var last = first;
            while (last < all.Length && last - first < Lanes && blocks[last] == blocks[first])
            {
                last++;
            }

            Pass(messages, all.AsSpan(first, last - first), hashes);
            first = last;
        }
    }

    private static int BlocksOf(int length) => (length + 1 + 8 + BlockLength - 1) / BlockLength;

    // One message a lane, all of as many blocks. Idle lanes repeat the last message.
    private static void Pass(ReadOnlySpan<byte> messages, ReadOnlySpan<Message> lanes, Span<byte> hashes)
    {
        if (lanes.Length == 1 || !Vector.IsHardwareAccelerated)
        {
            foreach (var message in lanes)
            {
                SHA256.HashData(messages.Slice(message.Start, message.Length), hashes.Slice(message.Number * TreeHash.Length, TreeHash.Length));
            }

            return;
        }

        var width = Vector<uint>.Count;
        Span<Vector<uint>> state = stackalloc Vector<uint>[8];
        for (var i = 0; i < state.Length; i++)
        {
            state[i] = new Vector<uint>(Initial[i]);
        }

        Span<Vector<uint>> schedule = stackalloc Vector<uint>[WordsInBlock];
        var words = MemoryMarshal.Cast<Vector<uint>, uint>(schedule);
        Span<byte> padded = stackalloc byte[BlockLength];
        var blocks = BlocksOf(lanes[0].Length);
        for (var block = 0; block < blocks; block++)
        {
            for (var lane = 0; lane < width; lane++)
            {
                var message = lanes[Math.Min(lane, lanes.Length - 1)];
                var at = block * BlockLength;
                var whole = messages.Slice(message.Start, message.Length);
                var bytes = at + BlockLength <= whole.Length ? whole.Slice(at, BlockLength) : Padded(whole, at, block == blocks - 1, padded);
                for (var t = 0; t < WordsInBlock; t++)
                {
                    words[(t * width) + lane] = BinaryPrimitives.ReadUInt32BigEndian(bytes.Slice(4 * t, 4));
                }
            }

            Compress(state, schedule);
        }

        var results = MemoryMarshal.Cast<Vector<uint>, uint>(state);
        for (var lane = 0; lane < lanes.Length; lane++)
        {
            var hash = hashes.Slice(lanes[lane].Number * TreeHash.Length, TreeHash.Length);
            for (var i = 0; i < 8; i++)
            {
                BinaryPrimitives.WriteUInt32BigEndian(hash[(4 * i)..], results[(i * width) + lane]);
            }
        }
    }

    // FIPS 180-4, section 5.1.1: the message, a one bit, zeros, the length in bits.
    private static ReadOnlySpan<byte> Padded(ReadOnlySpan<byte> message, int at, bool isLast, Span<byte> block)
    {
        block.Clear();
        if (at <= message.Length)
        {
            message[at..].CopyTo(block);
            block[message.Length - at] = 0x80;
        }

        if (isLast)
        {
            BinaryPrimitives.WriteUInt64BigEndian(block[(BlockLength - 8)..], 8UL * (ulong)message.Length);
        }

        return block;
    }

    // FIPS 180-4, section 6.2.2, with the schedule kept as its last 16 words.
    private static void Compress(Span<Vector<uint>> state, Span<Vector<uint>> w)
    {
        var (a, b, c, d) = (state[0], state[1], state[2], state[3]);
        var (e, f, g, h) = (state[4], state[5], state[6], state[7]);
        for (var round = 0; round < K.Length; round++)
        {
            var word = w[round & 15];
            if (round >= WordsInBlock)
            {
                var w15 = w[(round + 1) & 15];
                var w2 = w[(round + 14) & 15];
                word += w[(round + 9) & 15]
                    + (Rotate(w15, 7) ^ Rotate(w15, 18) ^ (w15 >>> 3))
                    + (Rotate(w2, 17) ^ Rotate(w2, 19) ^ (w2 >>> 10));
                w[round & 15] = word;
            }

            var t1 = h + (Rotate(e, 6) ^ Rotate(e, 11) ^ Rotate(e, 25)) + (g ^ (e & (f ^ g))) + new Vector<uint>(K[round]) + word;
            var t2 = (Rotate(a, 2) ^ Rotate(a, 13) ^ Rotate(a, 22)) + ((a & b) | (c & (a | b)));
            (h, g, f, e, d, c, b, a) = (g, f, e, d + t1, c, b, a, t1 + t2);
        }

        state[0] += a;
        state[1] += b;
        state[2] += c;
        state[3] += d;
        state[4] += e;
        state[5] += f;
        state[6] += g;
        state[7] += h;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector<uint> Rotate(Vector<uint> value, int right) => (value >>> right) | (value << (32 - right));

    private readonly record struct Message(int Start, int Length, int Number);
}
