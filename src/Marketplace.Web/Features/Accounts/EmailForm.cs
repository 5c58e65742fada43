using System.Net.Mail;

namespace Marketplace.Web.Features.Accounts;

/// <summary>What can be an e-mail address. Whether it is one, only a letter can tell.</summary>
internal static class EmailForm
{
    public const string Message = "Enter an e-mail address, e.g. name@example.org.";

    public static bool IsAddress(string text)
    {
        var trimmed = text.Trim();
        return trimmed.Length is >= 3 and <= 254 && !trimmed.Any(char.IsWhiteSpace) && MailAddress.TryCreate(trimmed, out var address) && address.Address == trimmed;
    }
}
