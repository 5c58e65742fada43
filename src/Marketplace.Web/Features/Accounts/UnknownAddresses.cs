using Microsoft.Extensions.Caching.Memory;

namespace Marketplace.Web.Features.Accounts;

/// <summary>Counts failed tries for addresses without an account, so that they too come to rest after as many and nobody
/// can tell from the answer whether an account exists. Forgotten when the process ends: no account is guarded by it.</summary>
public sealed class UnknownAddresses(TimeProvider time) : IDisposable
{
    private readonly MemoryCache _tries = new(new MemoryCacheOptions { SizeLimit = 10_000 });

    /// <summary>True if the address now rests.</summary>
    public bool CountFailure(string normalizedEmail)
    {
        lock (_tries)
        {
            var now = time.GetUtcNow();
            var known = _tries.TryGetValue(normalizedEmail, out Tries? found) && found!.RestUntil is var rest && (rest is null || rest > now);
            var tries = known ? found! : new Tries(0, null);
            if (tries.RestUntil is not null)
            {
                return true;
            }

            var count = tries.Count + 1;
            var rests = count >= AccountsFeature.TriesBeforeRest;
            _tries.Set(normalizedEmail, rests ? new Tries(count, now + AccountsFeature.Rest) : new Tries(count, null),
                new MemoryCacheEntryOptions { Size = 1, SlidingExpiration = TimeSpan.FromHours(1) });
            return rests;
        }
    }

    public void Dispose() => _tries.Dispose();

    private sealed record Tries(int Count, DateTimeOffset? RestUntil);
}
