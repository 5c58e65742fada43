using System.Text;
using Marketplace.Data;
using Marketplace.Ledger;
using Marketplace.Web.Features.Ledger;
using Marketplace.Web.Features.Metering;
using Marketplace.Web.Tests.Features.Operations;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Shouldly;
using Xunit;

namespace Marketplace.Web.Tests.Features.Metering;

/// <summary>Settling an hour commits to one reading of each meter.</summary>
public sealed class IndexOfHourTests(MarketplaceHost host) : IClassFixture<MarketplaceHost>
{
    [Fact]
    public async Task Every_reading_of_a_settled_hour_is_proved_to_be_the_one_it_was_settled_with()
    {
        var market = await SmallMarket.CreateAsync(host);
        await market.DeliverAsync();
        await market.AdvanceAsync();
        var sequencer = host.Services.GetRequiredService<Sequencer>();
        await sequencer.IntegrateAsync(market.LoopId, CancellationToken.None);
        await sequencer.PublishAsync(market.LoopId, CancellationToken.None);
        var meters = await host.Look(db => db.Meters.AsNoTracking().Where(meter => meter.LoopId == market.LoopId).ToListAsync());
        var hour = market.FirstHour;

        var proofs = new List<(TlogProof Reading, MeterProof Meter)>();
        foreach (var meter in meters)
        {
            var reading = (await host.Send(new ProveReading(market.LoopId, meter.Code, hour))).ShouldNotBeNull();
            var proof = (await host.Send(new ProveMeterOfHour(market.LoopId, meter.Code, hour))).ShouldNotBeNull();
            proofs.Add((TlogProof.Parse(Encoding.UTF8.GetBytes(reading.File!)), MeterProof.Parse(Encoding.UTF8.GetBytes(proof.File!))));
        }

        proofs.ShouldNotBeEmpty();
        foreach (var (reading, meter) in proofs)
        {
            meter.Settles(reading).ShouldBeTrue();
            foreach (var (other, _) in proofs.Where(one => one.Reading != reading))
            {
                Should.Throw<NotVerifiedException>(() => meter.Settles(other));
            }
        }

        // As many indexes as settled hours, each of its own hour: anybody can count them by the kinds of the entries.
        var signed = await host.Look(async db =>
        {
            await using var connection = await host.Services.GetRequiredService<Npgsql.NpgsqlDataSource>().OpenConnectionAsync();
            return await LogTables.LatestSignedAsync(connection, market.LoopId, CancellationToken.None);
        });
        var kinds = signed.ShouldNotBeNull().Kinds;
        kinds[(int)RecordKind.MeterIndex - 1].ShouldBe(kinds[(int)RecordKind.Settlement - 1]);

        (await host.Send(new ProveMeterOfHour(market.LoopId, meters[0].Code, market.End.AddDays(1)))).ShouldBeNull();
        (await host.Send(new ProveMeterOfHour(market.LoopId, "nobody", hour))).ShouldBeNull();
    }
}
