using System.Security.Claims;
using Marketplace.Data;
using Marketplace.Ledger;
using Marketplace.Web.Features.Transparency;
using Marketplace.Web.Pipeline;
using Marketplace.Web.Tests.Features.Metering;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Shouldly;
using Xunit;

namespace Marketplace.Web.Tests.Features.Ledger;

/// <summary>Who reads what an entry stands for.</summary>
public sealed class EntryContentTests : MeteringLoop
{
    [Fact]
    public async Task A_reading_is_open_to_its_member_the_operator_and_the_auditor_and_to_nobody_else()
    {
        await Receive("a", Row("ann-heat", 0, 1.5m), Row("ann-heat", 1, 2m));
        await Receive("b", Row("ann-heat", 0, 1.75m));
        await Host.Services.GetRequiredService<Web.Features.Ledger.Sequencer>().IntegrateAsync(LoopId, CancellationToken.None);
        for (var index = 0; index < 3; index++)
        {
            foreach (var entitled in new[] { As(1, Role.Consumer), As(2, Role.Operator), As(2, Role.Auditor) })
            {
                var content = (await Host.Send(new ShowEntry(LoopId, index), entitled))!.Content;
                content.State.ShouldBe(ContentState.Open);
                content.Record!.Title.ShouldBe("reading/v1");
                content.Href.ShouldNotBeNull().ShouldStartWith("/loops/tests/meters/ann-heat/");
            }

            foreach (var stranger in new[] { Actor.Visitor, As(2, Role.Consumer), As(2, Role.Producer), As(1, Role.Consumer, LoopId + 1), As(2, Role.Operator, LoopId + 1) })
            {
                var content = (await Host.Send(new ShowEntry(LoopId, index), stranger))!.Content;
                content.ShouldBe(new EntryContent(ContentState.Private, null, null));
            }
        }

        await using var connection = new NpgsqlConnection(Host.Database.Application);
        await connection.OpenAsync();
        await RecordSecrets.DestroyAsync(connection, LoopId, 1, CancellationToken.None);
        (await Host.Send(new ShowEntry(LoopId, 0), As(1, Role.Consumer)))!.Content.State.ShouldBe(ContentState.Erased);
        (await Host.Send(new ShowEntry(LoopId, 0), Actor.Visitor))!.Content.State.ShouldBe(ContentState.Private);
    }

    [Fact]
    public async Task A_reading_changed_in_its_own_table_is_found_and_stops_the_signing()
    {
        await Receive("a", Row("ann-heat", 0, 1.5m), Row("ann-heat", 1, 2m));
        var sequencer = Host.Services.GetRequiredService<Web.Features.Ledger.Sequencer>();
        await sequencer.IntegrateAsync(LoopId, CancellationToken.None);
        await Host.Send(new CheckRecords(LoopId, 0));
        (await sequencer.IntegrateAsync(LoopId, CancellationToken.None)).HaltedBecause.ShouldBeNull();

        await using var connection = new NpgsqlConnection(Host.Database.Superuser);
        await connection.OpenAsync();
        await using (var change = new NpgsqlCommand("SET session_replication_role = replica; UPDATE market.readings SET energy = energy + 1", connection))
        {
            (await change.ExecuteNonQueryAsync()).ShouldBeGreaterThan(0);
        }

        await Host.Send(new CheckRecords(LoopId, 0));
        (await sequencer.IntegrateAsync(LoopId, CancellationToken.None)).HaltedBecause.ShouldNotBeNull().ShouldContain("is not the one that was committed");
        (await LogIncidents.StandingAsync(connection, LoopId, CancellationToken.None)).ShouldHaveSingleItem().Cause.ShouldBe(IncidentCause.RecordChanged);
    }

    [Theory]
    [InlineData("checkpoint")]
    [InlineData("tile")]
    [InlineData("policy")]
    [InlineData("key")]
    [InlineData("new")]
    public void A_loop_cannot_take_the_address_of_the_first_loops_log(string slug)
    {
        var plan = new Web.Features.Loops.NewLoopForm { Name = "Harbour", Slug = slug, Currency = "EUR", TimeZone = "Europe/Berlin" };
        var rules = new Web.Features.Loops.NewLoopRules();
        rules.Validate(plan.ToLoop()).Errors.ShouldContain(error => error.PropertyName == "Slug");
        plan.Slug = slug + "s-place";
        rules.Validate(plan.ToLoop()).Errors.ShouldNotContain(error => error.PropertyName == "Slug");
    }

    private Actor As(int member, Role role, int? loopId = null) => Actor.From(new ClaimsPrincipal(new ClaimsIdentity(
        [new Claim(ClaimTypes.NameIdentifier, Guid.Parse("11111111-1111-1111-1111-111111111111").ToString()), new RoleHeld(loopId ?? LoopId, member, role).ToClaim()], "test")));
}
