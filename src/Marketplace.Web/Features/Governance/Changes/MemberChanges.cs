using System.Globalization;
using FluentValidation;
using Marketplace.Data;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Features.Members;
using Marketplace.Web.Pipeline;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Governance.Changes;

/// <summary>Takes a new party into the loop. Its people are invited by the operator afterwards.</summary>
internal sealed class AdmitMemberChange(MarketplaceDb db, MemberRegister register, IEnumerable<IValidator<AddMember>> rules) : IChangeKind
{
    public ProposalKind Kind => ProposalKind.AdmitMember;

    public GovernedArea Area => GovernedArea.Members;

    public bool IsWrittenAhead => false;

    public Task<IReadOnlyList<ChangeField>> FieldsAsync(Loop loop, CancellationToken cancellationToken) => Task.FromResult<IReadOnlyList<ChangeField>>(
    [
        new ChangeField("Name", FieldShape.Text, "", IsPrivate: true),
        new ChangeField("Key", FieldShape.Text, ""),
        new ChangeField("Place", FieldShape.Text, ""),
        new ChangeField("Roles", FieldShape.Choices, "", Options: [.. Constitutions.VotingRoles.Select(role => new ChangeOption(role.ToString()))]),
    ]);

    public async Task CheckAsync(Loop loop, Change change, CancellationToken cancellationToken)
    {
        var request = Request(loop, change);
        foreach (var rule in rules)
        {
            ChangeRefusals.Throw(await rule.ValidateAsync(request, cancellationToken), "");
        }

        if (await db.Members.AnyAsync(member => member.LoopId == loop.Id && member.Key == request.Key, cancellationToken))
        {
            throw new RefusedException("Key", $"Another member has the key {request.Key}. Choose a different one.");
        }
    }

    public async Task ApplyAsync(Loop loop, Change change, CancellationToken cancellationToken)
    {
        await CheckAsync(loop, change, cancellationToken);
        await register.AddAsync(Request(loop, change), cancellationToken);
    }

    private static AddMember Request(Loop loop, Change change) => new(
        loop.Id, change["Key"].Trim(), change["Name"] is { Length: > 0 } name ? name : change["Key"], change["Place"],
        [.. change["Roles"].Split(',', StringSplitOptions.RemoveEmptyEntries).Select(name => Enum.TryParse<Role>(name, out var role) && Constitutions.VotingRoles.Contains(role) ? role : default)]);
}

/// <summary>Ends what a party may do in the loop.</summary>
internal sealed class ExpelMemberChange(MarketplaceDb db, MemberRegister register, Constitutions constitutions, MarketTime marketTime) : IChangeKind
{
    private const int MostListed = 500;

    public ProposalKind Kind => ProposalKind.ExpelMember;

    public GovernedArea Area => GovernedArea.Members;

    public bool IsWrittenAhead => false;

    public async Task<IReadOnlyList<ChangeField>> FieldsAsync(Loop loop, CancellationToken cancellationToken) =>
    [
        new ChangeField("Member", FieldShape.Choice, "", Options: (await constitutions.VotersOf(loop.Id).OrderBy(member => member.Name).Take(MostListed).ToListAsync(cancellationToken))
            .ConvertAll(member => new ChangeOption(member.Id.ToString(CultureInfo.InvariantCulture), $"{member.Name} ({member.Key})"))),
    ];

    public async Task CheckAsync(Loop loop, Change change, CancellationToken cancellationToken)
    {
        var id = Id(change);
        if (!await db.MemberRoles.AnyAsync(role => role.LoopId == loop.Id && role.MemberId == id, cancellationToken))
        {
            throw new RefusedException("Member", "This party takes part no more.");
        }
    }

    public async Task ApplyAsync(Loop loop, Change change, CancellationToken cancellationToken) =>
        await register.ExpelAsync(loop.Id, Id(change), await marketTime.NowAsync(loop.Id, cancellationToken), cancellationToken);

    private static int Id(Change change) =>
        int.TryParse(change["Member"], NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : throw new RefusedException("Member", "Choose a member.");
}
