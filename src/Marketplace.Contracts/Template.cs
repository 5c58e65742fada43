using Marketplace.Contracts.Reputations;

namespace Marketplace.Contracts;

/// <summary>What a template is for. Names stand in published templates and never change.</summary>
public enum TemplateKind
{
    /// <summary>Energy at agreed terms, with a promise of temperature.</summary>
    EnergySupply = 1,

    /// <summary>A fee for energy saved, a penalty where the guaranteed saving is missed.</summary>
    EnergyPerformance = 2,

    /// <summary>Heat and cold as a service, plant and upkeep included.</summary>
    HeatColdDelivery = 3,

    /// <summary>A plant's energy at a fixed price.</summary>
    PowerPurchase = 4,

    /// <summary>Terms beside the deals that two members make.</summary>
    BilateralDeal = 5,

    /// <summary>Load moved when asked to.</summary>
    DemandResponse = 6,

    /// <summary>The use of somebody's store.</summary>
    StorageService = 7,

    /// <summary>A large consumer keeps its peak low.</summary>
    PeakSmoothing = 8,

    /// <summary>Money for a plant: a share of revenue, a loan, a reward or a gift.</summary>
    Investment = 9,

    /// <summary>A deposit for charging quotas.</summary>
    ChargingDeposit = 10,
}

/// <summary>How long the periods are in which a contract is evaluated, on the loop's calendar.</summary>
public enum ContractPeriod
{
    /// <summary>From Monday to Sunday.</summary>
    Week = 1,

    /// <summary>A calendar month.</summary>
    Month = 2,

    /// <summary>A calendar year.</summary>
    Year = 3,
}

/// <summary>What a contract with a customer has to say (Directive (EU) 2023/1791, Article 21).</summary>
public enum LawItem
{
    /// <summary>Who supplies, and how to reach them.</summary>
    Supplier = 1,

    /// <summary>What is supplied, and how well.</summary>
    Services = 2,

    /// <summary>What upkeep there is.</summary>
    Maintenance = 3,

    /// <summary>Where the tariffs in force are found.</summary>
    Tariffs = 4,

    /// <summary>How long it lasts, how it is renewed and how it ends.</summary>
    Duration = 5,

    /// <summary>What there is where a bill is wrong or late, or quality is missed.</summary>
    Compensation = 6,

    /// <summary>How a dispute is brought, and to whom.</summary>
    Disputes = 7,

    /// <summary>The rights of consumers, complaints included.</summary>
    Rights = 8,
}

/// <summary>What a parameter holds.</summary>
public enum ParameterType
{
    /// <summary>A whole number in its unit.</summary>
    Number = 1,

    /// <summary>A carrier's name.</summary>
    Carrier = 2,

    /// <summary>A plant's code in the loop.</summary>
    Plant = 3,
}

/// <summary>Somebody who takes part, by role.</summary>
/// <param name="Role">The role's code within the template.</param>
/// <param name="Holders">The roles in the loop of which a member has to hold one; none: any member.</param>
public sealed record TemplateParty(string Role, IReadOnlyList<string> Holders);

/// <summary>What each contract fills in.</summary>
public sealed record Parameter
{
    /// <summary>The code by which clauses and texts name it.</summary>
    public required string Code { get; init; }

    /// <summary>What it holds.</summary>
    public ParameterType Type { get; init; } = ParameterType.Number;

    /// <summary>What the number counts.</summary>
    public Unit Unit { get; init; }

    /// <summary>The least number that may be filled in.</summary>
    public long? Least { get; init; }

    /// <summary>The largest number that may be filled in.</summary>
    public long? Most { get; init; }

    /// <summary>What stands in the form to begin with; for a plant the role whose plant it is.</summary>
    public string Default { get; init; } = "";
}

/// <summary>A template in one language.</summary>
public sealed record TemplateText
{
    /// <summary>ISO 639-1.</summary>
    public required string Language { get; init; }

    /// <summary>The template's name.</summary>
    public string Name { get; init; } = "";

    /// <summary>One sentence for the list.</summary>
    public string Summary { get; init; } = "";

    /// <summary>The terms in plain language, a paragraph a line. <c>{code}</c> stands for a parameter or a party.</summary>
    public IReadOnlyList<string> Body { get; init; } = [];

    /// <summary>What each role is called.</summary>
    public IReadOnlyDictionary<string, string> Parties { get; init; } = new Dictionary<string, string>();

    /// <summary>What each parameter is called.</summary>
    public IReadOnlyDictionary<string, string> Parameters { get; init; } = new Dictionary<string, string>();

    /// <summary>What each clause is called; it stands on bills.</summary>
    public IReadOnlyDictionary<string, string> Clauses { get; init; } = new Dictionary<string, string>();

    /// <summary>What the law wants said, by item.</summary>
    public IReadOnlyDictionary<LawItem, string> Law { get; init; } = new Dictionary<LawItem, string>();
}

/// <summary>Terms that two or more parties can agree on: who, what is measured, what is paid, in words for each language.</summary>
public sealed record Template
{
    /// <summary>Names the template in the loop: lower-case letters, digits and hyphens.</summary>
    public required string Code { get; init; }

    /// <summary>Counted from 1; a published version never changes.</summary>
    public int Version { get; init; } = 1;

    /// <summary>What it is for.</summary>
    public required TemplateKind Kind { get; init; }

    /// <summary>How often it is evaluated.</summary>
    public ContractPeriod Period { get; init; } = ContractPeriod.Month;

    /// <summary>Whether it is a contract with a customer, which has to say what the law wants.</summary>
    public bool WithCustomer { get; init; }

    /// <summary>The role whose member may have only one such contract at a time; empty where several may run beside each other.</summary>
    public string ExclusiveFor { get; init; } = "";

    /// <summary>Of what it is the only one: carriers by name, or <c>@</c> and a parameter that holds a carrier or a plant, separated by spaces; empty for all.</summary>
    public string ExclusiveOf { get; init; } = "";

    /// <summary>How many days before the end of a period a party has to give notice.</summary>
    public int NoticeDays { get; init; } = 30;

    /// <summary>By how many months it goes on at its end where nobody gave notice; 0: it ends.</summary>
    public int RenewalMonths { get; init; }

    /// <summary>The longest time for which it may be agreed.</summary>
    public int LongestMonths { get; init; } = 120;

    /// <summary>Who takes part.</summary>
    public IReadOnlyList<TemplateParty> Parties { get; init; } = [];

    /// <summary>What each contract fills in.</summary>
    public IReadOnlyList<Parameter> Parameters { get; init; } = [];

    /// <summary>What is measured and paid.</summary>
    public IReadOnlyList<Clause> Clauses { get; init; } = [];

    /// <summary>What a party's reputation has to be when terms are signed; null where nothing is asked, so that templates without keep their bytes.</summary>
    public IReadOnlyList<ReputationCondition>? Conditions { get; init; }

    /// <summary>The words, a language each.</summary>
    public IReadOnlyList<TemplateText> Texts { get; init; } = [];

    /// <summary>The text in a language, else the first there is.</summary>
    public TemplateText TextIn(string language) =>
        Texts.FirstOrDefault(text => string.Equals(text.Language, language, StringComparison.OrdinalIgnoreCase)) ?? (Texts.Count > 0 ? Texts[0] : new TemplateText { Language = language });

    /// <summary>A parameter by its code.</summary>
    public Parameter? Find(string code) => Parameters.FirstOrDefault(parameter => parameter.Code == code);
}
