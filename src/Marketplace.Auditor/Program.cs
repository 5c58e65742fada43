using Marketplace.Auditor;

return AuditorCommand.Run(args, new Terminal(Console.Out, Console.Error));
