using System.Globalization;
using Marketplace.Market;

namespace Marketplace.Auditor.Verbs;

/// <summary>Checks the result of a clearing against its book, without clearing it again.</summary>
internal static class CheckVerb
{
    public static readonly Verb Verb = new(
        "check", "check BOOK.json RESULT.json", "Checks a result against its order book: balance, limits, merit order or trades, welfare.", Run);

    private static int Run(string[] args, Terminal terminal)
    {
        if (args is not [var bookPath, var resultPath])
        {
            throw new InputException("usage: check BOOK.json RESULT.json");
        }

        var book = BookFiles.ReadBook(bookPath);
        var result = BookFiles.Read(resultPath, json => ClearingResultJson.Read(json, book));
        var report = Clearing.Check(book, result);
        foreach (var finding in report.Findings)
        {
            terminal.Output.WriteLine(finding);
        }

        if (report.Holds)
        {
            var byTrade = result.Trades.Count == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $"; {result.Trades.Count} trades are those that follow from the orders");
            terminal.Output.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"ok: {book.Nodes.Count} nodes balanced, {book.Orders.Count} orders within limits and merit order; welfare {report.Welfare}; dual value exceeds it by {report.Checks.DualityGap}, whole Wh and prices explain up to {report.Checks.DualityGapBound}{byTrade}"));
        }

        return report.Holds ? Exit.Good : Exit.False;
    }
}
