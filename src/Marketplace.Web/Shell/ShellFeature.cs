using System.IO.Compression;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Localization;
using Microsoft.AspNetCore.ResponseCompression;

namespace Marketplace.Web.Shell;

/// <summary>The frame all pages stand in: Razor components, static files, languages, compression, errors.</summary>
public static class ShellFeature
{
    /// <summary>Registers what pages need.</summary>
    public static WebApplicationBuilder AddShell(this WebApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddRazorComponents().AddInteractiveServerComponents();
        services.AddCascadingAuthenticationState();
        services.AddAuthorization();
        services.AddHttpContextAccessor();
        services.AddLocalization();
        services.AddSingleton<LoopFaces>();
        services.AddScoped<CurrentLoop>();
        services.AddCascadingValue(provider => provider.GetRequiredService<CurrentLoop>().Format);
        services.Configure<RequestLocalizationOptions>(options =>
        {
            options.DefaultRequestCulture = new RequestCulture(Texts.Languages[0]);
            options.SupportedCultures = [.. Texts.Languages];
            options.SupportedUICultures = [.. Texts.Languages];
            // The person's own choice alone: what a browser happens to be set to is often its maker's.
            options.RequestCultureProviders = [new CustomRequestCultureProvider(context =>
                Task.FromResult(DisplayChoice.LanguageOf(context) is { } culture ? new ProviderCultureResult(culture.Name) : null))];
        });
        services.AddResponseCompression(options =>
        {
            options.EnableForHttps = true;
            options.MimeTypes = [.. ResponseCompressionDefaults.MimeTypes, "image/svg+xml"];
        });
        services.Configure<BrotliCompressionProviderOptions>(options => options.Level = CompressionLevel.Fastest);
        services.Configure<GzipCompressionProviderOptions>(options => options.Level = CompressionLevel.Fastest);
        return builder;
    }

    /// <summary>Middleware and endpoints of the shell. Call it first among the features' Map methods.</summary>
    public static WebApplication MapShell(this WebApplication app)
    {
        app.UseResponseCompression();
        app.UseRequestLocalization();
        app.Use(AddSecurityHeaders);
        app.UseAnsweredForms();
        if (!app.Environment.IsDevelopment())
        {
            app.UseExceptionHandler("/error", createScopeForErrors: true);
        }

        // A person gets a page; a program that asked for data gets the bare status.
        app.UseStatusCodePagesWithReExecute("/status/{0}", createScopeForStatusCodePages: true);
        app.Use((context, next) =>
        {
            if (context.Features.Get<IStatusCodePagesFeature>() is { } pages && !WantsPage(context))
            {
                pages.Enabled = false;
            }

            return next(context);
        });
        app.Use(async (context, next) =>
        {
            if (WantsPage(context))
            {
                await context.RequestServices.GetRequiredService<LoopFaces>().RefreshAsync(context.RequestAborted);
            }

            await next(context);
        });
        app.UseAntiforgery();
        app.MapStaticAssets();
        app.MapRazorComponents<App>().AddInteractiveServerRenderMode(options => options.ContentSecurityFrameAncestorsPolicy = null);
        app.MapDisplayChoice();
        app.MapOfflinePage();
        return app;
    }

    private static bool WantsPage(HttpContext context) =>
        context.Request.Headers.Accept.ToString().Contains("text/html", StringComparison.OrdinalIgnoreCase);

    private static Task AddSecurityHeaders(HttpContext context, RequestDelegate next)
    {
        // At the start of the response, so that an error page, which begins anew, has them too.
        context.Response.OnStarting(static state =>
        {
            var headers = ((HttpContext)state).Response.Headers;
            headers.XContentTypeOptions = "nosniff";
            headers["Referrer-Policy"] = "strict-origin-when-cross-origin";
            // Styles may stand in attributes: charts place their marks with them. Scripts come from here only. What people sent in says a stricter one itself.
            headers.ContentSecurityPolicy = headers.ContentSecurityPolicy is { Count: > 0 } stricter ? stricter :
                "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; connect-src 'self'; object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'";
            return Task.CompletedTask;
        }, context);
        return next(context);
    }
}
