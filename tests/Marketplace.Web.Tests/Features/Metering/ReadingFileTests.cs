using System.IO.Compression;
using System.Text;
using Marketplace.Data;
using Marketplace.Web.Features.Metering.Files;
using Marketplace.Web.Pipeline;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Shouldly;
using Xunit;

namespace Marketplace.Web.Tests.Features.Metering;

public sealed class ReadingFileTests : MeteringLoop
{
    private readonly DirectoryInfo _drop = Directory.CreateTempSubdirectory("marketplace-drop-");

    private const string Text =
        """
        timestamp_utc,meter,kwh,basis
        2026-03-05T00:00:00Z,ann-heat,1.5,
        2026-03-05T01:00:00Z,ann-heat,2,estimated by the source
        2026-03-05T00:00:00Z,nobody,1,
        2026-03-05T00:30:00Z,ann-heat,1,
        2026-03-05T02:00:00Z,ann-heat,"1,5",
        2026-03-05T02:00:00Z,ann-heat,1,5,
        2026-03-05T00:00:00Z,"bob-heat",0.25,measured
        2026-03-09T00:00:00Z,bob-heat,1,
        """;

    public ReadingFileTests() => Host.Settings["Metering:DropFolder"] = _drop.FullName;

    private async Task<ReadingFileView> TakeAsync(byte[] content, string name = "march.csv")
    {
        var taken = await Host.Send(new TakeReadingFile(LoopId, name, ReadingFileSource.Upload, content));
        while (await Host.Send(new GoThroughReadingFile(LoopId, taken.Id)))
        {
        }

        return await Host.Send(new ShowReadingFile(LoopId, taken.Id, 100));
    }

    [Fact]
    public async Task Good_rows_are_stored_and_bad_ones_come_back_with_line_row_and_reason()
    {
        var view = await TakeAsync(Encoding.UTF8.GetBytes(Text));

        (view.File.Rows, view.File.Stored, view.File.Refused, view.File.Failure).ShouldBe((8, 3, 5, null));
        view.Header.ShouldBe("timestamp_utc,meter,kwh,basis");
        view.Refusals.Select(refusal => (refusal.Line, refusal.Rule)).ShouldBe([(4, "unknown-meter"), (5, "interval-start"), (6, "number"), (7, "field-count"), (9, "future")]);
        view.Refusals[2].Row.ShouldBe("2026-03-05T02:00:00Z,ann-heat,\"1,5\",");
        (await Stored()).Select(reading => (reading.MeterId, reading.Energy.WattHours, reading.Quality)).ShouldBe(
            [(1, 1_500L, ReadingQuality.Measured), (1, 2_000L, ReadingQuality.Estimated), (3, 250L, ReadingQuality.Measured)]);
    }

    [Fact]
    public async Task The_same_content_is_one_file_whatever_it_is_called_and_packed_it_gives_the_same_readings()
    {
        var content = Encoding.UTF8.GetBytes(Text);
        var first = await TakeAsync(content);
        (await Host.Send(new TakeReadingFile(LoopId, "other name.csv", ReadingFileSource.Folder, content))).ShouldBe(new TakenFile(first.File.Id, true));

        var again = await TakeAsync(Packed(content));
        (again.File.Rows, again.File.Stored, again.File.Unchanged, again.File.Refused).ShouldBe((8, 0, 3, 5));
    }

    [Fact]
    public async Task Two_nodes_with_the_same_file_at_once_take_it_in_once()
    {
        var content = Encoding.UTF8.GetBytes(Text);
        var taken = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Host.Send(new TakeReadingFile(LoopId, "a.csv", ReadingFileSource.Folder, content))));
        await Task.WhenAll(taken.Select(one => Host.Send(new GoThroughReadingFile(LoopId, one.Id))));

        taken.Select(one => one.Id).Distinct().ShouldHaveSingleItem();
        (await Stored()).Count.ShouldBe(3);
        (await Host.Send(new ShowReadingFile(LoopId, taken[0].Id, 100))).File.Refused.ShouldBe(5);
    }

    [Fact]
    public async Task A_file_without_the_columns_says_which_it_needs()
    {
        (await TakeAsync("a,b\n1,2\n"u8.ToArray())).File.Failure.ShouldNotBeNull().ShouldContain("timestamp_utc");
        (await TakeAsync([0x1F, 0x8B, 1, 2, 3, 4])).File.Failure.ShouldNotBeNull();
        await Should.ThrowAsync<RefusedException>(() => Host.Send(new TakeReadingFile(LoopId, "empty.csv", ReadingFileSource.Upload, [])));
    }

    [Fact]
    public async Task The_watched_folder_takes_a_file_in_once_and_lays_it_aside_with_a_report()
    {
        var watch = Host.Services.GetRequiredService<FolderWatch>();
        await Host.Send(new SetWatchedFolder(LoopId, "tests", true));
        await Should.ThrowAsync<RefusedException>(() => Host.Send(new SetWatchedFolder(LoopId, "..", true)));
        Put("march.csv", Text);
        await watch.LookAsync(CancellationToken.None);
        Put("march again.csv", Text);
        Put("other.csv", "what,is,this\n");
        await watch.LookAsync(CancellationToken.None);

        (await Stored()).Count.ShouldBe(3);
        Names("").ShouldBeEmpty();
        Names("done").ShouldBe(["march again.csv", "march again.csv.report.txt", "march.csv", "march.csv.report.txt"]);
        Names("failed").ShouldBe(["other.csv", "other.csv.report.txt"]);
        (await File.ReadAllTextAsync(Path.Combine(_drop.FullName, "tests/done/march again.csv.report.txt"))).ShouldContain("taken in before");
        (await File.ReadAllTextAsync(Path.Combine(_drop.FullName, "tests/done/march.csv.report.txt"))).ShouldContain("line 4: This loop has no meter 'nobody'.");
        (await Host.Send(new ReadingFilesOf(LoopId))).Folder.ShouldNotBeNull().Problem.ShouldBeNull();
        _drop.Delete(recursive: true);
    }

    private static byte[] Packed(byte[] content)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest))
        {
            gzip.Write(content);
        }

        return packed.ToArray();
    }

    [Fact]
    public async Task A_packed_file_that_is_cut_off_is_refused_as_a_whole()
    {
        var packed = Packed(Encoding.UTF8.GetBytes(Text));
        (await TakeAsync(packed[..(packed.Length / 2)])).File.Failure.ShouldBe("The file is not whole gzip.");
        (await TakeAsync(packed[..^8])).File.Failure.ShouldBe("The file is not whole gzip.");
        (await TakeAsync(packed[..^1])).File.Failure.ShouldBe("The file is not whole gzip.");
        (await Stored()).ShouldBeEmpty();
    }

    [Fact]
    public async Task What_is_no_text_or_has_stray_characters_is_told_of_and_holds_nothing_up()
    {
        byte[] workbook = [.. "PK"u8, 3, 4, 0x14, 0, 6, 0, 8, 0, 0, 0, 0x21, 0, .. "[Content_Types].xml"u8, 0, 1, 2];
        (await TakeAsync(workbook)).File.Failure.ShouldNotBeNull().ShouldContain("CSV");
        (await TakeAsync(Encoding.Unicode.GetBytes(Text))).File.Failure.ShouldNotBeNull().ShouldContain("UTF-8");
        (await TakeAsync([.. Encoding.Unicode.Preamble, .. Encoding.Unicode.GetBytes(Text)])).File.Stored.ShouldBe(3);

        var view = await TakeAsync(Encoding.UTF8.GetBytes("timestamp_utc,meter,kwh,basis\n2026-03-05T05:00:00Z,no\0body,1,\n2026-03-05T05:00:00Z,ann-heat,1,so\0so\n"));
        (view.File.Stored, view.File.Refused).ShouldBe((1, 1));
        (view.Refusals[0].Rule, view.Refusals[0].Row).ShouldBe(("unknown-meter", "2026-03-05T05:00:00Z,no body,1,"));
        (await TakeAsync("a\0b\n1,2\n"u8.ToArray())).File.DoneAt.ShouldNotBeNull();
        (await TakeAsync(Encoding.UTF8.GetBytes("timestamp_utc,meter,kwh,basis\n" + new string('x', 3_999) + "\U0001F525,1\n"))).Refusals[0].Row.ShouldBe(new string('x', 3_999) + '\uFFFD');
    }

    [Fact]
    public async Task A_line_without_end_is_one_refused_row_and_costs_no_memory()
    {
        var long4 = "timestamp_utc,meter,kwh,basis\n" + new string('x', 5_000_000) + "\r\n2026-03-05T00:00:00Z,ann-heat,1,\r\n";
        var view = await TakeAsync(Encoding.UTF8.GetBytes(long4));
        (view.File.Rows, view.File.Stored, view.Refusals[0].Line, view.Refusals[0].Rule, view.Refusals[0].Row.Length).ShouldBe((2, 1, 2, "too-long", 4_000));

        using var packed = new MemoryStream();
        await using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
        {
            await gzip.WriteAsync("timestamp_utc,meter,kwh,basis\n"u8.ToArray());
            var some = Enumerable.Repeat((byte)'x', 1024 * 1024).ToArray();
            for (var i = 0; i < 257; i++)
            {
                await gzip.WriteAsync(some);
            }
        }

        var content = packed.ToArray();
        var before = GC.GetAllocatedBytesForCurrentThread();
        using (var rows = ReadingFileRows.Open(content))
        {
            Should.Throw<RefusedException>(() => rows.Take(0, 10)).Message.ShouldContain("larger than 256 MB");
        }

        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBeLessThan(4 * 1024 * 1024);
    }

    [Fact]
    public async Task A_file_that_cannot_be_taken_in_does_not_hold_up_those_behind_it()
    {
        var watch = Host.Services.GetRequiredService<FolderWatch>();
        await Host.Send(new SetWatchedFolder(LoopId, "tests", true));
        Put("a.csv", "what,is\0,this\n");
        Put("b.csv", Text);

        // A folder stands where the report of a file is to be written.
        Directory.CreateDirectory(Path.Combine(_drop.FullName, "tests/failed/a.csv.report.txt"));
        await watch.LookAsync(CancellationToken.None);

        (await Stored()).Count.ShouldBe(3);
        Names("").ShouldBe(["a.csv"]);
        (await Host.Send(new ReadingFilesOf(LoopId))).Folder.ShouldNotBeNull().Problem.ShouldNotBeNull().ShouldStartWith("a.csv: ");
        _drop.Delete(recursive: true);
    }

    private void Put(string name, string text)
    {
        var path = Path.Combine(Directory.CreateDirectory(Path.Combine(_drop.FullName, "tests")).FullName, name);
        File.WriteAllText(path, text);
        File.SetLastWriteTimeUtc(path, MarketplaceHost.Start.AddMinutes(-1).UtcDateTime);
    }

    private string[] Names(string folder) =>
        [.. new DirectoryInfo(Path.Combine(_drop.FullName, "tests", folder)).GetFiles().Select(file => file.Name).Order(StringComparer.Ordinal)];
}
