using Marketplace.Billing;
using Marketplace.Data;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Payments;

/// <summary>Whether a movement stood in an earlier statement.</summary>
internal enum Repeat
{
    /// <summary>It did not.</summary>
    New,

    /// <summary>It is the same: nothing is booked.</summary>
    Known,

    /// <summary>It may be: somebody has to look.</summary>
    Perhaps,
}

/// <summary>What statements of the same account have shown of some days already: a bank may send a day, and then the week with the day in it. The bank's own
/// name of an entry, its day and its amount say that it is the same. Where the bank names none, entries that are alike in everything may be the same or
/// two; and so may one whose name stands with another amount, as when the bank divides it this time.</summary>
internal sealed class EarlierEntries
{
    private readonly Dictionary<(string Name, DateOnly Day, long Cents), int> _others = [], _own = [];
    private readonly Dictionary<Content, int> _othersAlike = [], _ownAlike = [];
    private readonly HashSet<(string Reference, DateOnly Day)> _names = [];

    private EarlierEntries()
    {
    }

    /// <param name="statementId">The statement that is being read: what it has brought itself is counted, not taken for another's.</param>
    public static async Task<EarlierEntries> ReadAsync(MarketplaceDb db, int loopId, int statementId, IReadOnlyList<BankMovement> movements, CancellationToken cancellationToken)
    {
        var (first, last) = (movements.Min(movement => movement.BookedOn), movements.Max(movement => movement.BookedOn));
        var account = await db.AccountStatements.Where(one => one.LoopId == loopId && one.Id == statementId).Select(one => one.Account).SingleAsync(cancellationToken);
        var rows = await (
            from entry in db.BankEntries.AsNoTracking()
            join statement in db.AccountStatements on new { entry.LoopId, Id = entry.StatementId } equals new { statement.LoopId, statement.Id }
            where entry.LoopId == loopId && statement.Account == account && entry.BookedOn >= first && entry.BookedOn <= last
            select new { entry.StatementId, entry.Key, entry.BookedOn, entry.Cents, entry.EndToEndId, entry.PartyAccount, entry.Text, entry.References, entry.State }).ToListAsync(cancellationToken);
        var earlier = new EarlierEntries();
        foreach (var row in rows)
        {
            var (reference, name) = NameOf(row.Key);
            var content = new Content(row.BookedOn, row.Cents, row.EndToEndId, row.PartyAccount, row.Text, string.Join('\n', row.References));
            if (row.StatementId == statementId)
            {
                Count(earlier._own, (name, row.BookedOn, row.Cents));
                Count(earlier._ownAlike, content);
            }
            else if (row.State != BankEntryState.Repeated)
            {
                Count(earlier._others, (name, row.BookedOn, row.Cents));
                Count(earlier._othersAlike, content);
                if (reference.Length > 0)
                {
                    earlier._names.Add((reference, row.BookedOn));
                }
            }
        }

        return earlier;
    }

    /// <summary>Judges a movement, and counts it.</summary>
    public Repeat Judge(BankMovement movement, BankEntry entry)
    {
        var (reference, name) = NameOf(entry.Key);
        var key = (name, entry.BookedOn, entry.Cents);
        var content = new Content(entry.BookedOn, entry.Cents, entry.EndToEndId, entry.PartyAccount, entry.Text, string.Join('\n', entry.References));
        var isKnown = reference.Length > 0 && Count(_own, key) <= _others.GetValueOrDefault(key);
        var isAlike = Count(_ownAlike, content) <= _othersAlike.GetValueOrDefault(content);
        if (movement.IsNamedByBank)
        {
            return isKnown ? Repeat.Known : _names.Contains((reference, entry.BookedOn)) ? Repeat.Perhaps : Repeat.New;
        }

        // A number that the bank counts anew in each statement says nothing by itself.
        return isAlike ? isKnown ? Repeat.Known : Repeat.Perhaps : Repeat.New;
    }

    // The place within the statement is another in each; behind it stand the payment's place in the entry and the entry's name.
    private static (string Reference, string Name) NameOf(string key)
    {
        var slash = key.IndexOf('/', StringComparison.Ordinal);
        var point = key.IndexOf('.', 0, slash);
        return (key[(slash + 1)..], key[(point < 0 ? slash : point)..]);
    }

    private static int Count<T>(Dictionary<T, int> counts, T key)
        where T : notnull => counts[key] = counts.GetValueOrDefault(key) + 1;

    private readonly record struct Content(DateOnly Day, long Cents, string EndToEndId, string PartyAccount, string Text, string References);
}
