using System.Security.Cryptography;
using System.Text;

namespace Marketplace.Ledger;

/// <summary>A meter's place in an hour: its pseudonym there, and the commitment of the reading that settled it.</summary>
/// <param name="Label">HMAC-SHA-256 of the meter's name under the key of the hour (<see cref="MeterIndex.LabelOf"/>).</param>
/// <param name="Commitment">The hash in the reading's ledger entry.</param>
public readonly record struct MeterPlace(TreeHash Label, TreeHash Commitment);

/// <summary>
/// The one reading of each meter in a settled hour, under one root, so that of two readings committed for a meter and hour only
/// one can ever be shown. The place of a meter follows from its label, bit by bit (a binary trie): under one root a label can
/// hold one commitment, whoever built the tree and however. That is what a list of leaves, sorted or not, cannot give.
/// A leaf stands at the shortest prefix that is its own: SHA-256(0x00, label, commitment); a node is SHA-256(0x01, left, right),
/// as in RFC 6962; an empty side is 32 zero bytes.
/// </summary>
public sealed class MeterIndex
{
    /// <summary>Bytes of the key of an hour.</summary>
    public const int KeyLength = 32;

    private const int PlaceLength = 2 * TreeHash.Length;
    private const int MostBits = 8 * TreeHash.Length;
    private static readonly TreeHash Nobody = new(new byte[TreeHash.Length]);
    private readonly MeterPlace[] _places;
    private readonly byte[][] _labels;

    /// <summary>Makes the index of an hour.</summary>
    /// <exception cref="ArgumentException">Two places have the same label.</exception>
    public MeterIndex(IEnumerable<MeterPlace> places)
    {
        var sorted = places.Select(place => (Place: place, Label: place.Label.ToBytes())).ToArray();
        Array.Sort(sorted, (a, b) => a.Label.AsSpan().SequenceCompareTo(b.Label));
        _places = [.. sorted.Select(one => one.Place)];
        _labels = [.. sorted.Select(one => one.Label)];
        for (var i = 1; i < _places.Length; i++)
        {
            if (_places[i].Label == _places[i - 1].Label)
            {
                throw new ArgumentException("A meter has one reading in an hour", nameof(places));
            }
        }

        Root = RootOf(0, _places.Length, 0);
    }

    /// <summary>How many meters it has.</summary>
    public int Count => _places.Length;

    /// <summary>What binds them.</summary>
    public TreeHash Root { get; }

    /// <summary>A meter's pseudonym in an hour. Whoever has not the hour's key can neither guess it nor link two hours by it.</summary>
    public static TreeHash LabelOf(ReadOnlySpan<byte> hourKey, string meter)
    {
        ArgumentException.ThrowIfNullOrEmpty(meter);
        return hourKey.Length == KeyLength
            ? new TreeHash(HMACSHA256.HashData(hourKey, Encoding.UTF8.GetBytes(meter)))
            : throw new ArgumentException("The key of an hour has 32 bytes", nameof(hourKey));
    }

    /// <summary>Reads an index back from <see cref="ToBytes"/>.</summary>
    /// <exception cref="NotVerifiedException">These are not the bytes of one.</exception>
    public static MeterIndex Parse(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length % PlaceLength != 0)
        {
            throw new NotVerifiedException("A meter index is made of places of 64 bytes");
        }

        var places = new MeterPlace[bytes.Length / PlaceLength];
        for (var i = 0; i < places.Length; i++)
        {
            var place = bytes.Slice(i * PlaceLength, PlaceLength);
            places[i] = new MeterPlace(new TreeHash(place[..TreeHash.Length]), new TreeHash(place[TreeHash.Length..]));
        }

        try
        {
            return new MeterIndex(places);
        }
        catch (ArgumentException e)
        {
            throw new NotVerifiedException(e.Message);
        }
    }

    /// <summary>The places, label and commitment, in the order of their labels.</summary>
    public byte[] ToBytes()
    {
        var bytes = new byte[_places.Length * PlaceLength];
        for (var i = 0; i < _places.Length; i++)
        {
            _places[i].Label.CopyTo(bytes.AsSpan(i * PlaceLength));
            _places[i].Commitment.CopyTo(bytes.AsSpan((i * PlaceLength) + TreeHash.Length));
        }

        return bytes;
    }

    /// <summary>The commitment a label holds, or null where the meter is not in this hour.</summary>
    public TreeHash? Find(TreeHash label)
    {
        var at = Array.FindIndex(_places, place => place.Label == label);
        return at < 0 ? null : _places[at].Commitment;
    }

    /// <summary>The way from a label's place to the root: the other side at each level, the lowest first.</summary>
    /// <exception cref="ArgumentException">The meter is not in this hour.</exception>
    public IReadOnlyList<TreeHash> Prove(TreeHash label)
    {
        if (Find(label) is null)
        {
            throw new ArgumentException("This label is not in the index", nameof(label));
        }

        var bits = label.ToBytes();
        var siblings = new List<TreeHash>();
        var (from, to) = (0, _places.Length);
        for (var depth = 0; to - from > 1; depth++)
        {
            var middle = SplitOf(from, to, depth);
            siblings.Add(Bit(bits, depth) ? RootOf(from, middle, depth + 1) : RootOf(middle, to, depth + 1));
            (from, to) = Bit(bits, depth) ? (middle, to) : (from, middle);
        }

        siblings.Reverse();
        return siblings;
    }

    /// <summary>Whether a label holds this commitment under a root. For one root and label that is true of one commitment only.</summary>
    public static bool Verify(MeterPlace place, IReadOnlyList<TreeHash> siblings, TreeHash root)
    {
        ArgumentNullException.ThrowIfNull(siblings);
        if (siblings.Count > MostBits)
        {
            return false;
        }

        var bits = place.Label.ToBytes();
        var hash = LeafOf(place);
        for (var i = 0; i < siblings.Count; i++)
        {
            hash = Bit(bits, siblings.Count - 1 - i) ? MerkleHash.Node(siblings[i], hash) : MerkleHash.Node(hash, siblings[i]);
        }

        return hash == root;
    }

    private static TreeHash LeafOf(MeterPlace place)
    {
        Span<byte> bytes = stackalloc byte[PlaceLength];
        place.Label.CopyTo(bytes);
        place.Commitment.CopyTo(bytes[TreeHash.Length..]);
        return MerkleHash.Leaf(bytes);
    }

    private static bool Bit(byte[] label, int depth) => (label[depth / 8] >> (7 - (depth % 8)) & 1) == 1;

    private TreeHash RootOf(int from, int to, int depth)
    {
        if (to - from < 2)
        {
            return to == from ? Nobody : LeafOf(_places[from]);
        }

        var middle = SplitOf(from, to, depth);
        return MerkleHash.Node(RootOf(from, middle, depth + 1), RootOf(middle, to, depth + 1));
    }

    private int SplitOf(int from, int to, int depth)
    {
        var middle = from;
        while (middle < to && !Bit(_labels[middle], depth))
        {
            middle++;
        }

        return middle;
    }
}
