using System.Diagnostics;
using System.Globalization;
using Marketplace.Billing;
using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Features.Payments;
using Marketplace.Web.Pipeline;
using Marketplace.Web.Tests.Features.Bills;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using Shouldly;
using Xunit;
using Xunit.Abstractions;
using static Marketplace.Web.Tests.Features.Payments.BilledLoop;

namespace Marketplace.Web.Tests.Features.Payments;

/// <summary>What banks do with statements: fees on what comes back, days that come twice, files booked in part, and many movements at once.</summary>
public sealed class StatementsTests(MarketplaceHost host, ITestOutputHelper output) : IClassFixture<MarketplaceHost>
{
    private static readonly DateOnly s_execution = new(2026, 3, 20);

    [Fact]
    public async Task A_debit_that_comes_back_with_the_banks_fee_is_open_again_and_the_fee_is_the_loops()
    {
        var (loop, open, reference) = await CollectedAsync("fee");

        (await loop.ImportAsync(Entry(-open - 300, endToEnd: reference, more: "<RtrInf><Rsn><Cd>AM04</Cd></Rsn></RtrInf>"), "S-2")).Booked.ShouldBe(1);

        (await loop.OpenAsync(loop.Bill)).ShouldBe(open);
        (await loop.AccountAsync(SettledWeekend.Household)).Pay!.Cents.ShouldBe(open);
        (await loop.JournalAsync(AccountKind.Bank)).ShouldBe(-300);
        (await loop.JournalAsync(AccountKind.OtherBank)).ShouldBe(300);
        (await loop.JournalAsync(AccountKind.Receivable, SettledWeekend.Household)).ShouldBe(open);
    }

    [Fact]
    public async Task A_return_that_names_nothing_is_attached_to_the_payment_that_came_back()
    {
        var (loop, open, _) = await CollectedAsync("attached");
        await loop.ImportAsync(Entry(-open - 300, from: IbanOf(SettledWeekend.Household), more: "<RtrInf><Rsn><Cd>MD06</Cd></Rsn></RtrInf>"), "S-2");
        var list = await host.Send(new ListBankEntries(loop.LoopId), loop.Operator);
        var entry = list.Entries.ShouldHaveSingleItem();
        var payment = list.MayHaveReturned(entry).ShouldHaveSingleItem();

        var resolve = new ResolveBankEntry(loop.LoopId, entry.Id, BankEntryState.Assigned, ReturnedId: payment.Id);
        await Should.ThrowAsync<RefusedException>(() => host.Send(resolve with { ReturnedId = payment.Id + 1_000 }, loop.Operator));
        await host.Send(resolve, loop.Operator);
        await host.Send(resolve, loop.Operator);

        (await loop.OpenAsync(loop.Bill)).ShouldBe(open);
        (await loop.JournalAsync(AccountKind.Unassigned)).ShouldBe(0);
        (await loop.JournalAsync(AccountKind.OtherBank)).ShouldBe(300);
        (await loop.JournalAsync(AccountKind.Bank)).ShouldBe(-300);
        (await host.Look(db => db.BankPayments.AsNoTracking().SingleAsync(one => one.LoopId == loop.LoopId && one.Id == payment.Id))).State.ShouldBe(BankPaymentState.Returned);
    }

    [Fact]
    public async Task What_came_back_without_the_payment_that_it_took_back_is_open_and_asked_for()
    {
        var (loop, open, _) = await CollectedAsync("owed");
        await loop.ImportAsync(Entry(-open - 300, more: "<RtrInf><Rsn><Cd>AM04</Cd></Rsn></RtrInf>"), "S-2");
        var entry = (await host.Send(new ListBankEntries(loop.LoopId), loop.Operator)).Entries.ShouldHaveSingleItem();

        await host.Send(new ResolveBankEntry(loop.LoopId, entry.Id, BankEntryState.Assigned, SettledWeekend.Household), loop.Operator);

        var listed = (await host.Send(new ListPayments(loop.LoopId), loop.Operator)).Open.Where(one => one.MemberId == SettledWeekend.Household).ShouldHaveSingleItem();
        (listed.Kind, listed.OpenCents, listed.Number).ShouldBe((EntryKind.Receipt, open + 300, loop.Bills.Last(bill => bill.MemberId == SettledWeekend.Household).Number));
        var account = await loop.AccountAsync(SettledWeekend.Household);
        (account.Balance.Cents, account.Pay!.Cents).ShouldBe((open + 300, open + 300));
        (await loop.ImportAsync(Entry(open + 300, from: IbanOf(SettledWeekend.Household)), "S-3")).Booked.ShouldBe(1);
        (await loop.AccountAsync(SettledWeekend.Household)).Balance.ShouldBe(Money.Zero);
    }

    [Fact]
    public async Task A_week_with_the_days_that_came_before_books_nothing_twice()
    {
        var loop = await InAsync(host, "week");
        await host.Send(new SettleAccounts(loop.LoopId));
        string[] days = [.. Enumerable.Range(0, 5).Select(day => Dated(Entry(10 + day, loop.Bill.Number), day, "BANK-" + day))];
        foreach (var (i, day) in days.Index())
        {
            (await loop.ImportAsync(day, "DAY-" + i)).Booked.ShouldBe(1);
        }

        var before = await loop.OpenAsync(loop.Bill);
        var week = await loop.ImportAsync(string.Concat(days) + Dated(Entry(16, loop.Bill.Number), 5, "BANK-5"), "WEEK-1");

        (week.Statements, week.Booked, week.Waiting, week.Repeated).ShouldBe((1, 1, 0, 5));
        (await loop.OpenAsync(loop.Bill)).ShouldBe(before - 16);
        (await loop.JournalAsync(AccountKind.Bank)).ShouldBe(10 + 11 + 12 + 13 + 14 + 16);
        (await host.Send(new ListBankEntries(loop.LoopId), loop.Operator)).Total.ShouldBe(0);
        (await loop.ImportAsync(string.Concat(days) + Dated(Entry(16, loop.Bill.Number), 5, "BANK-5"), "WEEK-1")).ShouldBe(new ImportedStatements(0, 1, 0, 0));
    }

    [Fact]
    public async Task Without_the_banks_names_what_is_alike_waits_and_twice_in_one_statement_is_two()
    {
        var loop = await InAsync(host, "alike");
        await host.Send(new SettleAccounts(loop.LoopId));
        var same = Entry(100, loop.Bill.Number);
        (await loop.ImportAsync(same + same, "DAY")).Booked.ShouldBe(2);

        var week = await loop.ImportAsync(same + same + same + Entry(101, loop.Bill.Number), "WEEK");

        (week.Booked, week.Waiting, week.Repeated).ShouldBe((2, 2, 0));
        var waiting = (await host.Send(new ListBankEntries(loop.LoopId), loop.Operator)).Entries;
        waiting.ShouldAllBe(entry => entry.Reason == "repeat" && entry.Cents == 100);
        foreach (var entry in waiting)
        {
            await host.Send(new ResolveBankEntry(loop.LoopId, entry.Id, BankEntryState.Repeated), loop.Operator);
        }

        (await loop.JournalAsync(AccountKind.Bank)).ShouldBe(401);
        (await loop.JournalAsync(AccountKind.Unassigned)).ShouldBe(0);
    }

    [Fact]
    public async Task An_entry_that_the_bank_divides_the_second_time_is_not_booked_by_itself()
    {
        var loop = await InAsync(host, "divided");
        await host.Send(new SettleAccounts(loop.LoopId));
        (await loop.ImportAsync(Dated(Entry(300, loop.Bill.Number), 0, "SUM-1"), "DAY")).Booked.ShouldBe(1);
        var parts = string.Concat(new[] { 100, 200 }.Select(cents => string.Create(
            CultureInfo.InvariantCulture, $"<TxDtls><Amt Ccy=\"EUR\">{cents / 100m:0.00}</Amt><RmtInf><Ustrd>{loop.Bill.Number}</Ustrd></RmtInf></TxDtls>")));
        var entry = Dated(Entry(300), 0, "SUM-1");
        var (from, to) = (entry.IndexOf("<TxDtls>", StringComparison.Ordinal), entry.IndexOf("</NtryDtls>", StringComparison.Ordinal));

        var again = await loop.ImportAsync(entry[..from] + parts + entry[to..], "WEEK");

        (again.Booked, again.Waiting).ShouldBe((0, 2));
    }

    [Fact]
    public async Task A_missing_day_is_noticed()
    {
        var loop = await InAsync(host, "gap");
        (await loop.ImportAsync(Balances(0, 100) + Dated(Entry(100), 0, "A"), "D-1")).Gaps.ShouldBe(0);
        (await loop.ImportAsync(Balances(100, 150) + Dated(Entry(50), 1, "B"), "D-2")).Gaps.ShouldBe(0);
        (await loop.ImportAsync(Balances(180, 200) + Dated(Entry(20), 3, "C"), "D-4")).Gaps.ShouldBe(1);
        var view = await host.Send(new ListPayments(loop.LoopId), loop.Operator);
        view.Statements.Where(view.HasGapBefore).ShouldHaveSingleItem().StatementId.ShouldBe("D-4");

        static string Balances(long opening, long closing) => string.Create(CultureInfo.InvariantCulture, $"""
            <Bal><Tp><CdOrPrtry><Cd>OPBD</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">{opening / 100m:0.00}</Amt><CdtDbtInd>CRDT</CdtDbtInd></Bal>
            <Bal><Tp><CdOrPrtry><Cd>CLBD</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">{closing / 100m:0.00}</Amt><CdtDbtInd>CRDT</CdtDbtInd></Bal>
            """);
    }

    [Fact]
    public async Task A_file_booked_without_one_of_its_payments_is_told_so_once()
    {
        var loop = await InAsync(host, "short");
        var made = await host.Send(new MakeBankFile(loop.LoopId, BankFileKind.CreditTransfers, Guid.NewGuid(), s_execution), loop.Operator);
        var payments = await host.Look(db => db.BankPayments.AsNoTracking().Where(payment => payment.LoopId == loop.LoopId).OrderBy(payment => payment.Id).ToListAsync());
        payments.Count.ShouldBeGreaterThan(1);
        var missing = payments[^1];
        var name = await host.Look(db => db.BankFiles.Where(file => file.LoopId == loop.LoopId).Select(file => file.MessageId).SingleAsync());
        await loop.ImportAsync(Entry(-made.SumCents + missing.Cents).Replace("<NtryDtls>", $"<NtryDtls><Btch><PmtInfId>{name}</PmtInfId></Btch>", StringComparison.Ordinal));
        var list = await host.Send(new ListBankEntries(loop.LoopId), loop.Operator);
        var entry = list.Entries.ShouldHaveSingleItem();
        entry.Reason.ShouldBe("file");
        var file = list.MaySumUp(entry).ShouldHaveSingleItem();
        (file.Id, file.MissingFor(entry)?.EndToEndId).ShouldBe((made.FileId, missing.EndToEndId));

        var resolve = new ResolveBankEntry(loop.LoopId, entry.Id, BankEntryState.Assigned, FileId: made.FileId, Without: [missing.EndToEndId]);
        (await Should.ThrowAsync<RefusedException>(() => host.Send(resolve with { Without = [] }, loop.Operator))).Message.ShouldContain("come to");
        await Should.ThrowAsync<RefusedException>(() => host.Send(resolve with { Without = ["RF00"] }, loop.Operator));
        await host.Send(resolve, loop.Operator);
        await host.Send(resolve, loop.Operator);

        (await loop.JournalAsync(AccountKind.Bank)).ShouldBe(-made.SumCents + missing.Cents);
        (await loop.JournalAsync(AccountKind.Unassigned)).ShouldBe(0);
        (await loop.AccountAsync(payments[0].MemberId)).Balance.ShouldBe(Money.Zero);
        (await loop.AccountAsync(missing.MemberId)).Balance.Cents.ShouldBe(-missing.Cents);
        (await host.Look(db => db.BankPayments.Where(payment => payment.LoopId == loop.LoopId).OrderBy(payment => payment.Id).Select(payment => payment.State).ToListAsync()))
            .ShouldBe([.. payments.SkipLast(1).Select(_ => BankPaymentState.Booked), BankPaymentState.Returned]);
    }

    [Fact]
    public async Task A_payment_that_comes_back_in_the_same_statement_is_booked_and_taken_back()
    {
        var loop = await InAsync(host, "same-day");
        await host.Send(new SettleAccounts(loop.LoopId));
        var open = await loop.OpenAsync(loop.Bill);
        await host.Send(new MakeBankFile(loop.LoopId, BankFileKind.DirectDebits, Guid.NewGuid(), s_execution), loop.Operator);
        var reference = PaymentReference.Of(loop.Bill.Number);

        var read = await loop.ImportAsync(Entry(open, endToEnd: reference) + Entry(-open, endToEnd: reference, more: "<RtrInf><Rsn><Cd>AM04</Cd></Rsn></RtrInf>") + Entry(5, "for nobody"));

        (read.Booked, read.Waiting).ShouldBe((2, 1));
        (await loop.OpenAsync(loop.Bill)).ShouldBe(open);
        (await loop.JournalAsync(AccountKind.Bank)).ShouldBe(5);
    }

    [Fact]
    public async Task Members_are_locked_in_rising_order_whatever_the_order_of_the_statement()
    {
        var loop = await InAsync(host, "order");
        var made = await host.Send(new MakeBankFile(loop.LoopId, BankFileKind.CreditTransfers, Guid.NewGuid(), s_execution), loop.Operator);
        var payments = await host.Look(db => db.BankPayments.AsNoTracking().Where(payment => payment.LoopId == loop.LoopId).OrderBy(payment => payment.MemberId).ToListAsync());
        var members = payments.Select(payment => payment.MemberId).Distinct().ToList();
        members.Count.ShouldBeGreaterThan(1);
        // Somebody holds the first of them, as a job does that has just begun; the statement names the last first.
        await using var connection = new NpgsqlConnection(host.Database.Owner);
        await connection.OpenAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await LockAsync(members[0]);
        var importing = loop.ImportAsync(string.Concat(Enumerable.Reverse(payments).Select(payment => Entry(-payment.Cents, endToEnd: payment.EndToEndId))));
        while (await WaitingAsync() == 0)
        {
            importing.IsCompleted.ShouldBeFalse();
        }

        // Those after it are still free: taken in the statement's order, they would be held, and each would wait for the other.
        foreach (var member in members.Skip(1))
        {
            await LockAsync(member);
        }

        await transaction.CommitAsync();
        (await importing).Booked.ShouldBe(made.Count);

        async Task LockAsync(int member)
        {
            await using var command = new NpgsqlCommand("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", connection, transaction);
            command.Parameters.AddWithValue(string.Create(CultureInfo.InvariantCulture, $"orders/{loop.LoopId}/{member}"));
            await command.ExecuteNonQueryAsync();
        }

        Task<int> WaitingAsync() => host.Look(db => db.Database.SqlQuery<int>(
            $"""SELECT count(*)::int AS "Value" FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())""").SingleAsync());
    }

    [Fact]
    public async Task Ten_thousand_movements_of_two_thousand_members_are_read_in_a_reasonable_time()
    {
        const int members = 2_000, movements = 10_000, first = 10_000;
        var loop = await InAsync(host, "crowd");
        var bill = loop.Bill;
        var (loopId, household) = (loop.LoopId, SettledWeekend.Household);
        await host.Look(async db =>
        {
            await db.Database.ExecuteSqlAsync(
                $"""
                INSERT INTO market.members SELECT (jsonb_populate_record(m, jsonb_build_object('id', {first} + n, 'key', 'many-' || n, 'name', 'Member ' || n))).*
                FROM market.members m, generate_series(1, {members}) n WHERE m.loop_id = {loopId} AND m.id = {household}
                """);
            await db.Database.ExecuteSqlAsync(
                $"""
                INSERT INTO market.bill_recipients SELECT (jsonb_populate_record(r, jsonb_build_object('member_id', {first} + n, 'details', r.details || jsonb_build_object('iban', 'IBAN' || n)))).*
                FROM market.bill_recipients r, generate_series(1, {members}) n WHERE r.loop_id = {loopId} AND r.member_id = {household}
                """);
            return await db.Database.ExecuteSqlAsync(
                $"""
                INSERT INTO market.bills SELECT (jsonb_populate_record(b, jsonb_build_object('id', {first} + n, 'member_id', {first} + n, 'number', 'MANY-2026-' || lpad(n::text, 6, '0'), 'total_cents', 1000))).*
                FROM market.bills b, generate_series(1, {members}) n WHERE b.loop_id = {loopId} AND b.id = {bill.Id}
                """);
        });
        // Of each member: a payment by the number, two by the account that fit nothing, one of nobody, and the bank's charges.
        var entries = string.Concat(Enumerable.Range(0, movements).Select(i => (i / members) switch
        {
            0 => Entry(1_000, string.Create(CultureInfo.InvariantCulture, $"my bill MANY-2026-{(i % members) + 1:000000}")),
            1 or 2 => Entry(7 + (i / members), "more", string.Create(CultureInfo.InvariantCulture, $"IBAN{(i % members) + 1}")),
            3 => Entry(5, string.Create(CultureInfo.InvariantCulture, $"somebody {i}")),
            _ => Entry(-3, string.Create(CultureInfo.InvariantCulture, $"charge {i}")),
        }));
        var watch = Stopwatch.StartNew();

        var read = await loop.ImportAsync(entries);

        watch.Stop();
        (read.Booked, read.Waiting).ShouldBe((members, 4 * members));
        (await host.Look(db => db.PaymentAllocations.CountAsync(made => made.LoopId == loopId && made.OwedId > first && made.Cents == 1_000))).ShouldBe(members);
        (await loop.JournalAsync(AccountKind.Bank)).ShouldBe(members * (1_000 + 8 + 9 + 5 - 3));
        watch.Elapsed.ShouldBeLessThan(TimeSpan.FromMinutes(2), "many times what it takes on a machine that does nothing else");
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"10,000 movements: {watch.Elapsed.TotalSeconds:0.0} s"));
    }

    /// <summary>A loop whose household's bill was collected, with what was open of it.</summary>
    private async Task<(BilledLoop Loop, long Open, string Reference)> CollectedAsync(string slug)
    {
        var loop = await InAsync(host, slug);
        await host.Send(new SettleAccounts(loop.LoopId));
        var open = await loop.OpenAsync(loop.Bill);
        await host.Send(new MakeBankFile(loop.LoopId, BankFileKind.DirectDebits, Guid.NewGuid(), s_execution), loop.Operator);
        var reference = PaymentReference.Of(loop.Bill.Number);
        (await loop.ImportAsync(Entry(open, endToEnd: reference), "S-1")).Booked.ShouldBe(1);
        return (loop, open, reference);
    }

    private static string Dated(string entry, int day, string reference) => entry
        .Replace("2026-03-06", string.Create(CultureInfo.InvariantCulture, $"2026-03-{6 + day:00}"), StringComparison.Ordinal)
        .Replace("<NtryDtls>", $"<AcctSvcrRef>{reference}</AcctSvcrRef><NtryDtls>", StringComparison.Ordinal);
}
