using System.Runtime.InteropServices;
using Marketplace.Web.Features.Ledger;
using Marketplace.Web.Features.Metering;
using Marketplace.Web.Features.Replay;

namespace Marketplace.Web.Pipeline;

/// <summary>What the host does: serve the portal, or one command and then end.</summary>
public static class Commands
{
    /// <summary>Whether these arguments ask for the portal rather than for a command.</summary>
    public static bool Serves(string[] args) => Name(args) is "serve";

    /// <summary>Exit status: 0 good, 1 verified false or an invariant broken, 2 usage or input error.</summary>
    public static async Task<int> RunAsync(WebApplication app, string[] args)
    {
        using var stopping = new CancellationTokenSource();
        switch (Name(args))
        {
            case "serve":
                await app.Configuration.MigrateAsync(stopping.Token);
                // Asked beforehand: the host's lifetime is gone when it has stopped.
                var stop = app.Lifetime.ApplicationStopping;
                try
                {
                    await app.RunAsync();
                }
                catch (OperationCanceledException) when (stop.IsCancellationRequested)
                {
                    // Told to stop while it was still starting: that is an orderly end too.
                }

                return 0;
            case "migrate":
                using (StopOnSignals(stopping))
                {
                    await app.Configuration.MigrateAsync(stopping.Token);
                }

                return 0;
            case "replay":
                using (StopOnSignals(stopping))
                {
                    return await ReplayCommand.RunAsync(app.Services, args[1..], stopping.Token);
                }

            case "import":
                using (StopOnSignals(stopping))
                {
                    return await ImportCommand.RunAsync(app.Services, args[1..], stopping.Token);
                }

            case "ledger":
                using (StopOnSignals(stopping))
                {
                    return await LedgerRepair.RunAsync(app.Services, args[1..], stopping.Token);
                }

            case var unknown:
                await Console.Error.WriteLineAsync($"Unknown command '{unknown}'. Known: serve, migrate, replay, import, ledger.");
                return 2;
        }
    }

    // Configuration may be given as --key=value before or instead of a command.
    private static string Name(string[] args) => args.Length == 0 || args[0].StartsWith("--", StringComparison.Ordinal) ? "serve" : args[0];

    private static SignalHandlers StopOnSignals(CancellationTokenSource stopping) => new(stopping);

    private sealed class SignalHandlers(CancellationTokenSource stopping) : IDisposable
    {
        private readonly PosixSignalRegistration[] _registrations =
        [
            .. new[] { PosixSignal.SIGINT, PosixSignal.SIGTERM }.Select(signal => PosixSignalRegistration.Create(signal, context =>
            {
                context.Cancel = true;
                stopping.Cancel();
            })),
        ];

        public void Dispose()
        {
            foreach (var registration in _registrations)
            {
                registration.Dispose();
            }
        }
    }
}
