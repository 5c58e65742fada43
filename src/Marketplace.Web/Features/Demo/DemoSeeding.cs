using System.Buffers.Binary;
using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Replica.Demo;
using Marketplace.Web.Features.Accounts;
using Marketplace.Web.Features.Governance;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Features.Operations;
using Marketplace.Web.Pipeline;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Demo;

/// <summary>How far the demo loop's history has been made; the start page shows it.</summary>
public sealed class DemoProgress
{
    private int _done;

    /// <summary>Steps of the history there are in all; 0 while nothing is being made.</summary>
    public int Steps { get; set; }

    public int Done => Volatile.Read(ref _done);

    public bool IsRunning => Steps > 0 && Done < Steps;

    /// <summary>Whether the history is there and the demo's clock runs. Until then its anchor still counts the time during
    /// which no process ran.</summary>
    public bool IsReady { get; set; }

    public string? Failure { get; set; }

    public void StepDone() => Interlocked.Increment(ref _done);
}

/// <summary>Makes the demo loop at the first start, while the portal already answers: members and plants, then five weeks of
/// hours by the same steps that run in production. Killed halfway, the next start goes on where it stopped.</summary>
public sealed partial class DemoSeeding(IServiceScopeFactory scopes, DemoProgress progress, TimeProvider time, ILogger<DemoSeeding> log) : BackgroundService
{
    public const string Slug = "lindenhof";

    private const ulong Seed = 2026;

    public static ulong SeedNumber(byte[] seed) => BinaryPrimitives.ReadUInt64BigEndian(seed);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await using var scope = scopes.CreateAsyncScope();
            await SeedAsync(scope.ServiceProvider, stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The next start goes on from here.
        }
        catch (Exception failure)
        {
            progress.Failure = failure.Message;
            LogFailure(failure);
        }
    }

    private async Task SeedAsync(IServiceProvider services, CancellationToken cancellationToken)
    {
        var requests = services.GetRequiredService<Requests>();
        var source = services.GetRequiredService<DemoSource>();
        var marketDay = services.GetRequiredService<MarketDay>();
        var databases = services.GetRequiredService<IDbContextFactory<MarketplaceDb>>();

        var district = DemoLoop.Create(Seed);
        var loopId = await requests.Send(new SetUpLoop(Plan(district)), Actor.System, cancellationToken);
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        foreach (var account in DemoAccounts.All)
        {
            await DemoAccounts.SeedAsync(requests, db, loopId, account, cancellationToken);
        }

        await NameFoundersAsync(requests, services.GetRequiredService<Constitutions>(), db, loopId, cancellationToken);
        var loop = await db.Loops.AsNoTracking().SingleAsync(loop => loop.Id == loopId, cancellationToken);
        var clock = await db.Clocks.SingleAsync(clock => clock.LoopId == loopId, cancellationToken);
        if (clock.Rate == 0)
        {
            var done = await db.HourSteps.CountAsync(step => step.LoopId == loopId, cancellationToken);
            var hours = (int)(clock.MarketAnchor - loop.FirstHour).TotalHours;
            progress.Steps = (3 * hours) - done;
            if (done == 0)
            {
                await source.DeliverDayBeforeAsync(loop, cancellationToken);
            }

            while (await marketDay.AdvanceAsync(loopId, source, most: 500, stopOnFailure: true, _ => progress.StepDone(), cancellationToken) > 0)
            {
                cancellationToken.ThrowIfCancellationRequested();
            }

            progress.Steps = 0;
            await DemoPayments.SeedAsync(requests, db, loop, cancellationToken);
            await DemoContracts.SeedAsync(requests, db, loopId, DemoLoop.MarketStart.AddMonths(1).AddDays(1 - DemoLoop.MarketStart.Day), cancellationToken);
            clock.Rate = services.GetRequiredService<IConfiguration>().GetValue("Marketplace:DemoRate", 60);
        }

        // Between two runs of the process no market time passes.
        clock.RealAnchor = time.GetUtcNow();
        await db.SaveChangesAsync(cancellationToken);
        progress.IsReady = true;
        LogSignIns(string.Join(", ", DemoAccounts.All.Select(account => account.Email)), DemoSignIns.Password);
    }

    /// <summary>The loop begins with three founders who have people in the demo, so that a visitor can bring a vote to its end.</summary>
    private static async Task NameFoundersAsync(Requests requests, Constitutions constitutions, MarketplaceDb db, int loopId, CancellationToken cancellationToken)
    {
        if ((await constitutions.ReadAsync(loopId, cancellationToken)).Version == 0)
        {
            var founders = await db.Members.Where(member => member.LoopId == loopId && DemoAccounts.Founders.Contains(member.Key)).Select(member => member.Id).ToListAsync(cancellationToken);
            await requests.Send(new SetConstitution(loopId, Constitution.First with { Founders = founders }), Actor.System, cancellationToken);
        }
    }

    private static LoopPlan Plan(DemoLoop district)
    {
        var seed = new byte[32];
        BinaryPrimitives.WriteUInt64BigEndian(seed, district.Seed);
        var calendar = new LoopCalendar(TimeZoneInfo.FindSystemTimeZoneById(DemoLoop.TimeZoneId));
        var first = calendar.StartOf(DemoLoop.HistoryStart);
        return new LoopPlan(
            Slug, DemoLoop.Name, LoopKind.Demo, DemoLoop.Currency, DemoLoop.TimeZoneId, seed, first, null, calendar.StartOf(DemoLoop.MarketStart),
            new Tariff
            {
                ValidFrom = first,
                DefaultLimitMargin = Price.FromMicroPerKWh(150_000),
                FeedIn = DemoLoop.FeedIn,
                BalancingHeat = Price.FromMicroPerKWh(120_000),
                BalancingCold = Price.FromMicroPerKWh(60_000),
                NetworkFeeHeat = Price.FromMicroPerKWh(15_000),
                NetworkFeeCold = Price.FromMicroPerKWh(10_000),
                NetworkFeeElectricity = Price.FromMicroPerKWh(40_000),
                StandingChargePerDay = Money.FromMicro(350_000),
                VatBasisPoints = 1900,
            },
            district.Members,
            new Dictionary<string, IReadOnlyDictionary<string, string>>(),
            [.. district.Meters.Select(meter => new MeterPlan(meter.Id, meter.Member, meter.Carrier, (Data.MeterDirection)meter.Direction, meter.Plant))],
            district.Plants,
            [.. district.Shares.Select(share => new SharePlan(share.Plant, share.Holder, checked((int)share.ShareMillionths), Money.FromMicro(share.ShareMillionths * 100_000)))]);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "The demo loop is ready. Sign in as one of {People} with the password {Password}")]
    private partial void LogSignIns(string people, string password);

    [LoggerMessage(Level = LogLevel.Error, Message = "The demo loop could not be made")]
    private partial void LogFailure(Exception failure);
}
