using Marketplace.Quantities;

namespace Marketplace.Web.Shell.Components.Charts;

/// <summary>Colours as attributes of pictures: what counts where no stylesheet reaches, which is on paper. They are those of tokens.css in the light theme.</summary>
public static class PaperColour
{
    /// <summary>Words and totals.</summary>
    public const string Ink = "#16211f", Muted = "#53605d";

    /// <summary>What costs more, and less, than before.</summary>
    public const string More = "#7d4f00", Less = "#1c6b37";

    /// <summary>A carrier's, or that of losses.</summary>
    public static string Of(Carrier? carrier) => carrier switch
    {
        Carrier.Heat => "#dd5226",
        Carrier.Cold => "#2a6fc4",
        Carrier.Electricity => "#b3bd2f",
        _ => "#9aa5a2",
    };
}
