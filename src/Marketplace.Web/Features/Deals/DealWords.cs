using System.Globalization;
using Marketplace.Data;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Shell;
using Marketplace.Web.Shell.Components;
using Microsoft.Extensions.Localization;

namespace Marketplace.Web.Features.Deals;

/// <summary>How deals are written on pages.</summary>
internal static class DealWords
{
    /// <summary>"1 to 5 Mar 2026" in the loop's days.</summary>
    public static string Days(Format format, DealAct act) => Days(format, DealTerms.Of(act));

    public static string Days(Format format, DealTerms terms)
    {
        var (first, last) = (format.Calendar.DayOf(terms.StartsAt), format.Calendar.DayOf(terms.EndsAt.AddTicks(-1)));
        return first == last ? format.Date(first) : $"{format.Date(first)} – {format.Date(last)}";
    }

    /// <summary>"08:00–18:00 each day", or the whole day.</summary>
    public static string Hours(IStringLocalizer texts, DealAct act) =>
        act is { HourFrom: 0, HourUntil: 24 } || act.HourFrom == act.HourUntil ? texts["WholeDay"] : texts["EachDay", Clock(act.HourFrom), Clock(act.HourUntil)];

    public static string Clock(int hourOfDay) => hourOfDay.ToString("00", CultureInfo.InvariantCulture) + ":00";

    public static Tone Tone(DealState state) => state switch
    {
        DealState.Accepted or DealState.Running => Shell.Components.Tone.Good,
        DealState.Proposed or DealState.Countered => Shell.Components.Tone.Attention,
        _ => Shell.Components.Tone.Note,
    };

    /// <summary>What an address carries for a person who acts for several members.</summary>
    public static string Query(LoopView loop, MemberHere? member) =>
        loop.Members.Count > 1 && member is not null ? "?member=" + member.Id.ToString(CultureInfo.InvariantCulture) : "";

    public static string Path(LoopView loop, long dealId, MemberHere? member) =>
        string.Create(CultureInfo.InvariantCulture, $"{loop.Path}/deals/{dealId}{Query(loop, member)}");
}
