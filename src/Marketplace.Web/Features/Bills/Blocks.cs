using System.Globalization;
using Marketplace.Billing;
using Marketplace.Data;
using Marketplace.Metering;
using Marketplace.Quantities;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Pipeline;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Bills;

/// <summary>Why documents cannot be issued. The page knows for each what cures it.</summary>
public enum BlockKind
{
    /// <summary>Part of the period belongs to another one.</summary>
    Overlap,

    /// <summary>An hour waits for its settlement.</summary>
    UnsettledHour,

    /// <summary>Charging quotas of an hour wait for their settlement.</summary>
    UnsettledCharging,

    /// <summary>No tariff is in force.</summary>
    NoTariff,

    /// <summary>The loop has not said what the law wants on bills: contacts, ways to complain.</summary>
    Terms,

    /// <summary>The loop has not said who writes its bills.</summary>
    NoIssuer,

    /// <summary>It is not known where the member's documents go.</summary>
    NoAddress,

    /// <summary>How lines of the member's are taxed asks for an identifier of the member that is not known.</summary>
    NoTaxIdentifier,

    /// <summary>The same, of who writes the loop's bills.</summary>
    NoIssuerIdentifier,

    /// <summary>A meter's hours are not known, nor could they be estimated from anything.</summary>
    NoReading,

    /// <summary>An item that the law wants is not on the document.</summary>
    LawItem,

    /// <summary>Something of the member's is not billed though its supply has ended with a final bill.</summary>
    AfterFinal,

    /// <summary>A clause of a contract waits for the value of its index.</summary>
    Contract,

    /// <summary>Another party of the same plant's revenue is blocked.</summary>
    Partner,
}

/// <summary>One reason why documents wait.</summary>
/// <param name="Member">Whose; null where it concerns all.</param>
/// <param name="Words">What is missing, for the operator.</param>
public sealed record Block(BlockKind Kind, int? Member, string Words);

/// <summary>Finds what keeps documents from being issued. What concerns one member keeps nobody else from theirs.</summary>
internal sealed class Blocks(Work work, PeriodFacts periodFacts, IEnumerable<IStatedCharges> stated)
{
    /// <summary>What concerns everybody; the first of each kind.</summary>
    public async Task<IReadOnlyList<Block>> CommonAsync(Loop loop, Interval period, CancellationToken cancellationToken)
    {
        var (db, loopId) = (work.Db, loop.Id);
        var blocks = new List<Block>();
        void Add(BlockKind kind, FormattableString words) => blocks.Add(new Block(kind, null, words.ToString(CultureInfo.InvariantCulture)));
        var other = await db.BillPeriods.AsNoTracking()
            .FirstOrDefaultAsync(one => one.LoopId == loopId && one.PeriodStart < period.End && one.PeriodEnd > period.Start
                && !(one.PeriodStart == period.Start && one.PeriodEnd == period.End), cancellationToken);
        if (other is not null)
        {
            Add(BlockKind.Overlap, $"Part of the period is already billed ({new Interval(other.PeriodStart, other.PeriodEnd)}).");
            return blocks;
        }

        var settled = new SettledPeriod(await work.ConnectionAsync(cancellationToken), null, loopId, period);
        if (await settled.FirstUnsettledAsync(cancellationToken) is { } open)
        {
            Add(BlockKind.UnsettledHour, $"The hour {Instants.Iso(open)} is not settled yet.");
        }

        if (await settled.FirstUnsettledChargingAsync(cancellationToken) is { } charging)
        {
            Add(BlockKind.UnsettledCharging, $"The charging quotas of {Instants.Iso(charging)} are not settled yet.");
        }

        if ((await TariffSpan.ReadAsync(db, loopId, period, cancellationToken)).Count == 0)
        {
            Add(BlockKind.NoTariff, $"No tariff is in force at {Instants.Iso(period.Start)}.");
        }

        if (loop.Kind == LoopKind.Live && !await db.BillIssuers.AnyAsync(issuer => issuer.LoopId == loopId, cancellationToken))
        {
            Add(BlockKind.NoIssuer, $"Nobody is named who writes the loop's bills.");
        }

        return blocks;
    }

    /// <summary>What concerns single members, and those who share a plant's revenue with them; and the facts that go with each member's bill.</summary>
    public async Task<(IReadOnlyList<Block> Blocks, Func<int, LawFacts> Facts)> OfMembersAsync(PeriodAccounts accounts, CancellationToken cancellationToken)
    {
        var facts = await periodFacts.ReadAsync(accounts, cancellationToken);
        var blocks = new List<Block>();
        if (accounts.Loop.Kind != LoopKind.Replay)
        {
            // A replay has no customers; it says what it can.
            blocks.AddRange(Incomplete(accounts, facts));
        }

        if (accounts.Loop.Kind == LoopKind.Live)
        {
            blocks.AddRange(await WithoutAddressAsync(accounts, cancellationToken));
            blocks.AddRange(await WithoutIdentifierAsync(accounts, cancellationToken));
            blocks.AddRange(await WithoutReadingAsync(accounts, cancellationToken));
        }

        var billed = accounts.Documents.Select(document => document.Member).ToHashSet();
        foreach (var source in stated)
        {
            blocks.AddRange((await source.WaitingAsync(accounts.Loop, accounts.Period, cancellationToken))
                .Where(waiting => billed.Contains(waiting.Member)).Select(waiting => new Block(BlockKind.Contract, waiting.Member, waiting.Words)));
        }

        blocks.AddRange(await AfterFinalAsync(accounts, cancellationToken));
        return ([.. blocks, .. Partners(accounts, blocks)], facts);
    }

    private static IEnumerable<Block> Incomplete(PeriodAccounts accounts, Func<int, LawFacts> facts)
    {
        foreach (var document in accounts.Documents.Where(Completeness.Applies))
        {
            var missing = Completeness.Missing(document, facts(document.Member));
            if (missing.Where(IsOfTheLoop).ToList() is { Count: > 0 } texts)
            {
                yield return new Block(BlockKind.Terms, document.Member, $"The loop has not said: {string.Join(", ", texts.Select(Words))}.");
            }

            foreach (var item in missing.Where(item => !IsOfTheLoop(item)))
            {
                yield return new Block(BlockKind.LawItem, document.Member, $"The law wants on a bill for heat or cold: {Words(item)}.");
            }
        }

        static bool IsOfTheLoop(LawItem item) => item is LawItem.ConsumerBodies or LawItem.EnergyAgencies or LawItem.Complaints or LawItem.Disputes or LawItem.NormalUser;
    }

    private static string Words(LawItem item) => item switch
    {
        LawItem.Prices => "the actual prices",
        LawItem.Consumption => "the actual consumption",
        LawItem.FuelMix => "where the energy came from",
        LawItem.Emissions => "its greenhouse gases",
        LawItem.TaxesAndTariffs => "taxes, levies and tariffs",
        LawItem.LastYear => "a comparison with the year before in the same weather",
        LawItem.ConsumerBodies => "contacts of consumers' organisations",
        LawItem.EnergyAgencies => "contacts of energy agencies",
        LawItem.Complaints => "how to complain",
        LawItem.Disputes => "who settles disputes",
        LawItem.NormalUser => "what a normal user takes",
        LawItem.Estimates => "how estimated hours were computed",
        _ => throw new ArgumentOutOfRangeException(nameof(item), item, "Not an item of the law"),
    };

    private async Task<IEnumerable<Block>> WithoutAddressAsync(PeriodAccounts accounts, CancellationToken cancellationToken)
    {
        var known = (await work.Db.BillRecipients.Where(recipient => recipient.LoopId == accounts.Loop.Id).Select(recipient => recipient.MemberId).ToListAsync(cancellationToken)).ToHashSet();
        return accounts.Documents.Select(document => document.Member).Distinct().Where(member => !known.Contains(member))
            .Select(member => new Block(BlockKind.NoAddress, member, "The member's name and address for bills are not known."));
    }

    // A bill is the loop's invoice to the member, a statement one that the loop writes for the member as the seller.
    private async Task<IEnumerable<Block>> WithoutIdentifierAsync(PeriodAccounts accounts, CancellationToken cancellationToken)
    {
        var loopId = accounts.Loop.Id;
        var issuer = await work.Db.BillIssuers.AsNoTracking().SingleOrDefaultAsync(issuer => issuer.LoopId == loopId, cancellationToken);
        var recipients = await work.Db.BillRecipients.AsNoTracking().Where(recipient => recipient.LoopId == loopId).ToDictionaryAsync(recipient => recipient.MemberId, recipient => recipient.Details, cancellationToken);
        var blocks = new List<Block>();
        foreach (var document in accounts.Documents)
        {
            if (issuer is null || recipients.GetValueOrDefault(document.Member) is not { } member)
            {
                continue;
            }

            var isBill = document.Role == DocumentRole.Consumer;
            var (seller, buyer) = isBill ? (issuer.Details, member) : (member, issuer.Details);
            var missing = TaxIdentifiers.Missing(
                [.. document.Lines.Select(line => line.Vat)], seller.VatId.Length > 0 || seller.TaxNumber.Length > 0, buyer.VatId.Length > 0 || buyer.RegisterNumber.Length > 0);
            foreach (var gap in missing)
            {
                var ofTheMember = isBill == (gap == TaxIdentifierGap.Buyer);
                blocks.Add(new Block(ofTheMember ? BlockKind.NoTaxIdentifier : BlockKind.NoIssuerIdentifier, document.Member, (gap == TaxIdentifierGap.Seller, ofTheMember) switch
                {
                    (true, true) => "A statement with taxed or exempt lines names the member's VAT identifier or tax number, and neither is known.",
                    (true, false) => "A bill with taxed or exempt lines names the VAT identifier or tax number of who writes it, and neither is known.",
                    (false, true) => "The member owes the tax on a line (reverse charge): the bill names the member's VAT identifier or register number, and neither is known.",
                    (false, false) => "The loop owes the tax on a line (reverse charge): the statement names its VAT identifier or register number, and neither is known.",
                }));
            }
        }

        return blocks.Distinct();
    }

    private async Task<IEnumerable<Block>> WithoutReadingAsync(PeriodAccounts accounts, CancellationToken cancellationToken)
    {
        var (loopId, start, end) = (accounts.Loop.Id, accounts.Period.Start, accounts.Period.End);
        var zero = (short)EstimationMethod.Zero;
        var unknown = await (
            from estimate in work.Db.ReadingEstimates
            join meter in work.Db.Meters on new { estimate.LoopId, Id = estimate.MeterId } equals new { meter.LoopId, meter.Id }
            where estimate.LoopId == loopId && estimate.Hour >= start && estimate.Hour < end && estimate.Applied == zero
                && !work.Db.Readings.Any(reading => reading.LoopId == loopId && reading.MeterId == estimate.MeterId && reading.Hour == estimate.Hour && reading.Revision > estimate.Revision)
            group estimate by new { meter.MemberId, meter.Code } into own
            select new { own.Key.MemberId, own.Key.Code, Hours = own.Count(), First = own.Min(estimate => estimate.Hour) }).ToListAsync(cancellationToken);
        var billed = accounts.Documents.Select(document => document.Member).ToHashSet();
        return unknown.Where(own => billed.Contains(own.MemberId)).OrderBy(own => own.MemberId).ThenBy(own => own.Code, StringComparer.Ordinal).Select(own => new Block(
            BlockKind.NoReading, own.MemberId,
            string.Create(CultureInfo.InvariantCulture, $"Nothing is known of {own.Hours} h of meter {own.Code}, the first at {Instants.Iso(own.First)}; they were settled as zero.")));
    }

    private async Task<IEnumerable<Block>> AfterFinalAsync(PeriodAccounts accounts, CancellationToken cancellationToken)
    {
        var (loopId, period) = (accounts.Loop.Id, accounts.Period);
        var ended = await work.Db.Bills.AsNoTracking()
            .Where(bill => bill.LoopId == loopId && bill.IsFinal && bill.PeriodStart < period.End && bill.PeriodEnd > period.Start)
            .Select(bill => new { bill.MemberId, bill.PeriodEnd }).Distinct().ToListAsync(cancellationToken);
        var late = new List<Block>();
        foreach (var one in ended)
        {
            if (await work.Db.Positions.AnyAsync(position => position.LoopId == loopId && position.MemberId == one.MemberId && position.Hour >= one.PeriodEnd && position.Hour < period.End, cancellationToken))
            {
                late.Add(new Block(BlockKind.AfterFinal, one.MemberId, $"Energy was metered after the final bill's end, {Instants.Iso(one.PeriodEnd)}."));
            }
        }

        return late;
    }

    /// <summary>What an owner passes on and what an investor receives are one posting: both documents go together, or neither.</summary>
    private static List<Block> Partners(PeriodAccounts accounts, IReadOnlyList<Block> blocks)
    {
        var blocked = blocks.Select(block => block.Member).OfType<int>().ToHashSet();
        var partners = new List<Block>();
        for (var grew = true; grew;)
        {
            grew = false;
            foreach (var share in accounts.Shares)
            {
                foreach (var (one, other) in new[] { (share.Owner, share.Investor), (share.Investor, share.Owner) })
                {
                    if (blocked.Contains(other) && blocked.Add(one))
                    {
                        partners.Add(new Block(BlockKind.Partner, one, $"Shares the revenue of {share.Plant} with a member whose documents wait."));
                        grew = true;
                    }
                }
            }
        }

        return partners;
    }
}
