using System.Globalization;
using System.Text;
using Marketplace.Billing;
using Marketplace.Billing.Tests;
using Marketplace.Data;
using Marketplace.Web.Features.Bills;
using Marketplace.Web.Features.Bills.Documents;
using Marketplace.Web.Features.Parties;
using Marketplace.Web.Pipeline;
using Marketplace.Web.Tests.Features.Accounts;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using Shouldly;
using Xunit;
using static Marketplace.Web.Tests.Features.Bills.SettledWeekend;

namespace Marketplace.Web.Tests.Features.Bills;

/// <summary>The files of bills and statements: electronic invoice, amounts, PDF, and whom they name.</summary>
public sealed class BillDocumentsTests(AccountsHost host) : IClassFixture<AccountsHost>
{
    private static readonly PartyDetails s_issuer = new()
    {
        Name = "Alpha Energie eG", Street = "Ring 1", PostCode = "10115", City = "Berlin", Country = "de", VatId = "de 136695976", Email = "bills@alpha.example",
        Iban = "de89 3704 0044 0532 0130 00",
    };

    [Fact]
    public async Task Every_document_is_an_invoice_that_keeps_the_standards_rules()
    {
        var weekend = await IssuedAsync("rules");

        foreach (var bill in await BillsAsync(weekend))
        {
            var read = await host.Send(new ReadInvoice(weekend.LoopId, bill.Number), weekend.As(Operator, Role.Operator));

            UblRules.Broken(UblDocument.Write(read.Invoice)).ShouldBeEmpty(bill.Number);
            read.Invoice.TotalCents.ShouldBe(bill.Role == Role.Consumer ? bill.TotalCents : -bill.TotalCents);
            (read.Invoice.IsSelfBilled ? read.Invoice.Buyer : read.Invoice.Seller).Name.ShouldBe("Alpha Energie eG");
        }
    }

    [Fact]
    public async Task The_amounts_of_the_file_add_up_to_the_record_on_the_ledger()
    {
        var weekend = await IssuedAsync("amounts");

        foreach (var bill in await BillsAsync(weekend))
        {
            var rows = (await host.Send(new ReadAmounts(weekend.LoopId, bill.Number), weekend.As(Operator, Role.Operator)))
                .Split("\r\n", StringSplitOptions.RemoveEmptyEntries).Skip(1).Select(row => row.Split(',')).ToList();
            var record = Encoding.UTF8.GetString(await host.Send(new ReadRecord(weekend.LoopId, bill.Number), weekend.As(Operator, Role.Operator)));

            var lines = rows.GroupBy(row => int.Parse(row[0], CultureInfo.InvariantCulture))
                .Select(line => (Number: line.Key, Vat: line.First()[5], Exact: line.Sum(row => long.Parse(row[11], CultureInfo.InvariantCulture)))).ToList();
            foreach (var line in lines)
            {
                var cents = (long)decimal.Round(line.Exact / 10_000m, 0, MidpointRounding.AwayFromZero);
                record.ShouldContain(string.Create(CultureInfo.InvariantCulture, $"\nline {line.Number} "));
                record.Split('\n').Single(text => text.StartsWith(string.Create(CultureInfo.InvariantCulture, $"line {line.Number} "), StringComparison.Ordinal))
                    .ShouldContain(string.Create(CultureInfo.InvariantCulture, $" exact={line.Exact} cents={cents} "));
            }

            record.Split('\n').Count(text => text.StartsWith("line ", StringComparison.Ordinal)).ShouldBe(lines.Count);
            var tax = lines.GroupBy(line => line.Vat).Sum(group => decimal.Round(
                group.Sum(line => decimal.Round(line.Exact / 10_000m, 0, MidpointRounding.AwayFromZero)) * int.Parse(group.Key.Split('/')[1], CultureInfo.InvariantCulture) / 10_000m,
                0, MidpointRounding.AwayFromZero));
            var net = lines.Sum(line => decimal.Round(line.Exact / 10_000m, 0, MidpointRounding.AwayFromZero));
            record.ShouldContain(string.Create(CultureInfo.InvariantCulture, $"\ntotal {net + tax}\n"));
        }
    }

    [Fact]
    public async Task Issued_documents_keep_the_parties_they_were_issued_with()
    {
        var weekend = await IssuedAsync("kept");
        await host.Send(new SetIssuer(weekend.LoopId, s_issuer with { Name = "Renamed eG" }), weekend.As(Operator, Role.Operator));
        await host.Send(new SetRecipient(weekend.LoopId, Household, new PartyDetails { Name = "Somebody else", Street = "Away 9", PostCode = "1", City = "Elsewhere", Country = "FR" }), weekend.As(Household, Role.Consumer));

        var read = await host.Send(new ReadInvoice(weekend.LoopId, "KEPT-2026-000001"), weekend.As(Household, Role.Consumer));

        read.Invoice.Seller.Name.ShouldBe("Alpha Energie eG");
        read.Invoice.Buyer.Name.ShouldBe("Kim");
        await Should.ThrowAsync<PostgresException>(() => host.Put(db => db.Database.ExecuteSql($"UPDATE market.bill_parties SET recipient = issuer")));
    }

    [Fact]
    public async Task Without_an_issuer_the_electronic_invoice_is_refused_with_the_way_out_and_the_paper_is_there()
    {
        var weekend = await InAsync(host, "nobody");
        (await host.Send(new IssueBills(weekend.LoopId, Period))).Outcome.ShouldBe(BillingOutcome.Issued);

        var refusal = await Should.ThrowAsync<RefusedException>(() => host.Send(new ReadInvoice(weekend.LoopId, "NOBODY-2026-000001"), weekend.As(Household, Role.Consumer)));

        refusal.Problems.Single().Message.ShouldContain("Who writes the bills");
    }

    [Fact]
    public async Task Wrong_details_are_named_field_by_field_and_right_ones_are_tidied()
    {
        var weekend = await InAsync(host, "details");
        var refusal = await Should.ThrowAsync<RefusedException>(() => host.Send(
            new SetIssuer(weekend.LoopId, s_issuer with { Name = " ", Country = "Germany", Iban = "DE89370400440532013001", VatId = "136695976" }), weekend.As(Operator, Role.Operator)));
        refusal.Problems.Select(problem => problem.Field.TrimStart('.')).ShouldBe(["Name", "Country", "VatId", "Iban"], ignoreOrder: true);
        (await Should.ThrowAsync<RefusedException>(() => host.Send(new SetIssuer(weekend.LoopId, s_issuer with { VatId = "ZZ136695976" }), weekend.As(Operator, Role.Operator))))
            .Problems.ShouldHaveSingleItem().Message.ShouldContain("name a country");
        await host.Send(new SetIssuer(weekend.LoopId, s_issuer with { VatId = "EL136695976" }), weekend.As(Operator, Role.Operator));

        await host.Send(new SetIssuer(weekend.LoopId, s_issuer), weekend.As(Operator, Role.Operator));
        var kept = await host.Send(new ShowIssuer(weekend.LoopId), weekend.As(Household, Role.Consumer));
        (kept!.Country, kept.VatId, kept.Iban).ShouldBe(("DE", "DE136695976", "DE89370400440532013000"));
    }

    [Fact]
    public async Task Nobody_else_reads_or_sets_a_members_details_or_files()
    {
        var weekend = await IssuedAsync("closed");
        var details = new PartyDetails { Name = "X", Street = "Y", PostCode = "1", City = "Z", Country = "DE" };
        foreach (var stranger in new[] { weekend.As(Neighbour, Role.Consumer), weekend.As(Neighbour, Role.Auditor), Actor.Visitor })
        {
            await Should.ThrowAsync<NotPermittedException>(() => host.Send(new ReadInvoice(weekend.LoopId, "CLOSED-2026-000001"), stranger));
            await Should.ThrowAsync<NotPermittedException>(() => host.Send(new ReadAmounts(weekend.LoopId, "CLOSED-2026-000001"), stranger));
            await Should.ThrowAsync<NotPermittedException>(() => host.Send(new ReadRecord(weekend.LoopId, "CLOSED-2026-000001"), stranger));
            await Should.ThrowAsync<NotPermittedException>(() => host.Send(new ShowRecipient(weekend.LoopId, Household), stranger));
            await Should.ThrowAsync<NotPermittedException>(() => host.Send(new SetRecipient(weekend.LoopId, Household, details), stranger));
            await Should.ThrowAsync<NotPermittedException>(() => host.Send(new SetIssuer(weekend.LoopId, s_issuer), stranger));
        }
    }

    [Fact]
    public async Task The_PDF_carries_the_invoice_and_is_tagged()
    {
        var weekend = await IssuedAsync("pdf");
        await host.Put(db => db.Add(new MemberRole { LoopId = weekend.LoopId, MemberId = Household, Role = Role.Consumer }));
        var (_, email) = await host.AddPerson(weekend.LoopId, Household);
        using var browser = new Browser(host);
        await browser.SignIn(email, People.Password);

        var pdf = await browser.Bytes("/loops/pdf/bills/PDF-2026-000001/bill.pdf");
        var xml = await browser.Bytes("/loops/pdf/bills/PDF-2026-000001/invoice.xml");

        Encoding.Latin1.GetString(pdf[..5]).ShouldBe("%PDF-");
        var text = Encoding.Latin1.GetString(pdf);
        text.ShouldContain("/EmbeddedFile");
        text.ShouldContain("/StructTreeRoot");
        UblRules.Broken(xml).ShouldBeEmpty();
    }

    private async Task<SettledWeekend> IssuedAsync(string slug)
    {
        var weekend = await InAsync(host, slug);
        await host.Send(new SetIssuer(weekend.LoopId, s_issuer), weekend.As(Operator, Role.Operator));
        (await host.Send(new IssueBills(weekend.LoopId, Period))).Outcome.ShouldBe(BillingOutcome.Issued);
        return weekend;
    }

    private async Task<IReadOnlyList<BillListed>> BillsAsync(SettledWeekend weekend)
    {
        var run = await host.Send(new ShowBillRun(weekend.LoopId, Period), weekend.As(Operator, Role.Operator));
        run.Bills.Count.ShouldBe(5);
        return run.Bills;
    }
}
