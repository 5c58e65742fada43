using System.Globalization;
using System.Threading.RateLimiting;
using Marketplace.Web.Features.Accounts;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.RateLimiting;
using Microsoft.OpenApi;

namespace Marketplace.Web.Features.Api;

/// <summary>The HTTP interface for programs: personal keys, the same acts as on the pages, an OpenAPI document.</summary>
public static class ApiFeature
{
    private const string Policy = "api";
    private const string Version = "v1";

    // Ten in two seconds keep a house's automation going; a batch carries a thousand orders.
    private const int RequestsEachMinute = 300;

    public static void AddApi(this WebApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddAuthentication().AddScheme<AuthenticationSchemeOptions, ApiKeyAuthentication>(ApiKeyAuthentication.Name, null);
        var permits = builder.Configuration.GetValue("Api:RequestsEachMinute", RequestsEachMinute);
        services.Configure<RateLimiterOptions>(options =>
        {
            options.AddPolicy(Policy, context => RateLimitPartition.GetFixedWindowLimiter(
                context.User.FindFirst(ApiKeyAuthentication.KeyClaim)?.Value ?? "none",
                _ => new FixedWindowRateLimiterOptions { PermitLimit = permits, Window = TimeSpan.FromMinutes(1) }));
            options.OnRejected = TooManyAsync;
        });
        services.AddOpenApi(Version, options =>
        {
            options.ShouldInclude = description => description.RelativePath?.StartsWith("api/" + Version + "/", StringComparison.Ordinal) == true;
            options.AddDocumentTransformer((document, _, _) =>
            {
                document.Info = new OpenApiInfo
                {
                    Title = "Marketplace", Version = Version,
                    Description = "Orders, templates and standing orders of the members you act for, and readings of devices. Energy is whole watt-hours, prices are whole millionths of the loop's currency per kWh, times are UTC.",
                };
                document.Components ??= new OpenApiComponents();
                document.Components.SecuritySchemes = new Dictionary<string, IOpenApiSecurityScheme>
                {
                    ["key"] = new OpenApiSecurityScheme { Type = SecuritySchemeType.Http, Scheme = "bearer", Description = "A personal key, made on the page of your account." },
                };
                document.Security = [new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference("key", document)] = [] }];
                return Task.CompletedTask;
            });
            options.AddOperationTransformer((operation, context, _) =>
            {
                var path = context.Description.RelativePath ?? "";
                var takesKey = context.Description.HttpMethod is "POST" or "PUT" && path.Contains("/orders", StringComparison.Ordinal) && !path.Contains("standing", StringComparison.Ordinal);
                if (takesKey || path.EndsWith("/apply", StringComparison.Ordinal) || path.EndsWith("/readings", StringComparison.Ordinal))
                {
                    operation.Parameters ??= [];
                    operation.Parameters.Add(new OpenApiParameter
                    {
                        Name = "Idempotency-Key", In = ParameterLocation.Header, Required = !path.EndsWith("/readings", StringComparison.Ordinal), Schema = new OpenApiSchema { Type = JsonSchemaType.String, MaxLength = 200 },
                        Description = "A text of your own that names this call; sent again, it has no further effect.",
                    });
                }

                return Task.CompletedTask;
            });
        });
    }

    public static void MapApi(this WebApplication app)
    {
        var api = app.MapGroup("/api/" + Version)
            .RequireAuthorization(new AuthorizationPolicyBuilder(ApiKeyAuthentication.Name).RequireAuthenticatedUser().Build())
            .RequireRateLimiting(Policy)
            .DisableAntiforgery()
            .AddEndpointFilter(ApiProblems.Filter)
            .ProducesProblem(StatusCodes.Status401Unauthorized)
            .ProducesProblem(StatusCodes.Status429TooManyRequests);
        ApiEndpoints.Map(api);
        ApiTemplates.Map(api);
        ApiTrading.Map(api);
        Devices.ReadingsApi.Map(api);
        Devices.TelegramsApi.Map(api);
        Equipment.HoursApi.Map(api);
        app.MapOpenApi("/api/{documentName}/openapi.json").AllowAnonymous();
    }

    private static async ValueTask TooManyAsync(OnRejectedContext rejected, CancellationToken cancellationToken)
    {
        var response = rejected.HttpContext.Response;
        var wait = rejected.Lease.TryGetMetadata(MetadataName.RetryAfter, out var after) ? after : TimeSpan.FromMinutes(1);
        response.Headers.RetryAfter = Math.Max(1, (int)Math.Ceiling(wait.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        if (rejected.HttpContext.Request.Path.StartsWithSegments("/api/" + Version, StringComparison.Ordinal))
        {
            await ApiProblems.Of(
                StatusCodes.Status429TooManyRequests, "too-many", "Too many requests",
                "This key has made its requests of the minute. Wait as Retry-After says; put many orders into one batch.").ExecuteAsync(rejected.HttpContext);
        }
    }
}
