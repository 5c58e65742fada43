using Marketplace.Data;
using Marketplace.Web.Features.Operations;
using Microsoft.Extensions.Logging.Abstractions;
using Shouldly;
using Xunit;

namespace Marketplace.Web.Tests.Features.Operations;

public sealed class MarketEventsTests
{
    private static readonly MarketEvent Cleared = new(1, HourStepKind.Cleared, new DateTimeOffset(2026, 11, 5, 0, 0, 0, TimeSpan.Zero));

    private readonly MarketEvents _events = new(NullLogger<MarketEvents>.Instance);

    [Fact]
    public void Who_listens_to_a_loop_is_told_of_its_steps_only()
    {
        var heard = new List<MarketEvent>();
        using var subscription = _events.Subscribe(1, heard.Add);

        _events.Publish(Cleared);
        _events.Publish(Cleared with { LoopId = 2 });

        heard.ShouldBe([Cleared]);
    }

    [Fact]
    public void Who_has_left_is_told_nothing_and_leaving_twice_is_harmless()
    {
        var heard = new List<MarketEvent>();
        var other = new List<MarketEvent>();
        var leaving = _events.Subscribe(1, heard.Add);
        using var staying = _events.Subscribe(1, other.Add);

        leaving.Dispose();
        leaving.Dispose();
        _events.Publish(Cleared);

        heard.ShouldBeEmpty();
        other.ShouldBe([Cleared]);
    }

    [Fact]
    public void A_listener_that_fails_hinders_nobody()
    {
        var heard = new List<MarketEvent>();
        using var failing = _events.Subscribe(1, _ => throw new InvalidOperationException("A page is gone"));
        using var listening = _events.Subscribe(1, heard.Add);

        _events.Publish(Cleared);

        heard.ShouldBe([Cleared]);
    }
}
