using Marketplace.Data;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.FirstSteps;

/// <summary>What somebody new to a loop does first, and what of it is done. Nobody ticks anything: it is read from what is there.</summary>
public sealed record ShowFirstSteps(int LoopId) : IRequest<StepsTaken>, IGuarded
{
    public bool Permits(Actor actor) => actor is { IsSystem: false, AccountId: not null } && actor.BelongsTo(LoopId);
}

/// <summary>One step.</summary>
/// <param name="Key">Its words are <c>Step.{Key}</c> and <c>Step.{Key}.Note</c> in Texts.resx.</param>
/// <param name="Href">Where it is taken; below the loop's address unless <paramref name="OfPortal"/>.</param>
/// <param name="IsNeeded">Whether the way is not complete without it; others may be left out.</param>
public sealed record FirstStep(string Key, string Href, bool IsDone, bool IsNeeded = true, bool OfPortal = false);

/// <param name="Operator">For whom operates the loop; empty for others.</param>
/// <param name="Member">For whom uses, makes or keeps energy in it; empty for others.</param>
public sealed record StepsTaken(IReadOnlyList<FirstStep> Operator, IReadOnlyList<FirstStep> Member)
{
    public IEnumerable<FirstStep> All => Operator.Concat(Member);

    /// <summary>Whether nothing that is needed is left.</summary>
    public bool AreComplete => All.All(step => step.IsDone || !step.IsNeeded);

    /// <summary>What to do now.</summary>
    public FirstStep? Next => All.FirstOrDefault(step => !step.IsDone && step.IsNeeded) ?? All.FirstOrDefault(step => !step.IsDone);
}

internal sealed class ShowFirstStepsHandler(MarketplaceDb db, CurrentActor current) : IRequestHandler<ShowFirstSteps, StepsTaken>
{
    private static readonly Role[] s_buyers = [Role.Consumer, Role.Prosumer];
    private static readonly Role[] s_traders = [Role.Consumer, Role.Prosumer, Role.Producer, Role.Storage];

    public async Task<StepsTaken> Handle(ShowFirstSteps request, CancellationToken cancellationToken)
    {
        var roles = current.Actor.Roles.Where(held => held.LoopId == request.LoopId).ToList();
        var operates = roles.Any(held => held.Role == Role.Operator);
        var trading = roles.Where(held => s_traders.Contains(held.Role)).Select(held => held.MemberId).Distinct().ToArray();
        return new StepsTaken(
            operates ? await OperatorStepsAsync(request.LoopId, cancellationToken) : [],
            trading.Length > 0 ? await MemberStepsAsync(request.LoopId, trading, roles.Exists(held => s_buyers.Contains(held.Role)), cancellationToken) : []);
    }

    private async Task<IReadOnlyList<FirstStep>> OperatorStepsAsync(int loop, CancellationToken cancellationToken)
    {
        var found = await db.Database.SqlQuery<LoopFound>(
            $"""
            SELECT EXISTS (SELECT FROM market.tariffs WHERE loop_id = {loop}) AS "Tariff",
                   EXISTS (SELECT FROM market.zones WHERE loop_id = {loop}) AS "Zones",
                   EXISTS (SELECT FROM market.bill_issuers WHERE loop_id = {loop}) AS "Issuer",
                   EXISTS (SELECT FROM market.billing_terms WHERE loop_id = {loop}) AS "Terms",
                   (SELECT count(DISTINCT page) FROM market.public_texts WHERE loop_id = {loop} AND page IN (1, 4)) = 2 AS "Texts",
                   EXISTS (SELECT FROM market.members m JOIN market.member_roles r ON r.loop_id = m.loop_id AND r.member_id = m.id AND r.role <> {(short)Role.Operator} WHERE m.loop_id = {loop}) AS "Members",
                   EXISTS (SELECT FROM market.invitations WHERE loop_id = {loop})
                       OR EXISTS (SELECT FROM market.memberships s JOIN market.member_roles r ON r.loop_id = s.loop_id AND r.member_id = s.member_id AND r.role <> {(short)Role.Operator} WHERE s.loop_id = {loop}) AS "Invited",
                   EXISTS (SELECT FROM market.meters WHERE loop_id = {loop}) AS "Meters",
                   EXISTS (SELECT FROM market.readings WHERE loop_id = {loop}) AS "Readings",
                   EXISTS (SELECT FROM market.plants WHERE loop_id = {loop}) AS "Plants",
                   EXISTS (SELECT FROM market.conditions WHERE loop_id = {loop}) AS "Hours"
            """).SingleAsync(cancellationToken);
        return
        [
            new("Tariff", "/tariffs", found.Tariff),
            new("Zones", "/operations/network", found.Zones, IsNeeded: false),
            new("Members", "/members/new", found.Members),
            new("Invited", "/members", found.Invited),
            new("Plants", "/operations/equipment#plants", found.Plants),
            new("Meters", "/operations/equipment#meters", found.Meters),
            new("Hours", "/operations/equipment#hours", found.Hours),
            new("Readings", "/operations/devices", found.Readings),
            // The second half is on a page of its own, where the first does not lead.
            new("Billing", found.Issuer ? "/operations/billing-terms" : "/operations/billing", found is { Issuer: true, Terms: true }),
            new("Texts", "/operations/texts", found.Texts),
        ];
    }

    private async Task<IReadOnlyList<FirstStep>> MemberStepsAsync(int loop, int[] members, bool buys, CancellationToken cancellationToken)
    {
        var account = current.Actor.AccountId!.Value;
        var found = await db.Database.SqlQuery<MemberFound>(
            $"""
            SELECT EXISTS (SELECT FROM market.passkeys WHERE user_id = {account}) OR (SELECT two_factor_enabled FROM market.people WHERE id = {account}) AS "Passkey",
                   EXISTS (SELECT FROM market.agreements WHERE loop_id = {loop} AND member_id = ANY ({members})) AS "Consent",
                   EXISTS (SELECT FROM market.bill_recipients WHERE loop_id = {loop} AND member_id = ANY ({members})) AS "Billing",
                   EXISTS (SELECT FROM market.member_preferences WHERE loop_id = {loop} AND member_id = ANY ({members})) AS "Preference",
                   EXISTS (SELECT FROM market.standing_orders WHERE loop_id = {loop} AND member_id = ANY ({members}))
                       OR EXISTS (SELECT FROM market.orders WHERE loop_id = {loop} AND member_id = ANY ({members})) AS "Order"
            """).SingleAsync(cancellationToken);
        return
        [
            new("Accepted", "/account", IsDone: true, OfPortal: true),
            new("Passkey", "/account/passkeys", found.Passkey, OfPortal: true),
            new("Consent", "/agreements", found.Consent),
            new("Details", "/billing-details", found.Billing),
            .. buys ? [new FirstStep("Preference", "/preferences", found.Preference, IsNeeded: false)] : Array.Empty<FirstStep>(),
            new(buys ? "Order" : "Offer", buys ? "/orders" : "/offers", found.Order, IsNeeded: false),
        ];
    }

    private sealed record LoopFound(bool Tariff, bool Zones, bool Issuer, bool Terms, bool Texts, bool Members, bool Invited, bool Meters, bool Readings, bool Plants, bool Hours);

    private sealed record MemberFound(bool Passkey, bool Consent, bool Billing, bool Preference, bool Order);
}
