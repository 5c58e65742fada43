using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using FluentValidation;
using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Features.Bills;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Features.Settlement;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Corrections;

/// <summary>Settles what a wrong input did to a published hour. The result stays as it was published; money moves between members and the
/// loop's corrections account, under a reason that everybody can read. The act is written down and put on the ledger with a hash over
/// its amounts, so that neither can be changed unseen.</summary>
/// <param name="SubmissionId">Made with the form: a form sent twice corrects once.</param>
/// <param name="Reason">Public: it names nobody.</param>
public sealed record CorrectHour(
    int LoopId, DateTimeOffset Hour, Guid SubmissionId, Carrier Carrier, string Reason, IReadOnlyList<CorrectedAmount> Members) : IRequest<Unit>, IOperatorAct
{
    public const int MostMembers = 500;
    public const int LongestReason = 500;

    /// <summary>Names the transfers of this correction. Below zero: above are the numbers of documents.</summary>
    public long Reference => -(BinaryPrimitives.ReadInt64BigEndian(SHA256.HashData(Encoding.UTF8.GetBytes($"{SubmissionId} {Lines}"))) & long.MaxValue);

    /// <summary>Hour, carrier, a hash over the amounts, and the reason. The reference, which stands in the journal only, salts the hash.</summary>
    public string Subject => string.Create(CultureInfo.InvariantCulture,
        $"{CorrectionSubject.Start(Hour)}{Carrier.Name()} {Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{Reference} {Lines}")))}: {Reason}");

    private string Lines => string.Join(';', Members.OrderBy(member => member.MemberId)
        .Select(member => string.Create(CultureInfo.InvariantCulture, $"{member.MemberId}={member.Amount.Micro}")));
}

/// <param name="Amount">Above zero the member owes it, below zero it is given back.</param>
public sealed record CorrectedAmount(int MemberId, Money Amount);

/// <summary>How a correction stands in the list of operators' acts.</summary>
internal static class CorrectionSubject
{
    public static string Start(DateTimeOffset hour) => Instants.Iso(hour) + " ";

    public static (Carrier Carrier, string Reason)? Read(string subject)
    {
        var colon = subject.IndexOf(": ", StringComparison.Ordinal);
        return colon > 0 && subject[..colon].Split(' ') is [_, var name, _] && Carriers.TryParse(name, out var carrier)
            ? (carrier, subject[(colon + 2)..])
            : null;
    }
}

public sealed class CorrectHourValidator : AbstractValidator<CorrectHour>
{
    /// <summary>A million units of the currency: beyond that it is a typing mistake.</summary>
    private static readonly Money Largest = Money.FromMicro(1_000_000_000_000);

    public CorrectHourValidator()
    {
        RuleFor(request => request.Reason).NotEmpty().WithMessage("Say what was wrong; everybody will read it.")
            .MaximumLength(CorrectHour.LongestReason).WithMessage("Say it in at most 500 characters.");
        RuleFor(request => request.Carrier).IsInEnum().WithMessage("Choose heat, cold or electricity.");
        RuleFor(request => request.Members).NotEmpty().WithMessage("Name at least one member and its amount.")
            .Must(members => members.Count <= CorrectHour.MostMembers).WithMessage("One correction can be for at most 500 members.")
            .Must(members => members.Select(member => member.MemberId).Distinct().Count() == members.Count).WithMessage("Each member can stand there once.")
            .Must(members => members.All(member => member.Amount != Money.Zero)).WithMessage("An amount of zero corrects nothing.")
            .Must(members => members.All(member => member.Amount <= Largest && -member.Amount <= Largest)).WithMessage("An amount can be at most 1,000,000.");
    }
}

internal sealed class CorrectHourHandler(Work work, Journal journal, MarketTime marketTime) : IRequestHandler<CorrectHour, Unit>
{
    public async Task<Unit> Handle(CorrectHour request, CancellationToken cancellationToken)
    {
        var (loopId, hour, db) = (request.LoopId, request.Hour, work.Db);
        if (!await db.HourSteps.AnyAsync(step => step.LoopId == loopId && step.Step == HourStepKind.Cleared && step.Hour == hour, cancellationToken))
        {
            throw new RefusedException("This hour is not published yet, so there is nothing to correct.");
        }

        var ids = request.Members.Select(member => member.MemberId).ToList();
        if (await db.Members.CountAsync(member => member.LoopId == loopId && ids.Contains(member.Id), cancellationToken) != ids.Count)
        {
            throw new RefusedException(nameof(request.Members), "One of the members does not belong to this loop.");
        }

        // One at a time, and not while bills are issued: a form sent twice finds its first sending, and what is billed stays as it was billed.
        await IssueBills.LockAsync(db, loopId, cancellationToken);
        var reference = request.Reference;
        if (await db.CorrectedMembers.AnyAsync(member => member.LoopId == loopId && member.Hour == hour && member.Reference == reference, cancellationToken))
        {
            throw new RefusedException("This correction is already recorded.");
        }

        var posted = await LateData.PostedHourAsync(db, loopId, hour, await marketTime.NowAsync(loopId, cancellationToken), cancellationToken);
        await db.BulkInsertAsync(
            [.. request.Members.Select(member => new CorrectedMember
            {
                LoopId = loopId, Hour = hour, Reference = reference, MemberId = member.MemberId, Carrier = request.Carrier, Amount = member.Amount, PostedHour = posted,
            })],
            cancellationToken);
        var accounts = await journal.AccountsAsync(loopId, ids, cancellationToken);
        await journal.PostAsync(
            [.. request.Members.SelectMany(member => accounts.Move(
                posted, TransferKind.Correction, request.Carrier,
                accounts[AccountKind.Unbilled, member.MemberId], accounts[AccountKind.Corrections], member.Amount.Micro, reference))],
            cancellationToken);
        return Unit.Value;
    }
}
