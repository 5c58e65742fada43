namespace Marketplace.Billing;

/// <summary>What an entry of a member's account comes from. The numeric values are stored and must never change.</summary>
public enum EntryKind : short
{
    /// <summary>A bill, statement or credit note.</summary>
    Document = 1,

    /// <summary>The fee of a reminder.</summary>
    Fee = 2,

    /// <summary>Money that came in or went out.</summary>
    Receipt = 3,

    /// <summary>What was given back on a disputed document that stays as it is.</summary>
    Goodwill = 4,
}

/// <summary>Names an entry of a member's account.</summary>
public readonly record struct EntryKey(EntryKind Kind, long Id);

/// <summary>An entry of a member's account with the loop.</summary>
/// <param name="Key">Its name.</param>
/// <param name="Cents">Above zero: the member owes it; below zero: it is to the member's credit.</param>
/// <param name="DueOn">When it is due; credits count from the day they came.</param>
/// <param name="For">The entry it is meant for, where it names one: the document of a payment's reference, the document a credit note
/// takes back, the credit that was paid out, the payment that was returned.</param>
/// <param name="HeldCents">A part that is disputed: only what takes the document back, or was given back on it, is set off against that. Never below zero.</param>
/// <param name="TakesBack">Whether it undoes what <paramref name="For"/> had settled: a returned payment.</param>
/// <param name="InFileCents">A part that waits in a payment file: the bank may have it already, so that nothing else may settle it. Never below zero.</param>
public sealed record AccountEntry(EntryKey Key, long Cents, DateOnly DueOn, EntryKey? For = null, long HeldCents = 0, bool TakesBack = false, long InFileCents = 0);

/// <summary>So much of an owed entry is settled by a credit; below zero it is undone.</summary>
public readonly record struct Allocation(EntryKey Owed, EntryKey Credit, long Cents);

/// <summary>Which entries of a member's account are open, and which settle which: what is named first, then the oldest with the oldest. A payment
/// that names a disputed document settles what of it is not disputed, and with the rest the oldest: what is due is not left open for what is not.
/// The sum of what is open is the account's balance, whatever settles what.</summary>
public sealed class OpenItems
{
    private readonly IReadOnlyList<AccountEntry> _entries;
    private readonly Dictionary<EntryKey, long> _open;
    private readonly List<Allocation> _made;
    private readonly List<Allocation> _further = [];

    private OpenItems(IReadOnlyList<AccountEntry> entries, IReadOnlyList<Allocation> made)
    {
        _entries = [.. entries.OrderBy(entry => entry.DueOn).ThenBy(entry => entry.Key.Kind).ThenBy(entry => entry.Key.Id)];
        _open = _entries.ToDictionary(entry => entry.Key, entry => entry.Cents);
        _made = [.. made];
        foreach (var allocation in made)
        {
            Move(allocation);
        }
    }

    /// <summary>The allocations that are due beyond those that were made, in the order in which they are to be made.</summary>
    public IReadOnlyList<Allocation> Further => _further;

    /// <summary>What the member owes in all, less its credits.</summary>
    public long BalanceCents => _open.Values.Sum();

    /// <summary>All allocations, with the further ones.</summary>
    public IReadOnlyList<Allocation> All => _made;

    /// <summary>Sets off what can be set off.</summary>
    /// <param name="entries">Every entry of the account.</param>
    /// <param name="made">The allocations that stand.</param>
    /// <exception cref="ArgumentException">An allocation names no entry, settles more than there is, or goes the wrong way.</exception>
    public static OpenItems Of(IReadOnlyList<AccountEntry> entries, IReadOnlyList<Allocation> made)
    {
        ArgumentNullException.ThrowIfNull(entries);
        ArgumentNullException.ThrowIfNull(made);
        var items = new OpenItems(entries, made);
        items.RequireSound();
        items.TakeBack();
        items.Named();
        items.OldestFirst();
        items.RequireSound();
        return items;
    }

    /// <summary>What is open of an entry, with its sign.</summary>
    public long OpenCents(EntryKey key) => _open[key];

    // A returned payment settles nothing any more: what it had settled is open again, the last first.
    private void TakeBack()
    {
        foreach (var entry in _entries.Where(entry => entry.TakesBack && entry.For is not null))
        {
            var credit = entry.For!.Value;
            if (!_open.TryGetValue(credit, out var open) || _open[entry.Key] <= 0)
            {
                continue;
            }

            var missing = _open[entry.Key] + open;
            foreach (var settled in Standing(credit).AsEnumerable().Reverse())
            {
                if (missing <= 0)
                {
                    break;
                }

                var undone = Math.Min(missing, settled.Cents);
                Add(new Allocation(settled.Owed, credit, -undone));
                missing -= undone;
            }

            Settle(entry.Key, credit, long.MaxValue);
        }
    }

    private List<Allocation> Standing(EntryKey credit) => [.. _made
        .Where(allocation => allocation.Credit == credit)
        .GroupBy(allocation => allocation.Owed)
        .Select(group => new Allocation(group.Key, credit, group.Sum(allocation => allocation.Cents)))
        .Where(allocation => allocation.Cents > 0)];

    private void Named()
    {
        var entries = _entries.ToDictionary(entry => entry.Key);
        foreach (var entry in _entries)
        {
            if (entry.For is not { } named || !entries.TryGetValue(named, out var other))
            {
                continue;
            }

            var (owed, credit) = entry.Cents < 0 ? (other, entry) : (entry, other);
            var disputed = credit.Key.Kind == EntryKind.Receipt ? owed.HeldCents : 0;
            Settle(owed.Key, credit.Key, Math.Min(Free(owed) - disputed, Free(credit)));
        }
    }

    private void OldestFirst()
    {
        var owed = _entries.Where(entry => entry.Cents > 0).ToList();
        foreach (var credit in _entries.Where(entry => entry.Cents < 0))
        {
            foreach (var debt in owed)
            {
                var free = Free(credit) - credit.HeldCents;
                if (free <= 0)
                {
                    break;
                }

                Settle(debt.Key, credit.Key, Math.Min(free, Free(debt) - debt.HeldCents));
            }
        }
    }

    /// <summary>What is open of an entry and in no file, without its sign.</summary>
    private long Free(AccountEntry entry) => Math.Abs(_open[entry.Key]) - entry.InFileCents;

    private void Settle(EntryKey owed, EntryKey credit, long most)
    {
        var cents = Math.Min(most, Math.Min(_open[owed], -_open[credit]));
        if (cents > 0)
        {
            Add(new Allocation(owed, credit, cents));
        }
    }

    private void Add(Allocation allocation)
    {
        Move(allocation);
        _made.Add(allocation);
        _further.Add(allocation);
    }

    private void Move(Allocation allocation)
    {
        if (!_open.TryGetValue(allocation.Owed, out var owed) || !_open.TryGetValue(allocation.Credit, out var credit))
        {
            throw new ArgumentException($"{allocation} names an entry that is not of this account");
        }

        _open[allocation.Owed] = checked(owed - allocation.Cents);
        _open[allocation.Credit] = checked(credit + allocation.Cents);
    }

    private void RequireSound()
    {
        foreach (var entry in _entries)
        {
            var open = _open[entry.Key];
            if (Math.Abs(open) > Math.Abs(entry.Cents) || (open != 0 && Math.Sign(open) != Math.Sign(entry.Cents)))
            {
                throw new ArgumentException($"{entry.Key} of {entry.Cents} cents cannot have {open} cents open");
            }
        }
    }
}
