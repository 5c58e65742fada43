using FluentValidation;
using Marketplace.Contracts;
using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Contracts;

/// <summary>Asks the other party of a contract about flexibility to use less, or more, for some hours. The clauses measure what came of it.</summary>
/// <param name="SubmissionSeen">The last call that the person saw; a form sent twice calls once.</param>
/// <param name="Watts">By how much load is to fall (above zero) or to rise (below zero).</param>
public sealed record CallFlexibility(int LoopId, int MemberId, long ContractId, long SubmissionSeen, DateTimeOffset StartsAt, int Hours, long Watts) : IRequest<long>, IGuarded, IChange
{
    public bool Permits(Actor actor) => actor.MayContract(LoopId, MemberId);
}

public sealed class CallFlexibilityValidator : AbstractValidator<CallFlexibility>
{
    public CallFlexibilityValidator()
    {
        RuleFor(call => call.Hours).InclusiveBetween(1, 24).WithMessage("A call lasts 1 to 24 hours.");
        RuleFor(call => call.Watts).NotEqual(0).WithMessage("Say by how much.");
        RuleFor(call => call.StartsAt).Must(start => start.UtcTicks % TimeSpan.TicksPerHour == 0).WithMessage("A call begins on the hour.");
    }
}

internal sealed class CallFlexibilityHandler(Work work, ContractBook book, TemplateShelf shelf, CurrentActor current, TimeProvider time) : IRequestHandler<CallFlexibility, long>
{
    public async Task<long> Handle(CallFlexibility request, CancellationToken cancellationToken)
    {
        var (db, loopId, contractId) = (work.Db, request.LoopId, request.ContractId);
        var held = await book.HoldAsync(loopId, contractId, request.MemberId, cancellationToken);
        var last = await db.FlexibilityCalls.AsNoTracking().Where(call => call.LoopId == loopId && call.ContractId == contractId)
            .OrderByDescending(call => call.Id).FirstOrDefaultAsync(cancellationToken);
        if (last is not null && last.Id != request.SubmissionSeen && last.StartsAt == request.StartsAt && last.Watts == request.Watts)
        {
            return last.Id;
        }

        if (held.Standing is not { Binds: true, Binding: { } binding })
        {
            throw new RefusedException("This contract does not bind.");
        }

        var template = (await shelf.RequireAsync(loopId, held.Contract.TemplateCode, binding.TemplateVersion, cancellationToken)).Template;
        var clause = template.Clauses.FirstOrDefault(clause => clause.Quantity is "delivered-flexibility" or "flexibility-shortfall")
            ?? throw new RefusedException("This contract is not about flexibility.");
        var asked = held.Parties.Single(party => party.Role == clause.Of).MemberId;
        if (asked == request.MemberId)
        {
            throw new RefusedException("The other party calls.");
        }

        var end = request.StartsAt.AddHours(request.Hours);
        if (request.StartsAt <= held.MarketNow)
        {
            throw new RefusedException(nameof(request.StartsAt), "This hour has begun. A call comes before its hour.");
        }

        if (request.StartsAt < held.Loop.Calendar.StartOf(binding.StartsOn) || end > held.Loop.Calendar.StartOf(binding.EndsOn))
        {
            throw new RefusedException(nameof(request.StartsAt), "The contract does not hold in all of these hours.");
        }

        var values = ContractValues.Read(binding.Values);
        if (template.Find("most-power") is not null && values.TryNumber("most-power", out var most) && Math.Abs(request.Watts) > most)
        {
            throw new RefusedException(nameof(request.Watts), "This is more than the contract allows to ask for.");
        }

        var carrier = values.Carrier(clause.Carrier) ?? Carrier.Electricity;
        // Two parties may call the same member under two contracts: the second waits here and sees the first.
        await db.Database.ExecuteSqlAsync($"SELECT pg_advisory_xact_lock(hashtextextended({$"flexibility/{loopId}/{asked}/{(short)carrier}"}, 0))", cancellationToken);
        if (await db.FlexibilityCalls.AnyAsync(call => call.LoopId == loopId && call.MemberId == asked && call.Carrier == carrier && call.StartsAt < end && call.EndsAt > request.StartsAt, cancellationToken))
        {
            throw new RefusedException(nameof(request.StartsAt), "There is a call for part of this time already.");
        }

        var made = new FlexibilityCall
        {
            LoopId = loopId, ContractId = contractId, MemberId = asked, Carrier = carrier, StartsAt = request.StartsAt, EndsAt = end, Watts = request.Watts,
            CalledAt = time.GetUtcNow(), CalledBy = current.Actor.AccountId,
        };
        db.FlexibilityCalls.Add(made);
        await db.SaveChangesAsync(cancellationToken);
        return made.Id;
    }
}
