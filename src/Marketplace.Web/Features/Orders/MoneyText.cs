using System.Globalization;
using Marketplace.Quantities;
using Marketplace.Web.Shell;

namespace Marketplace.Web.Features.Orders;

/// <summary>Amounts as operators type them: units of the currency with at most two decimals.</summary>
internal static class MoneyText
{
    public static string Write(Money money) => money.Amount.ToString("0.00", CultureInfo.InvariantCulture);

    /// <summary>Null where the text is no such amount.</summary>
    public static Money? Read(string? text) =>
        TypedNumber.TryRead(text, out var amount) && amount <= 10_000_000_000m && decimal.IsInteger(amount * 100m)
            ? Money.FromCents((long)(amount * 100m))
            : null;

    /// <summary>Kilowatts with at most three decimals as watts; null where the text is no such number.</summary>
    public static long? Watts(string? text) =>
        TypedNumber.TryRead(text, out var kilowatts) && kilowatts <= 10_000_000m && decimal.IsInteger(kilowatts * 1000m)
            ? (long)(kilowatts * 1000m)
            : null;
}

/// <summary>The form of a limit, as it was typed.</summary>
public sealed class LimitForm
{
    public string? Limit { get; set; }
}

/// <summary>The form of money received, as it was typed.</summary>
public sealed class ReceiptForm
{
    public Guid SubmissionId { get; set; }

    public string? Kind { get; set; }

    public string? Amount { get; set; }
}
