using Marketplace.Billing;
using Marketplace.Data;
using Marketplace.Web.Features.Payments;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Reminders;

/// <summary>A plan and how it stands.</summary>
/// <param name="Plan">As agreed.</param>
/// <param name="Parts">Its instalments, the earliest first.</param>
/// <param name="Documents">What it pays.</param>
/// <param name="PaidCents">What has come of it; meaningful while it runs.</param>
/// <param name="OnItsWayCents">What more of it waits in a file for the bank.</param>
public sealed record PlanView(InstalmentPlan Plan, IReadOnlyList<Instalment> Parts, IReadOnlyList<InstalmentDocument> Documents, long PaidCents, long OnItsWayCents)
{
    public bool Runs => Plan.State == InstalmentPlanState.Running;

    /// <summary>How it stands. What is being collected is in time; but nothing is completed by what has not come.</summary>
    public InstalmentStanding StandingOn(DateOnly today) => Instalments.Judge(Parts, PaidCents, today, Plan.GraceDays) is var standing && standing != InstalmentStanding.Broken
        ? standing
        : Instalments.Judge(Parts, PaidCents + OnItsWayCents, today, Plan.GraceDays) == InstalmentStanding.Broken ? InstalmentStanding.Broken : InstalmentStanding.Kept;

    /// <summary>The next instalment that is not paid in full; none where all are.</summary>
    public Instalment? Next
    {
        get
        {
            var sum = 0L;
            return Parts.FirstOrDefault(part => (sum += part.Cents) > PaidCents);
        }
    }

    /// <summary>What has to be paid now: what is due and has not come, or else the rest of the next instalment.</summary>
    public long ToPayCents(DateOnly today) => Instalments.DueCents(Parts, today) - PaidCents is > 0 and var missing
        ? missing
        : Next is { } next ? Instalments.DueCents(Parts, next.DueOn) - PaidCents : 0;
}

/// <summary>Reads plans and what has been paid of them: the part of their documents that is not open any more. What is disputed counts as not owed.</summary>
public sealed class InstalmentBook(MarketplaceDb db)
{
    /// <summary>A member's plans, the newest first.</summary>
    public async Task<IReadOnlyList<PlanView>> OfMemberAsync(int loopId, MemberAccount account, CancellationToken cancellationToken)
    {
        var plans = await db.InstalmentPlans.AsNoTracking().Where(plan => plan.LoopId == loopId && plan.MemberId == account.MemberId).OrderByDescending(plan => plan.Id).ToListAsync(cancellationToken);
        if (plans.Count == 0)
        {
            return [];
        }

        var owed = account.Documents.ToDictionary(
            document => document.Id, document => new Owed(Math.Max(0, account.OpenCents(document) - account.DisputedCents(document)), account.InFileCents(document)));
        return await ViewsAsync(loopId, plans, owed, cancellationToken);
    }

    /// <summary>Some of a loop's plans, as they stand.</summary>
    public async Task<IReadOnlyList<PlanView>> ViewsAsync(int loopId, IReadOnlyList<InstalmentPlan> plans, CancellationToken cancellationToken) =>
        await ViewsAsync(loopId, plans, (await OpenOfPlansAsync(loopId, cancellationToken)).ToDictionary(entry => entry.BillId, entry => new Owed(entry.OwedCents, entry.InFileCents)), cancellationToken);

    /// <summary>What may be collected by a day of each document that is paid in instalments: what of them is due by then, the oldest document first.</summary>
    public async Task<IReadOnlyDictionary<int, long>> CollectibleAsync(int loopId, DateOnly day, CancellationToken cancellationToken)
    {
        var open = await OpenOfPlansAsync(loopId, cancellationToken);
        var plans = await db.InstalmentPlans.AsNoTracking().Where(plan => plan.LoopId == loopId && plan.State == InstalmentPlanState.Running).ToListAsync(cancellationToken);
        // What waits in a file is on its way.
        var waiting = open.ToDictionary(entry => entry.BillId, entry => Math.Max(0, entry.OwedCents - entry.InFileCents));
        var collectible = new Dictionary<int, long>();
        foreach (var plan in await ViewsAsync(loopId, plans, waiting.ToDictionary(one => one.Key, one => new Owed(one.Value, 0)), cancellationToken))
        {
            var left = Instalments.DueCents(plan.Parts, day) - plan.PaidCents;
            foreach (var entry in open.Where(entry => entry.PlanId == plan.Plan.Id).OrderBy(entry => entry.DueOn).ThenBy(entry => entry.BillId))
            {
                var cents = Math.Min(left, waiting[entry.BillId]);
                if (cents > 0)
                {
                    collectible.Add(entry.BillId, cents);
                    left -= cents;
                }
            }
        }

        return collectible;
    }

    private async Task<IReadOnlyList<PlanView>> ViewsAsync(int loopId, IReadOnlyList<InstalmentPlan> plans, Dictionary<int, Owed> owed, CancellationToken cancellationToken)
    {
        var ids = plans.Select(plan => plan.Id).ToArray();
        var parts = (await db.InstalmentParts.AsNoTracking().Where(part => part.LoopId == loopId && ids.Contains(part.PlanId)).OrderBy(part => part.Number).ToListAsync(cancellationToken))
            .ToLookup(part => part.PlanId, part => new Instalment(part.DueOn, part.Cents));
        var documents = (await db.InstalmentDocuments.AsNoTracking().Where(document => document.LoopId == loopId && ids.Contains(document.PlanId)).OrderBy(document => document.BillId)
            .ToListAsync(cancellationToken)).ToLookup(document => document.PlanId);
        return [.. plans.Select(plan => new PlanView(
            plan, [.. parts[plan.Id]], [.. documents[plan.Id]],
            documents[plan.Id].Sum(document => Math.Max(0, document.Cents - owed.GetValueOrDefault(document.BillId).Cents)),
            documents[plan.Id].Select(document => (document.Cents, Owed: owed.GetValueOrDefault(document.BillId)))
                .Sum(one => Math.Min(one.Owed.InFileCents, Math.Min(one.Cents, one.Owed.Cents)))))];
    }

    private Task<List<OpenOfPlan>> OpenOfPlansAsync(int loopId, CancellationToken cancellationToken) => db.Database.SqlQuery<OpenOfPlan>(
        $"""
        SELECT bill_id AS "BillId", plan_id AS "PlanId", due_on AS "DueOn", open_cents - held_cents AS "OwedCents", in_file_cents AS "InFileCents"
        FROM market.open_entries({loopId}) WHERE plan_id IS NOT NULL AND open_cents > 0
        """).ToListAsync(cancellationToken);

    /// <summary>What is to be paid of a document, and what of that is being collected.</summary>
    private readonly record struct Owed(long Cents, long InFileCents);

    private sealed record OpenOfPlan(int BillId, int PlanId, DateOnly DueOn, long OwedCents, long InFileCents);
}
