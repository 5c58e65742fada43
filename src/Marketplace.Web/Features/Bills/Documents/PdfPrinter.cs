using System.Diagnostics;
using System.Text;
using Marketplace.Web.Pipeline;

namespace Marketplace.Web.Features.Bills.Documents;

/// <summary>Makes PDFs of documents by WeasyPrint, a program of its own: tagged (PDF/UA-1), with a file attached. A few at a time; who comes
/// when many wait is asked to come again, rather than slowing everybody.</summary>
/// <param name="program">What is run, where it is not WeasyPrint as it is installed.</param>
/// <param name="patience">How long a document may take; a minute where nothing is said.</param>
public sealed partial class PdfPrinter(ILogger<PdfPrinter> log, string program = "weasyprint", TimeSpan? patience = null) : IDisposable
{
    private const int AtATime = 2;
    private const int MostWaiting = 40;
    private readonly TimeSpan _patience = patience ?? TimeSpan.FromSeconds(60);
    private readonly SemaphoreSlim _presses = new(AtATime);
    private int _waiting;

    /// <param name="html">A whole document that fetches nothing.</param>
    /// <param name="attachmentName">The name under which a reader finds the attached file; none where nothing is attached.</param>
    /// <exception cref="RefusedException">Too many wait, the program is not on this machine, takes too long or ends without a document.</exception>
    public async Task<byte[]> PrintAsync(string html, string? attachmentName, byte[]? attachment, CancellationToken cancellationToken)
    {
        if (Interlocked.Increment(ref _waiting) > MostWaiting)
        {
            Interlocked.Decrement(ref _waiting);
            throw new RefusedException("", "Many documents are being made just now. Please try again in a minute.");
        }

        try
        {
            await _presses.WaitAsync(cancellationToken);
            try
            {
                return await RunAsync(html, attachmentName, attachment, cancellationToken);
            }
            finally
            {
                _presses.Release();
            }
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }
    }

    public void Dispose() => _presses.Dispose();

    private async Task<byte[]> RunAsync(string html, string? attachmentName, byte[]? attachment, CancellationToken cancellationToken)
    {
        var folder = Directory.CreateTempSubdirectory("marketplace-pdf-");
        try
        {
            var start = new ProcessStartInfo(program)
            {
                UseShellExecute = false, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = folder.FullName,
                ArgumentList = { "--quiet", "--encoding", "utf-8", "--base-url", folder.FullName, "--pdf-variant", "pdf/ua-1" },
            };
            if (attachmentName is not null && attachment is not null)
            {
                var file = Path.Combine(folder.FullName, attachmentName);
                await File.WriteAllBytesAsync(file, attachment, cancellationToken);
                start.ArgumentList.Add("--attachment");
                start.ArgumentList.Add(file);
            }

            start.ArgumentList.Add("-");
            start.ArgumentList.Add("-");
            using var process = Start(start);
            using var patient = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            patient.CancelAfter(_patience);
            try
            {
                return await PressAsync(process, html, patient.Token);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                LogSlow(_patience);
                throw NotMade();
            }
            finally
            {
                if (!process.HasExited)
                {
                    process.Kill(entireProcessTree: true);
                    await process.WaitForExitAsync(CancellationToken.None);
                }
            }
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private async Task<byte[]> PressAsync(Process process, string html, CancellationToken cancellationToken)
    {
        using var pdf = new MemoryStream();
        var read = process.StandardOutput.BaseStream.CopyToAsync(pdf, cancellationToken);
        var errors = process.StandardError.ReadToEndAsync(cancellationToken);
        try
        {
            await using (var input = process.StandardInput)
            {
                await input.BaseStream.WriteAsync(Encoding.UTF8.GetBytes(html), cancellationToken);
            }

            await read;
        }
        catch (IOException)
        {
            // It ended before it had read everything; what it said of that follows.
        }

        await process.WaitForExitAsync(cancellationToken);
        if (process.ExitCode == 0 && pdf.Length > 0)
        {
            return pdf.ToArray();
        }

        LogFailure(process.ExitCode, await errors);
        throw NotMade();
    }

    private static RefusedException NotMade() => new("", "The document could not be made. The page itself can be printed; the operator finds the reason in the log.");

    private static Process Start(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start) ?? throw new InvalidOperationException("The program did not start");
        }
        catch (System.ComponentModel.Win32Exception)
        {
            throw new RefusedException("", "PDFs are made by WeasyPrint, which is not installed on this server (Debian: apt-get install weasyprint). The page itself can be printed.");
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "WeasyPrint ended with {Code}: {Errors}")]
    private partial void LogFailure(int code, string errors);

    [LoggerMessage(Level = LogLevel.Error, Message = "WeasyPrint was stopped: it made no document within {Patience}")]
    private partial void LogSlow(TimeSpan patience);
}
