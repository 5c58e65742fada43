using Marketplace.Quantities;

namespace Marketplace.Billing;

/// <summary>A line before and after a document was revised. A side is null where the document has no such line.</summary>
public sealed record LineChange(BillLine? Before, BillLine? After)
{
    /// <summary>The line as it is, or was.</summary>
    public BillLine Line => After ?? Before ?? throw new InvalidOperationException("A change has a side");

    /// <summary>What it adds to the document's net sum.</summary>
    public long Cents => (After?.Cents ?? 0) - (Before?.Cents ?? 0);

    /// <summary>Whether anything of it is different.</summary>
    public bool IsChanged => Before is null || After is null || !Revision.Same(Before, After);
}

/// <summary>What a revision of an issued document changes. The document itself stays: it is taken back by a credit note of the same amounts and, where
/// something is left to bill, a new one takes its place.</summary>
public static class Revision
{
    /// <summary>Whether two documents say the same, line by line.</summary>
    public static bool Same(BillDocument before, BillDocument after)
    {
        ArgumentNullException.ThrowIfNull(before);
        ArgumentNullException.ThrowIfNull(after);
        return before.Member == after.Member && before.Role == after.Role && before.Lines.Count == after.Lines.Count
            && before.Lines.Zip(after.Lines).All(pair => Same(pair.First, pair.Second));
    }

    /// <summary>Whether two lines say the same: what for, how much, at which tax, for which amount.</summary>
    public static bool Same(BillLine before, BillLine after)
    {
        ArgumentNullException.ThrowIfNull(before);
        ArgumentNullException.ThrowIfNull(after);
        return KeyOf(before) == KeyOf(after) && before.Quantity == after.Quantity && before.Exact == after.Exact;
    }

    /// <summary>The lines of both, side by side, in the order of the new document; lines that are gone come last. A line that is only in one of
    /// them stands by itself.</summary>
    public static IReadOnlyList<LineChange> Compare(IReadOnlyList<BillLine> before, IReadOnlyList<BillLine> after)
    {
        ArgumentNullException.ThrowIfNull(before);
        ArgumentNullException.ThrowIfNull(after);
        var left = before.GroupBy(KeyOf).ToDictionary(group => group.Key, group => new Queue<BillLine>(group));
        var changes = after.Select(line => new LineChange(left.TryGetValue(KeyOf(line), out var known) && known.TryDequeue(out var was) ? was : null, line)).ToList();
        changes.AddRange(before.Where(line => left[KeyOf(line)].Contains(line, ReferenceEqualityComparer.Instance)).Select(line => new LineChange(line, null)));
        return changes;
    }

    private static (BillLineKind, Carrier?, string, string, int, int, VatRate) KeyOf(BillLine line) =>
        (line.Kind, line.Carrier, line.Plant, line.Name, line.Trace.TariffVersion, line.Trace.Part, line.Vat);
}
