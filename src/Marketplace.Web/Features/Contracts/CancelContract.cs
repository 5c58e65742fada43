using Marketplace.Contracts;
using Marketplace.Data;
using Marketplace.Web.Features.Signing;
using Marketplace.Web.Pipeline;
using MediatR;
using Unit = MediatR.Unit;

namespace Marketplace.Web.Features.Contracts;

/// <summary>Gives notice, signed: the contract ends with the first period that ends after the time of notice.</summary>
public sealed record CancelContract(int LoopId, int MemberId, long ContractId, int Seen, SignatureGiven Signature, string? Note = null) : IRequest<Unit>, IGuarded, IChange
{
    public bool Permits(Actor actor) => actor.MayContract(LoopId, MemberId);
}

internal sealed class CancelContractHandler(ContractBook book, TemplateShelf shelf) : IRequestHandler<CancelContract, Unit>
{
    /// <summary>The act by which a contract would end if notice were given now.</summary>
    public static ContractAct NoticeOf(HeldContract held, Template template, int memberId)
    {
        var binding = held.Standing.Binding ?? throw new RefusedException("This contract does not bind: there is nothing to end.");
        var earliest = template.Period.OnOrAfter(held.Loop.Calendar.DayOf(held.MarketNow).AddDays(template.NoticeDays));

        // One that has not begun runs for one period at least; a later end than agreed is none.
        var first = template.Period.NextFirstDay(binding.StartsOn);
        var end = earliest < first ? first : earliest;
        var act = ContractBook.Next(held, ContractActKind.Cancelled, memberId, binding);
        act.EndsOn = end < binding.EndsOn ? end : binding.EndsOn;
        return act;
    }

    public async Task<Unit> Handle(CancelContract request, CancellationToken cancellationToken)
    {
        var held = await book.HoldAsync(request.LoopId, request.ContractId, request.MemberId, cancellationToken);
        if (ContractBook.WasDone(held, request.Seen, request.MemberId, ContractActKind.Cancelled))
        {
            return Unit.Value;
        }

        ContractBook.RequireSeen(held, request.Seen);
        if (!held.Standing.Binds)
        {
            throw new RefusedException("This contract does not bind: there is nothing to end.");
        }

        if (held.Standing.Notice is not null)
        {
            throw new RefusedException("Notice has been given already.");
        }

        var template = await shelf.RequireAsync(request.LoopId, held.Contract.TemplateCode, held.Standing.Binding!.TemplateVersion, cancellationToken);
        await book.AddAsync(held, NoticeOf(held, template.Template, request.MemberId), request.Signature, request.Note, cancellationToken);
        return Unit.Value;
    }
}
