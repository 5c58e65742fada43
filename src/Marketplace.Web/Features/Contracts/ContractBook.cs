using System.Globalization;
using Marketplace.Contracts;
using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Features.Signing;
using Marketplace.Web.Pipeline;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Contracts;

/// <summary>A contract with all that was done to it, held until the transaction ends.</summary>
public sealed record HeldContract(Loop Loop, Contract Contract, IReadOnlyList<ContractParty> Parties, IReadOnlyList<ContractAct> Acts, ContractStanding Standing, DateTimeOffset MarketNow)
{
    public ContractAct Last => Acts[^1];

    public IReadOnlyList<int> Members { get; } = [.. Parties.Select(party => party.MemberId)];

    /// <summary>The version that the next terms have.</summary>
    public int NextVersion => Acts.Max(act => act.Version) + 1;
}

/// <summary>The terms of a contract, as filled in.</summary>
/// <param name="StartsOn">The first local day: a period begins on it.</param>
/// <param name="EndsOn">The first local day after the end: a period begins on it.</param>
public sealed record ContractTerms(IReadOnlyDictionary<string, string> Values, DateOnly StartsOn, DateOnly EndsOn);

/// <summary>The one way in for acts on contracts: whose turn it is, what the terms may be, the signature and the record on the ledger.</summary>
internal sealed class ContractBook(Work work, TemplateShelf shelf, ContractCatalogue catalogue, ContractConditions conditions, ContractRuns runs, MarketTime marketTime, Signatures signatures, CurrentActor current, TimeProvider time)
{
    /// <summary>Beyond this many acts nobody reads the history any more.</summary>
    public const int MostActs = 200;

    private const int LongestNote = 1000;

    /// <summary>Waits for its turn with the contract and holds it until the transaction ends.</summary>
    /// <exception cref="NotPermittedException">There is no such contract of the member.</exception>
    public async Task<HeldContract> HoldAsync(int loopId, long contractId, int memberId, CancellationToken cancellationToken)
    {
        await work.Db.Database.ExecuteSqlAsync($"SELECT pg_advisory_xact_lock(hashtextextended({$"contract/{loopId}/{contractId}"}, 0))", cancellationToken);
        var held = await ReadAsync(work.Db, marketTime, loopId, contractId, cancellationToken);
        return held is not null && held.Members.Contains(memberId) && (held.Contract.MemberId == memberId || held.Acts.Any(act => act.Kind != ContractActKind.Drafted))
            ? held
            : throw new NotPermittedException(nameof(ContractBook));
    }

    /// <summary>A contract as it stands.</summary>
    public static async Task<HeldContract?> ReadAsync(MarketplaceDb db, MarketTime marketTime, int loopId, long contractId, CancellationToken cancellationToken)
    {
        if (await db.Contracts.AsNoTracking().SingleOrDefaultAsync(contract => contract.LoopId == loopId && contract.Id == contractId, cancellationToken) is not { } contract)
        {
            return null;
        }

        var loop = await db.Loops.AsNoTracking().SingleAsync(loop => loop.Id == loopId, cancellationToken);
        var parties = await db.ContractParties.AsNoTracking().Where(party => party.LoopId == loopId && party.ContractId == contractId).OrderBy(party => party.Role).ToListAsync(cancellationToken);
        var acts = await db.ContractActs.AsNoTracking().Where(act => act.LoopId == loopId && act.ContractId == contractId).OrderBy(act => act.Number).ToListAsync(cancellationToken);
        var now = await marketTime.NowAsync(loopId, cancellationToken);
        return new HeldContract(loop, contract, parties, acts, ContractStanding.Of(acts, [.. parties.Select(party => party.MemberId)], loop.Calendar, now), now);
    }

    /// <summary>Whether exactly this act was done before, by a form sent twice.</summary>
    /// <param name="seen">The number of the act that the person saw last.</param>
    public static bool WasDone(HeldContract held, int seen, int memberId, ContractActKind kind) =>
        held.Acts.Any(act => act.Number == seen + 1 && act.MemberId == memberId && act.Kind == kind);

    /// <summary>Refuses an act on terms other than the person saw.</summary>
    public static void RequireSeen(HeldContract held, int seen)
    {
        if (held.Last.Number != seen)
        {
            throw new RefusedException([new Problem("", "The contract has changed since you opened this page. Look at it again before you decide.", "outdated")]);
        }

        if (held.Acts.Count >= MostActs)
        {
            throw new RefusedException(string.Create(CultureInfo.InvariantCulture, $"This contract has {MostActs} acts, the most there may be. Other terms need a new one."));
        }
    }

    /// <summary>Refuses terms that the template does not allow, each problem at its field.</summary>
    public void RequireTerms(Loop loop, Template template, ContractTerms terms, DateTimeOffset marketNow)
    {
        var problems = TemplateCheck.OfValues(template, new TermValues(terms.Values), catalogue.Forms)
            .Select(finding => new Problem(finding.Where, string.Format(CultureInfo.InvariantCulture, finding.Words, finding.Detail), finding.Rule)).ToList();
        var period = template.Period;
        if (period.FirstDay(terms.StartsOn) != terms.StartsOn)
        {
            problems.Add(new Problem(nameof(ContractTerms.StartsOn), "The contract begins on the first day of a period: a Monday, the first of a month or the first of January.", "period"));
        }
        else if (loop.Calendar.StartOf(terms.StartsOn) <= marketNow)
        {
            problems.Add(new Problem(nameof(ContractTerms.StartsOn), "This day has begun already. Choose a later one.", "past"));
        }

        if (terms.EndsOn <= terms.StartsOn || period.FirstDay(terms.EndsOn) != terms.EndsOn)
        {
            problems.Add(new Problem(nameof(ContractTerms.EndsOn), "The contract ends with a whole period, after it has begun.", "period"));
        }
        else if (terms.EndsOn > terms.StartsOn.AddMonths(template.LongestMonths))
        {
            problems.Add(new Problem(nameof(ContractTerms.EndsOn), string.Create(CultureInfo.InvariantCulture, $"At most {template.LongestMonths} months."), "longest"));
        }

        if (problems.Count > 0)
        {
            throw new RefusedException(problems);
        }
    }

    /// <summary>Refuses plants that are not the party's.</summary>
    public async Task RequirePlantsAsync(int loopId, Template template, IReadOnlyList<ContractParty> parties, IReadOnlyDictionary<string, string> values, CancellationToken cancellationToken)
    {
        foreach (var parameter in template.Parameters.Where(parameter => parameter.Type == ParameterType.Plant))
        {
            var (code, owner) = (values.GetValueOrDefault(parameter.Code, ""), parties.Single(party => party.Role == parameter.Default).MemberId);
            if (!await work.Db.Plants.AnyAsync(plant => plant.LoopId == loopId && plant.Code == code && plant.OwnerId == owner, cancellationToken))
            {
                throw new RefusedException([new Problem(parameter.Code, "This is no plant of the party who has to bring it.", "value-plant")]);
            }
        }
    }

    /// <summary>The act as it would be added, for page and server alike.</summary>
    public static ContractAct Next(HeldContract held, ContractActKind kind, int memberId, ContractAct terms) => Make(held.Contract, held.Last.Number + 1, kind, memberId, terms, held.MarketNow);

    public static ContractAct Make(Contract contract, int number, ContractActKind kind, int memberId, ContractAct terms, DateTimeOffset marketNow) => new()
    {
        LoopId = contract.LoopId, ContractId = contract.Id, Number = number, Kind = kind, MemberId = memberId, MarketAt = marketNow, Version = terms.Version,
        TemplateVersion = terms.TemplateVersion, Values = terms.Values, StartsOn = terms.StartsOn, EndsOn = terms.EndsOn, Canonical = [],
    };

    /// <summary>New terms, not yet of any act.</summary>
    public static ContractAct TermsOf(int version, int templateVersion, ContractTerms terms) => new()
    {
        Version = version, TemplateVersion = templateVersion, Values = ContractValues.Write(terms.Values), StartsOn = terms.StartsOn, EndsOn = terms.EndsOn, Canonical = [],
    };

    /// <summary>What is signed for an act.</summary>
    public static SignedAct ToSign(Loop loop, Contract contract, IReadOnlyList<ContractParty> parties, ContractTemplate template, ContractAct act) => new(
        loop.Id, act.MemberId,
        string.Create(CultureInfo.InvariantCulture, $"Contract {contract.Id}, act {act.Number} ({act.Kind}): terms {act.Version} of {template.Code}, template version {template.Version}, from {act.StartsOn:yyyy-MM-dd} until {act.EndsOn:yyyy-MM-dd}"),
        ContractRecord.Signed(loop.Slug, contract, parties, template, act));

    /// <summary>Adds an act with its signature, where one is asked for, and its record on the ledger.</summary>
    public async Task<ContractAct> AddAsync(HeldContract held, ContractAct act, SignatureGiven? given, string? note, CancellationToken cancellationToken) =>
        await AddAsync(held.Loop, held.Contract, held.Parties, act, given, note, cancellationToken);

    public async Task<ContractAct> AddAsync(
        Loop loop, Contract contract, IReadOnlyList<ContractParty> parties, ContractAct act, SignatureGiven? given, string? note, CancellationToken cancellationToken)
    {
        var text = (note ?? "").ReplaceLineEndings("\n").Trim();
        if (text.Length > LongestNote)
        {
            throw new RefusedException("Note", string.Create(CultureInfo.InvariantCulture, $"A note has at most {LongestNote} letters; this one has {text.Length}."));
        }

        var template = await shelf.RequireAsync(loop.Id, contract.TemplateCode, act.TemplateVersion, cancellationToken);
        if (act.Kind is ContractActKind.Offered or ContractActKind.Countered or ContractActKind.Accepted or ContractActKind.Renegotiated)
        {
            await conditions.RequireAsync(loop.Id, template.Template, parties, ContractValues.Read(act.Values), act.MarketAt, cancellationToken);
        }

        // What the system agrees for the people of the demo has no signature, and the record says so.
        var signature = given is null || current.Actor.IsSystem ? null : await signatures.RequireAsync(ToSign(loop, contract, parties, template.Row, act), given, cancellationToken);
        (act.At, act.DoneBy, act.SignatureId) = (time.GetUtcNow(), current.Actor.AccountId, signature?.Id);
        act.Canonical = ContractRecord.Canonical(loop.Slug, contract, parties, template.Row, act, signature?.Digest());
        var record = ContractRecord.Of(act);
        var appended = await LedgerDoor.AppendAsync(
            await work.ConnectionAsync(cancellationToken), work.Transaction, loop.Id, record.RecordKey, [record], cancellationToken);
        (act.BatchId, act.BatchPosition) = (appended.BatchId, appended.Positions[0]);
        work.Db.ContractActs.Add(act);
        await work.Db.SaveChangesAsync(cancellationToken);
        if (text.Length > 0)
        {
            work.Db.ContractNotes.Add(new ContractNote { LoopId = loop.Id, ContractId = contract.Id, Number = act.Number, MemberId = act.MemberId, Text = text });
            await work.Db.SaveChangesAsync(cancellationToken);
        }

        var acts = await work.Db.ContractActs.AsNoTracking().Where(known => known.LoopId == loop.Id && known.ContractId == contract.Id).OrderBy(known => known.Number).ToListAsync(cancellationToken);
        await runs.FollowAsync(loop, contract, parties, acts, template, act, cancellationToken);
        return act;
    }
}

/// <summary>Who may take part in contracts.</summary>
public static class ContractParties
{
    /// <summary>The roles that make contracts.</summary>
    public static IReadOnlyList<Role> Roles { get; } = [Role.Consumer, Role.Prosumer, Role.Producer, Role.Storage, Role.Investor, Role.Operator];

    /// <summary>Whether the actor may make contracts for the member.</summary>
    public static bool MayContract(this Actor actor, int loopId, int memberId)
    {
        ArgumentNullException.ThrowIfNull(actor);
        return actor.IsSystem || actor.Roles.Any(held => held.LoopId == loopId && held.MemberId == memberId && Roles.Contains(held.Role));
    }
}
