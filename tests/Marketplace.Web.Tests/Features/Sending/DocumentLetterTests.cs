using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Features.Bills;
using Marketplace.Web.Features.Disputes;
using Marketplace.Web.Features.Mail;
using Marketplace.Web.Features.Members;
using Marketplace.Web.Features.Orders;
using Marketplace.Web.Features.Parties;
using Marketplace.Web.Features.Reminders;
using Marketplace.Web.Features.Sending;
using Marketplace.Web.Pipeline;
using Marketplace.Web.Tests.Features.Accounts;
using Marketplace.Web.Tests.Features.Bills;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Shouldly;
using Xunit;
using static Marketplace.Web.Tests.Features.Bills.SettledWeekend;

namespace Marketplace.Web.Tests.Features.Sending;

/// <summary>Who is told of a document, in which words, and what becomes of a letter when the mail server or the host fails.</summary>
public sealed class DocumentLetterTests : IAsyncLifetime
{
    private readonly AccountsHost _host = new();
    private readonly MailInMemory _mail = new();
    private SettledWeekend _weekend = default!;

    private int Loop => _weekend.LoopId;

    private Actor Office => _weekend.As(Operator, Role.Operator);

    public async Task InitializeAsync()
    {
        _host.Settings["Marketplace:PublicAddress"] = "https://loop.example";
        _host.Replace = services => services.Replace(ServiceDescriptor.Singleton<IMail>(_mail));
        await _host.InitializeAsync();
        _weekend = await InAsync(_host, "letters");
    }

    public Task DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task Everyone_who_acts_for_a_member_is_told_once_and_the_stated_address_takes_their_place()
    {
        var kim = await _host.AddPerson(Loop, Household);
        var partner = await _host.AddPerson(Loop, Household);
        await _host.AddPerson(Loop, Owner);
        await _host.Send(new SetRecipient(Loop, Owner, new PartyDetails
        {
            Name = "Sun and Pump GmbH", Street = "Weg 1", PostCode = "10115", City = "Berlin", Country = "DE", Email = "bills@owner.example", Language = "de",
        }));
        await _host.Send(new IssueBills(Loop, Period));

        await _host.Send(new SendDocuments());
        (await _host.Send(new SendDocuments())).ShouldBe(0, "nobody gets it twice");
        await _host.Send(new IssueBills(Loop, Period));
        (await _host.Send(new SendDocuments())).ShouldBe(0, "the run is repeated, the letters are not");

        var household = _mail.Letters.Where(letter => letter.To == kim.Email).ToList();
        household.Select(letter => letter.Subject).ShouldBe(["A new bill from Alpha", "A new statement from Alpha"], ignoreOrder: true);
        _mail.Letters.Count(letter => letter.To == partner.Email).ShouldBe(2);
        var owner = _mail.Letters.Where(letter => letter.To == "bills@owner.example").ToList();
        owner.ShouldNotBeEmpty();
        owner.ShouldAllBe(letter => letter.Text.StartsWith("Guten Tag,") && letter.Subject.EndsWith("von Alpha"));
        _mail.Letters.ShouldAllBe(letter => letter.Text.Contains("https://loop.example/loops/letters/bills/LETTERS-2026-")
            && !letter.Text.Contains("Kim") && !letter.Text.Contains('€') && !letter.Text.Contains("Sun and Pump"));
        _mail.Letters.Count.ShouldBe(_mail.Letters.DistinctBy(letter => (letter.To, letter.Text)).Count());

        var failed = await _host.Send(new ShowLetters(Loop, LetterFilter.Failed), Office);
        failed.Letters.ShouldAllBe(letter => letter.State == LetterState.NoAddress);
        failed.Letters.Select(letter => letter.Member).Distinct().ShouldBe(["Tank", "Ines"], ignoreOrder: true);
    }

    [Fact]
    public async Task A_failing_server_delays_a_letter_and_a_day_of_failures_ends_it_until_the_operator_sends_that_one_again()
    {
        await _host.AddPerson(Loop, Household);
        await _host.Send(new IssueBills(Loop, Period));
        _mail.Fault = () => throw new IOException("server says: person@loop.example is unknown");

        (await _host.Send(new SendDocuments())).ShouldBe(0);
        _mail.Tries.ShouldBe(2);
        await _host.Send(new SendDocuments());
        _mail.Tries.ShouldBe(2, "it waits two minutes first");
        for (var i = 1; i < SendDocumentsHandlerLimits.MostAttempts; i++)
        {
            _host.Time.Advance(TimeSpan.FromHours(7));
            await _host.Send(new SendDocuments());
        }

        var failed = (await _host.Send(new ShowLetters(Loop, LetterFilter.Failed), Office)).Letters.Where(letter => letter.State == LetterState.Failed).ToList();
        failed.Count.ShouldBe(2);
        failed.ShouldAllBe(letter => letter.Outcome == "IOException" && letter.Attempts == SendDocumentsHandlerLimits.MostAttempts);

        _mail.Fault = () => { };
        _host.Time.Advance(TimeSpan.FromHours(7));
        (await _host.Send(new SendDocuments())).ShouldBe(0);
        await _host.Send(new SendLetterAgain(Loop, failed[0].Id), Office);
        (await _host.Send(new SendDocuments())).ShouldBe(1);
        _mail.Letters.ShouldHaveSingleItem().Text.ShouldContain(failed[0].Number);
        await Should.ThrowAsync<NotPermittedException>(() => _host.Send(new SendLetterAgain(Loop, failed[1].Id), _weekend.As(Household, Role.Consumer)));
        await Should.ThrowAsync<NotPermittedException>(() => _host.Send(new ShowLetters(Loop, LetterFilter.All), _weekend.As(Household, Role.Consumer)));
    }

    [Fact]
    public async Task A_letter_in_the_hands_of_the_server_when_the_host_dies_is_not_sent_again_by_itself()
    {
        await _host.AddPerson(Loop, Household);
        await _host.Send(new IssueBills(Loop, Period));
        // As a crash leaves it: marked as being sent, and no further mark.
        await _host.Look(db => db.Database.ExecuteSqlAsync(
            $"UPDATE market.document_letters SET state = 2, attempts = 1, begun_at = {_host.Time.GetUtcNow()} WHERE loop_id = {Loop} AND member_id = {Household} AND bill_id = 1"));

        (await _host.Send(new SendDocuments())).ShouldBe(1, "the other one");
        _host.Time.Advance(TimeSpan.FromMinutes(11));
        (await _host.Send(new SendDocuments())).ShouldBe(0);

        var doubtful = (await _host.Send(new ShowLetters(Loop, LetterFilter.Failed), Office)).Letters.Single(letter => letter.State == LetterState.BrokenOff);
        await _host.Send(new SendLetterAgain(Loop, doubtful.Id), Office);
        (await _host.Send(new SendDocuments())).ShouldBe(1);
        await _host.Send(new SendDocuments());
        _mail.Letters.Count.ShouldBe(2);
    }

    [Fact]
    public async Task Two_runners_at_once_send_each_letter_once()
    {
        for (var i = 0; i < 10; i++)
        {
            await _host.AddPerson(Loop, Household);
        }

        await _host.Send(new IssueBills(Loop, Period));
        var sent = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => _host.Send(new SendDocuments())));

        sent.Sum().ShouldBe(20);
        _mail.Letters.DistinctBy(letter => (letter.To, letter.Text)).Count().ShouldBe(20);
    }

    [Fact]
    public async Task Who_refuses_gets_no_letter_and_who_is_erased_leaves_none_behind()
    {
        var kim = await _host.AddPerson(Loop, Household);
        var owner = await _host.AddPerson(Loop, Owner);
        await _host.AddPerson(Loop, Operator);
        await _host.Put(db => db.MemberRoles.Add(new MemberRole { LoopId = Loop, MemberId = Operator, Role = Role.Operator }));
        var actor = People.Acting(kim.Id, new RoleHeld(Loop, Household, Role.Consumer));
        await _host.Send(new RefuseMail(Loop, [LetterKind.Documents, LetterKind.Alarms]), actor);
        (await _host.Send(new ShowMailRefusals(Loop), actor)).ShouldBe([LetterKind.Documents, LetterKind.Alarms]);
        await _host.Send(new IssueBills(Loop, Period));

        await _host.Send(new EraseMember(Loop, Owner), Office);
        await _host.Send(new SendDocuments());

        _mail.Letters.ShouldBeEmpty();
        var letters = (await _host.Send(new ShowLetters(Loop, LetterFilter.All), Office)).Letters;
        letters.Where(letter => letter.Member == "Kim").ShouldAllBe(letter => letter.State == LetterState.Refused);
        letters.ShouldNotContain(letter => letter.Recipient == owner.Id.ToString());
        await _host.Send(new RefuseMail(Loop, []), actor);
        (await _host.Send(new ShowMailRefusals(Loop), actor)).ShouldBeEmpty();
    }

    [Fact]
    public async Task The_pages_work_without_a_script()
    {
        var kim = await _host.AddPerson(Loop, Household);
        await _host.Put(db =>
        {
            db.MemberRoles.Add(new MemberRole { LoopId = Loop, MemberId = Household, Role = Role.Consumer });
            db.MemberRoles.Add(new MemberRole { LoopId = Loop, MemberId = Operator, Role = Role.Operator });
        });
        var office = await _host.AddPerson(Loop, Operator);
        await _host.Send(new IssueBills(Loop, Period));
        await _host.Send(new SendDocuments());
        using var member = new Browser(_host);
        await member.SignIn(kim.Email, People.Password);
        var page = await member.Get("/loops/letters/notifications/choices");
        page.Text.ShouldContain("Bills, statements and credit notes");
        await member.Post(page, "choices", ("Wanted", "Alarms"));
        (await _host.Send(new ShowMailRefusals(Loop), People.Acting(kim.Id, new RoleHeld(Loop, Household, Role.Consumer))))
            .ShouldBe([LetterKind.Documents, LetterKind.Reminders, LetterKind.Announcements]);
        (await member.Get("/loops/letters/operations/sending")).Status.ShouldBe(System.Net.HttpStatusCode.NotFound);

        using var keeper = new Browser(_host);
        await keeper.SignIn(office.Email, People.Password);
        (await keeper.Get("/loops/letters/operations/sending")).Text.ShouldContain("Nobody can be written to");
        var sent = await keeper.Get("/loops/letters/operations/sending?filter=Sent");
        sent.Text.ShouldContain("The mail server took it.");
        await keeper.Post(sent, "again", ("Id", sent.Find("name=\"Id\" value=\"(\\d+)\"")));
        (await _host.Send(new ShowLetters(Loop, LetterFilter.Waiting), Office)).Letters.Count.ShouldBe(1);
    }

    [Fact]
    public async Task Disputes_and_reminders_are_told_by_a_link_once_and_a_reminder_of_what_was_paid_is_not_sent()
    {
        var kim = await _host.AddPerson(Loop, Household);
        var office = await _host.AddPerson(Loop, Operator);
        await _host.Put(db => db.MemberRoles.Add(new MemberRole { LoopId = Loop, MemberId = Operator, Role = Role.Operator }));
        await _host.Send(new IssueBills(Loop, Period));
        await _host.Send(new SendDocuments());
        _mail.Letters.Clear();
        var bill = await _host.Look(db => db.Bills.AsNoTracking().SingleAsync(bill => bill.LoopId == Loop && bill.MemberId == Household && bill.Role == Role.Consumer));
        var actor = People.Acting(kim.Id, new RoleHeld(Loop, Household, Role.Consumer));

        var dispute = await _host.Send(new OpenDispute(Loop, bill.Number, 1, Guid.NewGuid(), 1, "Secret words"), actor);
        await _host.Send(new WriteToDispute(Loop, dispute, Guid.NewGuid(), "First"), Office);
        await _host.Send(new WriteToDispute(Loop, dispute, Guid.NewGuid(), "Second"), Office);
        await _host.Send(new DecideDispute(Loop, dispute, DisputeState.Rejected, 0, DisputeCure.None, "No"), Office);
        await _host.Send(new SendDocuments());
        await _host.Send(new SendDocuments());

        _mail.Letters.Select(letter => (letter.To, letter.Subject)).ShouldBe(
            [(office.Email, "A disputed bill in Alpha"), (kim.Email, "A message about a disputed bill in Alpha"), (kim.Email, "Your dispute in Alpha is decided")], ignoreOrder: true);
        _mail.Letters.ShouldAllBe(letter => letter.Text.Contains($"https://loop.example/loops/letters/disputes/{dispute}\n") && !letter.Text.Contains("Secret") && !letter.Text.Contains("Kim"));

        _mail.Letters.Clear();
        await _host.Look(db => db.Clocks.Where(clock => clock.LoopId == Loop)
            .ExecuteUpdateAsync(clocks => clocks.SetProperty(clock => clock.MarketAnchor, new DateTimeOffset(bill.DueOn.AddDays(8), new TimeOnly(12, 0), TimeSpan.Zero))));
        await _host.Send(new SetReminderTerms(Loop, bill.DueOn.AddDays(8), [7, 8], [0, 0], 0, 30, 5), Office);
        await _host.Send(new SendReminders(Loop));
        await _host.Send(new SendDocuments());
        _mail.Letters.Where(letter => letter.To == kim.Email).ShouldHaveSingleItem().Text.ShouldContain("https://loop.example/loops/letters/account");

        _mail.Letters.Clear();
        await _host.Look(db => db.Clocks.Where(clock => clock.LoopId == Loop)
            .ExecuteUpdateAsync(clocks => clocks.SetProperty(clock => clock.MarketAnchor, new DateTimeOffset(bill.DueOn.AddDays(10), new TimeOnly(12, 0), TimeSpan.Zero))));
        await _host.Send(new SendReminders(Loop));
        await _host.Send(new RecordReceipt(Loop, Household, Guid.NewGuid(), ReceiptKind.Payment, Money.FromCents(100_000)), Office);
        await _host.Send(new SendDocuments());
        _mail.Letters.ShouldNotContain(letter => letter.To == kim.Email);
        (await _host.Send(new ShowLetters(Loop, LetterFilter.All), Office)).Letters.ShouldContain(letter => letter.State == LetterState.NoLongerTrue && letter.Topic == "reminder");
    }

    private static class SendDocumentsHandlerLimits
    {
        public const int MostAttempts = 12;
    }

    private sealed class MailInMemory : IMail
    {
        private readonly Lock _gate = new();

        public List<Letter> Letters { get; } = [];

        public Action Fault { get; set; } = () => { };

        public int Tries { get; private set; }

        public bool ReachesPeople => true;

        public Task SendAsync(Letter letter, CancellationToken cancellationToken)
        {
            lock (_gate)
            {
                Tries++;
                Fault();
                Letters.Add(letter);
            }

            return Task.CompletedTask;
        }
    }
}
