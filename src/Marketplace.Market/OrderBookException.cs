namespace Marketplace.Market;

/// <summary>An order book, or a result, that cannot be used. The message is one line that names what is wrong and where.</summary>
public sealed class OrderBookException : Exception
{
    /// <summary>Creates the refusal.</summary>
    public OrderBookException(string message)
        : base(OneLine(message))
    {
    }

    /// <summary>Creates the refusal with its cause.</summary>
    public OrderBookException(string message, Exception innerException)
        : base(OneLine(message), innerException)
    {
    }

    /// <summary>Creates the refusal.</summary>
    public OrderBookException()
        : base("The order book cannot be used")
    {
    }

    private static string OneLine(string message) => message.ReplaceLineEndings(" ");
}
