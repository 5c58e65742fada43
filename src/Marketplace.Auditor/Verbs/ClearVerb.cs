using System.Globalization;
using Marketplace.Market;
using Marketplace.Native.Clp;

namespace Marketplace.Auditor.Verbs;

/// <summary>Clears an order book from a file and prints the result.</summary>
internal static class ClearVerb
{
    public static readonly Verb Verb = new(
        "clear", "clear BOOK.json", "Clears an order book and prints the result with its checks.", Run);

    private static int Run(string[] args, Terminal terminal)
    {
        if (args is not [var path])
        {
            throw new InputException("usage: clear BOOK.json");
        }

        var book = BookFiles.ReadBook(path);
        ClearingResult result;
        try
        {
            result = Clearing.Run(book, new ClpLinearProgram());
        }
        catch (OrderBookException e)
        {
            throw new InputException($"{path}: {e.Message}");
        }

        terminal.Output.WriteLine(System.Text.Encoding.UTF8.GetString(ClearingResultJson.Write(book, result)));
        terminal.Words.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{book.Orders.Count} orders, {result.Accepted.Count(a => a.WattHours > 0)} accepted; welfare {result.Welfare}; {(result.Checks.Hold ? "checked" : "THE CHECK FAILS")}"));
        return result.Checks.Hold ? Exit.Good : Exit.False;
    }
}

/// <summary>Books and results in files; what cannot be used is named with its file.</summary>
internal static class BookFiles
{
    public static OrderBook ReadBook(string path) => Read(path, OrderBookJson.Read);

    public static T Read<T>(string path, Func<ReadOnlyMemory<byte>, T> read)
    {
        try
        {
            return read(File.ReadAllBytes(path));
        }
        catch (OrderBookException e)
        {
            throw new InputException($"{path}: {e.Message}");
        }
    }
}
