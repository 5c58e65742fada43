using System.Globalization;
using System.Text.RegularExpressions;
using FluentValidation;
using Marketplace.Data;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Members;

/// <summary>Takes a new party into the loop. Answers its id, counted within the loop.</summary>
/// <param name="Key">The name in files and records, without personal data.</param>
public sealed record AddMember(int LoopId, string Key, string Name, string Kind, IReadOnlyList<Role> Roles) : IRequest<int>, IOperatorAct
{
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

public sealed class AddMemberHandler(Work work, TimeProvider time) : IRequestHandler<AddMember, int>
{
    public async Task<int> Handle(AddMember request, CancellationToken cancellationToken)
    {
        // Ids are counted without gaps: one at a time in each loop.
        await work.Db.Database.ExecuteSqlAsync($"SELECT pg_advisory_xact_lock(hashtext('market.members'), {request.LoopId})", cancellationToken);
        var inLoop = work.Db.Members.Where(member => member.LoopId == request.LoopId);
        if (await inLoop.AnyAsync(member => member.Key == request.Key, cancellationToken))
        {
            throw new RefusedException(nameof(request.Key), string.Create(CultureInfo.InvariantCulture, $"Another member has the key {request.Key}. Choose a different one."));
        }

        var id = (await inLoop.MaxAsync(member => (int?)member.Id, cancellationToken) ?? 0) + 1;
        work.Db.Members.Add(new Member { LoopId = request.LoopId, Id = id, Key = request.Key, Name = request.Name.Trim(), Kind = request.Kind.Trim(), JoinedAt = time.GetUtcNow() });
        work.Db.MemberRoles.AddRange(request.Roles.Distinct().Select(role => new MemberRole { LoopId = request.LoopId, MemberId = id, Role = role }));
        await work.Db.SaveChangesAsync(cancellationToken);
        return id;
    }
}
