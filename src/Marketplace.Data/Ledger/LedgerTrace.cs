using System.Diagnostics;

namespace Marketplace.Data;

/// <summary>
/// The steps of a record on its way into the published log, as traces: append, integrate, tile, sign, commit, cosign, publish. An
/// activity starts before its step and stops after it, so that a trace shows where the time went and where a log stood still.
/// </summary>
public static class LedgerTrace
{
    /// <summary>The source's name, for a trace exporter.</summary>
    public const string Source = "Marketplace.Ledger";

    /// <summary>At the door: records become a batch, in the caller's transaction.</summary>
    public const string Append = "ledger.append";

    /// <summary>Within the append: the secrets behind the salts are looked up or made.</summary>
    public const string Salt = "ledger.salt";

    /// <summary>What waits is hashed into the tree.</summary>
    public const string Integrate = "ledger.integrate";

    /// <summary>Full tiles, the places of batches and the right edge are written.</summary>
    public const string Tile = "ledger.tile";

    /// <summary>The checkpoint is signed and written.</summary>
    public const string Sign = "ledger.sign";

    /// <summary>Integrated, tiled and signed entries are committed, all at once.</summary>
    public const string Commit = "ledger.commit";

    /// <summary>All witnesses are asked, at once.</summary>
    public const string Cosign = "ledger.cosign";

    /// <summary>Within the cosigning: one witness is asked.</summary>
    public const string Ask = "ledger.ask";

    /// <summary>The cosigned checkpoint becomes the one the world is shown.</summary>
    public const string Publish = "ledger.publish";

    private static readonly ActivitySource Steps = new(Source);

    /// <summary>Starts a step; it ends when disposed of. Null where nobody listens.</summary>
    public static Activity? Start(string step, int loopId) => Steps.StartActivity(step)?.SetTag("loop", loopId);
}
