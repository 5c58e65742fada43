using Marketplace.Data;
using Marketplace.Web.Shell.Components;
using Microsoft.Extensions.Localization;

namespace Marketplace.Web.Features.Alarms;

/// <summary>How alarms look and what they are called.</summary>
internal static class AlarmWords
{
    public static Tone ToneOf(AlarmSeverity severity) => severity switch
    {
        AlarmSeverity.Urgent => Tone.Alarm,
        AlarmSeverity.High => Tone.Attention,
        AlarmSeverity.Low => Tone.Note,
        _ => throw new ArgumentOutOfRangeException(nameof(severity), severity, "Not a severity"),
    };

    /// <summary>The code of a meter or device as it is; a step or topic in words.</summary>
    public static string Subject(IStringLocalizer<Texts> texts, Alarm alarm) =>
        alarm.Kind is AlarmKind.FailedHour or AlarmKind.FailedChargingPeriod or AlarmKind.LedgerIncident && texts["Subject." + alarm.Subject] is { ResourceNotFound: false } words
            ? words
            : alarm.Subject;
}
