using System.Security.Cryptography;
using FluentValidation;
using Marketplace.Data;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Orders;

/// <summary>Takes a file of orders in. It is kept first and gone through right after, so that a restart loses nothing.</summary>
/// <returns>The upload's number.</returns>
public sealed record UploadOrders(int LoopId, int MemberId, string FileName, byte[] Content) : IRequest<long>, IGuarded, IChange
{
    public bool Permits(Actor actor) => actor.ActsFor(LoopId, MemberId);
}

public sealed class UploadOrdersValidator : AbstractValidator<UploadOrders>
{
    public UploadOrdersValidator()
    {
        RuleFor(upload => upload.Content).Must(content => content.Length > 0).WithMessage("Choose a file with orders.").OverridePropertyName("File");
        RuleFor(upload => upload.Content).Must(content => content.Length <= OrderFile.MostBytes)
            .WithMessage("The file is larger than 4 MB. Send it in parts.").OverridePropertyName("File");
    }
}

internal sealed class UploadOrdersHandler(Work work, CurrentActor current, TimeProvider time) : IRequestHandler<UploadOrders, long>
{
    public async Task<long> Handle(UploadOrders request, CancellationToken cancellationToken)
    {
        var upload = new OrderUpload
        {
            LoopId = request.LoopId,
            MemberId = request.MemberId,
            FileSha256 = SHA256.HashData(request.Content),
            FileName = NameOf(request.FileName),
            Content = request.Content,
            SentBy = current.Actor.AccountId,
            SentAt = time.GetUtcNow(),
        };
        work.Db.OrderUploads.Add(upload);
        await work.Db.SaveChangesAsync(cancellationToken);
        return upload.Id;
    }

    private static string NameOf(string sent)
    {
        var name = string.Concat(Path.GetFileName(sent).Where(c => !char.IsControl(c)));
        return name.Length switch { 0 => "orders.csv", > 200 => name[..200], _ => name };
    }
}

/// <summary>Goes through the next rows of an upload. What it did is kept with what it placed, so that it goes on where it stopped.</summary>
/// <returns>Whether rows are left.</returns>
public sealed record GoThroughUpload(int LoopId, long UploadId) : IRequest<bool>, ISystemOnly, IChange;

internal sealed class GoThroughUploadHandler(Work work, OrderIntake intake, TimeProvider time) : IRequestHandler<GoThroughUpload, bool>
{
    private const int MostRowsAtOnce = 2_500;

    // Each hour's gate is a lock, and the database has room for some thousands of them.
    private const int MostHoursAtOnce = 400;

    public async Task<bool> Handle(GoThroughUpload request, CancellationToken cancellationToken)
    {
        var (db, loopId) = (work.Db, request.LoopId);
        await db.Database.ExecuteSqlAsync($"SELECT 1 FROM market.order_uploads WHERE loop_id = {loopId} AND id = {request.UploadId} FOR UPDATE", cancellationToken);
        var upload = await db.OrderUploads.SingleOrDefaultAsync(upload => upload.LoopId == loopId && upload.Id == request.UploadId, cancellationToken);
        if (upload is null or { DoneAt: not null } or { Content: null })
        {
            return false;
        }

        var loop = await db.Loops.AsNoTracking().SingleAsync(loop => loop.Id == loopId, cancellationToken);
        OrderFile file;
        try
        {
            file = OrderFile.Read(new MemoryStream(upload.Content), upload.FileSha256, upload.MemberId, loop.Calendar);
        }
        catch (RefusedException refusal)
        {
            upload.Failure = refusal.Message;
            return await EndAsync(upload, cancellationToken);
        }

        upload.Rows = file.Rows.Count;
        var next = Next(file.Rows, upload.RowsDone);
        var orders = next.Where(row => row.Order is not null).ToList();
        var taken = await intake.TakeAsync(loop, upload.MemberId, [.. orders.Select(row => row.Order!)], skipIdentical: false, cancellationToken, upload.SentBy);
        var refused = next.Where(row => row.Fault is not null).Select(row => (row, row.Fault!))
            .Concat(orders.Zip(taken).Where(pair => pair.Second.Problem is not null).Select(pair => (pair.First, pair.Second.Problem!)))
            .Select(pair => RefusalOf(upload, pair.Item1, pair.Item2))
            .ToList();
        if (refused.Count > 0 && upload.Refused == 0)
        {
            refused.Insert(0, new OrderUploadRefusal { LoopId = loopId, UploadId = upload.Id, Line = 0, Row = file.Header, Field = "", Reason = "" });
        }

        await db.BulkInsertAsync(refused, cancellationToken);
        upload.Refused += refused.Count(refusal => refusal.Line > 0);
        upload.Placed += taken.Count(one => one.Outcome == IntakeOutcome.Placed);
        upload.AlreadyThere += taken.Count(one => one.Outcome == IntakeOutcome.AlreadyThere);
        upload.RowsDone += next.Count;
        if (upload.RowsDone >= upload.Rows)
        {
            return await EndAsync(upload, cancellationToken);
        }

        await db.SaveChangesAsync(cancellationToken);
        return true;
    }

    private async Task<bool> EndAsync(OrderUpload upload, CancellationToken cancellationToken)
    {
        (upload.DoneAt, upload.Content) = (time.GetUtcNow(), null);
        await work.Db.SaveChangesAsync(cancellationToken);
        return false;
    }

    private static List<OrderFileRow> Next(IReadOnlyList<OrderFileRow> rows, int from)
    {
        var (next, hours) = (new List<OrderFileRow>(), new HashSet<DateTimeOffset>());
        foreach (var row in rows.Skip(from).Take(MostRowsAtOnce))
        {
            if (row.Order is { } order && hours.Add(order.Hour) && hours.Count > MostHoursAtOnce)
            {
                break;
            }

            next.Add(row);
        }

        return next;
    }

    private static OrderUploadRefusal RefusalOf(OrderUpload upload, OrderFileRow row, Problem problem) => new()
    {
        LoopId = upload.LoopId,
        UploadId = upload.Id,
        Line = row.Line,
        Row = row.Text,
        // The file's own names of what orders call otherwise.
        Field = problem.Field switch
        {
            "Hour" => "hour", "Carrier" => "carrier", "Side" => "side", "Quantity" => "quantity_kwh", "Limit" => "limit_ct_per_kwh", "PlantCode" => "plant",
            var field => field,
        },
        Reason = problem.Said.English,
    };
}

/// <summary>What became of an upload, with the rows that were not placed.</summary>
/// <param name="Most">How many refused rows to give at most.</param>
public sealed record ShowUpload(int LoopId, int MemberId, long UploadId, int Most) : IRequest<UploadView>, IGuarded
{
    public bool Permits(Actor actor) => actor.ActsFor(LoopId, MemberId);
}

public sealed record UploadView(OrderUpload Upload, string Header, IReadOnlyList<OrderUploadRefusal> Refusals);

/// <summary>A member's last uploads, newest first.</summary>
public sealed record UploadsOf(int LoopId, int MemberId) : IRequest<IReadOnlyList<OrderUpload>>, IGuarded
{
    public bool Permits(Actor actor) => actor.ActsFor(LoopId, MemberId);
}

internal sealed class ShowUploadHandler(MarketplaceDb db) : IRequestHandler<ShowUpload, UploadView>, IRequestHandler<UploadsOf, IReadOnlyList<OrderUpload>>
{
    public async Task<UploadView> Handle(ShowUpload request, CancellationToken cancellationToken)
    {
        var upload = await Without(db.OrderUploads.Where(upload => upload.LoopId == request.LoopId && upload.MemberId == request.MemberId && upload.Id == request.UploadId))
            .SingleOrDefaultAsync(cancellationToken) ?? throw new NotPermittedException(nameof(ShowUpload));
        var refusals = await db.OrderUploadRefusals.AsNoTracking()
            .Where(refusal => refusal.LoopId == request.LoopId && refusal.UploadId == request.UploadId)
            .OrderBy(refusal => refusal.Line)
            .Take(request.Most + 1)
            .ToListAsync(cancellationToken);
        var header = refusals is [{ Line: 0 } first, ..] ? first.Row : "";
        return new UploadView(upload, header, [.. refusals.Where(refusal => refusal.Line > 0)]);
    }

    public async Task<IReadOnlyList<OrderUpload>> Handle(UploadsOf request, CancellationToken cancellationToken) =>
        await Without(db.OrderUploads.Where(upload => upload.LoopId == request.LoopId && upload.MemberId == request.MemberId)
            .OrderByDescending(upload => upload.Id).Take(10)).ToListAsync(cancellationToken);

    /// <summary>Everything but the file itself, which may be large.</summary>
    private static IQueryable<OrderUpload> Without(IQueryable<OrderUpload> uploads) => uploads.AsNoTracking().Select(upload => new OrderUpload
    {
        LoopId = upload.LoopId, Id = upload.Id, MemberId = upload.MemberId, FileSha256 = upload.FileSha256, FileName = upload.FileName, SentAt = upload.SentAt,
        DoneAt = upload.DoneAt, Rows = upload.Rows, RowsDone = upload.RowsDone, Placed = upload.Placed, AlreadyThere = upload.AlreadyThere,
        Refused = upload.Refused, Failure = upload.Failure,
    });
}
