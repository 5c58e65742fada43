using Marketplace.Faults.Tests.Child;

// xunit finds the tests in this assembly without it being run. Run, it is the process that the tests kill.
return args.Length > 0 ? PortalWork.Run(args) : await LedgerWork.RunAsync(WorkOrder.Read());
