using System.IO.Compression;
using System.Text.Json;
using Marketplace.Data;
using Marketplace.Web.Features.Bills;
using Marketplace.Web.Features.Members;
using Marketplace.Web.Features.Parties;
using Marketplace.Web.Features.Privacy;
using Marketplace.Web.Pipeline;
using Marketplace.Web.Tests.Features.Accounts;
using Marketplace.Web.Tests.Features.Bills;
using Microsoft.EntityFrameworkCore;
using Shouldly;
using Xunit;
using static Marketplace.Web.Tests.Features.Bills.SettledWeekend;

namespace Marketplace.Web.Tests.Features.Privacy;

/// <summary>A person gets everything about themselves, nothing of anybody else, and nobody else gets it.</summary>
public sealed class PersonalCopyTests : IAsyncLifetime
{
    private readonly AccountsHost _host = new();
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("marketplace-copies-");
    private SettledWeekend _weekend = default!;
    private (Guid Id, string Email) _kim, _owner;

    private int Loop => _weekend.LoopId;

    private Actor Kim => People.Acting(_kim.Id, new RoleHeld(Loop, Household, Role.Consumer));

    public async Task InitializeAsync()
    {
        _host.Settings["Privacy:Directory"] = _folder.FullName;
        await _host.InitializeAsync();
        _weekend = await InAsync(_host, "copies");
        _kim = await _host.AddPerson(Loop, Household);
        _owner = await _host.AddPerson(Loop, Owner);
        await _host.Put(db => db.MemberRoles.Add(new MemberRole { LoopId = Loop, MemberId = Household, Role = Role.Consumer }));
        await _host.Send(new SetRecipient(Loop, Owner, new PartyDetails { Name = "Secret Owner", Street = "Weg 1", PostCode = "10115", City = "Berlin", Country = "DE" }));
        await _host.Send(new IssueBills(Loop, Period));
    }

    public async Task DisposeAsync()
    {
        await _host.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    [Fact]
    public async Task Everything_of_the_person_is_in_it_in_both_forms_and_nothing_of_others()
    {
        var id = await _host.Send(new AskForCopy(Loop), Kim);
        await Should.ThrowAsync<RefusedException>(() => _host.Send(new AskForCopy(Loop), Kim));
        (await _host.Send(new MakeCopies())).ShouldBeTrue();
        (await _host.Send(new MakeCopies())).ShouldBeFalse();

        var copy = (await _host.Send(new ShowCopies(Loop), Kim)).ShouldHaveSingleItem();
        (copy.State, copy.Failure).ShouldBe((CopyState.Ready, null));
        copy.Done.ShouldBe(copy.Steps);
        await using var zip = await ZipFile.OpenReadAsync(await _host.Send(new OpenCopy(Loop, id), Kim));
        var texts = new Dictionary<string, string>();
        foreach (var entry in zip.Entries.Where(entry => !entry.Name.EndsWith(".pdf", StringComparison.Ordinal)))
        {
            using var reader = new StreamReader(await entry.OpenAsync());
            texts.Add(entry.FullName, await reader.ReadToEndAsync());
        }

        texts["you/account.json"].ShouldContain(_kim.Email);
        JsonDocument.Parse(texts["m-02/positions.json"]).RootElement.GetArrayLength().ShouldBe(144);
        texts["m-02/positions.csv"].Split("\r\n", StringSplitOptions.RemoveEmptyEntries).Length.ShouldBe(145);
        JsonDocument.Parse(texts["m-02/transfers.json"]).RootElement.GetArrayLength().ShouldBeGreaterThan(0);
        texts["m-02/documents/COPIES-2026-000001.txt"].ShouldStartWith("bill/v1\n");
        texts.Keys.ShouldContain("m-02/documents/COPIES-2026-000001-hours.csv");
        texts.Keys.Where(name => name.Contains("/documents/")).Select(name => name.Split('/')[2][..18]).Distinct().ShouldBe(["COPIES-2026-000001", "COPIES-2026-000002"], ignoreOrder: true);
        zip.Entries.Count(entry => entry.Name.EndsWith(".pdf", StringComparison.Ordinal)).ShouldBe(File.Exists("/usr/bin/weasyprint") ? 2 : 0);
        var contents = JsonDocument.Parse(texts["contents.json"]).RootElement;
        contents.GetProperty("format").GetString().ShouldBe("marketplace.personal-copy/v1");
        contents.GetProperty("files").EnumerateArray().Where(file => file.GetProperty("rows").ValueKind == JsonValueKind.Null || file.GetProperty("rows").GetInt64() > 0)
            .Select(file => file.GetProperty("name").GetString()).ShouldBe(zip.Entries.Select(entry => entry.FullName).Where(name => name != "contents.json"), ignoreOrder: true);

        foreach (var (name, text) in texts)
        {
            foreach (var stranger in new[] { "Secret Owner", _owner.Email, "Tank", "Ines", "Noor", "m-03", "m-04", "m-05", "m-06", "COPIES-2026-000003", "\"member_id\":3", "\"member_id\":4" })
            {
                text.ShouldNotContain(stranger, Case.Sensitive, name);
            }
        }
    }

    [Fact]
    public async Task Nobody_else_gets_it_and_it_is_gone_after_a_week()
    {
        var id = await _host.Send(new AskForCopy(Loop), Kim);
        await _host.Send(new MakeCopies());
        var path = await _host.Send(new OpenCopy(Loop, id), Kim);
        var flatmate = await _host.AddPerson(Loop, Household);

        foreach (var stranger in new[] { People.Acting(_owner.Id, new RoleHeld(Loop, Owner, Role.Producer)), _weekend.As(Operator, Role.Operator), Actor.System, Actor.Visitor,
            People.Acting(flatmate.Id, new RoleHeld(Loop, Household, Role.Consumer)) })
        {
            await Should.ThrowAsync<NotPermittedException>(() => _host.Send(new OpenCopy(Loop, id), stranger));
        }

        using (var browser = new Browser(_host))
        {
            await browser.SignIn(_kim.Email, People.Password);
            var page = await browser.Get("/loops/copies/my-data");
            page.Text.ShouldContain("Your copy is ready");
            (await browser.Get($"/loops/copies/my-data/{id:N}.zip")).Status.ShouldBe(System.Net.HttpStatusCode.OK);
        }

        _host.Time.Advance(TimeSpan.FromDays(8));
        await Should.ThrowAsync<NotPermittedException>(() => _host.Send(new OpenCopy(Loop, id), Kim));
        await _host.Send(new MakeCopies());
        File.Exists(path).ShouldBeFalse();
        (await _host.Send(new ShowCopies(Loop), Kim)).Single().State.ShouldBe(CopyState.Deleted);
    }

    [Fact]
    public async Task A_copy_broken_off_is_made_anew_and_erasing_the_member_takes_it_away()
    {
        await _host.Put(db => db.MemberRoles.Add(new MemberRole { LoopId = Loop, MemberId = Operator, Role = Role.Operator }));
        await _host.AddPerson(Loop, Operator);
        var id = await _host.Send(new AskForCopy(Loop), Kim);
        await _host.Look(db => db.Database.ExecuteSqlAsync($"UPDATE market.personal_copies SET state = 2, attempts = 1, begun_at = {_host.Time.GetUtcNow()} WHERE id = {id}"));
        (await _host.Send(new MakeCopies())).ShouldBeFalse("somebody is at it");
        _host.Time.Advance(TimeSpan.FromMinutes(16));
        (await _host.Send(new MakeCopies())).ShouldBeTrue();
        var path = await _host.Send(new OpenCopy(Loop, id), Kim);

        await _host.Send(new EraseMember(Loop, Household), _weekend.As(Operator, Role.Operator));

        File.Exists(path).ShouldBeFalse();
        (await _host.Look(db => db.Database.SqlQuery<long>($"""SELECT count(*) AS "Value" FROM market.personal_copies WHERE account_id = {_kim.Id}""").SingleAsync())).ShouldBe(0);
    }

    [Fact]
    public async Task Every_table_with_a_key_of_a_person_is_handed_out_or_says_why_not()
    {
        var tables = await _host.Look(db => db.Database.SqlQuery<string>(
            $"""
            SELECT DISTINCT c.table_name::text AS "Value"
            FROM information_schema.columns c JOIN pg_class k ON k.relname = c.table_name AND k.relnamespace = 'market'::regnamespace
            WHERE c.table_schema = 'market' AND NOT k.relispartition AND k.relkind IN ('r', 'p')
              AND c.column_name IN ('member_id', 'account_id', 'meter_id', 'bill_id', 'plant_code', 'owner_id', 'seller_id', 'buyer_id', 'from_member_id', 'member_ids', 'user_id', 'email')
            """).ToListAsync());
        var sql = string.Join('\n', PersonalTables.OfMember.Concat(PersonalTables.OfPerson).Select(table => table.Sql));

        tables.Where(table => !System.Text.RegularExpressions.Regex.IsMatch(sql, $@"market\.{table}\b") && !PersonalTables.LeftOut.ContainsKey(table)).ShouldBeEmpty();
    }
}
