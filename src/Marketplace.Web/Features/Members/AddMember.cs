using System.Globalization;
using System.Text.RegularExpressions;
using FluentValidation;
using Marketplace.Data;
using Marketplace.Web.Pipeline;
using MediatR;

namespace Marketplace.Web.Features.Members;

/// <summary>Takes a new party into the loop. Answers its id, counted within the loop.</summary>
/// <param name="Key">The name in files and records, without personal data.</param>
public sealed record AddMember(int LoopId, string Key, string Name, string Kind, IReadOnlyList<Role> Roles) : IRequest<int>, IOperatorAct, IGoverned
{
    GovernedArea IGoverned.Area => GovernedArea.Members;

    string IOperatorAct.Subject => "member " + Key;
}

public sealed partial class AddMemberRules : AbstractValidator<AddMember>
{
    public AddMemberRules()
    {
        RuleFor(request => request.Key).Must(key => key.Length <= 60 && KeyForm().IsMatch(key))
            .WithMessage("Use letters, digits, hyphens, dots and underscores, at most 60, e.g. house-12. It stands in records, so no personal data.");
        RuleFor(request => request.Name).Must(name => name.Trim().Length is >= 1 and <= 120).WithMessage("Enter a name of at most 120 characters.");
        RuleFor(request => request.Kind).Must(kind => kind.Trim().Length is >= 1 and <= 60).WithMessage("Say what kind of place it is, e.g. dwelling, office, school.");
        RuleFor(request => request.Roles).Must(MemberRoles.AreSome).WithMessage(MemberRoles.Message);
    }

    [GeneratedRegex("^[A-Za-z0-9][A-Za-z0-9._-]*$", RegexOptions.CultureInvariant)]
    private static partial Regex KeyForm();
}

internal static class MemberRoles
{
    public const string Message = "Choose at least one role.";

    public static bool AreSome(IReadOnlyList<Role> roles) => roles.Count > 0 && roles.All(Enum.IsDefined);
}

public sealed class AddMemberHandler(MemberRegister register) : IRequestHandler<AddMember, int>
{
    public Task<int> Handle(AddMember request, CancellationToken cancellationToken) => register.AddAsync(request, cancellationToken);
}
