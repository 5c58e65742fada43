using Marketplace.Contracts;
using Marketplace.Data;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Contracts;

/// <summary>What a member needs to fill in a template: who may take which part, which plants there are, when a period begins.</summary>
/// <param name="TemplateCode">Null for the choice of templates alone.</param>
public sealed record ContractDesk(int LoopId, int MemberId, string? TemplateCode) : IRequest<ContractDeskView>, IGuarded
{
    public bool Permits(Actor actor) => actor.MayContract(LoopId, MemberId);
}

/// <param name="Templates">Those on offer.</param>
/// <param name="Chosen">The one to be filled in.</param>
/// <param name="Holders">Who may take each part, by role.</param>
/// <param name="Plants">All plants with their owners.</param>
/// <param name="Next">The first day on which the contract can begin.</param>
public sealed record ContractDeskView(
    IReadOnlyList<ShelvedTemplate> Templates, ShelvedTemplate? Chosen, IReadOnlyDictionary<string, IReadOnlyList<(int Id, string Name)>> Holders,
    IReadOnlyList<(string Code, string Name, int OwnerId)> Plants, DateOnly Next);

internal sealed class ContractDeskHandler(Work work, TemplateShelf shelf, MarketTime marketTime) : IRequestHandler<ContractDesk, ContractDeskView>
{
    private const int MostListed = 500;

    public async Task<ContractDeskView> Handle(ContractDesk request, CancellationToken cancellationToken)
    {
        var (db, loopId) = (work.Db, request.LoopId);
        var loop = await db.Loops.AsNoTracking().SingleAsync(loop => loop.Id == loopId, cancellationToken);
        var templates = await shelf.OnOfferAsync(loopId, cancellationToken);
        var chosen = request.TemplateCode is { } code ? templates.FirstOrDefault(template => template.Row.Code == code) ?? throw new NotPermittedException(nameof(ContractDesk)) : null;
        var holders = new Dictionary<string, IReadOnlyList<(int, string)>>();
        foreach (var party in chosen?.Template.Parties ?? [])
        {
            var roles = party.Holders.Count > 0 ? [.. party.Holders.Select(Enum.Parse<Role>)] : ContractParties.Roles;
            holders[party.Role] = [.. (await db.Members.AsNoTracking()
                .Where(member => member.LoopId == loopId && db.MemberRoles.Any(role => role.LoopId == loopId && role.MemberId == member.Id && roles.Contains(role.Role)))
                .OrderBy(member => member.Name).Take(MostListed).Select(member => new { member.Id, member.Name }).ToListAsync(cancellationToken)).Select(member => (member.Id, member.Name))];
        }

        var plants = chosen is null ? [] : await db.Plants.AsNoTracking().Where(plant => plant.LoopId == loopId).OrderBy(plant => plant.Name)
            .Select(plant => new { plant.Code, plant.Name, plant.OwnerId }).ToListAsync(cancellationToken);
        var today = loop.Calendar.DayOf(await marketTime.NowAsync(loopId, cancellationToken));
        return new ContractDeskView(
            templates, chosen, holders, [.. plants.Select(plant => (plant.Code, plant.Name, plant.OwnerId))], (chosen?.Template.Period ?? ContractPeriod.Month).NextFirstDay(today));
    }
}
