using Shouldly;
using Xunit;

namespace Marketplace.Billing.Tests.Payments;

public sealed class OpenItemsTests
{
    private static readonly DateOnly s_day = new(2026, 3, 1);

    private static EntryKey Bill(int id) => new(EntryKind.Document, id);

    private static EntryKey Receipt(int id) => new(EntryKind.Receipt, id);

    private static AccountEntry Owed(int id, long cents, int day = 0, long held = 0) => new(Bill(id), cents, s_day.AddDays(day), HeldCents: held);

    private static AccountEntry Paid(int id, long cents, EntryKey? named = null, int day = 20) => new(Receipt(id), -cents, s_day.AddDays(day), named);

    [Fact]
    public void A_payment_settles_what_it_names_and_then_the_oldest()
    {
        var items = OpenItems.Of([Owed(1, 100), Owed(2, 50, 5), Owed(3, 70, 9), Paid(1, 130, Bill(3))], []);

        items.Further.ShouldBe([new Allocation(Bill(3), Receipt(1), 70), new Allocation(Bill(1), Receipt(1), 60)]);
        items.OpenCents(Bill(1)).ShouldBe(40);
        items.OpenCents(Bill(2)).ShouldBe(50);
        items.BalanceCents.ShouldBe(90);
    }

    [Fact]
    public void What_is_paid_too_much_waits_for_the_next_bill()
    {
        var first = OpenItems.Of([Owed(1, 100), Paid(1, 130)], []);
        first.OpenCents(Receipt(1)).ShouldBe(-30);

        var second = OpenItems.Of([Owed(1, 100), Paid(1, 130), Owed(2, 50, 40)], first.All);
        second.Further.ShouldBe([new Allocation(Bill(2), Receipt(1), 30)]);
        second.BalanceCents.ShouldBe(20);
    }

    [Fact]
    public void A_returned_payment_opens_again_what_it_had_settled_and_nothing_else()
    {
        var before = OpenItems.Of([Owed(1, 100), Owed(2, 50, 5), Paid(1, 120), Paid(2, 10, Bill(2))], []);
        var after = OpenItems.Of(
            [Owed(1, 100), Owed(2, 50, 5), Paid(1, 120), Paid(2, 10, Bill(2)), new AccountEntry(Receipt(3), 120, s_day.AddDays(30), Receipt(1), TakesBack: true)], before.All);

        after.OpenCents(Bill(1)).ShouldBe(100);
        after.OpenCents(Bill(2)).ShouldBe(40);
        after.OpenCents(Receipt(1)).ShouldBe(0);
        after.OpenCents(Receipt(3)).ShouldBe(0);
        after.BalanceCents.ShouldBe(140);
    }

    [Fact]
    public void What_is_disputed_is_settled_only_by_what_takes_it_back()
    {
        var credit = new AccountEntry(Bill(9), -80, s_day.AddDays(1));
        OpenItems.Of([Owed(1, 100, held: 100), credit], []).Further.ShouldBeEmpty();
        OpenItems.Of([Owed(1, 100, held: 70), credit], []).OpenCents(Bill(1)).ShouldBe(70);
        OpenItems.Of([Owed(1, 100), credit with { InFileCents = 80 }], []).Further.ShouldBeEmpty();
        OpenItems.Of([Owed(1, 100, held: 100), credit with { Cents = -100, For = Bill(1) }], []).OpenCents(Bill(1)).ShouldBe(0);
        OpenItems.Of([Owed(1, 100, held: 60), new AccountEntry(new EntryKey(EntryKind.Goodwill, 1), -70, s_day, Bill(1))], []).OpenCents(Bill(1)).ShouldBe(30);
    }

    [Fact]
    public void A_payment_that_names_a_disputed_bill_settles_what_is_not_disputed_and_then_what_is_due()
    {
        var whole = OpenItems.Of([Owed(1, 100, held: 100), Owed(2, 40, 5), Paid(1, 40, Bill(1))], []);
        (whole.OpenCents(Bill(1)), whole.OpenCents(Bill(2))).ShouldBe((100, 0));

        var part = OpenItems.Of([Owed(1, 100, held: 30), Owed(2, 40, 5), Paid(1, 120, Bill(1))], []);
        (part.OpenCents(Bill(1)), part.OpenCents(Bill(2)), part.OpenCents(Receipt(1))).ShouldBe((30, 0, -10));

        // Decided against the member, it is paid by what was left.
        OpenItems.Of([Owed(1, 100), Owed(2, 40, 5), Paid(1, 120, Bill(1))], part.All).OpenCents(Bill(1)).ShouldBe(20);
    }

    [Fact]
    public void What_waits_in_a_file_is_not_set_off_even_by_name()
    {
        // A statement of 50 is on its way to the member when it is taken back for one of 60: 10 are left to pay, and then nothing.
        AccountEntry statement = new(Bill(1), -50, s_day), credit = new(Bill(2), 50, s_day.AddDays(5), Bill(1)), revised = new(Bill(3), -60, s_day.AddDays(5));
        var waiting = OpenItems.Of([statement with { InFileCents = 50 }, credit, revised], []);
        (waiting.OpenCents(Bill(1)), waiting.OpenCents(Bill(2)), waiting.OpenCents(Bill(3))).ShouldBe((-50, 0, -10));
        var booked = OpenItems.Of([statement, credit, revised, new AccountEntry(Receipt(1), 50, s_day.AddDays(7), Bill(1))], waiting.All);
        (booked.OpenCents(Bill(1)), booked.OpenCents(Bill(3)), booked.BalanceCents).ShouldBe((0, -10, -10));

        // The same of a bill that is being collected.
        AccountEntry bill = Owed(1, 50), note = new(Bill(2), -50, s_day.AddDays(5), Bill(1)), instead = Owed(3, 60, 5);
        var collecting = OpenItems.Of([bill with { InFileCents = 50 }, note, instead], []);
        (collecting.OpenCents(Bill(1)), collecting.OpenCents(Bill(2)), collecting.OpenCents(Bill(3))).ShouldBe((50, 0, 10));
    }

    [Fact]
    public void Made_allocations_stay_and_a_second_time_there_are_no_further_ones()
    {
        // Whatever comes in whatever order: nothing is settled twice, and the balance is the sum of all entries.
        for (var seed = 1; seed <= 200; seed++)
        {
            var (state, entries, made) = (unchecked((uint)seed * 2_654_435_761u), new List<AccountEntry>(), (IReadOnlyList<Allocation>)[]);
            uint Next(uint most)
            {
                state = unchecked((state * 1_664_525u) + 1_013_904_223u);
                return (state >> 8) % most;
            }

            for (var i = 1; i <= 30; i++)
            {
                var named = entries.Count > 0 && Next(2) == 0 ? entries[(int)Next((uint)entries.Count)] : null;
                var cents = Next(500) + 1;
                entries.Add(Next(3) switch
                {
                    0 => Owed(i, cents, i),
                    1 => Paid(i, cents, named?.Cents > 0 ? named.Key : null, i),
                    _ when named is { Cents: < 0, Key.Kind: EntryKind.Receipt } && !entries.Any(entry => entry.For == named.Key && entry.TakesBack)
                        => new AccountEntry(Receipt(i), -named.Cents, s_day.AddDays(i), named.Key, TakesBack: true),
                    _ => new AccountEntry(Bill(i), -cents, s_day.AddDays(i)),
                });
                made = OpenItems.Of(entries, made).All;
                var again = OpenItems.Of(entries, made);
                again.Further.ShouldBeEmpty($"seed {seed}");
                again.BalanceCents.ShouldBe(entries.Sum(entry => entry.Cents), $"seed {seed}");
                var owed = entries.Any(entry => entry.Cents > 0 && again.OpenCents(entry.Key) > 0);
                var free = entries.Any(entry => entry.Cents < 0 && again.OpenCents(entry.Key) < 0);
                (owed && free).ShouldBeFalse($"seed {seed}");
            }
        }
    }
}
