using Marketplace.Data;
using Marketplace.Web.Shell;
using Marketplace.Web.Shell.Components;
using Microsoft.Extensions.Localization;

namespace Marketplace.Web.Features.Disputes;

/// <summary>How a dispute's state is told.</summary>
internal static class DisputeWords
{
    /// <summary>For the member, or for the operator who has to act.</summary>
    public static (Tone Tone, string Words) State(IStringLocalizer<Texts> t, Format format, DisputeRow row, DateOnly today, bool asOperator) => row.State switch
    {
        DisputeState.Open when row.AnswerBy < today => (asOperator ? Tone.Alarm : Tone.Attention, t["State.Late", format.Date(row.AnswerBy)]),
        DisputeState.Open when asOperator && row.AnswerBy <= today.AddDays(DisputeCounts.SoonDays) => (Tone.Attention, t["State.Soon", format.Date(row.AnswerBy)]),
        DisputeState.Open => (Tone.Note, t["State.Open", format.Date(row.AnswerBy)]),
        _ when row.ToRevise => (asOperator ? Tone.Attention : Tone.Good, t["State.ToRevise"]),
        DisputeState.Rejected => (Tone.Note, t["State.Rejected"]),
        DisputeState.Withdrawn => (Tone.Note, t["State.Withdrawn"]),
        _ => (Tone.Good, t["State." + row.State]),
    };
}
