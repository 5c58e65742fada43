using MediatR;

namespace Marketplace.Web.Pipeline;

/// <summary>A question to which many open pages want the same answer at the same moment, as when an hour was cleared.</summary>
public interface ISharedRead
{
    /// <summary>Whoever asks with an equal key gets the same answer. It names the question and whatever of the reader the answer depends on.</summary>
    object SharedBy(Actor actor);
}

/// <summary>
/// Answers questions that are asked together once. Nobody gets an answer that was begun before they asked: who comes while one is worked out
/// shares the next, so what was committed before a page asks is in what it is told.
/// </summary>
public sealed class SharedReads
{
    private readonly Lock _lock = new();
    private readonly Dictionary<object, Line> _lines = [];

    /// <param name="key">Of the question; see <see cref="ISharedRead.SharedBy"/>.</param>
    /// <param name="read">Works the answer out.</param>
    public Task<T> ReadAsync<T>(object key, Func<Task<T>> read)
    {
        Line? line;
        Task? before;
        TaskCompletionSource<T> mine;
        lock (_lock)
        {
            if (!_lines.TryGetValue(key, out line))
            {
                _lines[key] = line = new Line();
            }
            else if (line.Next is Task<T> next)
            {
                return next;
            }

            (before, mine) = (line.Running, new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously));
            if (before is null)
            {
                line.Running = mine.Task;
            }
            else
            {
                line.Next = mine.Task;
            }
        }

        // Outside the lock: a read may do a good deal before it first waits.
        _ = AnswerAsync(key, line, before, mine, read);
        return mine.Task;
    }

    private async Task AnswerAsync<T>(object key, Line line, Task? before, TaskCompletionSource<T> mine, Func<Task<T>> read)
    {
        if (before is not null)
        {
            // How it ended is for those who asked for it.
            await before.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ForceYielding);
            lock (_lock)
            {
                (line.Running, line.Next) = (mine.Task, null);
            }
        }

        var answer = BeginAsync(read);
        await ((Task)answer).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        lock (_lock)
        {
            if (line.Next is null)
            {
                _lines.Remove(key);
            }
        }

        mine.SetFromTask(answer);
    }

    // What goes wrong before the first wait is in the task, too.
    private static async Task<T> BeginAsync<T>(Func<Task<T>> read) => await read();

    private sealed class Line
    {
        public Task? Running { get; set; }

        public Task? Next { get; set; }
    }
}

/// <summary>Lets those who ask an <see cref="ISharedRead"/> together share one answer. It comes after the rights: each has shown their own.</summary>
public sealed class SharedReadBehaviour<TRequest, TResponse>(SharedReads reads, CurrentActor current) : IPipelineBehavior<TRequest, TResponse>
    where TRequest : IRequest<TResponse>
{
    public async Task<TResponse> Handle(TRequest request, CancellationToken cancellationToken, RequestHandlerDelegate<TResponse> next)
    {
        if (request is not ISharedRead shared)
        {
            return await next();
        }

        try
        {
            return await reads.ReadAsync((typeof(TRequest), shared.SharedBy(current.Actor)), () => next());
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // The one whose question it was went away.
            return await next();
        }
    }
}
