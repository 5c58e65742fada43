using System.Text;
using Marketplace.Data;
using Marketplace.Ledger;
using Marketplace.Metering;
using Marketplace.Quantities;
using Marketplace.Web.Features.Ledger;
using Marketplace.Web.Features.Metering;
using Marketplace.Web.Pipeline;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Shouldly;
using Xunit;

namespace Marketplace.Web.Tests.Features.Metering;

public sealed class ReceiveReadingsTests : MeteringLoop
{
    [Fact]
    public void The_bytes_of_a_reading_are_a_promise()
    {
        var first = new ReadingRevision("b4-heat", 7, new DateTimeOffset(2019, 12, 3, 0, 0, 0, TimeSpan.Zero), 0, Energy.FromWh(35_840), ReadingQuality.Measured);

        Encoding.UTF8.GetString(ReadingRecord.Canonical("demo-week", first, null)).ShouldBe(
            "reading/v1\nloop demo-week\nmeter b4-heat\nhour 2019-12-03T00:00:00Z\nenergyWh 35840\nquality measured\nrevision 0\n");
        Encoding.UTF8.GetString(ReadingRecord.Canonical("demo-week", first with { Revision = 1, Quality = ReadingQuality.Corrected }, "0101ab")).ShouldBe(
            "reading/v1\nloop demo-week\nmeter b4-heat\nhour 2019-12-03T00:00:00Z\nenergyWh 35840\nquality corrected\nrevision 1\npredecessor 0101ab\n");
        foreach (var reading in new[] { first, first with { Energy = Energy.FromWh(0), Quality = ReadingQuality.Estimated, MeterCode = "é-1" } })
        {
            ReadingRecord.Canonical("demo-week", reading, null).ShouldBe(CanonicalRecord.Of("reading", 1)
                .Add("loop", "demo-week").Add("meter", reading.MeterCode).Add("hour", reading.Hour).Add("energyWh", reading.Energy.WattHours)
                .Add("quality", reading.Quality == ReadingQuality.Measured ? "measured" : "estimated").Add("revision", 0).ToBytes());
        }

        Should.Throw<ArgumentException>(() => ReadingRecord.Canonical("demo-week", first with { MeterCode = "a\nb" }, null));
        ReadingRecord.Key("b4-heat", first.Hour, 1).ShouldBe("reading/b4-heat/2019-12-03T00:00:00Z/1");
        Should.Throw<ArgumentException>(() => ReadingRecord.Canonical("demo-week", first, "0101ab"));
        Should.Throw<ArgumentException>(() => ReadingRecord.Canonical("demo-week", first with { Revision = 1 }, null));
    }

    [Fact]
    public async Task Good_rows_are_stored_and_committed_and_bad_ones_are_reported()
    {
        var received = await Receive("a", Row("ann-heat", 0, 1.5m), Row("bob-heat", 0, 2m, "measured x11.2"), Row("eve-heat", 0, 1m), Row("ann-electricity", 30, 1m), Row("ann-heat", 0, 1.5m));

        (received.Stored, received.Corrected, received.Unchanged, received.WasKnown).ShouldBe((2, 0, 0, false));
        received.Rejected.Select(row => row.Rule.Name).ShouldBe(["unknown-meter", "future", "repeated"]);
        var stored = await Stored();
        stored.Select(reading => (reading.MeterId, reading.Energy.WattHours, reading.Quality, reading.Revision, reading.Note)).ShouldBe(
            [(1, 1_500, ReadingQuality.Measured, (short)0, null), (3, 2_000, ReadingQuality.Measured, (short)0, "measured x11.2")]);
        stored.Select(reading => reading.BatchPosition).Order().ShouldBe([0, 1]);
        (await Committed()).ShouldBe(2);
    }

    [Fact]
    public async Task The_same_delivery_twice_is_the_same_as_once()
    {
        var first = await Receive("a", Row("ann-heat", 0, 1.5m), Row("bob-heat", 0, 2m));
        var before = await Stored();

        var second = await Receive("a", Row("ann-heat", 0, 1.5m), Row("bob-heat", 0, 2m));

        (first.Stored, second.Stored, second.WasKnown).ShouldBe((2, 0, true));
        (await Stored()).ShouldBeEquivalentTo(before);
        (await Committed()).ShouldBe(2);
    }

    [Fact]
    public async Task An_old_delivery_handed_in_again_does_not_undo_a_correction()
    {
        await Receive("a", Row("ann-heat", 0, 1.5m));
        await Receive("b", Row("ann-heat", 0, 1.7m));

        await Receive("a", Row("ann-heat", 0, 1.5m));

        (await Stored())[^1].Energy.ShouldBe(Energy.FromWh(1_700));
    }

    [Fact]
    public async Task An_identical_value_under_another_key_is_counted_and_ignored()
    {
        await Receive("a", Row("ann-heat", 0, 1.5m));

        var again = await Receive("b", Row("ann-heat", 0, 1.500m));

        (again.Stored, again.Unchanged).ShouldBe((0, 1));
        (await Committed()).ShouldBe(1);
    }

    [Fact]
    public async Task A_correction_is_a_further_revision_that_names_its_predecessor_and_both_are_proved()
    {
        await Receive("a", Row("ann-heat", 0, 1.5m), Row("bob-heat", 0, 9m));
        var correction = await Receive("b", Row("ann-heat", 0, 1.7m));
        await Receive("c", Row("ann-heat", 0, 1.6m));

        (correction.Stored, correction.Corrected).ShouldBe((1, 1));
        var history = (await Host.Send(new ReadingHistory(LoopId, "ann-heat", Hour))).ShouldNotBeNull();
        history.Revisions.Select(revision => (revision.Revision, revision.Energy.WattHours, revision.Quality)).ShouldBe(
            [(0, 1_500, ReadingQuality.Measured), (1, 1_700, ReadingQuality.Corrected), (2, 1_600, ReadingQuality.Corrected)]);
        var inForce = (await Host.Send(new ReadingsOf(LoopId, 1, new Interval(Hour, Hour.AddHours(1))))).ShouldHaveSingleItem();
        (inForce.Energy.WattHours, inForce.Revision).ShouldBe((1_600, 2));

        await Host.Services.GetRequiredService<Sequencer>().PublishAsync(LoopId, CancellationToken.None);
        var commitments = new List<string>();
        foreach (var revision in new int?[] { 0, 1, null })
        {
            var proof = (await Host.Send(new ProveReading(LoopId, "ann-heat", Hour, revision))).ShouldNotBeNull();
            proof.State.ShouldBe(ProofState.Proved);
            var document = proof.Document.ShouldNotBeNull();
            var record = CanonicalRecord.Parse(Convert.FromBase64String(document.Record));
            record.Fields.Where(field => field.Name == "predecessor").Select(field => field.Value).ShouldBe(commitments.TakeLast(1));
            commitments.Add(Convert.ToHexStringLower(Commitment.Of(
                (RecordKind)document.Kind, (byte)document.Version, Convert.FromBase64String(document.Salt), Convert.FromBase64String(document.Record))));
        }
    }

    [Fact]
    public async Task A_measurement_takes_the_place_of_an_estimate_but_no_estimate_that_of_a_measurement()
    {
        await Receive("a", Row("ann-heat", 0, 1.5m, "estimated by the building"), Row("bob-heat", 0, 2m));
        await Receive("b", Row("ann-heat", 0, 1.5m), Row("bob-heat", 0, 3m, "estimated"));

        (await Stored()).Select(reading => (reading.MeterId, reading.Revision, reading.Quality)).ShouldBe(
            [(1, (short)0, ReadingQuality.Estimated), (1, (short)1, ReadingQuality.Measured), (3, (short)0, ReadingQuality.Measured)]);
    }

    [Fact]
    public async Task Two_deliveries_at_once_number_their_revisions_without_a_gap()
    {
        await Task.WhenAll(Enumerable.Range(0, 6).Select(i => Receive($"batch {i}", Row("ann-heat", 0, 1m + i), Row("ann-heat", 1, 1m + i))));

        (await Stored()).Where(reading => reading.Hour == Hour).Select(reading => (int)reading.Revision).ShouldBe(Enumerable.Range(0, 6));
    }

    [Fact]
    public async Task While_a_delivery_is_stored_others_add_to_other_meters_and_wait_for_its_own()
    {
        await Receive("month", Row("ann-electricity", 0, 1m));
        Task<ReceivedReadings> same;
        await using (var scope = Host.Services.CreateAsyncScope())
        {
            var work = scope.ServiceProvider.GetRequiredService<Work>();
            await using var transaction = await work.Db.Database.BeginTransactionAsync();
            var handler = scope.ServiceProvider.GetRequiredService<MediatR.IRequestHandler<ReceiveReadings, ReceivedReadings>>();
            await handler.Handle(new ReceiveReadings(LoopId, "a", [Row("ann-heat", 0, 1.5m)]), CancellationToken.None);

            (await Receive("b", Row("bob-heat", 0, 3m))).Stored.ShouldBe(1);
            same = Receive("c", Row("ann-heat", 0, 2m));
            await SomebodyWaitsAsync();
            same.IsCompleted.ShouldBeFalse();
            await transaction.CommitAsync();
        }

        (await same).Corrected.ShouldBe(1);
        (await Stored()).Select(reading => (reading.MeterId, (int)reading.Revision, reading.Energy.WattHours)).ShouldBe([(1, 0, 1500), (1, 1, 2000), (2, 0, 1000), (3, 0, 3000)]);
    }

    [Theory]
    [InlineData("market.ensure_readings_month")]
    [InlineData("market.ensure_register_values_month")]
    public async Task Two_that_need_the_same_new_month_at_once_both_have_it(string function)
    {
        Task second;
        await Host.Look(async db =>
        {
            await using var transaction = await db.Database.BeginTransactionAsync();
            await MakeAsync(db);
            second = Host.Look(MakeAsync);
            await SomebodyWaitsAsync();
            await transaction.CommitAsync();
            await second;
            return true;
        });

        async Task<bool> MakeAsync(MarketplaceDb db)
        {
#pragma warning disable EF1002 // One of the two names above.
            await db.Database.ExecuteSqlRawAsync($"SELECT {function}(timestamptz '2031-07-04 00:00:00Z')");
#pragma warning restore EF1002
            return true;
        }
    }

    private async Task SomebodyWaitsAsync()
    {
        while (await Host.Look(db => db.Database.SqlQuery<int>(
            $"""SELECT count(*)::int AS "Value" FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())""").SingleAsync()) == 0)
        {
            await Task.Yield();
        }
    }

    [Fact]
    public async Task Killed_after_the_rows_were_written_it_leaves_nothing_and_runs_again_as_if_for_the_first_time()
    {
        await using (var scope = Host.Services.CreateAsyncScope())
        {
            var work = scope.ServiceProvider.GetRequiredService<Work>();
            await using var transaction = await work.Db.Database.BeginTransactionAsync();
            var handler = scope.ServiceProvider.GetRequiredService<MediatR.IRequestHandler<ReceiveReadings, ReceivedReadings>>();
            (await handler.Handle(new ReceiveReadings(LoopId, "a", [Row("ann-heat", 0, 1.5m)]), CancellationToken.None)).Stored.ShouldBe(1);
            await transaction.RollbackAsync();
        }

        (await Stored()).ShouldBeEmpty();
        (await Committed()).ShouldBe(0);
        (await Receive("a", Row("ann-heat", 0, 1.5m))).Stored.ShouldBe(1);
    }

    [Fact]
    public async Task Missing_hours_are_named_when_the_delivery_promised_them()
    {
        var received = await Host.Send(new ReceiveReadings(LoopId, "a", [Row("ann-heat", 0, 1m)], null, new Interval(Hour, Hour.AddHours(1))));

        received.Missing.Select(missing => missing.Meter).ShouldBe(["ann-electricity", "bob-heat"]);
    }

    [Fact]
    public async Task Only_the_system_delivers_and_only_those_concerned_read()
    {
        var ann = Actor.From(Person(new RoleHeld(LoopId, 1, Role.Consumer)));
        var auditor = Actor.From(Person(new RoleHeld(LoopId, 2, Role.Auditor)));
        await Receive("a", Row("ann-heat", 0, 1m), Row("bob-heat", 0, 1m));

        await Should.ThrowAsync<NotPermittedException>(() => Host.Send(new ReceiveReadings(LoopId, "x", [Row("ann-heat", 0, 2m)]), ann));
        await Should.ThrowAsync<NotPermittedException>(() => Host.Send(new ReadingsOf(LoopId, 2, new Interval(Hour, Hour.AddHours(1))), ann));
        (await Host.Send(new ListMeters(LoopId), ann)).Meters.Select(meter => meter.Code).ShouldBe(["ann-heat", "ann-electricity"]);
        (await Host.Send(new ListMeters(LoopId), auditor)).Total.ShouldBe(3);
        (await Host.Send(new ReadingHistory(LoopId, "bob-heat", Hour), ann)).ShouldBeNull();
        (await Host.Send(new ProveReading(LoopId, "bob-heat", Hour), ann)).ShouldBeNull();
        (await Host.Send(new ReadingsOf(LoopId, 1, new Interval(Hour, Hour.AddHours(1))), ann)).ShouldHaveSingleItem();
        (await Host.Send(new ReadingsOf(LoopId, 1, new Interval(Hour, Hour.AddHours(1))), auditor)).ShouldHaveSingleItem();
    }

    private static System.Security.Claims.ClaimsPrincipal Person(params RoleHeld[] roles) => new(new System.Security.Claims.ClaimsIdentity(
        [new(System.Security.Claims.ClaimTypes.NameIdentifier, Guid.Empty.ToString()), .. roles.Select(role => role.ToClaim())], "test"));
}
