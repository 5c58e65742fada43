using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Marketplace.Data;
using Microsoft.AspNetCore.DataProtection;

namespace Marketplace.Web.Features.Alarms.Sending;

/// <summary>The way out to other programs. It reaches public addresses only: a webhook is no way into the network this host stands in.
/// The address is checked where the connection is made, so that no name can lead elsewhere between the check and the call.</summary>
public sealed class WebhookDoor : IDisposable
{
    /// <summary>Lets webhooks reach private addresses: for installations whose receivers stand beside them.</summary>
    public const string AllowPrivateSetting = "Alarms:WebhooksMayReachPrivateAddresses";

    /// <summary>Carries <c>t=UNIX-SECONDS,v1=HEX</c>: HMAC-SHA256 with the secret over <c>UNIX-SECONDS.BODY</c>.</summary>
    public const string SignatureHeader = "Marketplace-Signature";

    /// <summary>Carries the message's own name: the same in each try.</summary>
    public const string DeliveryHeader = "Marketplace-Delivery";

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10);

    private readonly HttpClient _client;
    private readonly IDataProtector _protector;
    private readonly TimeProvider _time;
    private readonly bool _allowPrivate;

    public WebhookDoor(IConfiguration configuration, IDataProtectionProvider protection, TimeProvider time)
    {
        _allowPrivate = configuration.GetValue<bool>(AllowPrivateSetting);
        _protector = protection.CreateProtector("alarms.webhook");
        _time = time;
        _client = new HttpClient(new SocketsHttpHandler
        {
            AllowAutoRedirect = false, UseCookies = false, UseProxy = false, ConnectTimeout = s_patience, PooledConnectionLifetime = TimeSpan.FromMinutes(2), ConnectCallback = ConnectAsync,
        }) { Timeout = s_patience };
    }

    public string Protect(string secret) => _protector.Protect(secret);

    /// <summary>Whether an address may be called at all; a name may still turn out to lead to a private place.</summary>
    public bool Permits(Uri url) =>
        url.IsAbsoluteUri && url.UserInfo.Length == 0 && (url.Scheme == Uri.UriSchemeHttps || (url.Scheme == Uri.UriSchemeHttp && _allowPrivate))
        && (_allowPrivate || (!url.IsLoopback && !(IPAddress.TryParse(url.Host.Trim('[', ']'), out var literal) && !IsPublic(literal))));

    public async Task<(DispatchState State, string? Outcome)> CallAsync(Webhook hook, Dispatch dispatch, CancellationToken cancellationToken)
    {
        var url = new Uri(hook.Url);
        if (!Permits(url))
        {
            return (DispatchState.GivenUp, "The address is not public.");
        }

        var body = dispatch.Body ?? "";
        var second = _time.GetUtcNow().ToUnixTimeSeconds();
        using var request = new HttpRequestMessage(HttpMethod.Post, url) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        request.Headers.Add(SignatureHeader, string.Create(CultureInfo.InvariantCulture, $"t={second},v1={Sign(_protector.Unprotect(hook.Secret), second, body)}"));
        request.Headers.Add(DeliveryHeader, dispatch.Key);
        try
        {
            using var response = await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            var status = string.Create(CultureInfo.InvariantCulture, $"HTTP {(int)response.StatusCode}");
            return response.IsSuccessStatusCode ? (DispatchState.Sent, status) : (DispatchState.Waiting, status);
        }
        catch (HttpRequestException failure)
        {
            return failure.InnerException is PrivateAddressException
                ? (DispatchState.GivenUp, "The name leads to an address that is not public.")
                : (DispatchState.Waiting, failure.HttpRequestError.ToString());
        }
        catch (TaskCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return (DispatchState.Waiting, "No answer within 10 seconds.");
        }
    }

    /// <summary>The signature of a body at a time, in lower-case hexadecimal.</summary>
    public static string Sign(string secret, long unixSeconds, string body) =>
        Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{unixSeconds}.{body}"))));

    /// <summary>Whether an address is one of the public network.</summary>
    public static bool IsPublic(IPAddress address)
    {
        ArgumentNullException.ThrowIfNull(address);
        if (address.IsIPv4MappedToIPv6)
        {
            address = address.MapToIPv4();
        }

        var bytes = address.GetAddressBytes();
        if (address.AddressFamily == AddressFamily.InterNetwork)
        {
            return bytes switch
            {
                [0 or 10 or 127 or >= 224, ..] or [100, >= 64 and <= 127, ..] or [169, 254, ..] or [172, >= 16 and <= 31, ..] => false,
                [192, 168, ..] or [192, 0, 0 or 2, _] or [198, 18 or 19, ..] or [198, 51, 100, _] or [203, 0, 113, _] => false,
                _ => true,
            };
        }

        // 2000::/3 is what is given out; within it 6to4, Teredo and documentation lead elsewhere.
        return (bytes[0] & 0xE0) == 0x20 && bytes is not [0x20, 0x02, ..] and not [0x20, 0x01, 0, 0, ..] and not [0x20, 0x01, 0x0D, 0xB8, ..] && !address.IsIPv6Multicast;
    }

    public void Dispose() => _client.Dispose();

    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var addresses = await Dns.GetHostAddressesAsync(context.DnsEndPoint.Host, cancellationToken);
        var permitted = addresses.Where(address => _allowPrivate || IsPublic(address)).ToArray();
        if (permitted.Length == 0)
        {
            throw new PrivateAddressException();
        }

        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(permitted, context.DnsEndPoint.Port, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private sealed class PrivateAddressException() : IOException("The address is not public");
}
