using Marketplace.Billing;
using Marketplace.Data;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace Marketplace.Web.Features.Parties;

/// <summary>The parties of documents, kept with them when they are issued.</summary>
internal static class PartiesOfBills
{
    /// <summary>Keeps issuer and recipients with documents that are being issued in this transaction. Documents that have theirs keep them.</summary>
    public static async Task KeepAsync(NpgsqlConnection connection, NpgsqlTransaction? transaction, int loopId, int firstBill, int lastBill, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(
            """
            INSERT INTO market.bill_parties (loop_id, bill_id, issuer, recipient)
            SELECT b.loop_id, b.id, i.details, coalesce(r.details, jsonb_build_object('name', m.name, 'country', i.details ->> 'country'))
            FROM market.bills b
            JOIN market.bill_issuers i ON i.loop_id = b.loop_id
            JOIN market.members m ON m.loop_id = b.loop_id AND m.id = b.member_id
            LEFT JOIN market.bill_recipients r ON r.loop_id = b.loop_id AND r.member_id = b.member_id
            WHERE b.loop_id = $1 AND b.id BETWEEN $2 AND $3
            ON CONFLICT DO NOTHING
            """,
            connection, transaction);
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = loopId });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = firstBill });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = lastBill });
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>The parties of a document; for one that was issued before they were kept, what is known now. None while nobody has said who writes the bills.</summary>
    public static async Task<BillParties?> ReadAsync(MarketplaceDb db, Bill bill, CancellationToken cancellationToken)
    {
        if (await db.BillParties.AsNoTracking().SingleOrDefaultAsync(parties => parties.LoopId == bill.LoopId && parties.BillId == bill.Id, cancellationToken) is { } kept)
        {
            return kept;
        }

        if (await db.BillIssuers.AsNoTracking().SingleOrDefaultAsync(issuer => issuer.LoopId == bill.LoopId, cancellationToken) is not { } issuer)
        {
            return null;
        }

        var recipient = await db.BillRecipients.AsNoTracking()
            .SingleOrDefaultAsync(recipient => recipient.LoopId == bill.LoopId && recipient.MemberId == bill.MemberId, cancellationToken);
        var name = await db.Members.Where(member => member.LoopId == bill.LoopId && member.Id == bill.MemberId).Select(member => member.Name).SingleAsync(cancellationToken);
        return new BillParties
        {
            LoopId = bill.LoopId, BillId = bill.Id, Issuer = issuer.Details,
            Recipient = recipient?.Details ?? new PartyDetails { Name = name, Country = issuer.Details.Country },
        };
    }

    /// <summary>The details as they stand on an invoice.</summary>
    /// <param name="key">The party's name in the loop's records.</param>
    public static InvoiceParty OnInvoice(PartyDetails details, string key) => new()
    {
        Name = details.Name.Length > 0 ? details.Name : key, Key = key, Street = details.Street, PostCode = details.PostCode, City = details.City, Country = details.Country,
        VatId = details.VatId, TaxNumber = details.TaxNumber, RegisterNumber = details.RegisterNumber, Email = details.Email, Phone = details.Phone,
        Account = details.Iban.Length > 0 ? Iban.Parse(details.Iban) : null, Bic = details.Bic, AccountHolder = details.AccountHolder,
    };
}
