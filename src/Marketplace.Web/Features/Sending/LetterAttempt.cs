using Marketplace.Data;
using Marketplace.Web.Features.Mail;

namespace Marketplace.Web.Features.Sending;

/// <summary>
/// One attempt to hand a letter to the mail server, and how the letter stands after it. What the server may have taken is in doubt, and nobody gets it
/// twice: only what failed before that waits for another attempt.
/// </summary>
internal static class LetterAttempt
{
    /// <summary>Two minutes, four, eight, … six hours: about a day in all.</summary>
    private const int Most = 12;

    /// <summary>What is being sent for so long was broken off.</summary>
    public static readonly TimeSpan BrokenOffAfter = TimeSpan.FromMinutes(10);

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    /// <param name="attempt">The how-many-eth it is, from 1.</param>
    /// <param name="write">The letter, or how it stands where there is none to send.</param>
    /// <param name="failed">Hears the name of the fault, and no more: a mail server's answer repeats the address.</param>
    public static async Task<(LetterState State, string? Outcome)> MakeAsync(
        IMail mail, int attempt, Func<Task<(Letter? Letter, LetterState Otherwise)>> write, Action<string> failed, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(s_patience);
        var handedOver = false;
        try
        {
            var (letter, otherwise) = await write();
            if (letter is null)
            {
                return (otherwise, null);
            }

            handedOver = true;
            await mail.SendAsync(letter, limit.Token);
            return (LetterState.Sent, null);
        }
        catch (OperationCanceledException) when (handedOver)
        {
            // The server may have taken it and only been slow to say so.
            return (LetterState.BrokenOff, cancellationToken.IsCancellationRequested ? "broken off" : "no answer");
        }
        catch (Exception failure) when (!cancellationToken.IsCancellationRequested)
        {
            failed(failure.GetType().Name);
            return (attempt >= Most ? LetterState.Failed : LetterState.Waiting, failure.GetType().Name);
        }
        catch (OperationCanceledException)
        {
            // Told to stop before the server had it: the next run goes on.
            return (LetterState.Waiting, null);
        }
    }
}
