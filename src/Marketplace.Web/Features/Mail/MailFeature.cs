using Marketplace.Web.Pipeline;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Marketplace.Web.Features.Mail;

/// <summary>Letters to people.</summary>
public static class MailFeature
{
    public static void AddMail(this WebApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddHttpContextAccessor();
        services.AddSingleton<PublicAddress>();
        services.AddSingleton<Postbox>();
        services.AddHostedService<Postman>();
        services.TryAddSingleton<IMail>(provider =>
        {
            var configuration = provider.GetRequiredService<IConfiguration>();
            var smtp = configuration.GetSection(SmtpSettings.Section).Get<SmtpSettings>();
            if (smtp?.Host is not { Length: > 0 })
            {
                var ownMachine = configuration.GetValue<bool>("Marketplace:Demo") || provider.GetRequiredService<IHostEnvironment>().IsDevelopment();
                return new ConsoleMail(ownMachine, provider.GetRequiredService<ILogger<ConsoleMail>>());
            }

            if (smtp.From is not { Length: > 0 } || configuration[PublicAddress.Setting] is not { Length: > 0 })
            {
                throw new SettingException(
                    $"Smtp:Host is set, so Smtp:From and {PublicAddress.Setting} (e.g. https://loop.example.org) have to be set too: links in letters are made from it.");
            }

            return new SmtpMail(smtp);
        });
    }
}
