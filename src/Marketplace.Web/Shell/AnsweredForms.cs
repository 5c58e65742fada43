namespace Marketplace.Web.Shell;

/// <summary>Tells the browser's script that a form arrived and was answered, so that it forgets what it kept of it. A form that met a server which was just
/// starting again, or none, is not answered: what was typed in it stays.</summary>
internal static class AnsweredForms
{
    /// <summary>Holds the path of the form, for a minute; it says nothing about anybody.</summary>
    public const string Cookie = "answered";

    public static void UseAnsweredForms(this WebApplication app) => app.Use((context, next) =>
    {
        if (HttpMethods.IsPost(context.Request.Method) && context.Request.HasFormContentType)
        {
            var path = context.Request.Path.ToUriComponent();
            context.Response.OnStarting(() =>
            {
                if (context.Response.StatusCode < StatusCodes.Status400BadRequest)
                {
                    context.Response.Cookies.Append(Cookie, path, new CookieOptions { SameSite = SameSiteMode.Lax, Secure = context.Request.IsHttps, IsEssential = true, MaxAge = TimeSpan.FromMinutes(1) });
                }

                return Task.CompletedTask;
            });
        }

        return next(context);
    });
}
