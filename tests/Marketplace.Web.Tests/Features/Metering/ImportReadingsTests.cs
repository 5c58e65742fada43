using Marketplace.Data;
using Marketplace.Web.Features.Metering;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Shouldly;
using Xunit;

namespace Marketplace.Web.Tests.Features.Metering;

public sealed class ImportReadingsTests(MarketplaceHost host) : IClassFixture<MarketplaceHost>, IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("district-").FullName;

    public void Dispose() => Directory.Delete(_folder, true);

    [Fact]
    public async Task Readings_alone_make_a_loop_and_the_same_again_changes_nothing()
    {
        Write("2019-12-03 00:00:00,b4,heat,35.84,\n2019-12-03 01:00:00,b4,heat,1,\n2019-12-03 01:00:00,b5,cold,-1,\n2019-12-04 02:00:00,b5,cold,2,\n");

        var first = await Import();
        var second = await Import();

        (first.Created, first.Rows, first.Stored, first.Refused).ShouldBe((true, 4, 3, 1));
        first.Problems.ShouldContain(problem => problem.Line == 4 && problem.Field == "kwh" && problem.Rule == "negative");
        (second.Created, second.Stored, second.AlreadyKnown, second.Refused).ShouldBe((false, 0, 3, 1));
        (await Stored(first.Loop)).Count.ShouldBe(3);
    }

    [Fact]
    public async Task Other_values_are_corrections_and_buildings_without_a_meter_are_named()
    {
        Write("2019-12-03 00:00:00,b4,heat,35.84,\n");
        await Import();
        Write("2019-12-03 00:00:00,b4,heat,36,\n2019-12-03 00:00:00,b9,heat,1,\n");

        var report = await Import();

        (report.Stored, report.Corrected, report.Refused).ShouldBe((1, 1, 1));
        var problem = report.Problems.ShouldHaveSingleItem();
        (problem.File, problem.Line, problem.Field, problem.Rule).ShouldBe(("readings.csv", 3, "building", "unknown-meter"));
        (await Stored(report.Loop)).Select(reading => reading.Energy.WattHours).ShouldBe([35_840, 36_000]);
    }

    private async Task<ImportReport> Import()
    {
        await using var scope = host.Services.CreateAsyncScope();
        return await scope.ServiceProvider.GetRequiredService<ReadingsImport>()
            .RunAsync(ReplayFolder.Read(_folder, FolderUse.ReadingsOnly), _ => { }, CancellationToken.None);
    }

    private Task<List<Reading>> Stored(string slug) => host.Look(db => db.Readings
        .Where(reading => reading.LoopId == db.Loops.Single(loop => loop.Slug == slug).Id)
        .OrderBy(reading => reading.Hour).ThenBy(reading => reading.MeterId).ThenBy(reading => reading.Revision).ToListAsync());

    private void Write(string rows) => File.WriteAllText(Path.Combine(_folder, "readings.csv"), "timestamp_utc,building,commodity,kwh,basis\n" + rows);
}
