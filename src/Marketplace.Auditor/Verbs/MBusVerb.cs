using System.Text;
using Marketplace.Metering.MBus;

namespace Marketplace.Auditor.Verbs;

/// <summary>Decodes a telegram of a meter.</summary>
internal static class MBusVerb
{
    private const string Usage = "mbus HEX|FILE|-";
    private const int MostBytes = 64 * 1024;

    public static Verb Verb { get; } = new("mbus", Usage, "Decodes an M-Bus telegram (EN 13757-3) in hexadecimal, from the command line, a file or standard input, and prints it as JSON.", Run);

    private static int Run(string[] args, Terminal terminal)
    {
        if (args is [])
        {
            throw new InputException($"usage: {Usage}");
        }

        try
        {
            terminal.Output.WriteLine(MBusJson.Write(MBusTelegram.Decode(Hexadecimal(args))));
            return Exit.Good;
        }
        catch (MBusException e)
        {
            throw new InputException(e.Message);
        }
    }

    // Bytes may come as one word or as many; what is no file is taken for bytes.
    private static string Hexadecimal(string[] args)
    {
        if (args is ["-"])
        {
            using var input = Console.OpenStandardInput();
            return Limited(input, "standard input");
        }

        if (args is [var path] && (File.Exists(path) || path.Any(c => !char.IsAsciiHexDigit(c) && !char.IsWhiteSpace(c))))
        {
            return Encoding.Latin1.GetString(Given.File(path));
        }

        return string.Concat(args);
    }

    private static string Limited(Stream input, string name)
    {
        var bytes = new byte[MostBytes + 1];
        var count = input.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
        return count <= MostBytes ? Encoding.Latin1.GetString(bytes, 0, count) : throw new InputException($"{name} is larger than any telegram");
    }
}
