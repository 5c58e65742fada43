using System.Globalization;
using Marketplace.Billing;
using Marketplace.Web.Features.Mail;
using Marketplace.Web.Pipeline;
using Marketplace.Web.Shell;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Web;

namespace Marketplace.Web.Features.Bills.Documents;

/// <summary>Puts a bill on paper: its page for printing and its PDF are of one making.</summary>
internal sealed class BillPrinter(Requests requests, PdfPrinter printer, PublicAddress address, IServiceProvider services, ILoggerFactory logs, IWebHostEnvironment host)
{
    private static string? s_style;

    /// <summary>What stands on the paper.</summary>
    public async Task<PaperView> ReadAsync(int loopId, string slug, string loopName, string number, CancellationToken cancellationToken)
    {
        var bill = await requests.Send(new ShowBill(loopId, number), cancellationToken);
        var invoice = await requests.Try(new ReadInvoice(loopId, number), cancellationToken);
        // The page and the loop only: whoever finds the paper's code learns nothing of the person.
        return new PaperView(bill, invoice.Value?.Invoice, invoice.Value?.Language, loopName, address.Link("/verify?loop=" + slug), address.Link($"/loops/{slug}/tariffs"))
        {
            Earlier = bill is { Earlier: { } earlier, IsCreditNote: false } ? await requests.Send(new ShowBill(loopId, earlier.Number), cancellationToken) : null,
        };
    }

    /// <summary>The PDF in the recipient's language, with the electronic invoice attached where there is one.</summary>
    public async Task<byte[]> PdfAsync(PaperView paper, Format format, CancellationToken cancellationToken)
    {
        var style = s_style ??= await File.ReadAllTextAsync(Path.Combine(host.WebRootPath, "paper.css"), cancellationToken);
        await using var renderer = new HtmlRenderer(services, logs);
        var culture = paper.Language is null ? format.Culture : Shell.Texts.Language(paper.Language);
        // The change of culture ends with this method.
        CultureInfo.CurrentUICulture = CultureInfo.CurrentCulture = culture;
        var html = await renderer.Dispatcher.InvokeAsync(async () => (await renderer.RenderComponentAsync<PaperDocument>(ParameterView.FromDictionary(new Dictionary<string, object?>
        {
            [nameof(PaperDocument.Paper)] = paper, [nameof(PaperDocument.Format)] = new Format(format.Currency, format.Zone, culture), [nameof(PaperDocument.Style)] = style,
        }))).ToHtmlString());
        return paper.Invoice is { } invoice
            ? await printer.PrintAsync(html, invoice.Number + ".xml", UblDocument.Write(invoice), cancellationToken)
            : await printer.PrintAsync(html, null, null, cancellationToken);
    }
}
