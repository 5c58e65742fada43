using System.Globalization;
using System.Text;

namespace Marketplace.Web.Features.Replay;

/// <summary>The summary of a replay in words and columns.</summary>
internal static class ReplayText
{
    public static string Of(ReplaySummaryReport report)
    {
        var text = new StringBuilder();
        void Line(FormattableString line) => text.Append(line.ToString(CultureInfo.InvariantCulture)).Append('\n');

        Line($"Replay of {report.Folder} as loop '{report.Loop}', {report.From:yyyy-MM-dd HH:mm} to {report.Until:yyyy-MM-dd HH:mm} UTC");
        Line($"");
        Line($"Members             {report.Members,14:N0}   of them participants in the folder: {report.Participants}");
        Line($"Readings in         {report.ReadingsIn,14:N0}   rejected {report.ReadingsRejected:N0}, estimated {report.ReadingsEstimated:N0}");
        Line($"Commitments         {report.Commitments,14:N0}");
        Line($"Hours cleared       {report.HoursCleared,14:N0}   of {report.Hours:N0}");
        Line($"Welfare             {report.Welfare,14:N2}   {report.Currency}");
        Line($"");
        Line($"{"Carrier",-12} {"bought kWh",14} {"sold kWh",14} {"converted in",14} {"converted out",14} {"lost kWh",10} {"short kWh",12} {"surplus kWh",12} {"avg price",12}");
        foreach (var carrier in report.Carriers)
        {
            Line($"{carrier.Carrier,-12} {carrier.BoughtKWh,14:N1} {carrier.SoldKWh,14:N1} {carrier.ConvertedInKWh,14:N1} {carrier.ConvertedOutKWh,14:N1} {carrier.LostKWh,10:N1} {carrier.ShortfallKWh,12:N1} {carrier.SurplusKWh,12:N1} {Average(carrier),12}");
        }

        Line($"Lost in stores: {report.StoreLossKWh:N1} kWh. Average prices are weighted by volume, in hundredths of {report.Currency} per kWh.");
        Line($"");
        Line($"Documents           {report.Bills,14:N0}");
        Line($"Sum of bills        {report.SumOfBills,14:N2}   {report.Currency}");
        Line($"Sum of credits      {report.SumOfCredits,14:N2}");
        Line($"Bills + credits     {report.SumOfBills + report.SumOfCredits,14:N2}");
        Line($"  network fees      {report.NetworkFees,17:N5}");
        Line($"  standing charges  {report.StandingCharges,17:N5}");
        Line($"  imbalance         {report.Imbalance,17:N5}");
        Line($"  VAT               {report.Vat,17:N5}");
        Line($"  rounding account  {report.Rounding,17:N5}");
        Line($"  together          {report.NetworkFees + report.StandingCharges + report.Imbalance + report.Vat + report.Rounding,17:N5}   equal exactly");
        Line($"");
        Line($"Ledger size         {report.LedgerSize,14:N0}");
        Line($"Ledger root         {report.LedgerRoot}");
        Line($"Time                {report.Seconds,14:N1}   s");
        Line($"Peak memory         {report.PeakMemoryMegabytes,14:N0}   MB in this process; PostgreSQL {(report.PostgresPeakMemoryMegabytes is { } server ? server.ToString("N0", CultureInfo.InvariantCulture) + " MB" : "not on this machine")}");
        Line($"");
        Line($"Assumed where the folder says nothing:");
        foreach (var sentence in report.Assumptions)
        {
            Line($"- {sentence}");
        }

        Line($"Holds, checked just now:");
        foreach (var invariant in report.InvariantsHeld)
        {
            Line($"- {invariant}");
        }

        return text.ToString();
    }

    private static string Average(CarrierSummary carrier) =>
        carrier.AveragePriceCentsPerKWh?.ToString("N4", CultureInfo.InvariantCulture) ?? "no trade";
}
