using System.Net;
using Marketplace.Testing;
using Shouldly;
using Xunit;

namespace Marketplace.Faults.Tests;

public sealed class RestartTests
{
    [Fact]
    public async Task A_killed_host_comes_back_on_the_same_database()
    {
        await using var database = await TestDatabase.CreateAsync();
        await using (var first = await PublishedApp.ServeAsync(database))
        {
            await first.KillAsync();
        }

        await using var second = await PublishedApp.ServeAsync(database);
        (await HealthOf(second)).ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_host_that_is_asked_to_stop_ends_in_order()
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var app = await PublishedApp.ServeAsync(database);

        var ended = await app.StopAsync();

        ended.ExitCode.ShouldBe(0);
        ended.Error.ShouldBeEmpty();
    }

    [Fact]
    public async Task Two_hosts_share_one_database()
    {
        await using var database = await TestDatabase.CreateEmptyAsync();
        var both = await Task.WhenAll(PublishedApp.ServeAsync(database), PublishedApp.ServeAsync(database));
        await using var one = both[0];
        await using var other = both[1];

        (await HealthOf(one)).ShouldBe(HttpStatusCode.OK);
        (await HealthOf(other)).ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task An_unknown_command_is_refused_in_one_line()
    {
        await using var database = await TestDatabase.CreateEmptyAsync();

        var ended = await PublishedApp.RunAsync(database, null, "reply");

        ended.ExitCode.ShouldBe(2);
        ended.Output.ShouldBeEmpty();
        ended.Error.Trim().Split('\n').Length.ShouldBe(1);
    }

    private static async Task<HttpStatusCode> HealthOf(PublishedApp app)
    {
        using var client = new HttpClient();
        using var response = await client.GetAsync(new Uri(app.Address, "/health"));
        return response.StatusCode;
    }
}
