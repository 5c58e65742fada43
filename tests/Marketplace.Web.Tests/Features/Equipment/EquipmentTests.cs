using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Features.Equipment;
using Marketplace.Web.Features.Metering;
using Marketplace.Web.Features.Operations;
using Marketplace.Web.Pipeline;
using Marketplace.Web.Tests.Features.Accounts;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Shouldly;
using Xunit;

namespace Marketplace.Web.Tests.Features.Equipment;

/// <summary>A live loop from nothing to its first cleared hour, by what an operator can give on the page and over HTTP.</summary>
public sealed class EquipmentTests(MarketplaceHost host) : IClassFixture<MarketplaceHost>
{
    private const string Meters = "meter,member,carrier,from\nhouse-2-heat,house-2,heat,\nhouse-2-el,house-2,electricity,\n";

    private const string Plants =
        """
        plant,name,owner,kind,carrier_in,carrier_out,capacity_kw,efficiency_or_cop,cost_per_kwh
        grid,Grid connection,operator,grid_supplier,,,500,,
        balance,Balancing plant,operator,balancing_plant,,,500,2.5,0.025
        roof,,house-2,pv,,,10,,

        """;

    private static readonly DateTimeOffset First = MarketplaceHost.Start.AddHours(2);

    private async Task<int> LoopAsync(string slug)
    {
        var id = await host.AddLoop(slug);
        await host.Put(db =>
        {
            var loop = db.Loops.Single(loop => loop.Id == id);
            (loop.Kind, loop.FirstHour) = (LoopKind.Live, First);
        });
        return id;
    }

    private static string Hours(DateTimeOffset from, int count, string price = "0.21") =>
        "timestamp_utc,import_price_eur_per_kwh,air_temp_c\n" + string.Concat(Enumerable.Range(0, count).Select(hour => $"{Instants.Iso(from.AddHours(hour))},{price},4.5\n"));

    [Fact]
    public async Task A_live_loop_is_equipped_and_clears_its_first_hours()
    {
        var loop = await LoopAsync("equipped");
        var actor = People.Operator(loop);
        (await host.Send(new AddPlants(loop, Plants), actor)).Added.ShouldBe(3);
        (await host.Send(new AddMeters(loop, Meters), actor)).Added.ShouldBe(2);
        (await host.Send(new KnowHours(loop, Hours(First, 6)), actor)).Added.ShouldBe(6);
        (await host.Send(new ShowKnownHours(loop), actor)).Until.ShouldBe(First.AddHours(6));

        await host.Put(db => db.Clocks.Single(clock => clock.LoopId == loop).MarketAnchor = First.AddHours(1));
        await using var scope = host.Services.CreateAsyncScope();
        await scope.ServiceProvider.GetRequiredService<MarketDay>().AdvanceAsync(loop, null, 24, stopOnFailure: true, onStep: null, CancellationToken.None);
        var cleared = await host.Look(db => db.HourSteps.Where(step => step.LoopId == loop && step.Step == HourStepKind.Cleared).Select(step => step.Hour).OrderBy(hour => hour).FirstAsync());
        cleared.ShouldBe(First);
    }

    [Fact]
    public async Task Good_rows_are_taken_and_each_other_is_named_with_its_line()
    {
        var loop = await LoopAsync("rows");
        var actor = People.Operator(loop);
        var text = Meters + "two words,house-2,heat,\nhouse-9,nobody,heat,\nhouse-2-steam,house-2,steam,\nhouse-2-old,house-2,heat,2026-03-04 00:00:00\nhouse-2-heat,house-2,cold,\n";
        var report = await host.Send(new AddMeters(loop, text), actor);
        report.Added.ShouldBe(2);
        report.Problems.Select(problem => (problem.Line, problem.Field, problem.Rule)).ShouldBe(
            [(4, "meter", "name"), (5, "member", "unknown"), (6, "carrier", "unknown"), (7, "from", "past"), (8, "meter", "known")]);
        report.Left(text).ShouldStartWith("meter,member,carrier,from\ntwo words,");
        report.Left(text).ShouldNotContain("house-2-el");

        var again = await host.Send(new AddMeters(loop, Meters), actor);
        (again.Added, again.Known, again.Problems.Count).ShouldBe((0, 2, 0));
        var broken = await host.Send(new AddMeters(loop, "meter;member\n"), actor);
        broken.Problems[0].Message.ShouldContain("separated by commas");
        broken.Left("meter;member\n").ShouldBe("meter;member\n");

        (await host.Send(new AddPlants(loop, Plants + "tank,,nobody,store,,heat,5,,\nmill,,house-2,windmill,,,5,,\n"), actor)).Problems
            .Where(problem => problem.Line > 4).Select(problem => (problem.Line, problem.Field)).ShouldBe([(5, "owner"), (6, "kind")]);
    }

    [Fact]
    public async Task An_hour_is_told_again_until_its_gate_closes()
    {
        var loop = await LoopAsync("told");
        var actor = People.Operator(loop);
        await host.Send(new KnowHours(loop, Hours(First, 3)), actor);
        var again = await host.Send(new KnowHours(loop, Hours(First, 3)), actor);
        (again.Added, again.Known).ShouldBe((0, 3));
        (await host.Send(new KnowHours(loop, Hours(First, 1, "0.30")), actor)).Added.ShouldBe(1);

        await host.Put(db => db.Clocks.Single(clock => clock.LoopId == loop).MarketAnchor = First.AddHours(1));
        var late = await host.Send(new KnowHours(loop, Hours(First, 1, "0.99")), actor);
        (late.Added, late.Problems.Single(problem => problem.Weight == ProblemWeight.RowRefused).Rule).ShouldBe((0, "closed"));
        (await host.Look(db => db.Conditions.SingleAsync(row => row.LoopId == loop && row.Hour == First))).ImportPrice.ShouldBe(Price.FromUnitsPerKWh(0.30m));
        (await host.Send(new KnowHours(loop, "timestamp_utc,import_price_chf_per_kwh\n2026-03-06T00:00:00Z,0.2\n"), actor)).Problems.Single(problem => problem.Weight == ProblemWeight.Fatal).Rule.ShouldBe("currency");
    }

    [Fact]
    public async Task Only_the_operator_equips_a_loop()
    {
        var loop = await LoopAsync("guarded");
        var resident = People.Acting(Guid.NewGuid(), new RoleHeld(loop, 2, Role.Consumer));
        await Should.ThrowAsync<NotPermittedException>(() => host.Send(new AddMeters(loop, Meters), resident));
        await Should.ThrowAsync<NotPermittedException>(() => host.Send(new AddPlants(loop, Plants), resident));
        await Should.ThrowAsync<NotPermittedException>(() => host.Send(new KnowHours(loop, Hours(First, 1)), resident));
    }
}
