using System.Globalization;
using System.Text;
using Marketplace.Billing;
using Marketplace.Web.Features.Bills.Documents;
using Marketplace.Web.Features.Bills.Statements;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Features.Proofs;
using Marketplace.Web.Pipeline;

namespace Marketplace.Web.Features.Bills;

/// <summary>Bills and statements: their issue, their pages, their files.</summary>
public static class BillsFeature
{
    public static void AddBills(this WebApplicationBuilder builder)
    {
        builder.Services.AddScoped<BillAccess>();
        builder.Services.AddScoped<LineHours>();
        builder.Services.AddSingleton<PdfPrinter>();
        builder.Services.AddScoped<BillPrinter>();
        builder.Services.AddScoped<PlantAccounts>();
        builder.Services.AddScoped<PeriodBilling>();
        builder.Services.AddScoped<PeriodFacts>();
        builder.Services.AddScoped<Blocks>();
        builder.Services.AddSingleton<QueueWork>();
        builder.Services.AddScoped<DocumentWriter>();
        builder.Services.AddScoped<BillIssue>();
        builder.Services.AddScoped<IStatedCharges, CompensationLines>();
        builder.Services.AddScoped<IStatedCharges, SharedLines>();
    }

    public static void MapBills(this IEndpointRouteBuilder routes)
    {
        var bill = routes.MapGroup("/loops/{slug}/bills/{number}").RequireAuthorization();
        bill.MapGet("/hours.csv", async (string slug, string number, Requests requests, CancellationToken cancellationToken) =>
            Csv(await requests.Send(new ReadHours(await LoopAsync(requests, slug, cancellationToken), number), cancellationToken), $"{number}-hours.csv"));
        bill.MapGet("/amounts.csv", async (string slug, string number, Requests requests, CancellationToken cancellationToken) =>
            Csv(await requests.Send(new ReadAmounts(await LoopAsync(requests, slug, cancellationToken), number), cancellationToken), $"{number}-amounts.csv"));
        bill.MapGet("/record", async (string slug, string number, Requests requests, CancellationToken cancellationToken) =>
            Results.File(await requests.Send(new ReadRecord(await LoopAsync(requests, slug, cancellationToken), number), cancellationToken), "text/plain; charset=utf-8", $"{number}.txt"));
        bill.MapGet("/invoice.xml", async (string slug, string number, Requests requests, CancellationToken cancellationToken) =>
            Results.File(
                UblDocument.Write((await requests.Send(new ReadInvoice(await LoopAsync(requests, slug, cancellationToken), number), cancellationToken)).Invoice),
                "application/xml", $"{number}.xml"));
        bill.MapGet("/bill.pdf", async (string slug, string number, Requests requests, BillPrinter printer, CancellationToken cancellationToken) =>
        {
            var loop = await requests.Send(new FindLoop(slug), cancellationToken);
            var paper = await printer.ReadAsync(loop.Id, loop.Slug, loop.Name, number, cancellationToken);
            return Results.File(await printer.PdfAsync(paper, loop.Format(), cancellationToken), "application/pdf", $"{number}.pdf");
        });
        bill.MapGet("/lines/{line}/hours.csv", async (string slug, string number, short line, Requests requests, CancellationToken cancellationToken) =>
            Csv(await requests.Send(new ReadHours(await LoopAsync(requests, slug, cancellationToken), number, line), cancellationToken),
                string.Create(CultureInfo.InvariantCulture, $"{number}-line-{line}-hours.csv")));
        bill.MapGet("/proof", async (string slug, string number, Requests requests, CancellationToken cancellationToken) =>
            HandOut.File(await requests.Send(new ProveBill(await LoopAsync(requests, slug, cancellationToken), number), cancellationToken), number));
        bill.MapGet("/proof.json", async (string slug, string number, Requests requests, CancellationToken cancellationToken) =>
            HandOut.Document(await requests.Send(new ProveBill(await LoopAsync(requests, slug, cancellationToken), number), cancellationToken)));
    }

    private static async Task<int> LoopAsync(Requests requests, string slug, CancellationToken cancellationToken) =>
        (await requests.Send(new FindLoop(slug), cancellationToken)).Id;

    private static IResult Csv(string text, string name) => Results.File(Encoding.UTF8.GetBytes(text), "text/csv; charset=utf-8", name);
}
