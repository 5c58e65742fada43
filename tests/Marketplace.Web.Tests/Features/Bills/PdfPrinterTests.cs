using Marketplace.Web.Features.Bills.Documents;
using Marketplace.Web.Pipeline;
using Microsoft.Extensions.Logging.Abstractions;
using Shouldly;
using Xunit;

namespace Marketplace.Web.Tests.Features.Bills;

/// <summary>A program that makes no document is a refusal that says so, however it fails.</summary>
public sealed class PdfPrinterTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("marketplace-printer-");

    [Theory]
    [InlineData("sleep 600", 200)]
    [InlineData("exec 0<&-; exit 3", 30_000)]
    [InlineData("cat > /dev/null; exit 3", 30_000)]
    [InlineData("cat > /dev/null", 30_000)]
    [InlineData("kill -9 $$", 30_000)]
    public async Task A_slow_or_dying_program_is_refused(string script, int patienceMilliseconds)
    {
        // More than a pipe holds, so that it is still written when the program dies.
        var html = new string('x', 1_000_000);
        using var printer = new PdfPrinter(NullLogger<PdfPrinter>.Instance, Program(script), TimeSpan.FromMilliseconds(patienceMilliseconds));

        (await Should.ThrowAsync<RefusedException>(() => printer.PrintAsync(html, null, null, CancellationToken.None))).Message.ShouldContain("could not be made");
    }

    [Fact]
    public async Task Who_stops_waiting_is_not_refused_and_a_good_program_is_heard()
    {
        using var printer = new PdfPrinter(NullLogger<PdfPrinter>.Instance, Program("cat"));
        (await printer.PrintAsync("a document", null, null, CancellationToken.None)).ShouldBe("a document"u8.ToArray());
        using var left = new CancellationTokenSource();
        await left.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => printer.PrintAsync("a document", null, null, left.Token));
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private string Program(string script)
    {
        var path = Path.Combine(_folder.FullName, "press");
        File.WriteAllText(path, "#!/bin/sh\n" + script + "\n");
        // The portal runs on Linux, and so does what prints for it.
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }

        return path;
    }
}
