using Microsoft.AspNetCore.Http.Extensions;
using Microsoft.AspNetCore.Http.Features;

namespace Marketplace.Web.Pipeline;

/// <summary>A form with a file, as a browser sends it; or why there is none: <c>size</c> where it is too large, <c>none</c> where it is no form or
/// ended too early. What a sender does wrong is an answer, not a fault of the program.</summary>
internal readonly record struct SentForm(IFormCollection? Form, string Problem)
{
    /// <summary>What the parts around a file may take.</summary>
    private const int Around = 64 * 1024;

    public static async Task<SentForm> ReadAsync(HttpContext context, int mostBytes, CancellationToken cancellationToken)
    {
        // A file comes in one of several parts, and no part is found without what stands between them.
        if (context.Request.GetMultipartBoundary().Length == 0)
        {
            return new SentForm(null, "none");
        }

        try
        {
            if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
            {
                size.MaxRequestBodySize = mostBytes + Around;
            }

            return new SentForm(await context.Request.ReadFormAsync(new FormOptions { MultipartBodyLengthLimit = mostBytes }, cancellationToken), "");
        }
        catch (Exception tooLarge) when (tooLarge is InvalidDataException or BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge })
        {
            return new SentForm(null, "size");
        }
        catch (Exception broken) when (broken is IOException or InvalidOperationException)
        {
            return new SentForm(null, "none");
        }
    }
}
