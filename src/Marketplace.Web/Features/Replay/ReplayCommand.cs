using System.Globalization;
using System.Text.Json;
using Marketplace.Data;
using Marketplace.Web.Features.Accounts;
using Marketplace.Web.Features.Bills.Documents;
using Marketplace.Web.Features.Demo;
using Marketplace.Web.Features.Metering;
using Marketplace.Web.Pipeline;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Replay;

/// <summary><c>replay FOLDER [--speed max] [--json FILE] [--bills FOLDER] [--seed N]</c>: words and progress to standard error, the summary to standard output.</summary>
public static class ReplayCommand
{
    private const string Usage = "Usage: replay FOLDER [--speed max] [--json FILE] [--bills FOLDER] [--seed N]";

    /// <summary>Problems are listed up to here; all of them are counted.</summary>
    private const int ProblemsShown = 20;

    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.CamelCase };

    public static async Task<int> RunAsync(IServiceProvider services, string[] args, CancellationToken cancellationToken)
    {
        if (!TryParse(args, out var options, out var fault))
        {
            await Console.Error.WriteLineAsync(fault);
            return 2;
        }

        if (!Path.Exists(options.Folder))
        {
            await Console.Error.WriteLineAsync($"There is no folder '{options.Folder}'.");
            return 2;
        }

        var folder = ReplayFolder.Read(options.Folder);
        if (!folder.IsUsable || folder.Span is null)
        {
            await SayProblemsAsync(folder.Problems);
            await Console.Error.WriteLineAsync($"'{options.Folder}' cannot be replayed.");
            return 2;
        }

        await services.GetRequiredService<IConfiguration>().MigrateAsync(cancellationToken);
        await using var scope = services.CreateAsyncScope();
        var run = scope.ServiceProvider.GetRequiredService<ReplayRun>();
        try
        {
            var (report, loopId) = await run.RunAsync(folder, options.Seed, Say, cancellationToken);
            await SayProblemsAsync(folder.Problems);
            await Console.Out.WriteAsync(ReplayText.Of(report));
            if (options.JsonFile is { } file)
            {
                await File.WriteAllTextAsync(file, JsonSerializer.Serialize(report, Json) + "\n", cancellationToken);
            }

            if (options.BillsFolder is { } bills)
            {
                var count = await BillFolder.WriteAsync(
                    scope.ServiceProvider.GetRequiredService<Requests>(), services.GetRequiredService<IDbContextFactory<MarketplaceDb>>(), loopId, bills, cancellationToken);
                Say(FormattableString.Invariant($"The amounts and records of {count} documents are in {bills}."));
            }

            await OfferSignInsAsync(scope.ServiceProvider, loopId, report.Loop, cancellationToken);
            return 0;
        }
        catch (BrokenInvariantException broken)
        {
            await Console.Error.WriteLineAsync(broken.Message);
            return 1;
        }
        catch (LedgerConflictException conflict)
        {
            await Console.Error.WriteLineAsync($"Invariant broken: the ledger only grows. {conflict.Message}.");
            return 1;
        }
        catch (RefusedException refused)
        {
            await Console.Error.WriteLineAsync(refused.Message);
            return 2;
        }
        catch (OperationCanceledException)
        {
            await Console.Error.WriteLineAsync("Stopped. The same command goes on from here.");
            return 130;
        }

        static void Say(string words) => Console.Error.WriteLine(words);
    }

    private static async Task SayProblemsAsync(FolderProblems problems)
    {
        foreach (var problem in problems.Kept.OrderByDescending(problem => problem.Weight).Take(ProblemsShown))
        {
            await Console.Error.WriteLineAsync(problem.ToString());
        }

        if (problems.Total > ProblemsShown)
        {
            await Console.Error.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"… and {problems.Total - ProblemsShown} more like these; `import` lists them all."));
        }
    }

    /// <summary>Where the portal is a demonstration, the replay's members can be visited under the demo's published password.</summary>
    private static async Task OfferSignInsAsync(IServiceProvider services, int loopId, string slug, CancellationToken cancellationToken)
    {
        if (!services.GetRequiredService<IConfiguration>().IsDemo())
        {
            await Console.Error.WriteLineAsync("This is no demo deployment, so no sign-ins were made: an operator invites the members.");
            return;
        }

        await using var db = await services.GetRequiredService<IDbContextFactory<MarketplaceDb>>().CreateDbContextAsync(cancellationToken);
        var accounts = await DemoAccounts.ForReplayAsync(db, loopId, slug, cancellationToken);
        await Console.Error.WriteLineAsync($"Sign in at /sign-in with the password {DemoSignIns.Password} as:");
        foreach (var account in accounts)
        {
            await DemoAccounts.SeedAsync(services.GetRequiredService<Requests>(), db, loopId, account, cancellationToken);
            await Console.Error.WriteLineAsync($"  {account.Email}  ({account.Role})");
        }
    }

    private sealed record Options(string Folder, string? JsonFile, string? BillsFolder, ulong? Seed);

    private static bool TryParse(string[] args, out Options options, out string fault)
    {
        string? folder = null, json = null, bills = null;
        ulong? seed = null;
        options = new Options("", null, null, null);
        for (var i = 0; i < args.Length; i++)
        {
            string? Value() => i + 1 < args.Length ? args[++i] : null;
            switch (args[i])
            {
                case "--speed":
                    if (Value() is not "max")
                    {
                        fault = $"--speed takes 'max'. {Usage}";
                        return false;
                    }

                    break;
                case "--json":
                    json = Value();
                    if (json is null)
                    {
                        fault = $"--json takes a file. {Usage}";
                        return false;
                    }

                    break;
                case "--bills":
                    bills = Value();
                    if (bills is null)
                    {
                        fault = $"--bills takes a folder. {Usage}";
                        return false;
                    }

                    break;
                case "--seed":
                    if (!ulong.TryParse(Value(), NumberStyles.None, CultureInfo.InvariantCulture, out var number))
                    {
                        fault = $"--seed takes a whole number. {Usage}";
                        return false;
                    }

                    seed = number;
                    break;
                case var option when option.StartsWith("--", StringComparison.Ordinal):
                    fault = $"Unknown option '{option}'. {Usage}";
                    return false;
                case var path when folder is null:
                    folder = path;
                    break;
                case var more:
                    fault = $"One folder at a time, not also '{more}'. {Usage}";
                    return false;
            }
        }

        fault = folder is null ? Usage : "";
        options = new Options(folder ?? "", json, bills, seed);
        return folder is not null;
    }
}
