using System.Threading.RateLimiting;
using Marketplace.Data;
using Marketplace.Web.Features.Mail;
using Marketplace.Web.Pipeline;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Identity;
using Microsoft.AspNetCore.RateLimiting;

namespace Marketplace.Web.Features.Accounts;

/// <summary>People, how they sign in, and what they may do where.</summary>
public static class AccountsFeature
{
    /// <summary>How long a withdrawn role or an ended sign-in may still work.</summary>
    public static readonly TimeSpan RolesRenewedEvery = TimeSpan.FromMinutes(1);

    /// <summary>How long sign-in rests after <see cref="TriesBeforeRest"/> failed tries.</summary>
    public static readonly TimeSpan Rest = TimeSpan.FromMinutes(5);

    public const int TriesBeforeRest = 5;

    /// <summary>The rate limit of pages that take passwords, codes or tokens; it counts posts only.</summary>
    public const string PostsAboutSecrets = "posts-about-secrets";

    // From one network address: few people of a household or an office sign in within the same minute. A deployment
    // behind a proxy that hides addresses has to raise it.
    private const int PostsEachMinute = 20;

    public static void AddAccounts(this WebApplicationBuilder builder)
    {
        builder.AddMail();
        var services = builder.Services;
        services.AddHttpContextAccessor();
        services.AddAuthentication(IdentityConstants.ApplicationScheme).AddIdentityCookies();
        services.AddAuthorization();
        services.AddIdentityCore<Account>(options =>
            {
                options.User.RequireUniqueEmail = true;
                // PasswordRules says what a password has to be.
                options.Password = new PasswordOptions { RequiredLength = 1, RequireDigit = false, RequireLowercase = false, RequireUppercase = false, RequireNonAlphanumeric = false };
                options.Lockout = new LockoutOptions { MaxFailedAccessAttempts = TriesBeforeRest, DefaultLockoutTimeSpan = Rest, AllowedForNewUsers = true };
                options.SignIn.RequireConfirmedAccount = false;
            })
            .AddUserStore<AccountStore>()
            .AddSignInManager()
            .AddDefaultTokenProviders()
            .AddTokenProvider<OneTimeAuthenticator>(TokenOptions.DefaultAuthenticatorProvider)
            .AddPasswordValidator<PasswordRules>()
            .AddClaimsPrincipalFactory<AccountClaims>();
        services.AddScoped<PasswordRules>();
        services.AddScoped<OwnAccount>();
        services.AddScoped<SignInLog>();
        services.AddScoped<SignInRenewal>();
        services.AddSingleton<UnknownAddresses>();
        services.AddSingleton<FirstOperatorLink>();
        services.AddHostedService<FirstOperatorNotice>();
        services.AddScoped<AuthenticationStateProvider, CircuitAuthentication>();

        services.Configure<SecurityStampValidatorOptions>(options => options.ValidationInterval = RolesRenewedEvery);
        services.Configure<DataProtectionTokenProviderOptions>(options => options.TokenLifespan = TimeSpan.FromHours(1));
        services.ConfigureApplicationCookie(SetCookie);
        services.Configure<IdentityPasskeyOptions>(options =>
        {
            // The device checks the person by finger, face or PIN: then the passkey is both steps at once.
            options.UserVerificationRequirement = "required";
            options.ResidentKeyRequirement = "required";
            options.ServerDomain = Uri.TryCreate(builder.Configuration[PublicAddress.Setting], UriKind.Absolute, out var address) ? address.Host : null;
        });

        var keys = services.AddDataProtection().SetApplicationName("Marketplace");
        if (builder.Configuration["DataProtection:Directory"] is { Length: > 0 } directory)
        {
            keys.PersistKeysToFileSystem(Directory.CreateDirectory(directory));
        }

        var postsEachMinute = builder.Configuration.GetValue("Accounts:PostsEachMinute", PostsEachMinute);
        services.AddRateLimiter(options =>
        {
            options.RejectionStatusCode = StatusCodes.Status429TooManyRequests;
            options.AddPolicy(PostsAboutSecrets, context => HttpMethods.IsPost(context.Request.Method)
                ? RateLimitPartition.GetFixedWindowLimiter(context.Connection.RemoteIpAddress?.ToString() ?? "unknown",
                    _ => new FixedWindowRateLimiterOptions { PermitLimit = postsEachMinute, Window = TimeSpan.FromMinutes(1) })
                : RateLimitPartition.GetNoLimiter("reads"));
        });
    }

    public static void MapAccounts(this WebApplication app)
    {
        app.UseRateLimiter();
        app.Use(AnswerAsIfItDidNotExist);
        app.MapPost("/sign-out", async (HttpContext context, SignInManager<Account> signIn, IAntiforgery antiforgery) =>
        {
            await antiforgery.ValidateRequestAsync(context);
            await signIn.SignOutAsync();
            return Results.LocalRedirect("/sign-in");
        });
        app.MapPost("/sign-in/passkey", async (HttpContext context, Requests requests, IAntiforgery antiforgery) =>
        {
            await antiforgery.ValidateRequestAsync(context);
            return Results.Content(await requests.Send(new OfferPasskeySignIn()), "application/json");
        }).RequireRateLimiting(PostsAboutSecrets);
        app.MapPost("/account/passkey", async (HttpContext context, Requests requests, IAntiforgery antiforgery) =>
        {
            await antiforgery.ValidateRequestAsync(context);
            return Results.Content(await requests.Send(new OfferPasskey()), "application/json");
        }).RequireAuthorization();
    }

    private static void SetCookie(CookieAuthenticationOptions options)
    {
        options.Cookie.Name = "marketplace";
        options.Cookie.HttpOnly = true;
        options.Cookie.SameSite = SameSiteMode.Lax;
        options.Cookie.SecurePolicy = CookieSecurePolicy.SameAsRequest;
        options.ExpireTimeSpan = TimeSpan.FromDays(14);
        options.SlidingExpiration = true;
        options.LoginPath = "/sign-in";
        options.ReturnUrlParameter = "back";
        options.Events.OnRedirectToAccessDenied = context =>
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return Task.CompletedTask;
        };
    }

    /// <summary>What a person may not see does not exist for that person.</summary>
    private static async Task AnswerAsIfItDidNotExist(HttpContext context, RequestDelegate next)
    {
        try
        {
            await next(context);
        }
        catch (NotPermittedException) when (!context.Response.HasStarted)
        {
            context.Response.Clear();
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            if (!context.Request.Headers.Accept.ToString().Contains("text/html", StringComparison.OrdinalIgnoreCase))
            {
                await Results.Problem(statusCode: StatusCodes.Status404NotFound, title: "Not found").ExecuteAsync(context);
            }
        }
    }
}
