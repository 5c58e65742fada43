using System.Globalization;
using System.Security.Cryptography;
using FluentValidation;
using Marketplace.Data;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Metering.Files;

/// <summary>Takes a file of readings in, from an operator's hand or from the watched folder. It is kept first and gone through right after, so
/// that a restart loses nothing. The same content again is the same file.</summary>
public sealed record TakeReadingFile(int LoopId, string Name, ReadingFileSource Source, byte[] Content) : IRequest<TakenFile>, IGuarded, IChange
{
    public bool Permits(Actor actor) => actor.Operates(LoopId);
}

/// <param name="WasKnown">This content was taken in before: nothing was changed.</param>
public sealed record TakenFile(long Id, bool WasKnown);

public sealed class TakeReadingFileValidator : AbstractValidator<TakeReadingFile>
{
    public TakeReadingFileValidator()
    {
        RuleFor(file => file.Content).Must(content => content.Length > 0).WithMessage("Choose a file with readings.").OverridePropertyName("File");
        RuleFor(file => file.Content).Must(content => content.Length <= ReadingFileRows.MostBytes).WithMessage("The file is larger than 32 MB. Pack it with gzip, or send it in parts.").OverridePropertyName("File");
    }
}

/// <summary>Goes through the next rows of a file. What it did is kept with what it stored, so that it goes on where it stopped.</summary>
/// <returns>Whether rows are left.</returns>
public sealed record GoThroughReadingFile(int LoopId, long FileId) : IRequest<bool>, ISystemOnly, IChange;

/// <summary>What became of a file, with the rows that were not taken.</summary>
/// <param name="Most">How many refused rows to give at most.</param>
public sealed record ShowReadingFile(int LoopId, long FileId, int Most) : IRequest<ReadingFileView>, IGuarded
{
    public bool Permits(Actor actor) => actor.Operates(LoopId) || actor.Audits(LoopId);
}

public sealed record ReadingFileView(ReadingFile File, string Header, IReadOnlyList<ReadingFileRefusal> Refusals);

/// <summary>The loop's last files, newest first, and its watched folder.</summary>
public sealed record ReadingFilesOf(int LoopId) : IRequest<ReadingFiles>, IGuarded
{
    public bool Permits(Actor actor) => actor.Operates(LoopId) || actor.Audits(LoopId);
}

public sealed record ReadingFiles(IReadOnlyList<ReadingFile> Files, WatchedFolder? Folder);

internal sealed class ReadingFilesHandler(Work work, ReadingIntake intake, CurrentActor current, TimeProvider time)
    : IRequestHandler<TakeReadingFile, TakenFile>, IRequestHandler<GoThroughReadingFile, bool>,
        IRequestHandler<ShowReadingFile, ReadingFileView>, IRequestHandler<ReadingFilesOf, ReadingFiles>
{
    private const int RowsAtOnce = 20_000;
    private const int MostFiles = 20;
    private const int LongestFailure = 1_000;

    public async Task<TakenFile> Handle(TakeReadingFile request, CancellationToken cancellationToken)
    {
        var hash = SHA256.HashData(request.Content);
        // Two nodes with the same file at once: one takes it, the other finds it there.
        var id = await work.Db.Database.SqlQuery<long>(
            $"""
            INSERT INTO market.reading_files (loop_id, sha256, name, source, content, sent_by, sent_at, rows, rows_done, stored, corrected, unchanged, refused)
            VALUES ({request.LoopId}, {hash}, {NameOf(request.Name)}, {(short)request.Source}, {request.Content}, {current.Actor.AccountId}, {time.GetUtcNow()}, 0, 0, 0, 0, 0, 0)
            ON CONFLICT (loop_id, sha256) DO NOTHING RETURNING id AS "Value"
            """).ToListAsync(cancellationToken);
        return id is [var made]
            ? new TakenFile(made, false)
            : new TakenFile(await work.Db.ReadingFiles.Where(file => file.LoopId == request.LoopId && file.Sha256 == hash).Select(file => file.Id).SingleAsync(cancellationToken), true);
    }

    public async Task<bool> Handle(GoThroughReadingFile request, CancellationToken cancellationToken)
    {
        var (db, loopId) = (work.Db, request.LoopId);
        await db.Database.ExecuteSqlAsync($"SELECT 1 FROM market.reading_files WHERE loop_id = {loopId} AND id = {request.FileId} FOR UPDATE", cancellationToken);
        var file = await db.ReadingFiles.SingleOrDefaultAsync(file => file.LoopId == loopId && file.Id == request.FileId, cancellationToken);
        if (file is null or { DoneAt: not null } or { Content: null })
        {
            return false;
        }

        List<ReadingFileRow> rows;
        string header;
        try
        {
            using var reader = ReadingFileRows.Open(file.Content);
            header = reader.Header;
            rows = reader.Take(file.RowsDone, RowsAtOnce);
            if (file.RowsDone == 0)
            {
                file.Rows = rows.Count < RowsAtOnce ? rows.Count : rows.Count + Count(reader);
            }
        }
        catch (RefusedException refusal)
        {
            file.Failure = StoredText.Of(refusal.Message, LongestFailure);
            return await EndAsync(file, cancellationToken);
        }

        var key = string.Create(CultureInfo.InvariantCulture, $"file/{Convert.ToHexStringLower(file.Sha256.AsSpan(0, 16))}/{file.RowsDone}");
        var received = rows.Exists(row => row.Reading is not null)
            ? await intake.TakeAsync(new ReceiveReadings(loopId, key, [.. rows.Select(row => row.Reading).OfType<Marketplace.Metering.DeliveredReading>()]), cancellationToken)
            : new ReceivedReadings(false, 0, 0, 0, [], []);
        var texts = rows.ToDictionary(row => row.Line, row => row.Text);
        var refused = rows.Where(row => row.Fault is not null).Select(row => Refusal(file, row.Line, row.Text, row.Fault!.Rule, row.Fault.Message))
            .Concat(received.Rejected.Select(row => Refusal(file, row.Reading.Row, texts[row.Reading.Row], row.Rule.Name, row.Reason)))
            .ToList();
        file.Refused += refused.Count;
        if (refused.Count > 0 && file.Refused == refused.Count)
        {
            refused.Insert(0, Refusal(file, 0, header, "", ""));
        }

        await db.BulkInsertAsync(refused, cancellationToken);
        file.Stored += received.Stored;
        file.Corrected += received.Corrected;
        file.Unchanged += received.Unchanged;
        file.RowsDone += rows.Count;
        if (rows.Count < RowsAtOnce)
        {
            return await EndAsync(file, cancellationToken);
        }

        await db.SaveChangesAsync(cancellationToken);
        return true;
    }

    public async Task<ReadingFileView> Handle(ShowReadingFile request, CancellationToken cancellationToken)
    {
        var file = await Without(work.Db.ReadingFiles.Where(file => file.LoopId == request.LoopId && file.Id == request.FileId)).SingleOrDefaultAsync(cancellationToken)
            ?? throw new NotPermittedException(nameof(ShowReadingFile));
        var refusals = await work.Db.ReadingFileRefusals.AsNoTracking().Where(refusal => refusal.LoopId == request.LoopId && refusal.FileId == request.FileId)
            .OrderBy(refusal => refusal.Line).Take(request.Most + 1).ToListAsync(cancellationToken);
        return new ReadingFileView(file, refusals is [{ Line: 0 } header, ..] ? header.Row : "", [.. refusals.Where(refusal => refusal.Line > 0)]);
    }

    public async Task<ReadingFiles> Handle(ReadingFilesOf request, CancellationToken cancellationToken) => new(
        await Without(work.Db.ReadingFiles.Where(file => file.LoopId == request.LoopId).OrderByDescending(file => file.Id).Take(MostFiles)).ToListAsync(cancellationToken),
        await work.Db.WatchedFolders.AsNoTracking().SingleOrDefaultAsync(folder => folder.LoopId == request.LoopId, cancellationToken));

    private static int Count(ReadingFileRows reader)
    {
        var count = 0;
        while (reader.Take(0, RowsAtOnce) is { Count: > 0 } more)
        {
            count += more.Count;
        }

        return count;
    }

    private async Task<bool> EndAsync(ReadingFile file, CancellationToken cancellationToken)
    {
        (file.DoneAt, file.Content) = (time.GetUtcNow(), null);
        await work.Db.SaveChangesAsync(cancellationToken);
        return false;
    }

    private static ReadingFileRefusal Refusal(ReadingFile file, int line, string row, string rule, string reason) =>
        new()
        {
            LoopId = file.LoopId, FileId = file.Id, Line = line, Row = StoredText.Of(row, ReadingFileRows.LongestRow), Rule = rule, Reason = StoredText.Of(reason, ReadingFileRows.LongestRow),
        };

    private static string NameOf(string sent)
    {
        var name = string.Concat(Path.GetFileName(sent).Where(c => !char.IsControl(c)));
        return name.Length == 0 ? "readings.csv" : StoredText.Of(name, 200);
    }

    /// <summary>Everything but the content, which may be large.</summary>
    private static IQueryable<ReadingFile> Without(IQueryable<ReadingFile> files) => files.AsNoTracking().Select(file => new ReadingFile
    {
        LoopId = file.LoopId, Id = file.Id, Sha256 = file.Sha256, Name = file.Name, Source = file.Source, SentAt = file.SentAt, DoneAt = file.DoneAt, Rows = file.Rows,
        RowsDone = file.RowsDone, Stored = file.Stored, Corrected = file.Corrected, Unchanged = file.Unchanged, Refused = file.Refused, Failure = file.Failure,
    });
}
