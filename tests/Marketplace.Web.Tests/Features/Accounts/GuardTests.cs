using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.Extensions.DependencyInjection;
using Shouldly;
using Xunit;

namespace Marketplace.Web.Tests.Features.Accounts;

public sealed class GuardTests(AccountsHost host) : IClassFixture<AccountsHost>
{
    [Fact]
    public void Every_request_says_who_may_make_it()
    {
        var requests = typeof(Requests).Assembly.GetTypes()
            .Where(type => type is { IsAbstract: false } && type.GetInterfaces().Any(face => face.IsGenericType && face.GetGenericTypeDefinition() == typeof(IRequest<>)))
            .ToList();

        requests.Count.ShouldBeGreaterThan(20);
        requests.Where(type => !typeof(IGuarded).IsAssignableFrom(type)).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_request_that_does_not_say_so_is_refused_even_to_the_system()
    {
        await using var scope = host.Services.GetRequiredService<IServiceScopeFactory>().CreateAsyncScope();
        var behaviour = new AccessBehaviour<Unguarded, int>(new CurrentActor { Actor = Actor.System });

        await Should.ThrowAsync<NotPermittedException>(() => behaviour.Handle(new Unguarded(), CancellationToken.None, () => Task.FromResult(1)));
    }

    private sealed record Unguarded : IRequest<int>;
}
