using System.Net;
using System.Net.Sockets;
using Marketplace.Data;
using Marketplace.Web.Pipeline;

namespace Marketplace.Web.Features.Accounts;

/// <summary>Writes down each attempt to sign in to an account, so that its owner can see it.</summary>
public sealed class SignInLog(Work work, TimeProvider time, IHttpContextAccessor http)
{
    public void Add(Account account, string method, bool succeeded) => work.Db.SignIns.Add(new SignIn
    {
        AccountId = account.Id,
        At = time.GetUtcNow(),
        Method = method,
        Succeeded = succeeded,
        From = Describe(http.HttpContext?.Request.Headers.UserAgent.ToString() ?? "", http.HttpContext?.Connection.RemoteIpAddress),
    });

    /// <summary>Enough for the owner to recognise a place, too little to follow a person: "Firefox (Linux), 192.0.2.x".</summary>
    public static string Describe(string userAgent, IPAddress? address)
    {
        // Order matters: each of these browsers also claims to be the ones after it.
        var browser = First(userAgent, ("Edg", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari")) ?? "A browser";
        var system = First(userAgent, ("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows"), ("Mac OS X", "Mac"), ("Linux", "Linux"));
        var place = system is null ? browser : $"{browser} ({system})";
        return Shorten(address) is { } network ? place + ", " + network : place;
    }

    private static string? First(string text, params ReadOnlySpan<(string Mark, string Name)> known)
    {
        foreach (var (mark, name) in known)
        {
            if (text.Contains(mark, StringComparison.Ordinal))
            {
                return name;
            }
        }

        return null;
    }

    private static string? Shorten(IPAddress? address)
    {
        if (address is null)
        {
            return null;
        }

        if (IPAddress.IsLoopback(address))
        {
            return "this machine";
        }

        var plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        var bytes = plain.GetAddressBytes();
        return plain.AddressFamily == AddressFamily.InterNetwork
            ? string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{bytes[0]}.{bytes[1]}.{bytes[2]}.x")
            : string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{bytes[0]:x2}{bytes[1]:x2}:{bytes[2]:x2}{bytes[3]:x2}:{bytes[4]:x2}{bytes[5]:x2}:x");
    }
}
