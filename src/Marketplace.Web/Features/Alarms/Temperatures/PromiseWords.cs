using Marketplace.Web.Shell;
using Microsoft.Extensions.Localization;

namespace Marketplace.Web.Features.Alarms.Temperatures;

/// <summary>Temperatures in words.</summary>
internal static class PromiseWords
{
    public static string Span(IStringLocalizer<Texts> texts, Format format, int? least, int? most) => (least, most) switch
    {
        (null, null) => texts["Span.Any"],
        ({ } from, null) => texts["Span.Least", Celsius(format, from)],
        (null, { } until) => texts["Span.Most", Celsius(format, until)],
        ({ } from, { } until) => texts["Span.Between", Celsius(format, from), Celsius(format, until)],
    };

    public static string Celsius(Format format, int? milli) => milli is { } value ? format.Number(value / 1000m, 1) : "–";
}
