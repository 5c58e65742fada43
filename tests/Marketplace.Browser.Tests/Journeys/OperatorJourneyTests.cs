using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Marketplace.Testing;
using Microsoft.Playwright;
using Npgsql;
using Shouldly;
using Xunit;

namespace Marketplace.Browser.Tests.Journeys;

/// <summary>An operator begins a loop of one's own, takes in a member with meters, and releases the first bills, which the member then finds. All of
/// it is done on pages; only the months that pass meanwhile are made to pass in the database. It has a portal of its own.</summary>
public sealed partial class OperatorJourneyTests
{
    private const string Loop = "/loops/harbour";

    // As many hours as are known ahead; the month ends after the fourth.
    private const int Billed = 4, Known = 8;

    public static TheoryData<int> Widths => Walk.Widths;

    [Theory]
    [MemberData(nameof(Widths))]
    public async Task An_operator_onboards_a_member_and_gets_to_the_first_bill(int width)
    {
        await using var portal = await Portal.StartAsync();
        await using var office = await portal.VisitAsync(width);
        var page = office.Page;
        var monthsEnd = MonthsEnd();
        var first = monthsEnd.AddHours(-Billed);

        // The first start names a link; whoever opens it begins the loop and is led on from there.
        await office.GoToAsync(FirstOperator().Match(portal.App.Output).Value);
        foreach (var (label, value) in new[] { ("Your name", "Ole Hafen"), ("E-mail", "ole@harbour.example"), ("Password", "Kai-und-Mole-2026"), ("Name", "Harbour loop"), ("Address", "harbour") })
        {
            await page.GetByLabel(label, new() { Exact = true }).FillAsync(value);
        }

        await office.GoOnAsync(page.GetByRole(AriaRole.Button, new() { Name = "Begin" }), "First steps");
        await ExecuteAsync(portal, "UPDATE market.loops SET first_hour = $1", first);
        await ExecuteAsync(portal, "UPDATE market.market_clocks SET market_anchor = $1, real_anchor = now()", first.AddHours(-2));
        await office.ShootAsync($"journey-operator-steps-from-{width}");

        // A member, and the person who acts for it.
        await office.GoOnAsync(Step(page, "Add members"), "Add a member");
        await page.GetByLabel("Name", new() { Exact = true }).FillAsync("Mole 7");
        await page.GetByLabel("Key", new() { Exact = true }).FillAsync("mole-7");
        await page.GetByLabel("Kind of place").FillAsync("household");
        await page.CheckAsync("input[name=Roles][value=Consumer]");
        await office.GoOnAsync(page.GetByRole(AriaRole.Button, new() { Name = "Add the member" }), "Mole 7");
        await page.GetByLabel("Invite a person").FillAsync("swantje@harbour.example");
        await page.GetByRole(AriaRole.Button, new() { Name = "Invite", Exact = true }).ClickAsync();
        var invitation = await page.Locator(".notice-good .hash").InnerTextAsync();
        await office.ShouldBeAtAsync("Mole 7");
        await using var member = await portal.VisitAsync(width);
        await member.GoToAsync(new Uri(invitation.Trim()).AbsolutePath);
        await member.Page.GetByLabel("Your name").FillAsync("Swantje Priel");
        await member.Page.GetByLabel("Password").FillAsync("Ebbe-und-Flut-2026");
        await member.GoOnAsync(member.Page.Locator("form button[type=submit]"), "First steps");

        // Plants, meters and the hours to come, each where the first steps lead.
        await EquipAsync(office, "Describe the plants", "plants", "2 plants added",
            "grid,Grid connection,operator,grid_supplier,,,500,,\nbalance,Balancing plant,operator,balancing_plant,,,500,2.5,0.025\n");
        await EquipAsync(office, "Bring in the meters", "meters", "2 meters added",
            $"mole-7-heat,mole-7,heat,,,15,{Iso(first)}\nmole-7-el,mole-7,electricity,,,11,{Iso(first)}\n");
        await EquipAsync(office, "Say what the hours to come are like", "hours", $"{Known} hours taken in",
            string.Concat(Enumerable.Range(0, Known).Select(hour => $"{Iso(first.AddHours(hour))},0.21,4.5,0,0.3\n")));
        await office.ShouldBeOpenToAllAsync();
        await office.ShootAsync($"journey-operator-equipment-from-{width}");

        // Who writes the bills and what the law wants on them: one step, on two pages, one after the other.
        await office.GoToAsync(Loop + "/first-steps");
        await office.GoOnAsync(Step(page, "Say who writes the bills"), "Who writes the bills");
        await AddressAsync(page, "Harbour Energy eG");
        await page.FillAsync("#field-Email", "bills@harbour.example");
        await page.GetByLabel("Tax number").FillAsync("12/345/67890");
        await page.GetByLabel("IBAN").FillAsync("DE02120300000000202051");
        await page.GetByRole(AriaRole.Button, new() { Name = "Save" }).ClickAsync();
        await Assertions.Expect(page.Locator(".notice-good")).ToBeVisibleAsync();
        await office.GoToAsync(Loop + "/first-steps");
        await office.GoOnAsync(Step(page, "Say who writes the bills"), "Terms of billing");
        foreach (var field in new[] { "ConsumerBodies", "EnergyAgencies", "Complaints", "Disputes" })
        {
            await page.FillAsync("#field-" + field, "Harbour office, Kai 1, 20457 Hamburg");
        }

        await page.FillAsync("#field-NormalHeat", "9000");
        await page.FillAsync("#field-NormalElectricity", "2500");
        await page.GetByRole(AriaRole.Button, new() { Name = "Save as version 1" }).ClickAsync();
        await Assertions.Expect(page.Locator(".notice-good")).ToBeVisibleAsync();

        // The month passes; its readings come as a file, before the market goes on to settle them.
        await ExecuteAsync(portal, "UPDATE market.market_clocks SET rate = 0, market_anchor = $1, real_anchor = now()", monthsEnd.AddMinutes(5));
        await office.GoToAsync(Loop + "/operations/readings");
        await page.SetInputFilesAsync("#file", new FilePayload
        {
            Name = "harbour.csv", MimeType = "text/csv",
            Buffer = Encoding.UTF8.GetBytes("timestamp_utc,meter,kwh\n" + string.Concat(Enumerable.Range(0, Billed).Select(hour => $"{Iso(first.AddHours(hour))},mole-7-heat,3.5\n{Iso(first.AddHours(hour))},mole-7-el,0.75\n"))),
        });
        await page.GetByRole(AriaRole.Button, new() { Name = "Send", Exact = true }).ClickAsync();
        await Assertions.Expect(page.GetByText("harbour.csv is gone through")).ToBeVisibleAsync();
        await ExecuteAsync(portal, "UPDATE market.market_clocks SET rate = 1, real_anchor = now() WHERE $1 > now()", monthsEnd);

        // The queue says what each document waits for, and leads to what cures it.
        await Eventually.HoldsAsync(
            async () =>
            {
                await office.GoToAsync(Loop + "/bill-queue");
                return await page.Locator("main table tbody tr").CountAsync() > 0;
            },
            "the month was to be billed", TimeSpan.FromMinutes(4));
        await office.ShootAsync($"journey-operator-queue-from-{width}");
        var missing = page.GetByRole(AriaRole.Link, new() { Name = "Give the address" });
        for (var left = await missing.CountAsync(); left > 0; left--)
        {
            await office.GoOnAsync(missing.First, "Billing details");
            await AddressAsync(page, "Swantje Priel");
            await page.GetByRole(AriaRole.Button, new() { Name = "Save" }).ClickAsync();
            await Assertions.Expect(page.Locator(".notice-good")).ToBeVisibleAsync();
            await office.GoToAsync(Loop + "/bill-queue");
            (await missing.CountAsync()).ShouldBe(left - 1);
        }

        await page.GetByRole(AriaRole.Button, new() { NameRegex = Release() }).ClickAsync();
        await Assertions.Expect(page.Locator(".notice-good")).ToBeVisibleAsync();
        await office.ShouldFitAsync();
        office.ShouldBeContent();

        // The member finds the bill at home: four hours of heat and electricity.
        await member.GoToAsync(Loop + "/home");
        await member.GoOnAsync(member.Page.Locator("main a.tile[href*='/bills/']"), "Bill");
        await Assertions.Expect(member.Page.Locator("section[aria-labelledby=lines]")).ToContainTextAsync("14.0");
        await member.ShootAsync($"journey-operator-first-bill-from-{width}");
        member.ShouldBeContent();
    }

    private static async Task EquipAsync(Visit office, string step, string table, string done, string rows)
    {
        var page = office.Page;
        await office.GoToAsync(Loop + "/first-steps");
        await office.GoOnAsync(Step(page, step), "Meters, plants");
        await page.Locator("#rows-" + table).PressAsync("Control+End");
        await page.Keyboard.InsertTextAsync(rows);
        await page.Locator($"form:has(#rows-{table}) button").ClickAsync();
        await Assertions.Expect(page.GetByText(done)).ToBeVisibleAsync();
    }

    private static async Task AddressAsync(IPage page, string name)
    {
        foreach (var (field, value) in new[] { ("Name", name), ("Street", "Kai 1"), ("PostCode", "20457"), ("City", "Hamburg"), ("Country", "DE") })
        {
            await page.FillAsync("#field-" + field, value);
        }
    }

    private static ILocator Step(IPage page, string name) => page.Locator("main").GetByRole(AriaRole.Link, new() { Name = name });

    /// <summary>The end of the running month in the loop's time, or of the next one when this one is about to end.</summary>
    private static DateTimeOffset MonthsEnd()
    {
        var zone = TimeZoneInfo.FindSystemTimeZoneById("Europe/Berlin");
        var day = TimeZoneInfo.ConvertTime(TimeProvider.System.GetUtcNow().AddDays(2), zone);
        var local = new DateTime(day.Year, day.Month, 1, 0, 0, 0, DateTimeKind.Unspecified).AddMonths(1);
        return new DateTimeOffset(local, zone.GetUtcOffset(local)).ToUniversalTime();
    }

    private static string Iso(DateTimeOffset instant) => instant.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    private static async Task ExecuteAsync(Portal portal, string sql, DateTimeOffset instant)
    {
        await using var connection = new NpgsqlConnection(portal.Database.Owner);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection) { Parameters = { new() { Value = instant } } };
        (await command.ExecuteNonQueryAsync()).ShouldBe(1);
    }

    [GeneratedRegex("^Release \\d", RegexOptions.None, 1000)]
    private static partial Regex Release();

    [GeneratedRegex("/first-operator/\\S+", RegexOptions.None, 1000)]
    private static partial Regex FirstOperator();
}
