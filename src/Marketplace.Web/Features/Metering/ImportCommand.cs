using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Marketplace.Data;
using Marketplace.Web.Pipeline;

namespace Marketplace.Web.Features.Metering;

/// <summary><c>import FOLDER-or-FILE [--json]</c>: the report to standard output, as words or as JSON; progress to standard error.
/// Exit 0 when readings were taken in, whatever rows were refused and named; 2 when nothing could be.</summary>
public static class ImportCommand
{
    private const string Usage = "Usage: import FOLDER-or-FILE [--json]";

    private static readonly JsonSerializerOptions Json = new()
    {
        WriteIndented = true,
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public static async Task<int> RunAsync(IServiceProvider services, string[] args, CancellationToken cancellationToken)
    {
        var paths = args.Where(arg => !arg.StartsWith("--", StringComparison.Ordinal)).ToArray();
        var asJson = args.Contains("--json");
        if (args.FirstOrDefault(arg => arg.StartsWith("--", StringComparison.Ordinal) && arg != "--json") is { } unknown)
        {
            await Console.Error.WriteLineAsync($"Unknown option '{unknown}'. {Usage}");
            return 2;
        }

        if (paths.Length != 1)
        {
            await Console.Error.WriteLineAsync(Usage);
            return 2;
        }

        // What the database's model costs at first use is paid while the files are read and the tables looked at, on the other core.
        await using var scope = services.CreateAsyncScope();
        var model = Task.Run(() => scope.ServiceProvider.GetRequiredService<MarketplaceDb>().Model, cancellationToken);
        var folder = ReplayFolder.Read(paths[0], FolderUse.ReadingsOnly);
        var isUsable = folder.IsUsable && folder.Span is not null;
        if (isUsable)
        {
            await services.GetRequiredService<IConfiguration>().MigrateAsync(cancellationToken);
        }

        await model;
        if (!isUsable)
        {
            foreach (var problem in folder.Problems.Kept)
            {
                await Console.Error.WriteLineAsync(problem.ToString());
            }

            await Console.Error.WriteLineAsync($"Nothing of '{paths[0]}' can be imported.");
            return 2;
        }

        try
        {
            var report = await scope.ServiceProvider.GetRequiredService<ReadingsImport>().RunAsync(folder, Console.Error.WriteLine, cancellationToken);
            await Console.Out.WriteLineAsync(asJson ? JsonSerializer.Serialize(report, Json) : Words(report));
            return 0;
        }
        catch (RefusedException refused)
        {
            await Console.Error.WriteLineAsync(refused.Message);
            return 2;
        }
        catch (LedgerConflictException conflict)
        {
            await Console.Error.WriteLineAsync($"Invariant broken: the ledger only grows. {conflict.Message}.");
            return 1;
        }
        catch (OperationCanceledException)
        {
            await Console.Error.WriteLineAsync("Stopped. The same command goes on from here.");
            return 130;
        }
    }

    private static string Words(ImportReport report)
    {
        var lines = report.Problems.Select(problem => problem.ToString()).ToList();
        var listed = report.ProblemsByRule.Values.Sum() - report.Problems.Count;
        if (listed > 0)
        {
            lines.Add(string.Create(CultureInfo.InvariantCulture, $"… and {listed} more like these."));
        }

        lines.AddRange(
        [
            $"Loop            {report.Loop}{(report.Created ? " (made for these readings)" : "")}",
            Line("Rows read", report.Rows),
            Line("Stored", report.Stored),
            Line("  corrections", report.Corrected),
            Line("Known already", report.AlreadyKnown),
            Line("Refused", report.Refused),
            Line("Missing hours", report.Missing),
        ]);
        lines.AddRange(report.ProblemsByRule.OrderBy(rule => rule.Key, StringComparer.Ordinal).Select(rule => Line("  " + rule.Key, rule.Value)));
        return string.Join(Environment.NewLine, lines);

        static string Line(string name, int count) => string.Create(CultureInfo.InvariantCulture, $"{name,-15} {count}");
    }
}
