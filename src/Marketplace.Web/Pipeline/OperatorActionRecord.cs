using System.Globalization;
using Marketplace.Data;
using Marketplace.Ledger;

namespace Marketplace.Web.Pipeline;

/// <summary>An operator's act as the ledger commits to it.</summary>
public static class OperatorActionRecord
{
    /// <summary>The name of the act's batch, and of the record in it.</summary>
    public static string KeyOf(OperatorAction action) => string.Create(CultureInfo.InvariantCulture, $"act/{action.Id}");

    public static LedgerRecord Of(OperatorAction action) => new(
        RecordKind.OperatorAction, 1, KeyOf(action), Canonical(action), 0, DateOnly.FromDateTime(action.At.UtcDateTime));

    private static byte[] Canonical(OperatorAction action) => CanonicalRecord.Of("operatorAction", 1)
        .Add("loop", action.LoopId)
        .Add("number", action.Id)
        .Add("at", action.At)
        .Add("account", action.AccountId?.ToString() ?? "")
        .Add("action", action.Action)
        .Add("subject", string.Concat(action.Subject.Select(c => char.IsControl(c) ? ' ' : c)))
        .ToBytes();
}
