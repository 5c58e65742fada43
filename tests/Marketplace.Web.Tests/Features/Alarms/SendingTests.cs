using System.Net;
using System.Net.Sockets;
using System.Text;
using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Features.Alarms;
using Marketplace.Web.Features.Alarms.Announcements;
using Marketplace.Web.Features.Alarms.Sending;
using Marketplace.Web.Features.Mail;
using Marketplace.Web.Pipeline;
using Marketplace.Web.Tests.Features.Accounts;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Shouldly;
using Xunit;

namespace Marketplace.Web.Tests.Features.Alarms;

public sealed class SendingTests : IAsyncLifetime
{
    private static readonly DateTimeOffset Hour = MarketplaceHost.Start;

    private readonly AccountsHost _host = new();
    private readonly KeptMail _mail = new();
    private int _loopId;

    private Actor Keeper => People.Operator(_loopId);

    public async Task InitializeAsync()
    {
        _host.Settings["Marketplace:PublicAddress"] = "https://loop.example";
        _host.Settings[WebhookDoor.AllowPrivateSetting] = "true";
        _host.Replace = services => services.Replace(ServiceDescriptor.Singleton<IMail>(_mail));
        await _host.InitializeAsync();
        _loopId = await _host.AddLoop("sending");
        await _host.Put(db => db.Meters.Add(new Meter { LoopId = _loopId, Id = 1, MemberId = 2, Code = "a-heat", Carrier = Carrier.Heat, Direction = MeterDirection.Consumption, InServiceFrom = Hour }));
        await _host.Put(db => db.HourSteps.Add(new HourStep { LoopId = _loopId, Hour = Hour.AddHours(4), Step = HourStepKind.Settled, DoneAt = Hour.AddHours(5) }));
        _host.Time.SetTo(Hour.AddHours(6));
    }

    public Task DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task Operator_and_customer_get_one_letter_each_in_their_words_and_a_failing_server_only_delays_it()
    {
        var keeper = (await _host.AddPerson(_loopId, 1)).Email;
        var member = (await _host.AddPerson(_loopId, 2)).Email;
        await _host.Send(new LookForAlarms(_loopId));
        await _host.Send(new LookForAlarms(_loopId));

        _mail.Fails = true;
        (await _host.Send(new SendDispatches())).ShouldBe(0);
        _mail.Fails = false;
        (await _host.Send(new SendDispatches())).ShouldBe(0, "it waits a minute first");
        _host.Time.Advance(TimeSpan.FromMinutes(2));
        (await _host.Send(new SendDispatches())).ShouldBe(2);
        (await _host.Send(new SendDispatches())).ShouldBe(0);

        _mail.Letters.Single(letter => letter.To == keeper).Text.ShouldContain("Soon: Meter a-heat is silent");
        _mail.Letters.Single(letter => letter.To == member).Text.ShouldContain("Your meter a-heat has sent nothing since 5 Mar 2026, 01:00");
        _mail.Letters.ShouldAllBe(letter => !letter.Text.Contains("House 2") && letter.Text.Contains("https://loop.example/loops/sending/"));
        (await Dispatches()).ShouldAllBe(dispatch => dispatch.State == DispatchState.Sent && dispatch.Attempts == 2 && dispatch.Body == null);
    }

    [Fact]
    public async Task An_announcement_reaches_those_whom_it_concerns_and_its_withdrawal_too()
    {
        var member = (await _host.AddPerson(_loopId, 2)).Email;
        await _host.AddPerson(_loopId, 1);
        var id = await _host.Send(new Announce(_loopId, AnnouncementKind.Outage, "Pump exchange", "No heat for two hours.", Hour.AddHours(30), Hour.AddHours(32), Carrier.Heat, []), Keeper);
        await _host.Send(new SendDispatches());
        _mail.Letters.ShouldHaveSingleItem().To.ShouldBe(member);
        _mail.Letters[0].Subject.ShouldBe("Pump exchange (Loop sending)");

        using var browser = new Browser(_host);
        await browser.SignIn(member, People.Password);
        (await browser.Get("/loops/sending/home")).Text.ShouldContain("No heat for two hours.");

        await _host.Send(new WithdrawAnnouncement(_loopId, id), Keeper);
        await _host.Send(new WithdrawAnnouncement(_loopId, id), Keeper);
        await _host.Send(new SendDispatches());
        _mail.Letters.Select(letter => letter.Subject).ShouldBe(["Pump exchange (Loop sending)", "Withdrawn: Pump exchange (Loop sending)"]);
        (await browser.Get("/loops/sending/home")).Text.ShouldNotContain("No heat for two hours.");
        await Should.ThrowAsync<RefusedException>(() => _host.Send(new Announce(_loopId, AnnouncementKind.Maintenance, "x", "y", Hour.AddHours(30), Hour.AddHours(31), null, ["nobody"]), Keeper));
        await Should.ThrowAsync<NotPermittedException>(() => _host.Send(new WithdrawAnnouncement(_loopId, id), People.Acting(Guid.NewGuid(), new RoleHeld(_loopId, 2, Role.Consumer))));
    }

    [Fact]
    public async Task A_webhook_gets_each_alarm_once_signed_with_nothing_personal_and_again_after_a_refusal()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var added = await _host.Send(new AddWebhook(_loopId, $"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}/alarms", AlarmSeverity.Low), Keeper);
        await _host.Send(new LookForAlarms(_loopId));

        var first = await AnswerWhile(listener, "503 Busy", () => _host.Send(new SendDispatches()));
        _host.Time.Advance(TimeSpan.FromMinutes(2));
        var second = await AnswerWhile(listener, "200 OK", () => _host.Send(new SendDispatches()));

        second.Body.ShouldBe(first.Body);
        second.Headers["marketplace-delivery"].ShouldBe(first.Headers["marketplace-delivery"]);
        var seconds = _host.Time.GetUtcNow().ToUnixTimeSeconds();
        second.Headers["marketplace-signature"].ShouldBe($"t={seconds},v1={WebhookDoor.Sign(added.Secret, seconds, second.Body)}");
        second.Body.ShouldContain("\"event\":\"alarm.opened\"");
        second.Body.ShouldContain("\"meter\":\"a-heat\"");
        second.Body.ShouldNotContain("House");
        var row = (await Dispatches()).ShouldHaveSingleItem();
        (row.State, row.Attempts, row.Outcome).ShouldBe((DispatchState.Sent, 2, "HTTP 200"));
        (await _host.Look(db => db.Webhooks.Select(hook => hook.Secret).SingleAsync())).ShouldNotContain(added.Secret);
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("10.1.2.3")]
    [InlineData("169.254.169.254")]
    [InlineData("172.20.0.1")]
    [InlineData("192.168.1.1")]
    [InlineData("100.64.0.1")]
    [InlineData("0.0.0.0")]
    [InlineData("::1")]
    [InlineData("fe80::1")]
    [InlineData("fd00::1")]
    [InlineData("::ffff:10.0.0.1")]
    [InlineData("2002:7f00:1::")]
    public void No_private_address_is_public(string address) => WebhookDoor.IsPublic(IPAddress.Parse(address)).ShouldBeFalse();

    [Theory]
    [InlineData("9.9.9.9")]
    [InlineData("2620:fe::fe")]
    public void A_public_address_is_public(string address) => WebhookDoor.IsPublic(IPAddress.Parse(address)).ShouldBeTrue();

    private Task<List<Dispatch>> Dispatches() => _host.Look(db => db.Dispatches.AsNoTracking().Where(row => row.LoopId == _loopId).ToListAsync());

    /// <summary>Takes one call on the socket, answers it, and hands out what was sent.</summary>
    private static async Task<(Dictionary<string, string> Headers, string Body)> AnswerWhile(TcpListener listener, string status, Func<Task> call)
    {
        var answering = Task.Run(async () =>
        {
            using var client = await listener.AcceptTcpClientAsync();
            await using var stream = client.GetStream();
            var received = new StringBuilder();
            var buffer = new byte[4096];
            var headers = new Dictionary<string, string>();
            while (true)
            {
                received.Append(Encoding.UTF8.GetString(buffer, 0, await stream.ReadAsync(buffer)));
                var parts = received.ToString().Split("\r\n\r\n", 2);
                if (parts.Length < 2)
                {
                    continue;
                }

                headers = parts[0].Split("\r\n").Skip(1).Select(line => line.Split(": ", 2)).ToDictionary(pair => pair[0].ToLowerInvariant(), pair => pair[1]);
                if (Encoding.UTF8.GetByteCount(parts[1]) >= int.Parse(headers["content-length"], System.Globalization.CultureInfo.InvariantCulture))
                {
                    await stream.WriteAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"));
                    return (headers, parts[1]);
                }
            }
        });
        await call();
        return await answering;
    }

    private sealed class KeptMail : IMail
    {
        public List<Letter> Letters { get; } = [];

        public bool Fails { get; set; }

        public bool ReachesPeople => true;

        public Task SendAsync(Letter letter, CancellationToken cancellationToken)
        {
            if (Fails)
            {
                throw new IOException("The mail server is away");
            }

            Letters.Add(letter);
            return Task.CompletedTask;
        }
    }
}
