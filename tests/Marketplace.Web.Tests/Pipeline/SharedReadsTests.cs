using Marketplace.Web.Pipeline;
using Shouldly;
using Xunit;

namespace Marketplace.Web.Tests.Pipeline;

public sealed class SharedReadsTests
{
    private readonly SharedReads _reads = new();

    [Fact]
    public async Task Who_asks_while_an_answer_is_worked_out_shares_the_next_one()
    {
        var (first, second) = (new TaskCompletionSource<int>(), new TaskCompletionSource<int>());
        var began = 0;
        Task<int> Read() => Interlocked.Increment(ref began) == 1 ? first.Task : second.Task;

        var alone = _reads.ReadAsync("prices", Read);
        var together = Enumerable.Range(0, 300).Select(_ => _reads.ReadAsync("prices", Read)).ToList();
        began.ShouldBe(1);
        first.SetResult(1);
        (await alone).ShouldBe(1);
        second.SetResult(2);

        (await Task.WhenAll(together)).ShouldAllBe(answer => answer == 2);
        began.ShouldBe(2);
    }

    [Fact]
    public async Task Nobody_gets_an_answer_from_before_they_asked()
    {
        var committed = 1;
        var gate = new TaskCompletionSource();
        async Task<int> Read()
        {
            var seen = Volatile.Read(ref committed);
            await gate.Task;
            return seen;
        }

        var early = _reads.ReadAsync("book", Read);
        Volatile.Write(ref committed, 2);
        var late = _reads.ReadAsync("book", Read);
        gate.SetResult();

        (await early).ShouldBe(1);
        (await late).ShouldBe(2);
        (await _reads.ReadAsync("book", Read)).ShouldBe(2);
    }

    [Fact]
    public async Task A_failure_is_told_to_those_who_shared_it_and_to_nobody_after()
    {
        var fail = new TaskCompletionSource<int>();
        var running = _reads.ReadAsync("prices", () => fail.Task);
        var shared = _reads.ReadAsync<int>("prices", () => throw new InvalidOperationException("of the second"));
        var also = _reads.ReadAsync("prices", () => Task.FromResult(0));
        fail.SetException(new InvalidOperationException("of the first"));

        (await Should.ThrowAsync<InvalidOperationException>(running)).Message.ShouldBe("of the first");
        (await Should.ThrowAsync<InvalidOperationException>(shared)).Message.ShouldBe("of the second");
        (await Should.ThrowAsync<InvalidOperationException>(also)).Message.ShouldBe("of the second");
        (await _reads.ReadAsync("prices", () => Task.FromResult(3))).ShouldBe(3);
    }

    [Fact]
    public async Task Different_questions_do_not_wait_for_each_other()
    {
        var never = new TaskCompletionSource<int>();
        var waiting = _reads.ReadAsync("heat", () => never.Task);

        (await _reads.ReadAsync("cold", () => Task.FromResult(4))).ShouldBe(4);
        waiting.IsCompleted.ShouldBeFalse();
    }
}
