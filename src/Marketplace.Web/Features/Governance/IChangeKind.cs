using Marketplace.Data;
using Marketplace.Web.Pipeline;

namespace Marketplace.Web.Features.Governance;

/// <summary>What members can propose. Stored as numbers: never renumber.</summary>
public enum ProposalKind : short
{
    AdmitMember = 1,
    ExpelMember = 2,
    AdmitWitness = 3,
    ExpelWitness = 4,

    /// <summary>Mechanisms, bounds of prices, rounds.</summary>
    MarketRules = 5,
    Tariff = 6,

    /// <summary>Publishing or retiring a template of contracts.</summary>
    Template = 7,
    Founders = 8,

    /// <summary>How votes are counted and who decides what.</summary>
    Constitution = 9,
}

/// <summary>How a field of a change is filled in.</summary>
public enum FieldShape
{
    Text,
    Number,
    Lines,
    Choice,

    /// <summary>Several of the options; the value lists them with commas.</summary>
    Choices,
}

/// <param name="Words">What the option is called; null: its name stands among the texts.</param>
/// <param name="Key">The text with a place for the words, such as <c>Option.Template.publish</c>; null: the words alone.</param>
/// <param name="Reading">A page of the loop, below its address, where all of it can be read before it is chosen.</param>
public sealed record ChangeOption(string Value, string? Words = null, string? Key = null, string? Reading = null);

/// <summary>One thing that a change says.</summary>
/// <param name="Name">Its words are <c>Field.{Name}</c> in Texts.resx.</param>
/// <param name="Value">As it stands now; empty where there is nothing yet.</param>
/// <param name="IsPrivate">It names a person: it is kept where it can be erased, and stands in no record.</param>
public sealed record ChangeField(string Name, FieldShape Shape, string Value, string Unit = "", IReadOnlyList<ChangeOption>? Options = null, bool Optional = false, bool IsPrivate = false)
{
    /// <summary>The unit of prices, which pages write in the loop's currency.</summary>
    public const string PricePerKWh = "price";

    /// <summary>The loop's currency.</summary>
    public const string Money = "money";

    public const string Days = "days";

    public IReadOnlyList<ChangeOption> Choices => Options ?? [];
}

/// <summary>A change with all its fields, those that stay as they are included.</summary>
/// <param name="Proposal">The vote's number.</param>
/// <param name="EffectiveAt">On the market clock.</param>
public sealed record Change(int Proposal, DateTimeOffset EffectiveAt, string Reason, IReadOnlyDictionary<string, string> Fields)
{
    public string this[string name] => Fields.GetValueOrDefault(name) ?? "";
}

/// <summary>What a proposal is about in full, where its fields only name it.</summary>
/// <param name="Option">What the field holds, also where it can be chosen no more.</param>
/// <param name="Differences">Place by place what would be different.</param>
public sealed record ChangeSubject(ChangeOption Option, IReadOnlyList<ChangeDifference> Differences);

/// <param name="Place">As the thing names it.</param>
/// <param name="Before">Empty where there was nothing.</param>
/// <param name="After">Empty where there would be nothing.</param>
public sealed record ChangeDifference(string Place, string Before, string After);

/// <summary>One kind of change that members can vote on. A further kind is one class more; it is found by itself.</summary>
public interface IChangeKind
{
    ProposalKind Kind { get; }

    GovernedArea Area { get; }

    /// <summary>Whether it is written as soon as it is accepted, to hold from its date on; else it is done at its date.</summary>
    bool IsWrittenAhead { get; }

    /// <summary>What the change can say, as it stands now.</summary>
    Task<IReadOnlyList<ChangeField>> FieldsAsync(Loop loop, CancellationToken cancellationToken);

    /// <summary>Refuses what cannot be, field by field. Nothing is changed.</summary>
    Task CheckAsync(Loop loop, Change change, CancellationToken cancellationToken);

    /// <summary>Keeps what the fields only name, beside the proposal that was just opened, in the caller's transaction.</summary>
    Task KeepAsync(Loop loop, Change change, CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>What a proposal is about in full; null where its fields say everything.</summary>
    Task<ChangeSubject?> SubjectAsync(Loop loop, int proposal, CancellationToken cancellationToken) => Task.FromResult<ChangeSubject?>(null);

    /// <summary>Does it in the caller's transaction, by the same code as the operator's own act.</summary>
    /// <exception cref="RefusedException">It has become impossible; the message says why.</exception>
    Task ApplyAsync(Loop loop, Change change, CancellationToken cancellationToken);
}
