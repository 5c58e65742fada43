using Marketplace.Billing;
using Marketplace.Contracts;
using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Features.Bills;
using Marketplace.Web.Features.Contracts;
using Marketplace.Web.Pipeline;
using Marketplace.Web.Tests.Features.Operations;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Shouldly;
using Xunit;

namespace Marketplace.Web.Tests.Features.Contracts;

public sealed class ContractEvaluationTests : IAsyncLifetime
{
    private readonly MarketplaceHost _host = new();
    private ContractLoop _loop = default!;

    private DateTimeOffset April => _loop.StartOf(ContractLoop.April);

    private DateTimeOffset May => _loop.StartOf(ContractLoop.May);

    public async Task InitializeAsync()
    {
        await _host.InitializeAsync();
        _loop = await ContractLoop.CreateAsync(_host);
    }

    public Task DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task Every_shipped_template_runs_and_is_evaluated_once_from_stored_data()
    {
        var clauses = 0;
        foreach (var row in await _host.Look(db => db.ContractTemplates.Where(template => template.LoopId == _loop.LoopId).OrderBy(template => template.Code).ToListAsync()))
        {
            var template = TemplateJson.Read(row.Body);
            if (template.Code == "heat-cold-delivery")
            {
                // Excluded by the energy supply; it has a test of its own.
                continue;
            }

            await _loop.AgreeAsync(template.Code, ContractLoop.RolesOf(template), ContractLoop.April, ContractLoop.May);
            clauses += template.Clauses.Count;
        }

        await _loop.PositionAsync(SmallMarket.HomeA, Carrier.Heat, April, 48, 3_000, paidMicro: 300_000);
        await _loop.PositionAsync(SmallMarket.SolarOwner, Carrier.Electricity, April, 48, -2_000, "pv", -2_000, -180_000);
        await _loop.SettleUntilAsync(May);
        (await _host.Send(new EvaluateContracts(_loop.LoopId))).ShouldBe(clauses);
        (await _host.Send(new EvaluateContracts(_loop.LoopId))).ShouldBe(0);
        (await _loop.ResultsAsync()).Count.ShouldBe(clauses);
    }

    [Fact]
    public async Task A_supply_contract_makes_the_price_fixed_and_payer_and_payee_read_the_same_on_their_documents()
    {
        var contract = await _loop.AgreeAsync("energy-supply", ContractLoop.Roles(("supplier", ContractLoop.Works), ("customer", SmallMarket.HomeA)));
        await _loop.PositionAsync(SmallMarket.HomeA, Carrier.Heat, April, 100, 3_000, tradedWh: 3_000, paidMicro: 450_000);
        await _loop.SettleUntilAsync(May);

        // Before the job has kept it, a bill comes to the same.
        var before = await LinesAsync();
        await _host.Send(new EvaluateContracts(_loop.LoopId));
        var after = await LinesAsync();
        after.Select(Said).ShouldBe(before.Select(Said));

        // 300 kWh × 0.12, 9.90 a month; 100 × 0.45 in the market is handed back.
        (await _loop.ResultsAsync(contract)).Select(result => (result.Clause, result.Amount.Cents)).ShouldBe(
            [("base-charge", 990L), ("energy", 3_600L), ("market-refund", 4_500L), ("temperature", 0L)]);
        after.Where(line => line.Member == SmallMarket.HomeA).Sum(line => line.Amount.Cents).ShouldBe(90);
        after.GroupBy(line => line.Name).ShouldAllBe(both => both.Count() == 2 && both.Sum(line => line.Amount.Micro) == 0 && both.Select(line => line.Explanation).Distinct().Count() == 1);
        after[0].Inputs.ShouldContain(new KeyValuePair<string, long>("contract", contract));
    }

    [Fact]
    public async Task A_clause_on_a_document_has_its_name_and_its_inputs_in_the_readers_language()
    {
        var contract = await _loop.AgreeAsync("energy-supply", ContractLoop.Roles(("supplier", ContractLoop.Works), ("customer", SmallMarket.HomeA)));
        await _loop.PositionAsync(SmallMarket.HomeA, Carrier.Heat, April, 100, 3_000);
        await _loop.SettleUntilAsync(May);
        var stated = (await LinesAsync()).First(line => line.Name.StartsWith("Energy at", StringComparison.Ordinal));
        stated.Name.ShouldBe($"Energy at the contract's price (contract {contract})", "documents keep one name");

        await using var scope = _host.Services.CreateAsyncScope();
        scope.ServiceProvider.GetRequiredService<CurrentActor>().Actor = Actor.System;
        var line = new BillLineView(1, stated.Kind, null, "", null, stated.Quantity, stated.Amount, stated.Amount.Cents, VatRate.Standard(1900), new LineTrace("contract-clause", 1, stated.Inputs)) { Name = stated.Name };
        var named = (await scope.ServiceProvider.GetRequiredService<ILineNames>().NamedAsync(_loop.LoopId, [line, line with { Name = "Something else" }], CancellationToken.None)).ToList();
        named[0].Names["de"].ShouldBe($"Energie zum Vertragspreis (Vertrag {contract})");
        named[0].Names["fr"].ShouldBe($"Énergie au prix du contrat (contrat {contract})");
        named[1].Names.ShouldBeEmpty("what no clause is called stays as it is");

        // Documents keep their inputs without order.
        ExplainedInput.Among(stated.Inputs.Reverse()).ShouldBe(stated.Inputs.Skip(2));
    }

    [Fact]
    public async Task Heat_and_cold_follow_the_import_price_and_wait_where_it_is_not_known()
    {
        var contract = await _loop.AgreeAsync("heat-cold-delivery", ContractLoop.Roles(("provider", ContractLoop.Works), ("customer", SmallMarket.HomeA)));
        await _loop.PositionAsync(SmallMarket.HomeA, Carrier.Heat, April, 100, 10_000);
        await _loop.SettleUntilAsync(May);
        (await _host.Send(new EvaluateContracts(_loop.LoopId))).ShouldBe(0, "the index is not known");
        (await WaitingAsync()).Select(waiting => waiting.Member).ShouldBe([SmallMarket.HomeA, ContractLoop.Works], ignoreOrder: true);
        await _host.Put(db => db.Conditions.AddRange(new[] { 240_000, 260_000 }.Select((price, i) => new HourConditions { LoopId = _loop.LoopId, Hour = April.AddHours(i), ImportPrice = new Price(price) })));
        await _host.Send(new EvaluateContracts(_loop.LoopId));

        (await WaitingAsync()).ShouldBeEmpty();

        // 1,000 kWh × 0.14 × 0.25 ÷ 0.20.
        (await _loop.ResultsAsync(contract)).Single(result => result.Clause == "heat").Amount.ShouldBe(Money.FromCents(17_500));
    }

    [Fact]
    public async Task What_was_moved_on_call_is_held_against_like_days()
    {
        var contract = await _loop.AgreeAsync("demand-response", ContractLoop.Roles(("caller", ContractLoop.Operator), ("participant", SmallMarket.HomeA)));
        var called = _loop.StartOf(new DateOnly(2026, 4, 22)).AddHours(18);
        for (var week = 1; week <= 4; week++)
        {
            await _loop.PositionAsync(SmallMarket.HomeA, Carrier.Electricity, called.AddDays(-7 * week), 2, 3_000);
        }

        await _loop.PositionAsync(SmallMarket.HomeA, Carrier.Electricity, called, 2, 1_200);
        await _host.Put(db => db.Clocks.Single(clock => clock.LoopId == _loop.LoopId).MarketAnchor = called.AddHours(-5));
        var call = new CallFlexibility(_loop.LoopId, ContractLoop.Operator, contract, 0, called, 2, 2_000);
        (await _host.Send(call)).ShouldBe(await _host.Send(call));
        await Should.ThrowAsync<RefusedException>(() => _host.Send(call with { MemberId = SmallMarket.HomeA, StartsAt = called.AddHours(3) }));
        (await Should.ThrowAsync<RefusedException>(() => _host.Send(call with { Watts = 3_001, StartsAt = called.AddHours(3) }))).Problems[0].Field.ShouldBe("Watts");

        await _loop.SettleUntilAsync(May);
        await _host.Send(new EvaluateContracts(_loop.LoopId));

        // Twice 3,000 − 1,200 = 1,800 Wh of 2,000 asked for: 3.6 kWh × 0.15, 0.4 kWh × 0.05 missing.
        (await _loop.ResultsAsync(contract)).Select(result => (result.Clause, result.Quantity, result.Amount.Cents)).ShouldBe(
            [("delivered", 3_600L, 54L), ("readiness", 1L, 200L), ("shortfall", 400L, 2L)]);
    }

    [Fact]
    public async Task Killed_halfway_nothing_is_kept_and_the_rerun_has_no_line_twice()
    {
        await _loop.AgreeAsync("energy-supply", ContractLoop.Roles(("supplier", ContractLoop.Works), ("customer", SmallMarket.HomeA)));
        await _loop.PositionAsync(SmallMarket.HomeA, Carrier.Heat, April, 100, 3_000);
        await _loop.SettleUntilAsync(May);
        await using (var scope = _host.Services.CreateAsyncScope())
        {
            scope.ServiceProvider.GetRequiredService<CurrentActor>().Actor = Actor.System;
            await using var transaction = await scope.ServiceProvider.GetRequiredService<Work>().Db.Database.BeginTransactionAsync();
            (await scope.ServiceProvider.GetRequiredService<MediatR.IRequestHandler<EvaluateContracts, int>>().Handle(new EvaluateContracts(_loop.LoopId), CancellationToken.None)).ShouldBe(4);

            // The process ends here: nothing was committed.
        }

        (await _loop.ResultsAsync()).ShouldBeEmpty();
        (await _host.Send(new EvaluateContracts(_loop.LoopId))).ShouldBe(4);
        (await _host.Send(new EvaluateContracts(_loop.LoopId))).ShouldBe(0);
        (await _host.Look(db => db.Database.SqlQuery<int>(
            $"SELECT coalesce(sum(entry_count), 0)::int AS \"Value\" FROM ledger.batches WHERE loop_id = {_loop.LoopId} AND batch_key LIKE 'contractresults/%'").SingleAsync())).ShouldBe(4);
    }

    [Fact]
    public async Task A_loan_is_repaid_to_the_cent_with_interest_on_what_is_owed_also_where_it_ends_early()
    {
        var (from, until) = (ContractLoop.April, new DateOnly(2026, 11, 1));
        var roles = ContractLoop.Roles(("investor", SmallMarket.HomeA), ("owner", SmallMarket.SolarOwner));
        var whole = await _loop.AgreeAsync("investment-loan", roles, from, until, ("amount", "1000000000"));
        var early = await _loop.AgreeAsync("investment-loan", roles, from, new DateOnly(2027, 4, 1), ("amount", "1000000000"));
        await _host.Send(new CancelContract(_loop.LoopId, SmallMarket.HomeA, early, 3, ContractLoop.NoSignature));
        var end = (await _host.Send(new ShowContract(_loop.LoopId, early))).Standing.Binding!.EndsOn;
        end.ShouldBe(new DateOnly(2026, 9, 1), "180 days after the 5th of March");

        // One run for all months together: none sees the results of another.
        await _loop.SettleUntilAsync(_loop.StartOf(until));
        await _host.Send(new EvaluateContracts(_loop.LoopId));
        var results = await _loop.ResultsAsync(whole);
        results.Where(result => result.Clause == "paid-out").Sum(result => result.Amount.Cents).ShouldBe(100_000);
        results.Where(result => result.Clause == "repayment").Select(result => result.Amount.Cents).ShouldBe([14_286L, 14_285, 14_286, 14_286, 14_286, 14_285, 14_286]);

        // 3 % of 1,000.00 for a twelfth of a year, then of what is owed.
        results.Where(result => result.Clause == "interest").Select(result => result.Amount.Cents).ShouldBe([250L, 214, 179, 143, 107, 71, 36]);
        var ended = (await _loop.ResultsAsync(early)).Where(result => result.Clause == "repayment").Select(result => result.Amount.Cents).ToList();
        ended.ShouldBe([8_333L, 8_334, 8_333, 8_333, 66_667]);
        ended.Sum().ShouldBe(100_000);

        // On the documents of both, line by line.
        var october = (await LinesAsync(_loop.StartOf(new DateOnly(2026, 10, 1)), _loop.StartOf(until))).Where(line => line.Inputs.Contains(new("contract", whole))).ToList();
        october.Select(line => (line.Member, line.Amount.Cents)).ShouldBe(
            [(SmallMarket.SolarOwner, 36L), (SmallMarket.HomeA, -36L), (SmallMarket.SolarOwner, 14_286L), (SmallMarket.HomeA, -14_286L)], ignoreOrder: true);
    }

    [Fact]
    public async Task A_result_is_never_changed()
    {
        await _loop.AgreeAsync("investment-donation", ContractLoop.Roles(("investor", SmallMarket.HomeA), ("owner", SmallMarket.SolarOwner)), ContractLoop.April, ContractLoop.May);
        await _loop.SettleUntilAsync(May);
        await _host.Send(new EvaluateContracts(_loop.LoopId));
        (await Should.ThrowAsync<Npgsql.PostgresException>(() => _host.Look(db => db.Database.ExecuteSqlAsync($"UPDATE market.contract_results SET amount = 0")))).SqlState.ShouldBe("42501");
    }

    private static string Said(StatedCharge line) => $"{line.Member} {line.Name} {line.Amount} {line.Explanation} {line.Quantity} {line.Unit} {line.Category} {string.Join(' ', line.Inputs)}";

    private Task<IReadOnlyList<StatedCharge>> LinesAsync() => LinesAsync(April, May);

    private Task<IReadOnlyList<StatedCharge>> LinesAsync(DateTimeOffset from, DateTimeOffset until) =>
        AskAsync((source, loop) => source.OfAsync(new StatedScope(loop, new Interval(from, until), null, [], []), CancellationToken.None));

    private Task<IReadOnlyList<WaitingCharge>> WaitingAsync() => AskAsync((source, loop) => source.WaitingAsync(loop, new Interval(April, May), CancellationToken.None));

    private async Task<T> AskAsync<T>(Func<IStatedCharges, Loop, Task<T>> ask)
    {
        await using var scope = _host.Services.CreateAsyncScope();
        scope.ServiceProvider.GetRequiredService<CurrentActor>().Actor = Actor.System;
        var loop = await _host.Look(db => db.Loops.SingleAsync(loop => loop.Id == _loop.LoopId));
        return await ask(scope.ServiceProvider.GetServices<IStatedCharges>().Single(source => source.GetType().Name == "ContractLines"), loop);
    }
}
