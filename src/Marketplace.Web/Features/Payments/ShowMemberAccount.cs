using Marketplace.Billing;
using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Features.Reminders;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Payments;

/// <summary>A member's account with the loop: what is open, why, and how to pay it.</summary>
public sealed record ShowMemberAccount(int LoopId, int MemberId) : IRequest<MemberAccountView>, IGuarded
{
    public bool Permits(Actor actor) => actor.ActsFor(LoopId, MemberId) || actor.Operates(LoopId);
}

/// <param name="Today">The loop's day on its market clock.</param>
/// <param name="Pay">How to pay what is to be paid now: without what is disputed, and of instalments the next; none where nothing is, or nobody has said to
/// which account.</param>
/// <param name="Mandate">Whether bills are collected from the member's account.</param>
/// <param name="Plans">Its agreements to pay in instalments, the newest first.</param>
public sealed record MemberAccountView(string MemberName, MemberAccount Account, DateOnly Today, PayTo? Pay, bool Mandate, IReadOnlyList<PlanView> Plans)
{
    /// <summary>What is disputed: it need not be paid now.</summary>
    public long DisputedCents => Account.Documents.Sum(Account.DisputedCents);

    /// <summary>What is paid in instalments and not due yet.</summary>
    public long LaterCents => Plans.Where(plan => plan.Runs).Sum(plan => Math.Max(0, plan.Plan.TotalCents - plan.PaidCents - plan.ToPayCents(Today)));

    public Money Balance => Money.FromCents(Account.Items.BalanceCents);

    public long OverdueCents => Account.Documents.Where(document => document.DueOn < Today).Sum(document => Math.Max(0, Account.OpenCents(document) - Account.DisputedCents(document)));
}

/// <param name="Code">What banking apps read; none where they cannot.</param>
public sealed record PayTo(string Name, Iban Account, string Bic, string Reference, long Cents, string? Code);

internal sealed class ShowMemberAccountHandler(Work work, AccountBook accounts, InstalmentBook instalments, MarketTime market) : IRequestHandler<ShowMemberAccount, MemberAccountView>
{
    public async Task<MemberAccountView> Handle(ShowMemberAccount request, CancellationToken cancellationToken)
    {
        var db = work.Db;
        var member = await db.Members.AsNoTracking().SingleOrDefaultAsync(member => member.LoopId == request.LoopId && member.Id == request.MemberId, cancellationToken)
            ?? throw new NotPermittedException(nameof(ShowMemberAccount));
        var loop = await db.Loops.AsNoTracking().SingleAsync(loop => loop.Id == request.LoopId, cancellationToken);
        var issuer = await db.BillIssuers.AsNoTracking().SingleOrDefaultAsync(issuer => issuer.LoopId == loop.Id, cancellationToken);
        var recipient = await db.BillRecipients.AsNoTracking()
            .SingleOrDefaultAsync(recipient => recipient.LoopId == loop.Id && recipient.MemberId == member.Id, cancellationToken);
        var today = loop.Calendar.DayOf(await market.NowAsync(loop.Id, cancellationToken));
        var account = await accounts.ReadAsync(loop.Id, member.Id, cancellationToken);
        var view = new MemberAccountView(
            member.Name, account, today, null, recipient?.Details.Mandate.Length > 0, await instalments.OfMemberAsync(loop.Id, account, cancellationToken));
        var cents = account.Items.BalanceCents - view.DisputedCents - view.LaterCents;
        return cents > 0 && Named(account, view.Plans) is { } named ? view with { Pay = HowToPay(issuer?.Details, loop.Currency, named.Number, cents) } : view;
    }

    /// <summary>The document that a payment names: the oldest of which something is to be paid, rather none that is being collected or paid in instalments.
    /// Where none is open but money is owed, as for a payment that came back, the newest.</summary>
    private static BookedDocument? Named(MemberAccount account, IReadOnlyList<PlanView> plans)
    {
        var planned = plans.Where(plan => plan.Runs).SelectMany(plan => plan.Documents).Select(document => document.BillId).ToHashSet();
        return account.Documents.Where(document => account.OpenCents(document) - account.DisputedCents(document) > 0)
            .OrderBy(document => account.OpenCents(document) - account.DisputedCents(document) <= account.InFileCents(document))
            .ThenBy(document => planned.Contains(document.Id)).ThenBy(document => document.DueOn).ThenBy(document => document.Id).FirstOrDefault()
            ?? account.Documents.Where(document => document.OwedCents > 0).MaxBy(document => document.Id);
    }

    private static PayTo? HowToPay(PartyDetails? issuer, string currency, string number, long cents)
    {
        if (issuer is null || !Iban.TryParse(issuer.Iban, out var account, out _))
        {
            return null;
        }

        var name = issuer.AccountHolder.Length > 0 ? issuer.AccountHolder : issuer.Name;
        var reference = PaymentReference.Of(number);
        return new PayTo(name, account!, issuer.Bic, reference, cents, PaymentCode.Text(name, account!, issuer.Bic, currency, cents, reference));
    }
}
