using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using FluentValidation;
using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Bills;

/// <summary>Issues the documents of a loop's period: bills for consumers, statements for producers, stores and investors. Members whose documents are
/// blocked wait; all others' are issued in one transaction. Issuing what is issued changes nothing.</summary>
/// <param name="LoopId">The loop.</param>
/// <param name="Period">Whole market hours, usually a local month.</param>
/// <param name="IssuedOn">Market time of issue, where it is not the period's end. It stands in the documents' records: a run that
/// is resumed passes the same.</param>
public sealed record IssueBills(int LoopId, Interval Period, DateTimeOffset? IssuedOn = null) : IRequest<IssuedBills>, IGuarded, IChange
{
    public DateTimeOffset IssuedAt => IssuedOn ?? Period.End;

    // Any fixed number; with the loop it names the lock under which documents are numbered.
    private const int NumberingLock = 0x42494C4C;

    public bool Permits(Actor actor) => actor.Operates(LoopId);

    /// <summary>Waits until nobody else issues documents of the loop, and keeps others from it until the transaction ends.</summary>
    internal static Task LockAsync(MarketplaceDb db, int loopId, CancellationToken cancellationToken) =>
        db.Database.ExecuteSqlAsync($"SELECT pg_advisory_xact_lock({NumberingLock}, {loopId})", cancellationToken);
}

/// <summary>What came of it.</summary>
public enum BillingOutcome
{
    Issued,
    AlreadyIssued,

    /// <summary>Nothing was issued, for the reason given. Nothing is skipped: what is blocked waits in the operator's release queue.</summary>
    Blocked,
}

/// <summary>What came of issuing a period.</summary>
/// <param name="Outcome">Issued now, issued before, or blocked.</param>
/// <param name="Reason">Why nothing could be issued, for the operator.</param>
/// <param name="Run">The period's documents and sums; none while nothing is issued.</param>
public sealed record IssuedBills(BillingOutcome Outcome, string? Reason, BillRun? Run)
{
    /// <summary>What keeps documents waiting.</summary>
    public IReadOnlyList<Block> Blocks { get; init; } = [];
}

public sealed class IssueBillsValidator : AbstractValidator<IssueBills>
{
    public IssueBillsValidator()
    {
        RuleFor(request => request.Period)
            .Must(period => period.Start.UtcTicks % TimeSpan.TicksPerHour == 0 && period.End.UtcTicks % TimeSpan.TicksPerHour == 0)
            .WithMessage("A billing period consists of whole market hours.");
        RuleFor(request => request.IssuedAt)
            .GreaterThanOrEqualTo(request => request.Period.End)
            .WithMessage("A period is billed after it has ended.");
    }
}

/// <summary>The operator releases a finished period: every document that nothing blocks is issued.</summary>
public sealed record ReleaseBills(int LoopId, Interval Period) : IRequest<IssuedBills>, IOperatorAct
{
    public string Subject => Period.ToString();
}

internal sealed class IssueBillsHandler(BillIssue issue, Work work) : IRequestHandler<IssueBills, IssuedBills>, IRequestHandler<ReleaseBills, IssuedBills>
{
    public Task<IssuedBills> Handle(IssueBills request, CancellationToken cancellationToken) =>
        issue.IssueAsync(request.LoopId, request.Period, request.IssuedAt, cancellationToken);

    public async Task<IssuedBills> Handle(ReleaseBills request, CancellationToken cancellationToken)
    {
        var (loopId, start, end) = (request.LoopId, request.Period.Start, request.Period.End);
        var opened = await work.Db.BillPeriods.AsNoTracking()
            .SingleOrDefaultAsync(period => period.LoopId == loopId && period.PeriodStart == start && period.PeriodEnd == end, cancellationToken)
            ?? throw new RefusedException("This period is not open for billing.");
        return await issue.IssueAsync(loopId, request.Period, opened.IssueAt, cancellationToken);
    }
}

/// <summary>The next ids and numbers of a loop's documents: <c>{SLUG}-{year}-{000001}</c>. Taken under the numbering lock.</summary>
internal sealed record NumberSeries(string Prefix, int FirstId, int FirstNumber)
{
    public int Id(int document) => FirstId + document;

    public string Number(int document) => Prefix + (FirstNumber + document).ToString("000000", CultureInfo.InvariantCulture);

    public static async Task<NumberSeries> NextAsync(MarketplaceDb db, Loop loop, int year, CancellationToken cancellationToken)
    {
        var prefix = string.Create(CultureInfo.InvariantCulture, $"{loop.Slug.ToUpperInvariant()}-{year}-");
        var bills = db.Bills.AsNoTracking().Where(bill => bill.LoopId == loop.Id);
        var lastId = await bills.MaxAsync(bill => (int?)bill.Id, cancellationToken) ?? 0;
        var lastNumber = await bills.Where(bill => bill.Number.StartsWith(prefix))
            .OrderByDescending(bill => bill.Id).Select(bill => bill.Number).FirstOrDefaultAsync(cancellationToken);
        var last = lastNumber is null ? 0 : int.Parse(lastNumber[prefix.Length..], NumberStyles.None, CultureInfo.InvariantCulture);
        return new NumberSeries(prefix, lastId + 1, last + 1);
    }
}

/// <summary>Under which names a document's commitment is kept.</summary>
public static class BillKeys
{
    /// <summary>The record's key in the ledger.</summary>
    public static string Record(string number) => $"bill/{number}";

    /// <summary>What a document's record says of the facts beside its lines.</summary>
    public static string FactsHash(string facts) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(facts)));

    /// <summary>The month whose secret salts the record: that in which the period starts.</summary>
    public static DateOnly Month(DateTimeOffset periodStart) => DateOnly.FromDateTime(periodStart.UtcDateTime);
}
