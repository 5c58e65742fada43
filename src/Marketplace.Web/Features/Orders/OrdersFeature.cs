using System.Globalization;
using System.Text;
using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Pipeline;
using Marketplace.Web.Shell;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Localization;

namespace Marketplace.Web.Features.Orders;

/// <summary>Own orders, standing orders, templates, files of orders and offers, until their gate closes.</summary>
public static class OrdersFeature
{
    public static void AddOrders(this WebApplicationBuilder builder)
    {
        builder.Services.AddScoped<Gate>();
        builder.Services.AddScoped<CreditBook>();
        builder.Services.AddScoped<OrderIntake>();
        builder.Services.AddScoped<StandingRules>();
        builder.Services.AddSingleton<UploadWorker>();
        builder.Services.AddHostedService(provider => provider.GetRequiredService<UploadWorker>());
    }

    public static void MapOrders(this IEndpointRouteBuilder routes)
    {
        var orders = routes.MapGroup("/loops/{slug}/orders").RequireAuthorization();
        orders.MapPost("/upload.csv", UploadAsync).DisableAntiforgery();
        orders.MapGet("/uploads/{id:long}/refused.csv", RefusedAsync);
        orders.MapGet("/template.csv", TemplateAsync);
        orders.MapGet("/likely", LikelyAsync);
    }

    private static async Task<IResult> UploadAsync(
        HttpContext context, string slug, int? member, Requests requests, UploadWorker worker, IAntiforgery antiforgery, CancellationToken cancellationToken)
    {
        var loop = await requests.Send(new FindLoop(slug), cancellationToken);
        var acting = loop.MemberFor(member, TemplatesPage.Traders) ?? throw new NotPermittedException(nameof(UploadOrders));
        var query = loop.Members.Count > 1 ? string.Create(CultureInfo.InvariantCulture, $"?member={acting.Id}") : "";
        IResult Back(string problem) => Results.LocalRedirect($"{loop.Path}/orders/upload{query}{(query.Length > 0 ? "&" : "?")}problem={problem}");
        IFormFile? sent;
        try
        {
            if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
            {
                size.MaxRequestBodySize = OrderFile.MostBytes + (64 * 1024);
            }

            sent = (await context.Request.ReadFormAsync(new FormOptions { MultipartBodyLengthLimit = OrderFile.MostBytes }, cancellationToken)).Files["file"];
        }
        catch (Exception tooLarge) when (tooLarge is InvalidDataException or BadHttpRequestException)
        {
            return Back("size");
        }

        if (!await antiforgery.IsRequestValidAsync(context))
        {
            return Back("form");
        }

        if (sent is null or { Length: 0 })
        {
            return Back("none");
        }

        var content = new byte[checked((int)sent.Length)];
        await using (var stream = sent.OpenReadStream())
        {
            await stream.ReadExactlyAsync(content, cancellationToken);
        }

        var id = await requests.Send(new UploadOrders(loop.Id, acting.Id, sent.FileName, content), cancellationToken);
        await worker.GoThroughAsync(loop.Id, id, cancellationToken);
        return Results.LocalRedirect(string.Create(CultureInfo.InvariantCulture, $"{loop.Path}/orders/uploads/{id}{query}"));
    }

    private static async Task<IResult> RefusedAsync(string slug, long id, int? member, Requests requests, CancellationToken cancellationToken)
    {
        var loop = await requests.Send(new FindLoop(slug), cancellationToken);
        var acting = loop.MemberFor(member, TemplatesPage.Traders) ?? throw new NotPermittedException(nameof(ShowUpload));
        var view = await requests.Send(new ShowUpload(loop.Id, acting.Id, id, OrderFile.MostRows), cancellationToken);
        var text = new StringBuilder(OrderFile.WithReason(view.Header, view.Header, "reason")).Append("\r\n");
        foreach (var refusal in view.Refusals)
        {
            var field = refusal.Field.Length == 0 ? "" : refusal.Field + ": ";
            text.Append(OrderFile.WithReason(view.Header, refusal.Row, Said.Of($"line {refusal.Line}: {field}{Said.Of(refusal.Reason)}").ToString())).Append("\r\n");
        }

        return Results.File(Encoding.UTF8.GetBytes(text.ToString()), "text/csv; charset=utf-8", string.Create(CultureInfo.InvariantCulture, $"{slug}-orders-refused-{id}.csv"));
    }

    /// <summary>A file in the right form, with the next open hours and what the member may trade.</summary>
    private static async Task<IResult> TemplateAsync(string slug, int? member, Requests requests, CancellationToken cancellationToken)
    {
        var loop = await requests.Send(new FindLoop(slug), cancellationToken);
        var acting = loop.MemberFor(member, TemplatesPage.Traders) ?? throw new NotPermittedException(nameof(OrderDesk));
        var desk = await requests.Send(new OrderDesk(loop.Id, acting.Id), cancellationToken);
        var csv = new CsvText("hour_utc", "carrier", "side", "quantity_kwh", "limit_ct_per_kwh", "plant");
        foreach (var hour in desk.Hours)
        {
            foreach (var carrier in desk.Buys)
            {
                csv.Row(Instants.Iso(hour.Hour.Start), carrier.Name(), "buy", "", "", "");
            }
        }

        return csv.File($"{slug}-orders.csv");
    }

    /// <summary>The sentence of the preview, for the form as it is typed.</summary>
    private static async Task<IResult> LikelyAsync(
        string slug, string? hour, string? carrier, string? side, string? limit, Requests requests, IStringLocalizer<Texts> texts, CancellationToken cancellationToken)
    {
        var loop = await requests.Send(new FindLoop(slug), cancellationToken);
        var sentence = await LikelyText.OfAsync(requests, loop, texts, hour, carrier, side == "sell" ? OrderSide.Sell : OrderSide.Buy, limit, cancellationToken);
        return Results.Text(sentence ?? "");
    }
}
