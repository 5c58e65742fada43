using System.Globalization;
using Marketplace.Contracts;
using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Features.Contracts;
using Marketplace.Web.Features.Contracts.Templates;
using Marketplace.Web.Features.Signing;
using Marketplace.Web.Tests.Features.Operations;
using Microsoft.EntityFrameworkCore;
using Role = Marketplace.Data.Role;

namespace Marketplace.Web.Tests.Features.Contracts;

/// <summary>The small market with the shipped templates, on the 5th of March; its April can be settled at once.</summary>
internal sealed class ContractLoop(MarketplaceHost host, SmallMarket market)
{
    public const int Operator = 6;
    public const int Works = 4;

    public static readonly DateOnly April = new(2026, 4, 1);
    public static readonly DateOnly May = new(2026, 5, 1);

    public static readonly SignatureGiven NoSignature = new(null, null);

    public int LoopId => market.LoopId;

    public SmallMarket Market => market;

    public static async Task<ContractLoop> CreateAsync(MarketplaceHost host)
    {
        var market = await SmallMarket.CreateAsync(host, clockAt: MarketplaceHost.Start);
        var loop = new ContractLoop(host, market);
        await host.Send(new AddShippedTemplates(market.LoopId));
        return loop;
    }

    public Task<ContractTemplate> TemplateAsync(string code) =>
        host.Look(db => db.ContractTemplates.Where(template => template.LoopId == LoopId && template.Code == code).OrderByDescending(template => template.Version).FirstAsync());

    /// <summary>A draft with the template's defaults, changed where a test says so.</summary>
    public async Task<long> DraftAsync(
        string code, IReadOnlyDictionary<string, int> roles, DateOnly? from = null, DateOnly? until = null, params (string Code, string Value)[] values)
    {
        var template = TemplateJson.Read((await TemplateAsync(code)).Body);
        var filled = new Dictionary<string, string>(TermValues.DefaultsOf(template).Texts);
        foreach (var parameter in template.Parameters.Where(parameter => parameter.Type == ParameterType.Plant))
        {
            filled[parameter.Code] = roles[parameter.Default] == SmallMarket.SolarOwner ? "pv" : "pump";
        }

        foreach (var (name, value) in values)
        {
            filled[name] = value;
        }

        return await host.Send(new DraftContract(LoopId, roles.Values.First(), Guid.NewGuid(), code, roles, new ContractTerms(filled, from ?? April, until ?? April.AddMonths(12))));
    }

    /// <summary>A contract that all have agreed on.</summary>
    public async Task<long> AgreeAsync(
        string code, IReadOnlyDictionary<string, int> roles, DateOnly? from = null, DateOnly? until = null, params (string Code, string Value)[] values)
    {
        var contract = await DraftAsync(code, roles, from, until, values);
        await host.Send(new OfferContract(LoopId, roles.Values.First(), contract, 1, NoSignature));
        await host.Send(new AcceptContract(LoopId, roles.Values.Last(), contract, 2, NoSignature));
        return contract;
    }

    /// <summary>What somebody's meters or plant traded, paid and metered in each hour of a span.</summary>
    public Task PositionAsync(int member, Carrier carrier, DateTimeOffset from, int hours, long meteredWh, string plant = "", long tradedWh = 0, long paidMicro = 0) => host.Put(db => db.Positions.AddRange(
        Enumerable.Range(0, hours).Select(i => new Position
        {
            LoopId = LoopId, MemberId = member, Hour = from.AddHours(i), Carrier = carrier, Direction = meteredWh < 0 ? MeterDirection.Production : MeterDirection.Consumption,
            PlantCode = plant, Traded = new Energy(tradedWh), Metered = new Energy(meteredWh), TradedAmount = new Money(paidMicro),
        })));

    /// <summary>All hours before an instant count as settled.</summary>
    public Task SettleUntilAsync(DateTimeOffset end) => host.Put(db => db.HourSteps.Add(new HourStep { LoopId = LoopId, Hour = end.AddHours(-1), Step = HourStepKind.Settled, DoneAt = host.Time.GetUtcNow() }));

    public DateTimeOffset StartOf(DateOnly day) => new LoopCalendar(TimeZoneInfo.FindSystemTimeZoneById("Europe/Berlin")).StartOf(day);

    public Task<List<ContractResult>> ResultsAsync(long? contract = null) => host.Look(db => db.ContractResults
        .Where(result => result.LoopId == LoopId && (contract == null || result.ContractId == contract)).OrderBy(result => result.PeriodStart).ThenBy(result => result.Clause).ToListAsync());

    public static IReadOnlyDictionary<string, int> Roles(params (string Role, int Member)[] roles) => roles.ToDictionary(role => role.Role, role => role.Member);

    /// <summary>Members who can take each part of a template, all different.</summary>
    public static IReadOnlyDictionary<string, int> RolesOf(Template template)
    {
        (int Member, Role Role)[] members =
        [
            (SmallMarket.SolarOwner, Role.Producer), (SmallMarket.HomeA, Role.Consumer), (Operator, Role.Operator), (Works, Role.Producer), (SmallMarket.HomeB, Role.Consumer),
        ];
        var owners = template.Parameters.Where(parameter => parameter.Type == ParameterType.Plant).Select(parameter => parameter.Default).ToHashSet();
        var taken = new Dictionary<string, int>();
        foreach (var party in template.Parties.OrderByDescending(party => owners.Contains(party.Role)).ThenByDescending(party => party.Holders.Count > 0))
        {
            taken[party.Role] = members.First(member => !taken.ContainsValue(member.Member)
                && (party.Holders.Count == 0 || party.Holders.Contains(member.Role.ToString()))).Member;
        }

        return taken;
    }

    public static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
