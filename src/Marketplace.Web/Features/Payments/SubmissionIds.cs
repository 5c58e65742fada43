using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Marketplace.Data;

namespace Marketplace.Web.Features.Payments;

/// <summary>Names of receipts that no form made: the same deed has the same name, so that the database refuses it a second time.</summary>
internal static class SubmissionIds
{
    public static Guid OfPayment(BankPayment payment) => Of($"payment/{payment.LoopId}/{payment.EndToEndId}");

    public static Guid OfEntry(int loopId, long entryId, int part) => Of(string.Create(CultureInfo.InvariantCulture, $"entry/{loopId}/{entryId}/{part}"));

    private static Guid Of(string name) => new(SHA256.HashData(Encoding.UTF8.GetBytes(name)).AsSpan(0, 16));
}
