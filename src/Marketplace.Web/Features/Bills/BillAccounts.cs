using Marketplace.Data;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Bills;

internal static class PlantKindOf
{
    public static bool IsStore(string definition)
    {
        using var json = System.Text.Json.JsonDocument.Parse(definition);
        return json.RootElement.GetProperty("Kind").GetString() == "Store";
    }
}

internal static class BillAccounts
{
    public static async Task<IReadOnlyDictionary<(AccountKind Kind, int Member), int>> OfAsync(
        MarketplaceDb db, int loopId, IEnumerable<(AccountKind Kind, int Member)> wanted, CancellationToken cancellationToken)
    {
        var found = await db.Accounts.AsNoTracking().Where(account => account.LoopId == loopId)
            .ToDictionaryAsync(account => (account.Kind, account.MemberId), account => account.Id, cancellationToken);
        var next = found.Values.DefaultIfEmpty().Max() + 1;
        var missing = wanted.Distinct().Where(key => !found.ContainsKey(key)).Order()
            .Select(key => new JournalAccount { LoopId = loopId, Id = next++, Kind = key.Kind, MemberId = key.Member }).ToList();
        await db.BulkInsertAsync(missing, cancellationToken);
        foreach (var account in missing)
        {
            found.Add((account.Kind, account.MemberId), account.Id);
        }

        return found;
    }
}
