using Marketplace.Data;
using Marketplace.Web.Pipeline;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Bills.Documents;

/// <summary>Writes what a stranger needs to compute all bills of a loop again: of each document its amounts and its record.</summary>
public static class BillFolder
{
    /// <returns>How many documents were written.</returns>
    public static async Task<int> WriteAsync(Requests requests, IDbContextFactory<MarketplaceDb> databases, int loopId, string folder, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(folder);
        List<string> numbers;
        await using (var db = await databases.CreateDbContextAsync(cancellationToken))
        {
            numbers = await db.Bills.Where(bill => bill.LoopId == loopId).OrderBy(bill => bill.Id).Select(bill => bill.Number).ToListAsync(cancellationToken);
        }

        foreach (var number in numbers)
        {
            await File.WriteAllTextAsync(
                Path.Combine(folder, number + "-amounts.csv"), await requests.Send(new ReadAmounts(loopId, number), Actor.System, cancellationToken), cancellationToken);
            await File.WriteAllBytesAsync(Path.Combine(folder, number + ".txt"), await requests.Send(new ReadRecord(loopId, number), Actor.System, cancellationToken), cancellationToken);
        }

        return numbers.Count;
    }
}
