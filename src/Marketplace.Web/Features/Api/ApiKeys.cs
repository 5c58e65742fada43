using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using FluentValidation;
using Marketplace.Data;
using Marketplace.Web.Features.Accounts;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Api;

/// <summary>A loop that a key is to open.</summary>
/// <param name="MayMeter">Whether it delivers readings: for operators and technicians only.</param>
/// <param name="DeviceId">The one device whose batches it delivers; null for any.</param>
public sealed record KeyScope(int LoopId, bool MayTrade, bool MayMeter = false, int? DeviceId = null);

/// <summary>Makes a key for the person's own account. What it answers is shown once and kept nowhere.</summary>
/// <param name="Days">How long it works.</param>
public sealed record CreateApiKey(string Name, int Days, IReadOnlyList<KeyScope> Scopes) : IRequest<string>, IPersonal, IChange;

public sealed class CreateApiKeyValidator : AbstractValidator<CreateApiKey>
{
    public CreateApiKeyValidator()
    {
        RuleFor(key => key.Name).Must(name => name.Trim().Length is >= 1 and <= 60).WithMessage("Give the key a name of 1 to 60 characters, e.g. Home automation.");
        RuleFor(key => key.Days).InclusiveBetween(1, 366).WithMessage("Let the key work for 1 to 366 days.");
        RuleFor(key => key.Scopes).NotEmpty().WithMessage("Choose at least one loop that the key opens.");
        RuleFor(key => key.Scopes).Must(scopes => scopes.Select(scope => scope.LoopId).Distinct().Count() == scopes.Count).WithMessage("A loop stands here twice.");
    }
}

/// <summary>Ends a key at once.</summary>
public sealed record RevokeApiKey(Guid KeyId) : IRequest<Unit>, IPersonal, IChange;

/// <summary>The person's keys, newest first, with what was done with them.</summary>
public sealed record ShowApiKeys : IRequest<ApiKeysView>, IPersonal;

/// <param name="Loops">Loops in which the person has a role now.</param>
public sealed record ApiKeysView(IReadOnlyList<ApiKeyView> Keys, IReadOnlyList<LoopToOpen> Loops, IReadOnlyList<ApiKeyEventView> Events);

/// <param name="MayMeter">Whether the person's keys may deliver readings there.</param>
public sealed record LoopToOpen(int Id, string Name, bool MayMeter);

public sealed record ApiKeyView(ApiKey Key, IReadOnlyList<(string Loop, bool MayTrade, bool MayMeter)> Scopes, bool Works);

public sealed record ApiKeyEventView(DateTimeOffset At, ApiKeyEventKind Kind, string KeyName);

internal sealed class ApiKeysHandler(Work work, CurrentActor current, TimeProvider time)
    : IRequestHandler<CreateApiKey, string>, IRequestHandler<RevokeApiKey, Unit>, IRequestHandler<ShowApiKeys, ApiKeysView>
{
    private const int MostAtOnce = 20;

    public async Task<string> Handle(CreateApiKey request, CancellationToken cancellationToken)
    {
        var (db, account, now) = (work.Db, Account, time.GetUtcNow());
        if (await db.ApiKeys.CountAsync(key => key.AccountId == account && key.RevokedAt == null && key.ExpiresAt > now, cancellationToken) >= MostAtOnce)
        {
            throw new RefusedException($"You have {MostAtOnce} keys that work. Revoke one before you make another.");
        }

        var roles = await AccountClaims.RolesOfAsync(db, account, cancellationToken);
        var own = roles.Select(role => role.LoopId).ToHashSet();
        var metering = roles.Where(role => role.Role is Role.Operator or Role.Technician).Select(role => role.LoopId).ToHashSet();
        if (request.Scopes.Any(scope => !own.Contains(scope.LoopId) || (scope.MayMeter && !metering.Contains(scope.LoopId))))
        {
            throw new NotPermittedException(nameof(CreateApiKey));
        }

        var secret = ApiKeySecret.New();
        var key = new ApiKey
        {
            Id = Guid.CreateVersion7(now), AccountId = account, Name = request.Name.Trim(), Hash = ApiKeySecret.HashOf(secret),
            Beginning = secret[..ApiKeySecret.ShownCharacters], CreatedAt = now, ExpiresAt = now.AddDays(request.Days),
        };
        db.ApiKeys.Add(key);
        db.ApiKeyScopes.AddRange(request.Scopes.Select(scope => new ApiKeyScope { KeyId = key.Id, LoopId = scope.LoopId, MayTrade = scope.MayTrade, MayMeter = scope.MayMeter, DeviceId = scope.DeviceId }));
        db.ApiKeyEvents.Add(new ApiKeyEvent { AccountId = account, KeyId = key.Id, At = now, Kind = ApiKeyEventKind.Created });
        await db.SaveChangesAsync(cancellationToken);
        return secret;
    }

    public async Task<Unit> Handle(RevokeApiKey request, CancellationToken cancellationToken)
    {
        var (db, now) = (work.Db, time.GetUtcNow());
        var key = await db.ApiKeys.SingleOrDefaultAsync(key => key.Id == request.KeyId && key.AccountId == Account, cancellationToken)
            ?? throw new RefusedException("There is no such key of yours.");
        if (key.RevokedAt is null)
        {
            key.RevokedAt = now;
            db.ApiKeyEvents.Add(new ApiKeyEvent { AccountId = key.AccountId, KeyId = key.Id, At = now, Kind = ApiKeyEventKind.Revoked });
            await db.SaveChangesAsync(cancellationToken);
        }

        return Unit.Value;
    }

    public async Task<ApiKeysView> Handle(ShowApiKeys request, CancellationToken cancellationToken)
    {
        var (db, account, now) = (work.Db, Account, time.GetUtcNow());
        var keys = await db.ApiKeys.AsNoTracking().Where(key => key.AccountId == account).OrderByDescending(key => key.CreatedAt).Take(50).ToListAsync(cancellationToken);
        var ids = keys.Select(key => key.Id).ToList();
        var scopes = (await (
            from scope in db.ApiKeyScopes
            join loop in db.Loops on scope.LoopId equals loop.Id
            where ids.Contains(scope.KeyId)
            orderby loop.Name
            select new { scope.KeyId, loop.Name, scope.MayTrade, scope.MayMeter }).ToListAsync(cancellationToken)).ToLookup(scope => scope.KeyId);
        var roles = await AccountClaims.RolesOfAsync(db, account, cancellationToken);
        var own = roles.Select(role => role.LoopId).Distinct().ToList();
        var metering = roles.Where(role => role.Role is Role.Operator or Role.Technician).Select(role => role.LoopId).Distinct().ToList();
        var loops = await db.Loops.Where(loop => own.Contains(loop.Id)).OrderBy(loop => loop.Name).Select(loop => new LoopToOpen(loop.Id, loop.Name, metering.Contains(loop.Id))).ToListAsync(cancellationToken);
        var names = keys.ToDictionary(key => key.Id, key => key.Name);
        var events = (await db.ApiKeyEvents.AsNoTracking().Where(entry => entry.AccountId == account).OrderByDescending(entry => entry.Id).Take(20).ToListAsync(cancellationToken))
            .Select(entry => new ApiKeyEventView(entry.At, entry.Kind, names.GetValueOrDefault(entry.KeyId, "–"))).ToList();
        return new ApiKeysView(
            [.. keys.Select(key => new ApiKeyView(key, [.. scopes[key.Id].Select(scope => (scope.Name, scope.MayTrade, scope.MayMeter))], key.RevokedAt is null && key.ExpiresAt > now))],
            loops, events);
    }

    private Guid Account => current.Actor.AccountId ?? throw new NotPermittedException(nameof(ApiKeysHandler));
}

/// <summary>What a key looks like, and how it is kept.</summary>
internal static class ApiKeySecret
{
    /// <summary>By which a key that leaked is recognised for what it is.</summary>
    public const string Prefix = "mkt_";

    public const int ShownCharacters = 8;

    public static string New() => Prefix + Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));

    public static byte[] HashOf(string secret) => SHA256.HashData(Encoding.UTF8.GetBytes(secret));
}
