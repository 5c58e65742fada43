using System.Reflection;
using System.Text.Json;
using Marketplace.Web.Features.Metering;

namespace Marketplace.Faults.Tests.Child;

/// <summary>The whole portal, with its commands, in a process that kills itself at a step of the ledger.</summary>
internal static class PortalWork
{
    public const string Variable = "MARKETPLACE_FAULTS_KILL";

    public static int Run(string[] args)
    {
        if (Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } kill)
        {
            StepKiller.Arm(JsonSerializer.Deserialize<KillPoint>(kill)!);
        }

        return (int)typeof(ImportCommand).Assembly.EntryPoint!.Invoke(null, BindingFlags.DoNotWrapExceptions, null, [args], null)!;
    }
}
