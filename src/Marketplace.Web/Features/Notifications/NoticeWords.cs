using System.Globalization;
using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Shell;
using Microsoft.Extensions.Localization;

namespace Marketplace.Web.Features.Notifications;

/// <summary>What a notification says and where it leads, in the reader's language.</summary>
internal static class NoticeWords
{
    private static readonly string[] s_carriers = ["Heat", "Cold", "Electricity"];

    public static string Title(IStringLocalizer<Texts> texts, Format format, NoticeRow notice)
    {
        var facts = notice.Facts;
        object[] values = notice.Variant switch
        {
            "Bill" or "Statement" or "CreditNote" or "Reminder" or "MemberAlarm" or "Vote" => [notice.Subject],
            "StaffAlarm" => [texts["Alarm." + (AlarmKind)Whole(facts[0])].Value, facts[1]],
            "Announcement" => [facts[0]],
            "VoteDecided" => [notice.Subject, texts["Outcome." + facts[0]].Value],
            "Gate" => [Hour(format, notice.Subject)],
            "OfferAccepted" or "OrderAccepted" => [Hour(format, notice.Subject), format.Energy(new Energy(Whole(facts[0])))],
            "UnusualUse" => [texts["Carrier." + s_carriers[Whole(facts[0]) - 1]].Value, format.Day(Day(notice.Subject)), format.Energy(new Energy(Whole(facts[1]))), format.Energy(new Energy(Whole(facts[2])))],
            "ForecastBill" => [Day(notice.Subject + "-01").ToString("MMMM yyyy", format.Culture), format.Money(Money.FromCents(Whole(facts[0]))), format.Money(Money.FromCents(Whole(facts[1])))],
            _ => throw new ArgumentOutOfRangeException(nameof(notice), notice.Variant, "Not a variant"),
        };
        return texts["Say." + notice.Variant, values];
    }

    /// <summary>The page about it, below the loop's address.</summary>
    public static string Place(NoticeRow notice) => notice.Variant switch
    {
        "Bill" or "Statement" or "CreditNote" => "/bills/" + Uri.EscapeDataString(notice.Subject),
        "Reminder" => "/account",
        "MemberAlarm" => "/meters/" + Uri.EscapeDataString(notice.Subject),
        "StaffAlarm" => "/operations/alarms/" + notice.Subject,
        "Vote" or "VoteDecided" => "/votes/" + notice.Subject,
        "Gate" => "/orders",
        "OfferAccepted" or "OrderAccepted" => "/market/" + notice.Subject,
        "UnusualUse" => "/consumption?period=" + notice.Subject,
        "ForecastBill" => "/bills/preview",
        _ => "/home",
    };

    public static string Icon(NoticeKind kind) => kind switch
    {
        NoticeKind.Documents or NoticeKind.Reminders or NoticeKind.ForecastBill => "bill",
        NoticeKind.Alarms => "alarm",
        NoticeKind.Gate => "clock",
        NoticeKind.Votes => "people",
        NoticeKind.Accepted => "check",
        NoticeKind.UnusualUse => "attention",
        _ => "note",
    };

    private static string Hour(Format format, string address) =>
        HourAddress.TryParse(address, out var hour) ? $"{format.Day(hour)}, {format.Hour(new Interval(hour, hour + MarketHour.Length))}" : address;

    private static DateOnly Day(string day) => DateOnly.ParseExact(day, "yyyy-MM-dd", CultureInfo.InvariantCulture);

    private static int Whole(string number) => int.Parse(number, CultureInfo.InvariantCulture);
}
