namespace Marketplace.Web.Pipeline;

/// <summary>What the host does: serve the portal, or one command and then end.</summary>
public static class Commands
{
    /// <summary>Exit status: 0 good, 1 verified false or an invariant broken, 2 usage or input error.</summary>
    public static async Task<int> RunAsync(WebApplication app, string[] args)
    {
        using var stopping = new CancellationTokenSource();
        Console.CancelKeyPress += (_, press) =>
        {
            press.Cancel = true;
            stopping.Cancel();
        };

        switch (args.FirstOrDefault(arg => !arg.StartsWith("--", StringComparison.Ordinal)))
        {
            case null or "serve":
                await app.Configuration.MigrateAsync(stopping.Token);
                await app.RunAsync();
                return 0;
            case "migrate":
                await app.Configuration.MigrateAsync(stopping.Token);
                return 0;
            case var unknown:
                await Console.Error.WriteLineAsync($"Unknown command '{unknown}'. Known: serve, migrate, replay, import.");
                return 2;
        }
    }
}
