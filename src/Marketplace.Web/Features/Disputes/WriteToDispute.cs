using System.Security.Cryptography;
using System.Text;
using FluentValidation;
using Marketplace.Data;
using Marketplace.Web.Features.Devices;
using Marketplace.Web.Features.Sending;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Disputes;

/// <summary>The member or the operator writes to the other side.</summary>
public sealed record WriteToDispute(int LoopId, int DisputeId, Guid SubmissionId, string Text) : IRequest<Unit>, IGuarded, IChange
{
    public bool Permits(Actor actor) => actor.BelongsTo(LoopId);
}

/// <summary>The member or the operator puts a picture or a PDF beside a dispute.</summary>
/// <param name="FileName">As the sender calls it; only its letters are kept.</param>
public sealed record AttachToDispute(int LoopId, int DisputeId, Guid SubmissionId, string FileName, byte[] Content) : IRequest<Unit>, IGuarded, IChange
{
    public const int MostBytes = 5 * 1024 * 1024;

    public bool Permits(Actor actor) => actor.BelongsTo(LoopId);
}

/// <summary>A file beside a dispute, for its parties.</summary>
public sealed record ReadDisputeFile(int LoopId, int DisputeId, long FileId) : IRequest<DisputeFile>, IGuarded
{
    public bool Permits(Actor actor) => actor.BelongsTo(LoopId);
}

public sealed class WriteToDisputeValidator : AbstractValidator<WriteToDispute>
{
    public WriteToDisputeValidator()
    {
        RuleFor(request => request.SubmissionId).NotEmpty().WithMessage("Please open the page again.");
        RuleFor(request => request.Text).Must(text => !string.IsNullOrWhiteSpace(text)).WithMessage("Write something first.").MaximumLength(OpenDispute.LongestText).WithMessage("Use at most 4,000 characters.");
    }
}

public sealed class AttachToDisputeValidator : AbstractValidator<AttachToDispute>
{
    public AttachToDisputeValidator()
    {
        RuleFor(request => request.SubmissionId).NotEmpty().WithMessage("Please open the page again.");
        RuleFor(request => request.Content).Must(content => content.Length is > 0 and <= AttachToDispute.MostBytes).WithMessage("Choose a file of at most 5 MB.");
    }
}

internal sealed class WriteToDisputeHandler(Work work, DisputeBook book, DocumentOutbox outbox, CurrentActor current, TimeProvider time)
    : IRequestHandler<WriteToDispute, Unit>, IRequestHandler<AttachToDispute, Unit>, IRequestHandler<ReadDisputeFile, DisputeFile>
{
    private const int MostMessages = 200, MostFiles = 20;

    public async Task<Unit> Handle(WriteToDispute request, CancellationToken cancellationToken)
    {
        var (db, loopId) = (work.Db, request.LoopId);
        var dispute = await BeginAsync(loopId, request.DisputeId, cancellationToken);
        if (await db.DisputeMessages.AnyAsync(message => message.LoopId == loopId && message.SubmissionId == request.SubmissionId, cancellationToken))
        {
            return Unit.Value;
        }

        if (await db.DisputeMessages.CountAsync(message => message.LoopId == loopId && message.DisputeId == dispute.Id, cancellationToken) >= MostMessages)
        {
            throw new RefusedException("There are two hundred messages already. Please call instead.");
        }

        db.DisputeMessages.Add(new DisputeMessage
        {
            LoopId = loopId, DisputeId = dispute.Id, SubmissionId = request.SubmissionId, FromOperator = book.WritesAsOperator(dispute), By = current.Actor.AccountId, At = time.GetUtcNow(),
            Text = request.Text.Trim(),
        });
        await db.SaveChangesAsync(cancellationToken);
        await TellAsync(dispute, cancellationToken);
        return Unit.Value;
    }

    public async Task<Unit> Handle(AttachToDispute request, CancellationToken cancellationToken)
    {
        var (db, loopId) = (work.Db, request.LoopId);
        var dispute = await BeginAsync(loopId, request.DisputeId, cancellationToken);
        if (await db.DisputeFiles.AnyAsync(file => file.LoopId == loopId && file.SubmissionId == request.SubmissionId, cancellationToken))
        {
            return Unit.Value;
        }

        var (type, content) = Checked(request.Content) ?? throw new RefusedException(nameof(request.Content), "Choose a JPEG or PNG picture, or a PDF.");
        if (await db.DisputeFiles.CountAsync(file => file.LoopId == loopId && file.DisputeId == dispute.Id, cancellationToken) >= MostFiles)
        {
            throw new RefusedException("There are twenty files already.");
        }

        db.DisputeFiles.Add(new DisputeFile
        {
            LoopId = loopId, DisputeId = dispute.Id, SubmissionId = request.SubmissionId, FromOperator = book.WritesAsOperator(dispute), By = current.Actor.AccountId, At = time.GetUtcNow(),
            FileName = NameOf(request.FileName, type), ContentType = type, Sha256 = SHA256.HashData(content), Content = content,
        });
        await db.SaveChangesAsync(cancellationToken);
        await TellAsync(dispute, cancellationToken);
        return Unit.Value;
    }

    public async Task<DisputeFile> Handle(ReadDisputeFile request, CancellationToken cancellationToken)
    {
        var dispute = await book.FindAsync(request.LoopId, request.DisputeId, cancellationToken);
        return await work.Db.DisputeFiles.AsNoTracking().SingleOrDefaultAsync(
            file => file.LoopId == request.LoopId && file.DisputeId == dispute.Id && file.Id == request.FileId, cancellationToken) ?? throw new NotPermittedException(nameof(ReadDisputeFile));
    }

    /// <summary>What the content is, whatever it is called: a picture without where and with what it was taken, or a PDF as it came.</summary>
    internal static (string Type, byte[] Content)? Checked(byte[] sent) =>
        Photo.Clean(sent) is { } photo ? (photo.ContentType, photo.Content)
        : sent.AsSpan().StartsWith("%PDF-1."u8) || sent.AsSpan().StartsWith("%PDF-2."u8) ? ("application/pdf", sent)
        : null;

    /// <summary>The letters of a name, with the ending that fits the content.</summary>
    internal static string NameOf(string sent, string type)
    {
        var name = new StringBuilder();
        foreach (var c in Path.GetFileNameWithoutExtension(sent.Replace('\\', '/')).Where(c => char.IsLetterOrDigit(c) || c is ' ' or '-' or '_').Take(80))
        {
            name.Append(c);
        }

        return (name.ToString().Trim() is { Length: > 0 } kept ? kept : "file") + type switch { "image/jpeg" => ".jpg", "image/png" => ".png", _ => ".pdf" };
    }

    private async Task<Dispute> BeginAsync(int loopId, int disputeId, CancellationToken cancellationToken)
    {
        var found = await book.FindAsync(loopId, disputeId, cancellationToken);
        await book.LockAsync(loopId, found.MemberId, cancellationToken);
        var dispute = await book.FindAsync(loopId, disputeId, cancellationToken);
        return dispute.State == DisputeState.Open ? dispute : throw new RefusedException("This dispute has ended. Open another where something is still wrong.");
    }

    private async Task TellAsync(Dispute dispute, CancellationToken cancellationToken)
    {
        var (connection, topic) = (await work.ConnectionAsync(cancellationToken), LetterTopic.Answered(dispute.Id, await book.TodayAsync(dispute.LoopId, cancellationToken)));
        await (book.WritesAsOperator(dispute)
            ? outbox.QueueAsync(connection, work.Transaction, dispute.LoopId, dispute.BillId, topic, cancellationToken)
            : outbox.QueueToOperatorsAsync(connection, work.Transaction, dispute.LoopId, dispute.BillId, topic, cancellationToken));
    }
}
