using System.Threading.Channels;

namespace Marketplace.Web.Features.Mail;

/// <summary>Takes letters at once and hands them to the mail in the background: a page must not answer later because an
/// address is known here, nor fail because a mail server is slow. Letters that are waiting when the process dies are lost;
/// each can be asked for again.</summary>
public sealed class Postbox(IMail mail)
{
    private readonly Channel<Letter> _letters = Channel.CreateBounded<Letter>(new BoundedChannelOptions(1_000) { SingleReader = true });

    public bool ReachesPeople => mail.ReachesPeople;

    /// <summary>False if too many letters wait already.</summary>
    public bool Post(Letter letter) => _letters.Writer.TryWrite(letter);

    internal IAsyncEnumerable<Letter> ReadAllAsync(CancellationToken cancellationToken) => _letters.Reader.ReadAllAsync(cancellationToken);
}

/// <summary>Empties the postbox.</summary>
public sealed class Postman(Postbox postbox, IMail mail, ILogger<Postman> logger) : BackgroundService
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await foreach (var letter in postbox.ReadAllAsync(stoppingToken))
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
            limit.CancelAfter(s_patience);
            try
            {
                await mail.SendAsync(letter, limit.Token);
            }
            catch (Exception failure) when (!stoppingToken.IsCancellationRequested)
            {
                logger.LogError(failure, "The letter \"{Subject}\" could not be sent", letter.Subject);
            }
        }
    }
}
