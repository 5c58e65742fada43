using System.Net.Sockets;
using Npgsql;

namespace Marketplace.Web.Pipeline;

/// <summary>A setting is missing or cannot be used. The message names it, for whoever sets the host up.</summary>
public sealed class SettingException(string message) : Exception(message);

/// <summary>What keeps the host or a command from working and lies outside of it, in words for whoever runs it. Everything else is a fault of ours.</summary>
public static class StartFault
{
    private const string Where = "The settings ConnectionStrings__Owner and ConnectionStrings__Marketplace say where it is and as whom it is opened.";

    /// <summary>What is wrong and where to look; null where the fault is no such thing.</summary>
    public static string? Words(Exception failure) => failure switch
    {
        SettingException => failure.Message,
        PostgresException
        {
            SqlState: PostgresErrorCodes.InvalidCatalogName or PostgresErrorCodes.InvalidPassword or PostgresErrorCodes.InvalidAuthorizationSpecification
                or PostgresErrorCodes.CannotConnectNow or PostgresErrorCodes.TooManyConnections,
        }
        refusal => $"The database cannot be opened: {refusal.MessageText}. {Where}",
        NpgsqlException { InnerException: SocketException or IOException or TimeoutException } => $"The database does not answer: {failure.Message}. {Where}",
        _ => null,
    };
}
