using Marketplace.Web.Features.Sending;

namespace Marketplace.Web.Features.Notifications;

/// <summary>What people are told about. The first four are those of <see cref="LetterKind"/>. Stored as numbers: never renumber.</summary>
public enum NoticeKind : short
{
    Documents = 1,
    Reminders = 2,
    Alarms = 3,
    Announcements = 4,

    /// <summary>The gate of an hour closes soon and the member has no order for it.</summary>
    Gate = 5,
    Votes = 6,
    Accepted = 7,
    UnusualUse = 8,
    ForecastBill = 9,
}

/// <summary>How a person is told about a kind.</summary>
public sealed record NoticeChoice(NoticeKind Kind, bool Portal, bool Mail);

/// <summary>What holds where nobody has chosen.</summary>
public static class NoticeKinds
{
    /// <summary>Gates close each hour: whoever wants to hear of that says so.</summary>
    public static bool InPortal(this NoticeKind kind) => kind != NoticeKind.Gate;

    /// <summary>Letters are for what is rare.</summary>
    public static bool ByMail(this NoticeKind kind) => kind is not (NoticeKind.Gate or NoticeKind.Accepted);

    /// <summary>Whether another outbox writes the letters: then its refusals say who wants them.</summary>
    public static bool HasOwnLetters(this NoticeKind kind) => Enum.IsDefined((LetterKind)(short)kind);
}
