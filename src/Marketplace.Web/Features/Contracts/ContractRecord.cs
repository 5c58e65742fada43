using System.Globalization;
using System.Text.Json;
using Marketplace.Contracts;
using Marketplace.Data;
using Marketplace.Ledger;
using Marketplace.Quantities;

namespace Marketplace.Web.Features.Contracts;

/// <summary>The records of contracts on the ledger: members by their numbers, never by name; notes are in none.</summary>
internal static class ContractRecord
{
    private const byte Version = 1;

    public static string TemplateKey(string code, int version) => string.Create(CultureInfo.InvariantCulture, $"template/{code}/{version}");

    public static string ActKey(long contractId, int number) => string.Create(CultureInfo.InvariantCulture, $"contract/{contractId}/{number}");

    public static string ResultKey(ContractResult result) => string.Create(
        CultureInfo.InvariantCulture, $"contractresult/{result.ContractId}/{result.Version}/{result.Clause}/{Instants.Iso(result.PeriodStart)}");

    /// <summary>Names what is evaluated together: one period of one length, and the first contract of it, as a late one makes a batch of its own.</summary>
    public static string ResultsBatch(Interval period, ContractResult first) => $"contractresults/{Instants.Iso(period.Start)}/{Instants.Iso(period.End)}/{ResultKey(first)}";

    public static LedgerRecord Of(ContractTemplate template) => new(
        RecordKind.Template, Version, TemplateKey(template.Code, template.Version), template.Canonical, 0, Month(template.PublishedAt));

    public static LedgerRecord Of(ContractAct act) => new(RecordKind.Contract, Version, ActKey(act.ContractId, act.Number), act.Canonical, 0, Month(act.At));

    public static LedgerRecord Of(ContractResult result) => new(RecordKind.ContractResult, Version, ResultKey(result), result.Canonical, 0, Month(result.PeriodEnd));

    public static byte[] Canonical(string loop, ContractTemplate template) => CanonicalRecord.Of("template", Version)
        .Add("loop", loop)
        .Add("code", template.Code)
        .Add("version", template.Version)
        .Add("sha256", Convert.ToHexStringLower(template.Hash))
        .ToBytes();

    /// <summary>What a party signs: the whole terms and the place of the act. It says no time, so that page and server make the same bytes.</summary>
    public static byte[] Signed(string loop, Contract contract, IEnumerable<ContractParty> parties, ContractTemplate template, ContractAct act) =>
        Terms(loop, contract, parties, template, act).ToBytes();

    /// <summary>What the ledger commits to: what was signed, when, and with what.</summary>
    public static byte[] Canonical(string loop, Contract contract, IEnumerable<ContractParty> parties, ContractTemplate template, ContractAct act, string? signatureDigest) =>
        Terms(loop, contract, parties, template, act)
            .Add("marketTime", new DateTimeOffset(act.MarketAt.UtcTicks - (act.MarketAt.UtcTicks % TimeSpan.TicksPerSecond), TimeSpan.Zero))
            .Add("signature", signatureDigest ?? "")
            .ToBytes();

    public static byte[] Canonical(string loop, ContractResult result, Explanation explanation)
    {
        var record = CanonicalRecord.Of("contractresult", Version)
            .Add("loop", loop)
            .Add("contract", result.ContractId)
            .Add("version", result.Version)
            .Add("clause", result.Clause)
            .Add("periodStart", result.PeriodStart)
            .Add("periodEnd", result.PeriodEnd)
            .Add("payer", result.PayerId)
            .Add("payee", result.PayeeId)
            .Add("formula", explanation.Formula);
        foreach (var (name, value) in explanation.Inputs)
        {
            record.Add(name, value);
        }

        return record.Add("amountMicro", result.Amount.Micro).ToBytes();
    }

    private static CanonicalRecord Terms(string loop, Contract contract, IEnumerable<ContractParty> parties, ContractTemplate template, ContractAct act)
    {
        var record = CanonicalRecord.Of("contract", Version)
            .Add("loop", loop)
            .Add("contract", contract.Id)
            .Add("act", act.Number)
            .Add("kind", act.Kind.ToString())
            .Add("member", act.MemberId)
            .Add("terms", act.Version)
            .Add("template", template.Code)
            .Add("templateVersion", template.Version)
            .Add("templateSha256", Convert.ToHexStringLower(template.Hash));
        foreach (var party in parties.OrderBy(party => party.Role, StringComparer.Ordinal))
        {
            record.Add("party." + party.Role, party.MemberId);
        }

        foreach (var (code, value) in ContractValues.Read(act.Values).Texts.OrderBy(value => value.Key, StringComparer.Ordinal))
        {
            record.Add("value." + code, value);
        }

        return record.Add("startsOn", act.StartsOn).Add("endsOn", act.EndsOn);
    }

    private static DateOnly Month(DateTimeOffset at) => DateOnly.FromDateTime(at.UtcDateTime);
}

/// <summary>How what a contract fills in is kept: as JSON with sorted names.</summary>
public static class ContractValues
{
    public static string Write(IReadOnlyDictionary<string, string> values) =>
        System.Text.Encoding.UTF8.GetString(CanonicalJson.Write(JsonSerializer.SerializeToElement(values)));

    public static TermValues Read(string json) =>
        new(JsonSerializer.Deserialize<Dictionary<string, string>>(json) ?? throw new InvalidOperationException("A contract's values are empty"));
}

/// <summary>How explanations are kept.</summary>
internal static class ExplanationJson
{
    private sealed record Kept(string Formula, IReadOnlyList<KeyValuePair<string, long>> Inputs);

    public static string Write(Explanation explanation) => JsonSerializer.Serialize(new Kept(explanation.Formula, explanation.Inputs));

    public static Explanation Read(string json)
    {
        var kept = JsonSerializer.Deserialize<Kept>(json) ?? throw new InvalidOperationException("An explanation is empty");
        return new Explanation(kept.Formula, kept.Inputs);
    }
}
