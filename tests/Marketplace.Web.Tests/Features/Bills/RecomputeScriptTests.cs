using System.Diagnostics;
using Marketplace.Testing;
using Marketplace.Web.Features.Bills;
using Marketplace.Web.Features.Bills.Documents;
using Marketplace.Web.Pipeline;
using Marketplace.Web.Tests.Features.Accounts;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Shouldly;
using Xunit;
using static Marketplace.Web.Tests.Features.Bills.SettledWeekend;

namespace Marketplace.Web.Tests.Features.Bills;

/// <summary>The script that anybody can call on the files of bills, without the portal.</summary>
public sealed class RecomputeScriptTests(AccountsHost host) : IClassFixture<AccountsHost>
{
    [Fact]
    public async Task The_script_finds_every_document_of_every_role_right_to_the_cent_and_a_changed_amount_wrong()
    {
        var weekend = await InAsync(host, "script", tariffChange: true);
        await host.Send(new IssueBills(weekend.LoopId, Period));
        var folder = Directory.CreateTempSubdirectory("recompute-");
        try
        {
            await using var scope = host.Services.CreateAsyncScope();
            var count = await BillFolder.WriteAsync(
                scope.ServiceProvider.GetRequiredService<Requests>(), host.Services.GetRequiredService<IDbContextFactory<Marketplace.Data.MarketplaceDb>>(), weekend.LoopId, folder.FullName, default);

            var (code, words) = await RunAsync(folder.FullName);
            code.ShouldBe(0, words);
            words.ShouldContain($"{count} documents recomputed, 0 differ");
            foreach (var role in new[] { "consumer", "producer", "storage", "investor" })
            {
                words.ShouldContain(role + ": ");
            }

            var file = folder.GetFiles("*-amounts.csv").OrderBy(file => file.Name, StringComparer.Ordinal).First().FullName;
            var rows = await File.ReadAllLinesAsync(file);
            var fields = rows[1].Split(',');
            fields[11] += "0000";
            rows[1] = string.Join(',', fields);
            await File.WriteAllLinesAsync(file, rows);
            (code, words) = await RunAsync(folder.FullName);
            code.ShouldBe(1);
            words.ShouldContain("DIFFERS");
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static async Task<(int Code, string Words)> RunAsync(string folder)
    {
        using var process = Process.Start(new ProcessStartInfo("python3", [Repository.PathTo("docs", "recompute.py"), folder]) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true })!;
        var errors = process.StandardError.ReadToEndAsync();
        var words = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, words + await errors);
    }
}
