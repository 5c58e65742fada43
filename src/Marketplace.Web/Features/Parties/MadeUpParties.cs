using System.Globalization;
using Marketplace.Billing;
using Marketplace.Data;
using Marketplace.Replica;

namespace Marketplace.Web.Features.Parties;

/// <summary>Addresses and accounts for loops whose people are made up or known by a code only: the demo's and replays'. Their bank codes
/// are given to no bank, their domains to nobody.</summary>
internal static class MadeUpParties
{
    /// <summary>Adds issuer and recipients of a loop that is being set up.</summary>
    /// <param name="ids">The members' numbers by key.</param>
    public static async Task AddAsync(
        MarketplaceDb db, Loop loop, IReadOnlyList<LoopMember> members, IReadOnlyDictionary<string, int> ids, DateTimeOffset now, CancellationToken cancellationToken)
    {
        // A currency's code begins with its country's; the euro has many, of which these loops take one.
        var country = loop.Currency == "EUR" ? "DE" : loop.Currency[..2];
        var place = loop.Name.Split(' ')[0];
        db.BillIssuers.Add(new BillIssuer
        {
            LoopId = loop.Id,
            SetAt = now,
            Details = new PartyDetails
            {
                Name = loop.Name, Street = "Ring 1", PostCode = "00001", City = place, Country = country, TaxNumber = "00/000/00001",
                RegisterNumber = "GnR 0001", Email = $"bills@{loop.Slug}.example", Phone = "+49 30 23125 000", Iban = Account(0), CreditorId = "DE98ZZZ09999999999",
            },
        });
        await db.SaveChangesAsync(cancellationToken);
        await db.BulkInsertAsync(
            [.. members.Select(member => new BillRecipient
            {
                LoopId = loop.Id,
                MemberId = ids[member.Key],
                SetAt = now,
                Details = new PartyDetails
                {
                    Name = member.DisplayName, Street = string.Create(CultureInfo.InvariantCulture, $"Ring {ids[member.Key] + 1}"), PostCode = "00001", City = place,
                    Country = country, Iban = Account(ids[member.Key]),
                    Language = loop.Kind == LoopKind.Demo ? s_languages[ids[member.Key] % s_languages.Length] : "en",
                },
            })],
            cancellationToken);
    }

    private static readonly string[] s_languages = ["en", "de", "fr"];

    private static string Account(int number) => Iban.For("DE", "99999999" + number.ToString("0000000000", CultureInfo.InvariantCulture)).Value;
}
