using Marketplace.Data;
using Npgsql;

namespace Marketplace.Web.Features.Ledger;

/// <summary>Raises and ends a log's alarms: on record, and in the operator's log the first time.</summary>
public sealed class LogAlarms(TimeProvider clock, ILogger<LogAlarms> log) : IDisposable
{
    // Two witnesses that find the same at once raise one alarm.
    private readonly SemaphoreSlim _raising = new(1);

    /// <summary>Stops the signing until a person ends the alarm.</summary>
    public Task HaltAsync(NpgsqlConnection connection, int loopId, string slug, string cause, string words, string? evidence, CancellationToken cancellationToken) =>
        RaiseAsync(connection, loopId, slug, IncidentTopic.Signing, cause, words, evidence, cancellationToken);

    public async Task RaiseAsync(
        NpgsqlConnection connection, int loopId, string slug, string topic, string cause, string words, string? evidence, CancellationToken cancellationToken)
    {
        await _raising.WaitAsync(cancellationToken);
        try
        {
            if (await LogIncidents.RaiseAsync(connection, loopId, topic, cause, words, evidence, clock.GetUtcNow(), cancellationToken))
            {
                LedgerLog.Raised(log, slug, topic, words);
            }
        }
        finally
        {
            _raising.Release();
        }
    }

    public void Dispose() => _raising.Dispose();

    public async Task EndAsync(NpgsqlConnection connection, int loopId, string topic, string words, CancellationToken cancellationToken) =>
        await LogIncidents.EndAsync(connection, loopId, topic, words, clock.GetUtcNow(), cancellationToken);
}
