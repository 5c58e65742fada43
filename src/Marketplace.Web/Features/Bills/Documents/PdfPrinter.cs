using System.Diagnostics;
using System.Text;
using Marketplace.Web.Pipeline;

namespace Marketplace.Web.Features.Bills.Documents;

/// <summary>Makes PDFs of documents by WeasyPrint, a program of its own: tagged (PDF/UA-1), with a file attached. A few at a time; who comes
/// when many wait is asked to come again, rather than slowing everybody.</summary>
public sealed partial class PdfPrinter(ILogger<PdfPrinter> log) : IDisposable
{
    private const int AtATime = 2;
    private const int MostWaiting = 40;
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);
    private readonly SemaphoreSlim _presses = new(AtATime);
    private int _waiting;

    /// <param name="html">A whole document that fetches nothing.</param>
    /// <param name="attachmentName">The name under which a reader finds the attached file; none where nothing is attached.</param>
    /// <exception cref="RefusedException">Too many wait, or the program is not on this machine.</exception>
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
            var start = new ProcessStartInfo("weasyprint")
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
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            patience.CancelAfter(s_patience);
            using var process = Start(start);
            try
            {
                using var pdf = new MemoryStream();
                var read = process.StandardOutput.BaseStream.CopyToAsync(pdf, patience.Token);
                var errors = process.StandardError.ReadToEndAsync(patience.Token);
                await using (var input = process.StandardInput)
                {
                    await input.BaseStream.WriteAsync(Encoding.UTF8.GetBytes(html), patience.Token);
                }

                await read;
                await process.WaitForExitAsync(patience.Token);
                if (process.ExitCode != 0 || pdf.Length == 0)
                {
                    LogFailure(process.ExitCode, await errors);
                    throw new RefusedException("", "The document could not be made. The page itself can be printed; the operator finds the reason in the log.");
                }

                return pdf.ToArray();
            }
            finally
            {
                if (!process.HasExited)
                {
                    process.Kill(entireProcessTree: true);
                }
            }
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

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
}
