using Marketplace.Data;
using Microsoft.AspNetCore.Identity;

namespace Marketplace.Web.Features.Accounts;

/// <summary>What a password has to be: long, and not the obvious. No rules about kinds of characters (NIST SP 800-63B, 3.1.1.2).</summary>
public sealed class PasswordRules(IPasswordHasher<Account> hasher) : IPasswordValidator<Account>
{
    public const int Shortest = 12;

    /// <summary>Hashing time grows with length; nobody types more than this.</summary>
    public const int Longest = 256;

    internal const string TooLong = "A password has at most 256 characters.";

    private static readonly string[] s_common =
        ["passwordpassword", "password1234", "123456789012", "1234567890123", "qwertyuiop12", "qwertyuiopas", "iloveyouiloveyou", "administrator", "letmeinletmein", "changemechangeme"];

    private static Account Nobody { get; } = new() { DisplayName = "" };

    private static string HashOfNobody { get; } = new PasswordHasher<Account>().HashPassword(Nobody, Guid.NewGuid().ToString("N"));

    public Task<IdentityResult> ValidateAsync(UserManager<Account> manager, Account user, string? password)
    {
        var problem = Problem(password ?? "", user.Email);
        return Task.FromResult(problem is null ? IdentityResult.Success : IdentityResult.Failed(new IdentityError { Code = "Password", Description = problem }));
    }

    /// <summary>What is wrong with a new password, or nothing.</summary>
    public static string? Problem(string password, string? email) => password switch
    {
        { Length: < Shortest } => "Use at least 12 characters.",
        { Length: > Longest } => TooLong,
        _ when password.Distinct().Count() < 5 => "Use at least five different characters.",
        _ when s_common.Contains(password, StringComparer.OrdinalIgnoreCase) => "This password is on every list of common ones. Choose another.",
        _ when email is not null && password.Contains(email, StringComparison.OrdinalIgnoreCase) => "Do not put your e-mail address into the password.",
        _ => null,
    };

    /// <summary>Does the work of a password check for nobody, so that an unknown address takes as long as a known one.</summary>
    public void SpendTheTimeOfACheck(string password) => hasher.VerifyHashedPassword(Nobody, HashOfNobody, password);
}
