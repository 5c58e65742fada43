namespace Marketplace.Web.Shell.Components;

/// <summary>How a message is meant. Each has an icon, so that colour is never alone.</summary>
public enum Tone
{
    /// <summary>Something to know.</summary>
    Note,

    /// <summary>It went well.</summary>
    Good,

    /// <summary>Look at it when there is time.</summary>
    Attention,

    /// <summary>Act now.</summary>
    Alarm,
}
