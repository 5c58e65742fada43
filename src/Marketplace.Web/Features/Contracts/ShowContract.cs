using Marketplace.Contracts;
using Marketplace.Contracts.Reputations;
using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Features.Plants;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Contracts;

/// <summary>A contract with its terms, its history and what it came to: for its parties, the loop's operators and auditors, the same for all.</summary>
/// <param name="Page">Of the results, the newest first, counted from 1.</param>
public sealed record ShowContract(int LoopId, long ContractId, int Page = 1) : IRequest<ContractDetail>, IGuarded
{
    public const int PageSize = 60;

    public bool Permits(Actor actor) => actor.BelongsTo(LoopId);
}

/// <param name="Terms">The open terms, else those that bind, else the last.</param>
/// <param name="Binding">The template of the terms that bind.</param>
/// <param name="Names">Names of the parties, by member.</param>
/// <param name="Plants">Names of plants, by code.</param>
/// <param name="Conditions">How what the terms ask of reputations stands now; none while it is a draft, as reputations are for those who deal with each other.</param>
/// <param name="NoticeEnd">When the contract would end if notice were given now.</param>
public sealed record ContractDetail(
    HeldContract Held, ContractAct Terms, ShelvedTemplate Template, ShelvedTemplate? Binding, IReadOnlyDictionary<int, string> Names, IReadOnlyDictionary<string, string> Plants,
    IReadOnlyList<ContractStep> Steps, IReadOnlyList<ContractResult> Results, int ResultCount, IReadOnlyDictionary<(int Version, string Clause), string> ClauseNames,
    IReadOnlyList<FlexibilityCall> Calls, IReadOnlyList<ConditionStanding> Conditions, DateOnly? NoticeEnd)
{
    public ContractStanding Standing => Held.Standing;

    /// <summary>The names of the parties, by role.</summary>
    public IReadOnlyDictionary<string, string> PartyNames => Held.Parties.ToDictionary(party => party.Role, party => Names[party.MemberId]);
}

/// <summary>An act and what was written with it.</summary>
public sealed record ContractStep(ContractAct Act, string? Note);

internal sealed class ShowContractHandler(Work work, CurrentActor current, TemplateShelf shelf, ContractConditions conditions, MarketTime marketTime) : IRequestHandler<ShowContract, ContractDetail>
{
    public async Task<ContractDetail> Handle(ShowContract request, CancellationToken cancellationToken)
    {
        var (db, loopId, id) = (work.Db, request.LoopId, request.ContractId);
        if (!await ContractAccess.MayReadAsync(db, current.Actor, loopId, id, cancellationToken)
            || await ContractBook.ReadAsync(db, marketTime, loopId, id, cancellationToken) is not { } held)
        {
            throw new NotPermittedException(nameof(ShowContract));
        }

        var terms = held.Standing.Open ?? held.Standing.Binding ?? held.Last;
        var template = await shelf.RequireAsync(loopId, held.Contract.TemplateCode, terms.TemplateVersion, cancellationToken);
        var binding = held.Standing.Binding is { } binds ? await shelf.RequireAsync(loopId, held.Contract.TemplateCode, binds.TemplateVersion, cancellationToken) : null;
        var members = held.Members;
        var names = await db.Members.AsNoTracking().Where(member => member.LoopId == loopId && members.Contains(member.Id)).ToDictionaryAsync(member => member.Id, member => member.Name, cancellationToken);
        var plants = await db.Plants.AsNoTracking().Where(plant => plant.LoopId == loopId && members.Contains(plant.OwnerId)).ToDictionaryAsync(plant => plant.Code, plant => plant.Name, cancellationToken);
        var notes = await db.ContractNotes.AsNoTracking().Where(note => note.LoopId == loopId && note.ContractId == id).ToDictionaryAsync(note => note.Number, note => note.Text, cancellationToken);
        var results = db.ContractResults.AsNoTracking().Where(result => result.LoopId == loopId && result.ContractId == id);
        var page = await results.OrderByDescending(result => result.PeriodStart).ThenBy(result => result.Clause)
            .Skip((Math.Clamp(request.Page, 1, 1_000_000) - 1) * ShowContract.PageSize).Take(ShowContract.PageSize).ToListAsync(cancellationToken);
        var clauses = new Dictionary<(int, string), string>();
        foreach (var version in page.Select(result => result.Version).Distinct())
        {
            var words = (await shelf.RequireAsync(loopId, held.Contract.TemplateCode, held.Acts.First(act => act.Version == version).TemplateVersion, cancellationToken)).Template
                .TextIn(System.Globalization.CultureInfo.CurrentUICulture.TwoLetterISOLanguageName);
            foreach (var (code, name) in words.Clauses)
            {
                clauses[(version, code)] = name;
            }
        }

        var calls = await db.FlexibilityCalls.AsNoTracking().Where(call => call.LoopId == loopId && call.ContractId == id).OrderByDescending(call => call.Id).Take(50).ToListAsync(cancellationToken);
        var asked = held.Standing.State == ContractState.Draft ? []
            : await conditions.StandingAsync(loopId, template.Template, held.Parties, ContractValues.Read(terms.Values), held.MarketNow, cancellationToken);
        DateOnly? end = held.Standing is { Binds: true, Notice: null } ? CancelContractHandler.NoticeOf(held, binding!.Template, members[0]).EndsOn : null;
        return new ContractDetail(
            held, terms, template, binding, names, plants, [.. held.Acts.Select(act => new ContractStep(act, notes.GetValueOrDefault(act.Number)))],
            page, await results.CountAsync(cancellationToken), clauses, calls, asked, end);
    }
}
