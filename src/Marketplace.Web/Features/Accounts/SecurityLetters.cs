using Marketplace.Data;
using Marketplace.Web.Features.Mail;
using Marketplace.Web.Pipeline;

namespace Marketplace.Web.Features.Accounts;

/// <summary>Tells people what has changed in how they sign in, so that they notice if it was somebody else.</summary>
internal static class SecurityLetters
{
    public static Letter Tell(Account account, Said subject, Said what) => new(
        account.Email!, subject.ToString(),
        Said.Of($"Hello {account.DisplayName},\n\n{what}\n\nIf it was you, there is nothing to do. If not, set a new password at once and look at the list of sign-ins in your account.\n").ToString());
}
