using System.Text.Json;
using Marketplace.Faults.Tests.Child;
using Marketplace.Faults.Tests.Ledger;
using Marketplace.Testing;
using Shouldly;

namespace Marketplace.Faults.Tests.Metering;

/// <summary>Starts the portal, or one of its commands, as a process that may kill itself at a step.</summary>
internal static class MortalPortal
{
    public const int Killed = 137;

    private const string Listening = "Now listening on: ";

    public static OwnProcess Start(TestDatabase database, DirectoryInfo keys, KillPoint? kill, params string[] arguments) => new(
        "dotnet",
        [Path.Combine(AppContext.BaseDirectory, "Marketplace.Faults.Tests.dll"), .. arguments],
        new Dictionary<string, string>(database.Environment)
        {
            ["ASPNETCORE_APPLICATIONNAME"] = "Marketplace.Web",
            ["ASPNETCORE_CONTENTROOT"] = Repository.Root,
            ["ASPNETCORE_ENVIRONMENT"] = "Production",
            ["ASPNETCORE_URLS"] = "http://127.0.0.1:0",
            ["DataProtection__Directory"] = keys.FullName,
            ["Ledger__MasterKey"] = PublishedApp.MasterKey,
            ["Marketplace__Demo"] = "false",
            ["Logging__LogLevel__Microsoft.Hosting.Lifetime"] = "Information",
            [PortalWork.Variable] = kill is null ? "" : JsonSerializer.Serialize(kill),
        });

    /// <summary>Where a portal that serves answers; null when it died before it did.</summary>
    public static async Task<Uri?> AddressAsync(OwnProcess portal)
    {
        try
        {
            var line = await portal.LineAsync(line => line.Contains(Listening, StringComparison.Ordinal));
            var from = line.IndexOf(Listening, StringComparison.Ordinal) + Listening.Length;
            var end = line.IndexOfAny(['"', ' '], from);
            return new Uri(end < 0 ? line[from..] : line[from..end]);
        }
        catch (InvalidOperationException) when (portal.HasExited)
        {
            return null;
        }
    }

    /// <summary>Has a served log looked through from end to end by the auditor, under the policy it shows.</summary>
    public static async Task AuditAsync(Uri address, string slug)
    {
        var url = new Uri(address, $"ledger/{slug}").ToString();
        using var client = new HttpClient();
        var policy = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(policy, await client.GetStringAsync(new Uri($"{url}/policy")));
            await using var auditor = new OwnProcess("dotnet", [Path.Combine(AppContext.BaseDirectory, "Marketplace.Auditor.dll"), "log", url, "--policy", policy]);
            (await auditor.EndAsync()).ShouldBe(0, auditor.Words);
        }
        finally
        {
            File.Delete(policy);
        }
    }
}
