using System.Globalization;
using Microsoft.Playwright;
using Npgsql;
using Shouldly;
using Xunit;

namespace Marketplace.Browser.Tests.Journeys;

/// <summary>A meter falls silent: the technician finds it by urgency, takes it on, looks at the meter, notes what was done and resolves it.</summary>
[Collection(Portal.Deeds)]
public sealed class TechnicianJourneyTests(Portal portal)
{
    // Alarms are looked for every quarter of a minute.
    private const float Watch = 90_000;

    public static TheoryData<int> Widths => Walk.Widths;

    [Theory]
    [MemberData(nameof(Widths))]
    public async Task A_technician_handles_a_silent_meter(int width)
    {
        var meter = string.Create(CultureInfo.InvariantCulture, $"cellar-{width}");
        try
        {
            await using var visit = await Walk.SetOutAsync(portal, "technician", width);
            var page = visit.Page;

            // What comes up is counted without a reload, and the list is a step away; home has it by urgency.
            await visit.GoToAsync(Walk.Loop + "/operations/alarms");
            await FallSilentAsync(meter);
            await page.GetByRole(AriaRole.Link, new() { Name = "Show the list as it is now" }).ClickAsync(new() { Timeout = Watch });
            await Assertions.Expect(page.GetByRole(AriaRole.Link, new() { Name = $"Meter {meter} is silent" })).ToBeVisibleAsync();
            await visit.GoToAsync(Walk.Loop);
            await visit.ShouldBeAtAsync("Lindenhof");
            var severities = await page.Locator("td[data-label=Urgency]").AllInnerTextsAsync();
            var ranks = severities.Select(severity => Array.IndexOf(["Urgent", "Soon", "When there is time"], severity.Trim())).ToList();
            ranks.ShouldNotContain(-1);
            ranks.ShouldBeInOrder();
            await visit.ShootAsync($"journey-technician-home-from-{width}");

            await visit.GoOnAsync(page.GetByRole(AriaRole.Link, new() { Name = $"Meter {meter} is silent" }), $"Meter {meter} is silent");
            await page.GetByRole(AriaRole.Button, new() { Name = "Acknowledge" }).ClickAsync();
            await Assertions.Expect(page.GetByText("Acknowledged: it goes no further up")).ToBeVisibleAsync();
            await page.GetByRole(AriaRole.Button, new() { Name = "Take", Exact = true }).ClickAsync();
            await Assertions.Expect(page.GetByText("It is yours now")).ToBeVisibleAsync();
            var alarm = new Uri(page.Url).AbsolutePath;

            // To the meter and what can be done at it, and back.
            await visit.GoOnAsync(page.GetByRole(AriaRole.Link, new() { Name = meter }), meter);
            await visit.GoToAsync(alarm);
            await page.FillAsync("#note", "The fuse of the reader had blown; it is replaced.");
            await page.GetByRole(AriaRole.Button, new() { Name = "Add note" }).ClickAsync();
            await Assertions.Expect(page.GetByText("Note added", new() { Exact = true })).ToBeVisibleAsync();
            await Assertions.Expect(page.Locator("section[aria-labelledby=history]")).ToContainTextAsync("The fuse of the reader had blown");
            await visit.ShouldBeAtAsync($"Meter {meter} is silent");
            await visit.ShouldBeOpenToAllAsync();
            await visit.ShootAsync($"journey-technician-alarm-from-{width}");

            await page.FillAsync("#note", "Sends again after a restart.");
            await visit.GoOnAsync(page.GetByRole(AriaRole.Button, new() { Name = "Resolve" }), "Alarms");
            await Assertions.Expect(page.GetByText("Resolved and on record")).ToBeVisibleAsync();
            await Assertions.Expect(page.GetByRole(AriaRole.Link, new() { Name = $"Meter {meter} is silent" })).ToHaveCountAsync(0);
            visit.ShouldBeContent();
        }
        finally
        {
            await ExecuteAsync("UPDATE market.meters SET in_service_until = in_service_from + interval '1 hour' WHERE code = $1", meter);
        }
    }

    /// <summary>A meter that has been in service for hours and has sent nothing.</summary>
    private Task FallSilentAsync(string meter) => ExecuteAsync(
        """
        INSERT INTO market.meters (loop_id, id, member_id, carrier, direction, code, in_service_from)
        SELECT of.loop_id, (SELECT max(id) + 1 FROM market.meters WHERE loop_id = of.loop_id), of.member_id, of.carrier, of.direction, $1,
               (SELECT max(hour) - interval '6 hours' FROM market.hour_steps WHERE loop_id = of.loop_id)
        FROM market.meters AS of JOIN market.loops AS loop ON loop.id = of.loop_id
        WHERE loop.slug = 'lindenhof' AND of.code = 'home-12-heat'
        """, meter);

    private async Task ExecuteAsync(string sql, string meter)
    {
        await using var connection = new NpgsqlConnection(portal.Database.Owner);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection) { Parameters = { new() { Value = meter } } };
        (await command.ExecuteNonQueryAsync()).ShouldBe(1);
    }
}
