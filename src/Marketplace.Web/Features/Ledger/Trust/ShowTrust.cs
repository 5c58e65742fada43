using Marketplace.Data;
using Marketplace.Ledger;
using Marketplace.Web.Pipeline;
using MediatR;
using Npgsql;

namespace Marketplace.Web.Features.Ledger.Trust;

/// <summary>Whose word counts for a loop's log, how the witnesses answer, and what is wrong: for its operators.</summary>
public sealed record ShowTrust(int LoopId) : IRequest<TrustView>, IGuarded
{
    public bool Permits(Actor actor) => actor.Operates(LoopId);
}

/// <summary>A witness and how it answered last.</summary>
public sealed record WitnessRow(PolicyWitness Witness, WitnessCall? Call);

/// <param name="Wished">What the operator asks for, or the configuration.</param>
/// <param name="IsInForce">Whether the published checkpoint meets it already.</param>
/// <param name="IsConfigured">Whether it comes from the configuration.</param>
/// <param name="Simple">The same as "so many of these", where it is that simple.</param>
/// <param name="RuleText">Its lines but the log's.</param>
public sealed record TrustView(
    LedgerPolicy Wished, bool IsInForce, bool IsConfigured, WitnessRuleText? Simple, string RuleText, IReadOnlyList<WitnessRow> Witnesses,
    IReadOnlyList<LogKeyRow> Keys, VerifierKey Key, IReadOnlyList<LogIncident> Standing, IReadOnlyList<LogIncident> History,
    PublishedCheckpoint? Published);

internal sealed class ShowTrustHandler(NpgsqlDataSource source, LoopNames loops, LogPolicies policies) : IRequestHandler<ShowTrust, TrustView>
{
    public async Task<TrustView> Handle(ShowTrust request, CancellationToken cancellationToken)
    {
        var slug = await loops.SlugOfAsync(request.LoopId, cancellationToken);
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        var trust = await LogTrust.ReadAsync(connection, null, request.LoopId, cancellationToken);
        var wished = policies.Wished(slug, trust);
        var text = trust.Rule?.Text ?? policies.Configured;
        var calls = await LogTrust.CallsAsync(connection, request.LoopId, cancellationToken);
        return new TrustView(
            wished,
            trust.InForce?.Text == wished.Text,
            trust.Rule is null,
            WitnessRuleText.Read(text, wished.Logs[0].Key),
            text,
            [.. wished.Witnesses.Select(w => new WitnessRow(w, calls.FirstOrDefault(c => c.WitnessKey == w.Key.ToString())))],
            trust.Keys,
            wished.Logs[0].Key,
            await LogIncidents.StandingAsync(connection, request.LoopId, cancellationToken),
            await LogIncidents.NewestAsync(connection, request.LoopId, cancellationToken),
            await LogTables.LatestPublishedAsync(connection, request.LoopId, cancellationToken));
    }
}
