using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Pipeline;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Settlement;

/// <summary>The double-entry journal of a loop. Each transfer names both accounts, so debits equal credits by construction;
/// each has a key that says what it is for, so that it cannot be made twice.</summary>
public sealed class Journal(Work work)
{
    /// <summary>The loop's accounts, opening those that are missing for these members.</summary>
    /// <param name="ofTheLoop">Further accounts of the loop that only some need.</param>
    /// <param name="ofAMember">Further accounts of each of these members.</param>
    public async Task<JournalAccounts> AccountsAsync(
        int loopId, IReadOnlyCollection<int> members, CancellationToken cancellationToken,
        IReadOnlyList<AccountKind>? ofTheLoop = null, IReadOnlyList<AccountKind>? ofAMember = null)
    {
        var db = work.Db;
        var known = await LoadAsync(db, loopId, cancellationToken);
        var missing = Wanted(members, ofTheLoop ?? [], ofAMember ?? []).Where(wanted => !known.ContainsKey(wanted)).ToList();
        if (missing.Count > 0)
        {
            // One at a time opens accounts, so that numbers stay dense and no account is opened twice.
            await db.Database.ExecuteSqlAsync($"SELECT pg_advisory_xact_lock(hashtextextended({"accounts/" + loopId}, 0))", cancellationToken);
            known = await LoadAsync(db, loopId, cancellationToken);
            var next = known.Count == 0 ? 1 : known.Values.Max() + 1;
            await db.BulkInsertAsync(
                [.. missing.Where(wanted => !known.ContainsKey(wanted)).Select((wanted, i) => new JournalAccount
                {
                    LoopId = loopId, Id = next + i, Kind = wanted.Kind, MemberId = wanted.Member,
                })],
                cancellationToken);
            known = await LoadAsync(db, loopId, cancellationToken);
        }

        return new JournalAccounts(loopId, known);
    }

    /// <summary>Posts transfers in one batch. A transfer that was made before refuses the batch.</summary>
    public Task PostAsync(IReadOnlyCollection<Transfer> transfers, CancellationToken cancellationToken) =>
        work.Db.BulkInsertAsync(transfers, cancellationToken);

    private static IEnumerable<(AccountKind Kind, int Member)> Wanted(
        IEnumerable<int> members, IReadOnlyList<AccountKind> ofTheLoop, IReadOnlyList<AccountKind> ofAMember)
    {
        foreach (var kind in JournalAccounts.OfTheLoop.Concat(ofTheLoop))
        {
            yield return (kind, 0);
        }

        foreach (var member in members.Order())
        {
            foreach (var kind in JournalAccounts.OfAMember.Concat(ofAMember))
            {
                yield return (kind, member);
            }
        }
    }

    private static Task<Dictionary<(AccountKind Kind, int Member), int>> LoadAsync(MarketplaceDb db, int loopId, CancellationToken cancellationToken) =>
        db.Accounts.AsNoTracking()
            .Where(account => account.LoopId == loopId)
            .ToDictionaryAsync(account => (account.Kind, account.MemberId), account => account.Id, cancellationToken);
}

/// <summary>The accounts of a loop, and transfers between them.</summary>
public sealed class JournalAccounts(int loopId, IReadOnlyDictionary<(AccountKind Kind, int Member), int> accounts)
{
    public static IReadOnlyList<AccountKind> OfTheLoop { get; } =
    [
        AccountKind.Market, AccountKind.Imbalance, AccountKind.NetworkFees, AccountKind.StandingCharges, AccountKind.Vat,
        AccountKind.Rounding, AccountKind.Conversion, AccountKind.Losses, AccountKind.Bank, AccountKind.Corrections,
    ];

    public static IReadOnlyList<AccountKind> OfAMember { get; } = [AccountKind.Unbilled, AccountKind.Receivable, AccountKind.Energy, AccountKind.Deposit];

    public int this[AccountKind kind, int member = 0] => accounts[(kind, member)];

    /// <summary>Moves a signed amount to <paramref name="debit"/> from <paramref name="credit"/>; below zero it moves the other way; zero moves nothing.</summary>
    /// <param name="amount">Millionths of the currency, or Wh for the kinds that move energy.</param>
    public IEnumerable<Transfer> Move(
        DateTimeOffset hour, TransferKind kind, Carrier? carrier, int debit, int credit, long amount, long reference = 0)
    {
        if (amount != 0)
        {
            yield return new Transfer
            {
                LoopId = loopId,
                Hour = hour,
                Kind = kind,
                Carrier = (short)(carrier ?? 0),
                DebitAccount = amount > 0 ? debit : credit,
                CreditAccount = amount > 0 ? credit : debit,
                Reference = reference,
                Amount = Math.Abs(amount),
            };
        }
    }
}
