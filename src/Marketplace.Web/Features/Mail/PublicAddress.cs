namespace Marketplace.Web.Features.Mail;

/// <summary>How people reach this deployment from outside. Links in letters are made from it. Without the setting it is
/// the address of the request; as a stranger can choose that, letters are only sent where the setting is made.</summary>
public sealed class PublicAddress(IConfiguration configuration, IHttpContextAccessor http)
{
    public const string Setting = "Marketplace:PublicAddress";

    public string Link(string path)
    {
        if (configuration[Setting] is { Length: > 0 } configured)
        {
            return configured.TrimEnd('/') + path;
        }

        var request = http.HttpContext?.Request;
        return request is null ? path : $"{request.Scheme}://{request.Host}{request.PathBase}{path}";
    }
}
