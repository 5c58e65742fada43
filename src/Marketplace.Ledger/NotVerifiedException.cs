namespace Marketplace.Ledger;

/// <summary>What was presented is malformed or does not verify. The message is one sentence that says what.</summary>
public sealed class NotVerifiedException(string message) : Exception(message);
