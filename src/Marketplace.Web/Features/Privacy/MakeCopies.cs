using System.Data;
using System.Text;
using System.Text.Json;
using Marketplace.Billing;
using Marketplace.Web.Features.Bills;
using Marketplace.Web.Features.Bills.Documents;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using Quartz;

namespace Marketplace.Web.Features.Privacy;

/// <summary>Makes one copy that was asked for, and deletes those whose time is over. Answers whether one was taken up. Killed halfway, it begins anew:
/// the file has its name only when it is whole.</summary>
public sealed record MakeCopies : IRequest<bool>, ISystemOnly;

internal sealed partial class MakeCopiesHandler(
    Work work, NpgsqlDataSource database, CurrentActor current, Requests requests, BillPrinter printer, CopyFolder folder, TimeProvider time, ILogger<MakeCopiesHandler> log) : IRequestHandler<MakeCopies, bool>
{
    public const int MostAttempts = 3;

    /// <summary>How long a copy can be fetched.</summary>
    public static readonly TimeSpan Kept = TimeSpan.FromDays(7);

    /// <summary>A copy on which nothing was done for so long was broken off.</summary>
    private static readonly TimeSpan s_brokenOff = TimeSpan.FromMinutes(15);

    public async Task<bool> Handle(MakeCopies request, CancellationToken cancellationToken)
    {
        await DeleteOldAsync(cancellationToken);
        var now = time.GetUtcNow();
        var taken = await work.Db.Database.SqlQuery<CopyToMake>(
            $"""
            UPDATE market.personal_copies AS c SET state = 2, begun_at = {now}, attempts = c.attempts + 1, done = 0
            FROM (SELECT id FROM market.personal_copies WHERE state = 1 OR (state = 2 AND begun_at < {now - s_brokenOff}) ORDER BY asked_at LIMIT 1 FOR UPDATE SKIP LOCKED) AS due
            WHERE c.id = due.id
            RETURNING c.id AS "Id", c.loop_id AS "LoopId", c.account_id AS "AccountId", c.members AS "Members", c.attempts AS "Attempts"
            """).ToListAsync(cancellationToken);
        if (taken.SingleOrDefault() is not { } copy)
        {
            return false;
        }

        try
        {
            if (copy.Attempts > MostAttempts)
            {
                await FailAsync(copy.Id, "broken off");
                return true;
            }

            var (bytes, files) = await MakeAsync(copy, cancellationToken);
            var contents = JsonSerializer.Serialize(files, JsonSerializerOptions.Web);
            var ready = time.GetUtcNow();
            var kept = await work.Db.Database.ExecuteSqlAsync(
                $"""
                UPDATE market.personal_copies SET state = 3, ready_at = {ready}, delete_at = {ready + Kept}, bytes = {bytes}, contents = {contents}::jsonb, done = steps
                WHERE id = {copy.Id} AND state = 2
                """, cancellationToken);
            if (kept == 0)
            {
                // The person was erased meanwhile.
                folder.Delete(copy.Id);
            }
        }
        catch (Exception failure) when (!cancellationToken.IsCancellationRequested)
        {
            folder.Delete(copy.Id);
            LogFailure(failure, copy.Id);
            await FailAsync(copy.Id, failure is CopyTooLargeException ? "too large" : failure.GetType().Name);
        }

        return true;
    }

    private async Task DeleteOldAsync(CancellationToken cancellationToken)
    {
        var over = await work.Db.Database.SqlQuery<Guid>(
            $"""UPDATE market.personal_copies SET state = 5, contents = NULL WHERE state = 3 AND delete_at <= {time.GetUtcNow()} RETURNING id AS "Value" """).ToListAsync(cancellationToken);
        over.ForEach(folder.Delete);
    }

    private Task<int> FailAsync(Guid id, string failure) => work.Db.Database.ExecuteSqlAsync(
        $"UPDATE market.personal_copies SET state = 4, failure = {failure} WHERE id = {id} AND state = 2", CancellationToken.None);

    private async Task<(long Bytes, IReadOnlyList<CopiedFile> Files)> MakeAsync(CopyToMake copy, CancellationToken cancellationToken)
    {
        var loop = await work.Db.Loops.AsNoTracking().SingleAsync(loop => loop.Id == copy.LoopId, cancellationToken);
        // Whom the person has stopped acting for since is left out.
        var members = await work.Db.Memberships.AsNoTracking()
            .Where(membership => membership.LoopId == copy.LoopId && membership.AccountId == copy.AccountId && copy.Members.Contains(membership.MemberId))
            .Join(work.Db.Members, membership => new { membership.LoopId, Id = membership.MemberId }, member => new { member.LoopId, member.Id }, (_, member) => new { member.Id, member.Key })
            .OrderBy(member => member.Id).ToListAsync(cancellationToken);
        var ids = members.ConvertAll(member => member.Id);
        var bills = await work.Db.Bills.AsNoTracking().Where(bill => bill.LoopId == copy.LoopId && ids.Contains(bill.MemberId))
            .OrderBy(bill => bill.Id).Select(bill => new { bill.MemberId, bill.Number }).ToListAsync(cancellationToken);
        var progress = new Progress(work, time, copy.Id, PersonalTables.OfPerson.Count + (members.Count * PersonalTables.OfMember.Count) + bills.Count);
        await progress.BeginAsync(cancellationToken);
        // The documents are read as the host itself: what is read is chosen above.
        current.Actor = Actor.System;
        var draft = folder.DraftOf(copy.Id);
        IReadOnlyList<CopiedFile> files;
        long bytes;
        await using (var file = new FileStream(draft, FileMode.Create, FileAccess.ReadWrite, FileShare.None, 64 * 1024, useAsync: true))
        {
            await using (var archive = new PersonalArchive(file))
            {
                await using (var connection = await database.OpenConnectionAsync(cancellationToken))
                {
                    // One moment for all tables.
                    await using var snapshot = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancellationToken);
                    foreach (var table in PersonalTables.OfPerson)
                    {
                        await archive.AddTableAsync(connection, "you/", table, copy.LoopId, copy.AccountId, cancellationToken);
                        await progress.StepAsync(cancellationToken);
                    }

                    foreach (var member in members)
                    {
                        foreach (var table in PersonalTables.OfMember)
                        {
                            await archive.AddTableAsync(connection, member.Key + "/", table, copy.LoopId, member.Id, cancellationToken);
                            await progress.StepAsync(cancellationToken);
                        }
                    }
                }

                foreach (var bill in bills)
                {
                    await AddDocumentAsync(archive, loop, $"{members.Single(member => member.Id == bill.MemberId).Key}/documents/{bill.Number}", bill.Number, cancellationToken);
                    await progress.StepAsync(cancellationToken);
                }

                files = [.. archive.Files];
                await archive.AddContentsAsync(
                    new { Format = "marketplace.personal-copy/v1", MadeAt = time.GetUtcNow(), Loop = loop.Slug, LoopName = loop.Name, loop.Currency, loop.TimeZone, Members = members.Select(member => member.Key), Files = files },
                    cancellationToken);
            }

            await file.FlushAsync(cancellationToken);
            bytes = file.Length;
        }

        File.Move(draft, folder.PathOf(copy.Id), overwrite: true);
        return (bytes, files);
    }

    private async Task AddDocumentAsync(PersonalArchive archive, Marketplace.Data.Loop loop, string path, string number, CancellationToken cancellationToken)
    {
        var paper = await printer.ReadAsync(loop.Id, loop.Slug, loop.Name, number, cancellationToken);
        if (paper.Invoice is { } invoice)
        {
            await archive.AddAsync(path + ".xml", UblDocument.Write(invoice), cancellationToken);
        }

        await archive.AddAsync(path + ".txt", await requests.Send(new ReadRecord(loop.Id, number), cancellationToken), cancellationToken);
        await archive.AddAsync(path + "-hours.csv", Encoding.UTF8.GetBytes(await requests.Send(new ReadHours(loop.Id, number), cancellationToken)), cancellationToken);
        if ((await requests.Send(new ProveBill(loop.Id, number), cancellationToken)).File is { } proof)
        {
            await archive.AddAsync(path + ".tlog-proof", Encoding.UTF8.GetBytes(proof), cancellationToken);
        }

        try
        {
            var format = new Shell.Format(loop.Currency, loop.Calendar.Zone, Shell.Texts.Languages[0]);
            await archive.AddAsync(path + ".pdf", await printer.PdfAsync(paper, format, cancellationToken), cancellationToken);
        }
        catch (RefusedException refusal)
        {
            // Without the program that makes PDFs the document is still whole in its other forms; the archive says why this one is missing.
            await archive.AddAsync(path + "-no-pdf.txt", Encoding.UTF8.GetBytes(string.Join(' ', refusal.Problems.Select(problem => problem.Message))), cancellationToken);
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "The copy {Id} could not be made")]
    private partial void LogFailure(Exception failure, Guid id);

    private sealed record CopyToMake(Guid Id, int LoopId, Guid AccountId, int[] Members, int Attempts);

    /// <summary>What the person's page shows while it is made; also the sign that somebody is still at it.</summary>
    private sealed class Progress(Work work, TimeProvider time, Guid id, int steps)
    {
        private int _done;

        public Task<int> BeginAsync(CancellationToken cancellationToken) =>
            work.Db.Database.ExecuteSqlAsync($"UPDATE market.personal_copies SET steps = {steps} WHERE id = {id} AND state = 2", cancellationToken);

        public Task<int> StepAsync(CancellationToken cancellationToken) =>
            work.Db.Database.ExecuteSqlAsync($"UPDATE market.personal_copies SET done = {++_done}, begun_at = {time.GetUtcNow()} WHERE id = {id} AND state = 2", cancellationToken);
    }
}

/// <summary>Makes what was asked for.</summary>
[DisallowConcurrentExecution]
public sealed class CopyRound(Requests requests) : IJob
{
    public async ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken) =>
        await requests.Send(new MakeCopies(), Actor.System, cancellationToken);
}
