namespace Marketplace.Web.Features.Ledger;

/// <summary>What the ledger tells the operator's log.</summary>
internal static partial class LedgerLog
{
    [LoggerMessage(Level = LogLevel.Debug, Message = "Log of {Loop} signed at size {Size}, {Batches} batches added")]
    public static partial void Signed(ILogger log, string loop, long size, int batches);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Witness {Witness} did not cosign the log of {Loop} at size {Size}: {Reason}")]
    public static partial void NotCosigned(ILogger log, string witness, string loop, long size, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The checkpoint of {Loop} at size {Size} is signed but not published: {Reason}")]
    public static partial void NotPublished(ILogger log, string loop, long size, string reason);

    [LoggerMessage(Level = LogLevel.Critical, Message = "Alarm of the log of {Loop} ({Topic}): {Reason}")]
    public static partial void Raised(ILogger log, string loop, string topic, string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "Publishing the log of loop {LoopId} failed; the next step tries again")]
    public static partial void PublishingFailed(ILogger log, int loopId, Exception error);

    [LoggerMessage(Level = LogLevel.Error, Message = "Looking after the ledgers failed; the next look tries again")]
    public static partial void LookFailed(ILogger log, Exception error);
}
