using System.Net;
using System.Net.Mail;

namespace Marketplace.Web.Features.Mail;

/// <summary>A letter to one person, in plain text.</summary>
public sealed record Letter(string To, string Subject, string Text);

/// <summary>The way out of the house for letters.</summary>
public interface IMail
{
    /// <summary>Whether letters reach people. Where they do not, pages say so instead of promising one.</summary>
    bool ReachesPeople { get; }

    Task SendAsync(Letter letter, CancellationToken cancellationToken);
}

/// <summary>Where the mail server is. Letters go out by it once <see cref="Host"/> is set.</summary>
public sealed class SmtpSettings
{
    public const string Section = "Smtp";

    public string? Host { get; set; }

    public int Port { get; set; } = 587;

    public bool Tls { get; set; } = true;

    public string? User { get; set; }

    public string? Password { get; set; }

    public string? From { get; set; }
}

public sealed class SmtpMail(SmtpSettings settings) : IMail
{
    public bool ReachesPeople => true;

    public async Task SendAsync(Letter letter, CancellationToken cancellationToken)
    {
        using var client = new SmtpClient(settings.Host, settings.Port) { EnableSsl = settings.Tls };
        if (settings.User is not null)
        {
            client.Credentials = new NetworkCredential(settings.User, settings.Password);
        }

        using var message = new MailMessage(settings.From!, letter.To, letter.Subject, letter.Text);
        await client.SendMailAsync(message, cancellationToken);
    }
}

/// <summary>Without a mail server. On a newcomer's own machine the letter is printed where the host was started; anywhere
/// else a log is read by more people than a letter, and only the fact is written there.</summary>
public sealed class ConsoleMail(bool printsLetters, ILogger<ConsoleMail> logger) : IMail
{
    public bool ReachesPeople => false;

    public Task SendAsync(Letter letter, CancellationToken cancellationToken)
    {
        if (printsLetters)
        {
            logger.LogInformation("E-mail is not configured. The letter \"{Subject}\" to {To} would say:\n{Text}", letter.Subject, letter.To, letter.Text);
        }
        else
        {
            logger.LogWarning("A letter \"{Subject}\" was not sent: e-mail is not configured (set Smtp:Host and Smtp:From)", letter.Subject);
        }

        return Task.CompletedTask;
    }
}
