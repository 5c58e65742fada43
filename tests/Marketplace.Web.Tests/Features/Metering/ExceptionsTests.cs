using System.Diagnostics;
using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Features.Metering;
using Marketplace.Web.Features.Metering.Quality;
using Marketplace.Web.Pipeline;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Shouldly;
using Xunit;

namespace Marketplace.Web.Tests.Features.Metering;

public sealed class ExceptionsTests : MeteringLoop
{
    [Fact]
    public async Task The_most_urgent_come_first_and_pages_follow_one_another_without_gaps()
    {
        await Raise(130);
        var operating = Acting(new RoleHeld(LoopId, 2, Role.Operator));
        var seen = new List<ExceptionRow>();
        ExceptionPlace? after = null;
        do
        {
            var page = await Host.Send(new ListExceptions(LoopId, new ExceptionFilter(), ExceptionPlace.Parse(after?.ToString())), operating);
            seen.AddRange(page.Rows);
            after = page.Next;
        }
        while (after is not null);

        seen.Count.ShouldBe(130);
        seen.Select(row => row.FlagId).ShouldBeUnique();
        seen.Select(row => (row.Severity, row.During.Start)).ShouldBe(seen.Select(row => (row.Severity, row.During.Start)).OrderByDescending(key => key));
        var severe = await Host.Send(new ListExceptions(LoopId, new ExceptionFilter(FlagSeverity.Severe, Carrier: Carrier.Heat, Meter: "ANN")), operating);
        severe.Rows.ShouldAllBe(row => row.Severity == FlagSeverity.Severe && row.MeterCode == "ann-heat");
        severe.Open.Sum(count => count.Flags).ShouldBe(130);
    }

    [Fact]
    public async Task Members_do_not_see_the_list()
    {
        var ann = Acting(new RoleHeld(LoopId, 1, Role.Consumer));

        await Should.ThrowAsync<NotPermittedException>(() => Host.Send(new ListExceptions(LoopId, new ExceptionFilter()), ann));
        await Should.ThrowAsync<NotPermittedException>(() => Host.Send(new ResolveExceptions(LoopId, [1], null, ExceptionCure.Accept, "Mine"), ann));
    }

    [Fact]
    public async Task Accepting_takes_flags_off_the_list_with_the_reason_and_on_the_operators_record()
    {
        await Raise(4);
        var operating = Acting(new RoleHeld(LoopId, 2, Role.Operator));
        var ids = (await Host.Send(new ListExceptions(LoopId, new ExceptionFilter()), operating)).Rows.Select(row => row.FlagId).Take(2).ToList();
        await Should.ThrowAsync<RefusedException>(() => Host.Send(new ResolveExceptions(LoopId, ids, null, ExceptionCure.Accept, ""), operating));
        await Should.ThrowAsync<RefusedException>(() => Host.Send(new ResolveExceptions(LoopId, [], null, ExceptionCure.Accept, "Nothing"), operating));

        (await Host.Send(new ResolveExceptions(LoopId, ids, null, ExceptionCure.Accept, "The oven was on"), operating)).ShouldBe(new ResolvedExceptions(2, 0, 0));
        (await Host.Send(new ResolveExceptions(LoopId, ids, null, ExceptionCure.Accept, "Once more"), operating)).Flags.ShouldBe(0);
        (await Host.Send(new ResolveExceptions(LoopId, [], new ExceptionFilter(), ExceptionCure.Accept, "All the others too"), operating)).Flags.ShouldBe(2);

        (await Host.Send(new ListExceptions(LoopId, new ExceptionFilter()), operating)).Open.ShouldBeEmpty();
        (await Host.Look(db => db.FlagResolutions.Select(end => end.Reason).ToListAsync())).Count(reason => reason == "The oven was on").ShouldBe(2);
        (await Host.Look(db => db.OperatorActions.CountAsync(act => act.Action == nameof(ResolveExceptions)))).ShouldBe(3);
    }

    [Fact]
    public async Task Estimating_adds_a_value_and_the_measured_one_stays_and_does_not_come_back_by_itself()
    {
        await DayIsJudged();
        await Receive("a", [.. Enumerable.Range(-240, 240).Select(hour => Row("ann-heat", hour, hour is -5 ? 90m : 4m + (hour % 7 * 0.125m)))]);
        await using (var scope = Host.Services.CreateAsyncScope())
        {
            await scope.ServiceProvider.GetRequiredService<ReadingChecks>().RunAsync(LoopId, CancellationToken.None);
        }

        var operating = Acting(new RoleHeld(LoopId, 2, Role.Operator));
        var done = await Host.Send(new ResolveExceptions(LoopId, [], new ExceptionFilter(Meter: "ann-heat"), ExceptionCure.Estimate, "The converter was exchanged"), operating);
        await Receive("again", Row("ann-heat", -5, 90m));

        (done.Hours, done.Left).ShouldBe((1, 0));
        var values = (await Stored()).Where(reading => reading.Hour == Hour.AddHours(-5)).ToList();
        values.Select(value => (value.Energy.WattHours, value.Quality)).ShouldBe([(90_000, ReadingQuality.Measured), (values[1].Energy.WattHours, ReadingQuality.Estimated)]);
        values[1].Energy.WattHours.ShouldBeInRange(3_000, 5_000);
        values[1].Note.ShouldBe("Estimated: on the straight line between the readings before and after; decided by the operator: The converter was exchanged");
        await Receive("right", Row("ann-heat", -5, 4.5m));
        (await Stored()).Where(reading => reading.Hour == Hour.AddHours(-5)).Select(value => value.Quality).Last().ShouldBe(ReadingQuality.Measured);
    }

    [Fact]
    public async Task A_hundred_thousand_page_as_fast_at_the_end_as_at_the_start()
    {
        await Raise(100_000);
        await Host.Look(db => db.Database.SqlQuery<long>($"SELECT count(*) AS \"Value\" FROM market.open_flags").SingleAsync());
        var operating = Acting(new RoleHeld(LoopId, 2, Role.Operator));
        var last = await Host.Look(db => db.OpenFlags.Where(flag => flag.Severity == FlagSeverity.Note).OrderBy(flag => flag.Hour).ThenBy(flag => flag.FlagId).Skip(60).FirstAsync());
        var place = new ExceptionPlace(last.Severity, last.Hour, last.FlagId);
        await Host.Send(new ListExceptions(LoopId, new ExceptionFilter()), operating);

        var watch = Stopwatch.StartNew();
        var page = await Host.Send(new ListExceptions(LoopId, new ExceptionFilter(), place), operating);

        // Far above what it takes; a page that read its way through the list would take longer.
        watch.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(2));
        page.Rows.Count.ShouldBe(50);
    }

    // Flags of all urgencies, set down as the checks would.
    private Task<int> Raise(int count) => Host.Look(async db =>
    {
        await db.Database.ExecuteSqlAsync($"""
            INSERT INTO market.reading_flags (loop_id, meter_id, hour, until_hour, check_name, occurrence, severity, words, found_at)
            SELECT {LoopId}, 1 + n % 3, {Hour} - n * interval '1 hour', {Hour} - (n - 1) * interval '1 hour',
                   (ARRAY['long-zeros', 'spike', 'negative-energy'])[1 + n % 3], 0, 1 + n % 3, 'Found.', {Hour}
            FROM generate_series(1, {count}) AS n
            """);
        return await db.Database.ExecuteSqlAsync($"""
            INSERT INTO market.open_flags (loop_id, flag_id, meter_id, carrier, severity, check_name, hour)
            SELECT f.loop_id, f.id, f.meter_id, m.carrier, f.severity, f.check_name, f.hour FROM market.reading_flags f
            JOIN market.meters m ON m.loop_id = f.loop_id AND m.id = f.meter_id
            """);
    });
}
