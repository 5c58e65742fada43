using System.Globalization;
using System.Security.Claims;
using System.Text.Encodings.Web;
using Marketplace.Data;
using Marketplace.Web.Features.Accounts;
using Marketplace.Web.Pipeline;
using Microsoft.AspNetCore.Authentication;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;

namespace Marketplace.Web.Features.Api;

/// <summary>Tells who asks by the key in <c>Authorization: Bearer …</c> and by nothing else: a browser's cookie opens no door here, so
/// no other site can use it. The person's roles are looked up at each request, so that a withdrawn one ends at once.</summary>
internal sealed class ApiKeyAuthentication(
    IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory loggers, UrlEncoder encoder, MarketplaceDb db, TimeProvider time)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, loggers, encoder)
{
    public const string Name = "ApiKey";
    public const string KeyClaim = "api-key";
    public const string TradeClaim = "api-trade";
    public const string MeterClaim = "api-meter";

    private static readonly TimeSpan UseIsNotedEvery = TimeSpan.FromMinutes(1);

    /// <summary>Whether the key delivers readings in a loop, and for which device only, if so.</summary>
    public static (bool May, int? OnlyDevice) DeliversFor(ClaimsPrincipal user, int loopId)
    {
        var prefix = string.Create(CultureInfo.InvariantCulture, $"{loopId}:");
        return user.FindAll(MeterClaim).FirstOrDefault(claim => claim.Value.StartsWith(prefix, StringComparison.Ordinal)) is { } claim
            ? (true, claim.Value.Length == prefix.Length ? null : int.Parse(claim.Value.AsSpan(prefix.Length), NumberStyles.None, CultureInfo.InvariantCulture))
            : (false, null);
    }

    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        var header = Request.Headers[HeaderNames.Authorization].ToString();
        if (!header.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase))
        {
            return AuthenticateResult.NoResult();
        }

        var secret = header["Bearer ".Length..].Trim();
        if (!secret.StartsWith(ApiKeySecret.Prefix, StringComparison.Ordinal) || secret.Length > 100)
        {
            return AuthenticateResult.Fail("not a key");
        }

        var (hash, now) = (ApiKeySecret.HashOf(secret), time.GetUtcNow());
        var key = await db.ApiKeys.AsNoTracking().SingleOrDefaultAsync(key => key.Hash == hash && key.RevokedAt == null && key.ExpiresAt > now, Context.RequestAborted);
        if (key is null)
        {
            return AuthenticateResult.Fail("no such key");
        }

        var scopes = await db.ApiKeyScopes.AsNoTracking().Where(scope => scope.KeyId == key.Id).ToDictionaryAsync(scope => scope.LoopId, Context.RequestAborted);
        var roles = await AccountClaims.RolesOfAsync(db, key.AccountId, Context.RequestAborted);
        if (key.LastUsedAt is null || now - key.LastUsedAt >= UseIsNotedEvery)
        {
            await db.ApiKeys.Where(row => row.Id == key.Id).ExecuteUpdateAsync(rows => rows.SetProperty(row => row.LastUsedAt, now), Context.RequestAborted);
        }

        var identity = new ClaimsIdentity(
            [
                new Claim(ClaimTypes.NameIdentifier, key.AccountId.ToString()),
                new Claim(KeyClaim, key.Id.ToString()),
                .. roles.Where(role => scopes.ContainsKey(role.LoopId)).Select(role => role.ToClaim()),
                .. scopes.Values.Where(scope => scope.MayTrade).Select(scope => new Claim(TradeClaim, scope.LoopId.ToString(CultureInfo.InvariantCulture))),
                .. scopes.Values.Where(scope => scope.MayMeter).Select(scope => new Claim(MeterClaim, string.Create(CultureInfo.InvariantCulture, $"{scope.LoopId}:{scope.DeviceId}"))),
            ],
            Name);
        return AuthenticateResult.Success(new AuthenticationTicket(new ClaimsPrincipal(identity), Name));
    }

    protected override Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        Response.Headers.WWWAuthenticate = "Bearer";
        return ApiProblems.Of(
            StatusCodes.Status401Unauthorized, "unauthorized", "No valid key",
            "Send a key that works: Authorization: Bearer mkt_…. Keys are made on the page of your account and end when they expire or are revoked.").ExecuteAsync(Context);
    }

    protected override Task HandleForbiddenAsync(AuthenticationProperties properties) =>
        ApiProblems.Of(StatusCodes.Status403Forbidden, "forbidden", "Not permitted", "This key may not do that.").ExecuteAsync(Context);
}
