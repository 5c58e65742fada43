using System.Globalization;
using FluentValidation;
using Marketplace.Contracts;
using Marketplace.Data;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Contracts;

/// <summary>Fills in a template. Nobody but its author sees the draft until it is offered.</summary>
/// <param name="SubmissionId">Made with the form: a form sent twice makes one contract.</param>
/// <param name="Roles">Who plays which role.</param>
public sealed record DraftContract(int LoopId, int MemberId, Guid SubmissionId, string TemplateCode, IReadOnlyDictionary<string, int> Roles, ContractTerms Terms)
    : IRequest<long>, IGuarded, IChange
{
    public bool Permits(Actor actor) => actor.MayContract(LoopId, MemberId);
}

public sealed class DraftContractValidator : AbstractValidator<DraftContract>
{
    public DraftContractValidator()
    {
        RuleFor(draft => draft.Roles).Must((draft, roles) => roles.Values.Contains(draft.MemberId)).WithMessage("You have to be one of the parties.");
        RuleFor(draft => draft.Roles).Must(roles => roles.Values.Distinct().Count() == roles.Count).WithMessage("Each party is another member.");
    }
}

internal sealed class DraftContractHandler(Work work, TemplateShelf shelf, ContractBook book, MarketTime marketTime, TimeProvider time) : IRequestHandler<DraftContract, long>
{
    private const int MostADay = 100;

    public async Task<long> Handle(DraftContract request, CancellationToken cancellationToken)
    {
        var (db, loopId) = (work.Db, request.LoopId);
        await db.Database.ExecuteSqlAsync($"SELECT pg_advisory_xact_lock(hashtextextended({$"contract drafts/{loopId}/{request.MemberId}"}, 0))", cancellationToken);
        if (await db.Contracts.AsNoTracking().SingleOrDefaultAsync(known => known.LoopId == loopId && known.SubmissionId == request.SubmissionId, cancellationToken) is { } before)
        {
            return before.MemberId == request.MemberId ? before.Id : throw new NotPermittedException(nameof(DraftContract));
        }

        var now = time.GetUtcNow();
        if (await db.Contracts.CountAsync(known => known.LoopId == loopId && known.MemberId == request.MemberId && known.MadeAt > now.AddDays(-1), cancellationToken) >= MostADay)
        {
            throw new RefusedException(string.Create(CultureInfo.InvariantCulture, $"You have begun {MostADay} contracts within a day, the most there may be."));
        }

        var loop = await db.Loops.AsNoTracking().SingleAsync(loop => loop.Id == loopId, cancellationToken);
        var template = await shelf.LatestAsync(loopId, request.TemplateCode, cancellationToken);
        var marketNow = await marketTime.NowAsync(loopId, cancellationToken);
        var parties = await PartiesAsync(loopId, template.Template, request.Roles, cancellationToken);
        book.RequireTerms(loop, template.Template, request.Terms, marketNow);
        await book.RequirePlantsAsync(loopId, template.Template, parties, request.Terms.Values, cancellationToken);

        var contract = new Contract { LoopId = loopId, SubmissionId = request.SubmissionId, TemplateCode = request.TemplateCode, MemberId = request.MemberId, MadeAt = now };
        db.Contracts.Add(contract);
        await db.SaveChangesAsync(cancellationToken);
        foreach (var party in parties)
        {
            party.ContractId = contract.Id;
        }

        db.ContractParties.AddRange(parties);
        await db.SaveChangesAsync(cancellationToken);
        var terms = ContractBook.TermsOf(1, template.Row.Version, request.Terms);
        await book.AddAsync(loop, contract, parties, ContractBook.Make(contract, 1, ContractActKind.Drafted, request.MemberId, terms, marketNow), null, null, cancellationToken);
        return contract.Id;
    }

    private async Task<List<ContractParty>> PartiesAsync(int loopId, Template template, IReadOnlyDictionary<string, int> roles, CancellationToken cancellationToken)
    {
        var parties = new List<ContractParty>();
        foreach (var party in template.Parties)
        {
            var field = "role-" + party.Role;
            var member = roles.TryGetValue(party.Role, out var named) ? named : throw new RefusedException(field, "Choose who takes this part.");
            var holders = party.Holders.Count > 0 ? [.. party.Holders.Select(Enum.Parse<Role>)] : ContractParties.Roles;
            if (!await work.Db.MemberRoles.AnyAsync(role => role.LoopId == loopId && role.MemberId == member && holders.Contains(role.Role), cancellationToken))
            {
                throw new RefusedException(field, "There is no such member here who may take this part.");
            }

            parties.Add(new ContractParty { LoopId = loopId, Role = party.Role, MemberId = member });
        }

        return parties;
    }
}
