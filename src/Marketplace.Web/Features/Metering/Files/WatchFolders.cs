using FluentValidation;
using Marketplace.Data;
using Marketplace.Metering;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Metering.Files;

/// <summary>Has the loop's folder watched for files of readings, or no longer.</summary>
/// <param name="Folder">The name of a folder below the one that the installation keeps for this (<c>Metering:DropFolder</c>).</param>
public sealed record SetWatchedFolder(int LoopId, string Folder, bool IsOn) : IRequest<Unit>, IOperatorAct
{
    string IOperatorAct.Subject => $"folder {Folder} {(IsOn ? "watched" : "not watched")}";
}

public sealed class SetWatchedFolderValidator : AbstractValidator<SetWatchedFolder>
{
    public SetWatchedFolderValidator() =>
        // One name without a dot first: it cannot lead out of the folder it lies in.
        RuleFor(request => request.Folder).Must(name => SignedBatch.IsName(name) && name[0] != '.').WithMessage("A folder's name has 1 to 64 letters, digits, hyphens, dots or underscores, and no dot first.");
}

internal sealed class SetWatchedFolderHandler(MarketplaceDb db) : IRequestHandler<SetWatchedFolder, Unit>
{
    public async Task<Unit> Handle(SetWatchedFolder request, CancellationToken cancellationToken)
    {
        if (await db.WatchedFolders.AnyAsync(folder => folder.Folder == request.Folder && folder.LoopId != request.LoopId, cancellationToken))
        {
            throw new RefusedException(nameof(request.Folder), "Another loop uses a folder of this name.");
        }

        var folder = await db.WatchedFolders.SingleOrDefaultAsync(folder => folder.LoopId == request.LoopId, cancellationToken);
        if (folder is null)
        {
            db.WatchedFolders.Add(folder = new WatchedFolder { LoopId = request.LoopId, Folder = request.Folder });
        }

        (folder.Folder, folder.IsOn, folder.Problem) = (request.Folder, request.IsOn, null);
        await db.SaveChangesAsync(cancellationToken);
        return Unit.Value;
    }
}

/// <summary>
/// Looks into the watched folders for files that have come to rest, takes each in once by its content, and moves it to <c>done</c> or
/// <c>failed</c> beside a report. Killed between the two, it finds the file again and sees that it knows it.
/// </summary>
public sealed partial class FolderWatch(IServiceScopeFactory scopes, IConfiguration configuration, TimeProvider time, ILogger<FolderWatch> log) : BackgroundService
{
    private static readonly TimeSpan Between = TimeSpan.FromSeconds(10);

    /// <summary>A file is whole when nobody has written to it for so long.</summary>
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(5);

    private const int LongestProblem = 300;

    private string? Root => configuration["Metering:DropFolder"];

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (Root is null)
        {
            return;
        }

        using var timer = new PeriodicTimer(Between, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                await LookAsync(stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // What lies there is found at the next start.
        }
    }

    /// <summary>Looks once into every folder that is watched.</summary>
    public async Task LookAsync(CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<MarketplaceDb>();
        foreach (var folder in await db.WatchedFolders.Where(folder => folder.IsOn).ToListAsync(cancellationToken))
        {
            folder.LookedAt = time.GetUtcNow();
            folder.Problem = null;
            try
            {
                await LookIntoAsync(folder, scope.ServiceProvider.GetRequiredService<Requests>(), cancellationToken);
            }
            catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or InvalidOperationException or DbUpdateException or Npgsql.NpgsqlException)
            {
                LogFailure(fault, folder.LoopId);
                folder.Problem = StoredText.Of(fault.Message, LongestProblem);
            }

            await db.SaveChangesAsync(cancellationToken);
        }
    }

    private async Task LookIntoAsync(WatchedFolder folder, Requests requests, CancellationToken cancellationToken)
    {
        var path = Path.Combine(Root ?? throw new InvalidOperationException("No Metering:DropFolder is set"), folder.Folder);
        Directory.CreateDirectory(path);
        foreach (var file in new DirectoryInfo(path).EnumerateFiles().Where(file => file.LinkTarget is null && !file.Name.StartsWith('.')).OrderBy(file => file.LastWriteTimeUtc).ToList())
        {
            if (time.GetUtcNow().UtcDateTime - file.LastWriteTimeUtc < Rest)
            {
                continue;
            }

            try
            {
                await TakeAsync(folder.LoopId, file, requests, cancellationToken);
            }
            catch (Exception fault) when (fault is not OperationCanceledException)
            {
                // It lies there still, and is tried again at the next look; those behind it do not wait for it.
                LogFile(fault, folder.LoopId, file.Name);
                folder.Problem = StoredText.Of($"{file.Name}: {fault.Message}", LongestProblem);
            }
        }
    }

    private static async Task TakeAsync(int loopId, FileInfo file, Requests requests, CancellationToken cancellationToken)
    {
        if (file.Length is 0 or > ReadingFileRows.MostBytes)
        {
            Move(file, "failed", "The file is empty or larger than 32 MB.");
            return;
        }

        var taken = await requests.Send(
            new TakeReadingFile(loopId, file.Name, ReadingFileSource.Folder, await File.ReadAllBytesAsync(file.FullName, cancellationToken)), Actor.System, cancellationToken);
        while (await requests.Send(new GoThroughReadingFile(loopId, taken.Id), Actor.System, cancellationToken))
        {
            cancellationToken.ThrowIfCancellationRequested();
        }

        var view = await requests.Send(new ShowReadingFile(loopId, taken.Id, 1_000), Actor.System, cancellationToken);
        Move(file, view.File.Failure is null ? "done" : "failed", Report(view, taken.WasKnown));
    }

    private static string Report(ReadingFileView view, bool wasKnown) => FormattableString.Invariant(
        $"{(wasKnown ? "This content was taken in before; nothing was changed.\n" : "")}{view.File.Failure ?? $"{view.File.Rows} rows: {view.File.Stored} stored, of these {view.File.Corrected} corrections, {view.File.Unchanged} known already, {view.File.Refused} refused."}\n")
        + string.Concat(view.Refusals.Select(refusal => FormattableString.Invariant($"line {refusal.Line}: {refusal.Reason}\n")));

    private static void Move(FileInfo file, string where, string report)
    {
        var folder = Directory.CreateDirectory(Path.Combine(file.DirectoryName!, where)).FullName;
        var target = Path.Combine(folder, file.Name);
        for (var number = 2; File.Exists(target); number++)
        {
            target = Path.Combine(folder, FormattableString.Invariant($"{Path.GetFileNameWithoutExtension(file.Name)}.{number}{file.Extension}"));
        }

        File.WriteAllText(target + ".report.txt", report);
        file.MoveTo(target);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The watched folder of loop {LoopId} could not be looked into")]
    private partial void LogFailure(Exception fault, int loopId);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The file {Name} in the watched folder of loop {LoopId} could not be taken in")]
    private partial void LogFile(Exception fault, int loopId, string name);
}
