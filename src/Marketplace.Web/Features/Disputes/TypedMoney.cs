using Marketplace.Web.Shell;

namespace Marketplace.Web.Features.Disputes;

/// <summary>Reads an amount as people type it.</summary>
public static class TypedMoney
{
    /// <summary>Cents; below zero where what was typed is no amount in whole cents, which every rule refuses in words.</summary>
    public static long Cents(string? text) =>
        TypedNumber.TryRead(text, out var amount) && amount <= 100_000_000m && decimal.IsInteger(amount * 100m) ? (long)(amount * 100m) : -1;
}
