using System.Globalization;
using System.Text;
using Marketplace.Billing;
using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Features.Bills;
using Marketplace.Web.Features.Parties;
using Marketplace.Web.Features.Payments;
using Marketplace.Web.Pipeline;
using Marketplace.Web.Tests.Features.Bills;
using Microsoft.EntityFrameworkCore;
using Shouldly;
using Bill = Marketplace.Data.Bill;

namespace Marketplace.Web.Tests.Features.Payments;

/// <summary>A loop with issued documents, accounts and mandates, and what its bank would send.</summary>
internal sealed class BilledLoop
{
    public const string Account = "DE89370400440532013000";

    public required MarketplaceHost Host { get; init; }

    public required SettledWeekend Weekend { get; init; }

    public required IReadOnlyList<Bill> Bills { get; init; }

    public int LoopId => Weekend.LoopId;

    public Actor Operator => Weekend.As(SettledWeekend.Operator, Role.Operator);

    /// <summary>The household's bill: above zero.</summary>
    public Bill Bill => Bills.Single(bill => bill.MemberId == SettledWeekend.Household && bill.Role == Role.Consumer);

    public static string IbanOf(int member) => Iban.For("DE", "99999999" + member.ToString("0000000000", CultureInfo.InvariantCulture)).Value;

    public static async Task<BilledLoop> InAsync(MarketplaceHost host, string slug)
    {
        var weekend = await SettledWeekend.InAsync(host, slug);
        var keeper = weekend.As(SettledWeekend.Operator, Role.Operator);
        await host.Send(new SetIssuer(weekend.LoopId, new PartyDetails
        {
            Name = "Alpha eG", Street = "Ring 1", PostCode = "10115", City = "Berlin", Country = "DE", TaxNumber = "1/2/3", Email = "bills@alpha.example", Iban = Account, CreditorId = "DE98ZZZ09999999999",
        }), keeper);
        foreach (var member in new[] { SettledWeekend.Household, SettledWeekend.Owner, SettledWeekend.StoreKeeper, SettledWeekend.Investor })
        {
            await host.Send(new SetRecipient(weekend.LoopId, member, new PartyDetails
            {
                Name = "Member " + member.ToString(CultureInfo.InvariantCulture), Street = "Ring 2", PostCode = "10115", City = "Berlin", Country = "DE", Iban = IbanOf(member),
                Mandate = member == SettledWeekend.Household ? "M-1" : "", MandateSignedOn = member == SettledWeekend.Household ? new DateOnly(2026, 1, 2) : null,
            }), keeper);
        }

        (await host.Send(new IssueBills(weekend.LoopId, SettledWeekend.Period))).Outcome.ShouldBe(BillingOutcome.Issued);
        var bills = await host.Look(db => db.Bills.AsNoTracking().Where(bill => bill.LoopId == weekend.LoopId).OrderBy(bill => bill.Id).ToListAsync());
        return new BilledLoop { Host = host, Weekend = weekend, Bills = bills };
    }

    public Task<MemberAccountView> AccountAsync(int member) => Host.Send(new ShowMemberAccount(LoopId, member), Operator);

    public async Task<long> OpenAsync(Bill bill)
    {
        var account = (await AccountAsync(bill.MemberId)).Account;
        return account.OpenCents(account.Documents.Single(document => document.Id == bill.Id));
    }

    public Task<ImportedStatements> ImportAsync(string entries, string id = "S-1", string account = Account) => Host.Send(new ImportStatement(LoopId, File(entries, id, account)), Operator);

    public static byte[] File(string entries, string id, string account) => Encoding.UTF8.GetBytes($"""
        <Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt><Stmt><Id>{id}</Id><Acct><Id><IBAN>{account}</IBAN></Id></Acct>
        {entries}
        </Stmt></BkToCstmrStmt></Document>
        """);

    public static string Entry(long cents, string text = "", string from = "", string endToEnd = "", string more = "") => string.Create(CultureInfo.InvariantCulture, $"""
        <Ntry><Amt Ccy="EUR">{Math.Abs(cents) / 100m:0.00}</Amt><CdtDbtInd>{(cents > 0 ? "CRDT" : "DBIT")}</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>2026-03-06</Dt></BookgDt>
        <NtryDtls><TxDtls><Refs><EndToEndId>{(endToEnd.Length > 0 ? endToEnd : "NOTPROVIDED")}</EndToEndId></Refs><RltdPties><{(cents > 0 ? "Dbtr" : "Cdtr")}Acct><Id><IBAN>{from}</IBAN></Id></{(cents > 0 ? "Dbtr" : "Cdtr")}Acct></RltdPties><RmtInf><Ustrd>{text}</Ustrd></RmtInf>{more}</TxDtls></NtryDtls></Ntry>
        """);

    /// <summary>What the journal holds in an account of the loop, in cents.</summary>
    public Task<long> JournalAsync(AccountKind kind, int member = 0) => Host.Look(async db =>
    {
        var account = await db.Accounts.Where(account => account.LoopId == LoopId && account.Kind == kind && account.MemberId == member).Select(account => (int?)account.Id).SingleOrDefaultAsync();
        var transfers = await db.Transfers.Where(transfer => transfer.LoopId == LoopId && (transfer.DebitAccount == account || transfer.CreditAccount == account)).ToListAsync();
        return transfers.Sum(transfer => transfer.DebitAccount == account ? transfer.Amount : -transfer.Amount) / 10_000;
    });

    /// <summary>Everything that payments leave behind, to compare.</summary>
    public Task<string> TracesAsync() => Host.Look(async db => string.Join(' ',
        await db.MoneyReceipts.CountAsync(row => row.LoopId == LoopId), await db.Transfers.CountAsync(row => row.LoopId == LoopId), await db.PaymentAllocations.CountAsync(row => row.LoopId == LoopId),
        await db.BankEntries.CountAsync(row => row.LoopId == LoopId), await db.AccountStatements.CountAsync(row => row.LoopId == LoopId), await db.BankPayments.CountAsync(row => row.LoopId == LoopId)));
}
