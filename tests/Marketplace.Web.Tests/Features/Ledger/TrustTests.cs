using System.Security.Cryptography;
using System.Text;
using Marketplace.Data;
using Marketplace.Ledger;
using Marketplace.Native.Crypto;
using Marketplace.Web.Features.Ledger;
using Marketplace.Web.Features.Ledger.Trust;
using Marketplace.Web.Pipeline;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Shouldly;
using Xunit;

namespace Marketplace.Web.Tests.Features.Ledger;

/// <summary>What can go wrong with a log is found, stops the signing where it must, and is on record.</summary>
public sealed class TrustTests : IClassFixture<WitnessedHost>
{
    private readonly WitnessedHost _host;

    public TrustTests(WitnessedHost host)
    {
        _host = host;
        foreach (var witness in host.Witnesses)
        {
            witness.IsDown = false;
        }
    }

    private Cosigning Cosigning => _host.Services.GetRequiredService<Cosigning>();

    [Fact]
    public async Task A_checkpoint_of_another_tree_signed_with_our_key_stops_the_signing_and_is_kept_as_evidence()
    {
        var loop = await StartAsync(10);
        var key = _host.Services.GetRequiredService<LogKeys>().Of(loop.Slug);
        var forged = new Checkpoint(key.Verifier.Name, 7, MerkleHash.Leaf("another tree"u8)).Sign(key).ToString();
        _host.Witnesses[1].Shown[HashOf(key.Verifier.Name)] = forged;
        await Cosigning.CompareAsync(loop.Id, CancellationToken.None);

        var alarm = (await StandingAsync(loop)).ShouldHaveSingleItem();
        alarm.Cause.ShouldBe(IncidentCause.Forked);
        alarm.Evidence.ShouldBe(forged);
        alarm.Words.ShouldContain("w2");
        (await loop.IntegrateAsync()).HaltedBecause.ShouldNotBeNull();
    }

    [Fact]
    public async Task What_a_witness_shows_without_our_signature_stops_nothing()
    {
        var loop = await StartAsync(10);
        var stranger = new SignerKey(loop.Key.Name, SignatureType.Ed25519, SHA256.HashData("stranger"u8), new Ed25519());
        _host.Witnesses[1].Shown[HashOf(loop.Key.Name)] = new Checkpoint(loop.Key.Name, 500, MerkleHash.Leaf("x"u8)).Sign(stranger).ToString();
        await Cosigning.CompareAsync(loop.Id, CancellationToken.None);
        (await StandingAsync(loop)).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_database_put_back_from_an_old_backup_is_found_by_what_the_witnesses_show()
    {
        var loop = await StartAsync(10);
        var key = _host.Services.GetRequiredService<LogKeys>().Of(loop.Slug);
        _host.Witnesses[0].Shown[HashOf(key.Verifier.Name)] = new Checkpoint(key.Verifier.Name, 400, MerkleHash.Leaf("later"u8)).Sign(key).ToString();
        await Cosigning.CompareAsync(loop.Id, CancellationToken.None);
        var alarm = (await StandingAsync(loop)).ShouldHaveSingleItem();
        alarm.Cause.ShouldBe(IncidentCause.RolledBack);
        alarm.Words.ShouldContain("400");
    }

    [Theory]
    [InlineData("UPDATE ledger.tiles SET bytes = set_byte(bytes, 40, get_byte(bytes, 40) # 1) WHERE loop_id = $1 AND level = -1 AND index = 1", "tile/entries/001")]
    [InlineData("UPDATE ledger.tiles SET bytes = set_byte(bytes, 40, get_byte(bytes, 40) # 1) WHERE loop_id = $1 AND level = 0 AND index = 0", "tile/0/000")]
    [InlineData("DELETE FROM ledger.tiles WHERE loop_id = $1 AND level = 0 AND index = 1", "tile/0/001 is missing")]
    [InlineData("DELETE FROM ledger.tiles WHERE loop_id = $1 AND level = -1 AND index = 0", "tile/entries/000 is missing")]
    [InlineData("UPDATE ledger.checkpoints SET root = set_byte(root, 3, get_byte(root, 3) # 1) WHERE loop_id = $1 AND size = 300", "checkpoint of 300 entries")]
    [InlineData("UPDATE ledger.checkpoints SET note = replace(note, '300', '301') WHERE loop_id = $1 AND size = 300", "checkpoint of 300 entries")]
    [InlineData("UPDATE ledger.placements SET first_index = first_index + 1 WHERE loop_id = $1 AND first_index = 300", "batch 'readings/2'")]
    [InlineData("UPDATE ledger.batches SET entries_hash = set_byte(entries_hash, 3, 7) WHERE loop_id = $1 AND batch_key = 'readings/1'", "batch 'readings/1'")]
    public async Task A_changed_or_missing_row_of_the_log_is_found_and_stops_the_signing(string damage, string named)
    {
        var loop = await StartAsync(300);
        await loop.AppendAsync("readings/2", LedgerLoop.Readings(300, 1000));
        await loop.IntegrateAsync();
        var check = _host.Services.GetRequiredService<LogSelfCheck>();
        (await check.LookAsync(loop.Id, 0, 100, CancellationToken.None)).Problem.ShouldBeNull();

        await DamageAsync(loop, damage);
        (await check.LookAsync(loop.Id, 0, 100, CancellationToken.None)).Problem.ShouldNotBeNull().ShouldContain(named);
        (await StandingAsync(loop)).ShouldHaveSingleItem().Cause.ShouldBe(IncidentCause.Changed);
        await loop.AppendAsync("readings/3", LedgerLoop.Readings(3, 5000));
        (await loop.IntegrateAsync()).Size.ShouldBe(600);
    }

    [Theory]
    [InlineData("UPDATE ledger.tiles SET bytes = set_byte(bytes, 40, get_byte(bytes, 40) # 1) WHERE loop_id = $1 AND level = 0 AND index = 0", false)]
    [InlineData("DELETE FROM ledger.tiles WHERE loop_id = $1 AND level = 0 AND index = 1", false)]
    [InlineData("DELETE FROM ledger.tiles WHERE loop_id = $1 AND level = -1 AND index = 0", true)]
    [InlineData("UPDATE ledger.edges SET bundle = set_byte(bundle, 10, get_byte(bundle, 10) # 1) WHERE loop_id = $1", true)]
    public async Task A_damaged_log_is_repaired_from_its_entries_or_from_a_copy_and_signs_again(string damage, bool needsCopy)
    {
        var loop = await StartAsync(700);
        using var client = _host.CreateClient();
        var folder = Directory.CreateTempSubdirectory("copy").FullName;
        await loop.KeepAsync(client, folder);
        await DamageAsync(loop, damage);
        var repair = _host.Services.GetRequiredService<LedgerRepair>();
        if (needsCopy)
        {
            await Should.ThrowAsync<NotVerifiedException>(() => repair.RepairAsync(loop.Slug, null, CancellationToken.None));
        }

        (await repair.RepairAsync(loop.Slug, needsCopy ? folder : null, CancellationToken.None)).ShouldStartWith("OK repair");
        (await _host.Services.GetRequiredService<LogSelfCheck>().LookAsync(loop.Id, 0, 100, CancellationToken.None)).Problem.ShouldBeNull();
        await loop.AppendAsync("readings/2", LedgerLoop.Readings(5, 5000));
        (await loop.IntegrateAsync()).Size.ShouldBe(705);
        await loop.Sequencer.PublishAsync(loop.Id, CancellationToken.None);
        (await loop.AuditAsync(client)).Checkpoint.Size.ShouldBe(705);
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task What_a_restored_database_has_lost_comes_back_from_a_copy_and_a_copy_of_another_log_does_not()
    {
        var loop = await StartAsync(300);
        using var client = _host.CreateClient();
        var (backup, newest) = (Directory.CreateTempSubdirectory("copy").FullName, Directory.CreateTempSubdirectory("copy").FullName);
        await loop.AppendAsync("readings/2", LedgerLoop.Readings(400, 5000));
        await loop.IntegrateAsync();
        await loop.Sequencer.PublishAsync(loop.Id, CancellationToken.None);
        await loop.KeepAsync(client, newest);

        // As after a restore: all rows of the later step are gone, and the edge is the earlier one again.
        await DamageAsync(
            loop,
            """
            WITH a AS (DELETE FROM ledger.tiles WHERE loop_id = $1 AND index > 0 RETURNING 1), b AS (DELETE FROM ledger.checkpoints WHERE loop_id = $1 AND size = 700),
            c AS (DELETE FROM ledger.publications WHERE loop_id = $1 AND size = 700), d AS (DELETE FROM ledger.placements WHERE loop_id = $1 AND first_index = 300),
            e AS (DELETE FROM ledger.batches WHERE loop_id = $1 AND batch_key = 'readings/2')
            UPDATE ledger.edges SET size = 300, bundle = substr(t.bytes, 1, 44 * 36), tails = ARRAY[substr(h.bytes, 1, 44 * 32), substr(tails[2], 1, 32), '', '', '', '', '', '']::bytea[]
            FROM ledger.tiles t, ledger.tiles h
            WHERE ledger.edges.loop_id = $1 AND t.loop_id = $1 AND t.level = -1 AND t.index = 1 AND h.loop_id = $1 AND h.level = 0 AND h.index = 1
            """);
        await Cosigning.CompareAsync(loop.Id, CancellationToken.None);
        (await loop.IntegrateAsync()).HaltedBecause.ShouldNotBeNull().ShouldContain("700");

        var repair = _host.Services.GetRequiredService<LedgerRepair>();
        var other = await StartAsync(900);
        await other.KeepAsync(client, backup);
        await Should.ThrowAsync<NotVerifiedException>(() => repair.RepairAsync(loop.Slug, backup, CancellationToken.None));

        (await repair.RepairAsync(loop.Slug, newest, CancellationToken.None)).ShouldContain("400 entries brought back");
        await _host.Send(new ResumeSigning(loop.Id, "Brought back from the auditor's copy"));
        await loop.AppendAsync("readings/3", LedgerLoop.Readings(5, 9000));
        var head = await loop.IntegrateAsync();
        (head.Size, head.HaltedBecause).ShouldBe((705, null));
        (await loop.Sequencer.PublishAsync(loop.Id, CancellationToken.None)).ShouldBeTrue();
        (await loop.AuditAsync(client)).Checkpoint.Size.ShouldBe(705);
        Directory.Delete(newest, recursive: true);
        Directory.Delete(backup, recursive: true);
    }

    [Fact]
    public async Task A_missing_quorum_raises_an_alarm_that_ends_by_itself_and_blocks_nothing()
    {
        var loop = await StartAsync(10);
        _host.Witnesses[0].IsDown = _host.Witnesses[1].IsDown = true;
        await loop.AppendAsync("readings/2", LedgerLoop.Readings(5, 100));
        (await loop.IntegrateAsync()).Size.ShouldBe(15);
        await loop.Sequencer.PublishAsync(loop.Id, CancellationToken.None);
        (await StandingAsync(loop)).ShouldBeEmpty();
        _host.Time.Advance(TimeSpan.FromMinutes(2));
        await loop.Sequencer.PublishAsync(loop.Id, CancellationToken.None);
        var alarm = (await StandingAsync(loop)).ShouldHaveSingleItem();
        alarm.Topic.ShouldBe(IncidentTopic.Quorum);
        alarm.Words.ShouldContain("w1: It is down");
        await loop.AppendAsync("readings/3", LedgerLoop.Readings(5, 200));
        var head = await loop.IntegrateAsync();
        (head.Size, head.PublishedSize, head.HaltedBecause).ShouldBe((20, 10, null));

        _host.Witnesses[0].IsDown = false;
        (await loop.Sequencer.PublishAsync(loop.Id, CancellationToken.None)).ShouldBeTrue();
        (await StandingAsync(loop)).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_new_rule_is_in_force_with_the_first_checkpoint_that_meets_it()
    {
        var loop = await StartAsync(10);
        using var client = _host.CreateClient();
        var later = new LocalWitness("later.example");
        var rule = $"witness later {later.Key.Verifier} http://later.example/\ngroup stakeholders all later\nquorum stakeholders\n";
        await _host.Send(new SetWitnessRule(loop.Id, rule));
        await loop.Sequencer.PublishAsync(loop.Id, CancellationToken.None);
        (await OpenPublishedAsync(client, loop)).Cosignatures.Count.ShouldBe(3);
        (await client.GetStringAsync(new Uri($"/ledger/{loop.Slug}/policy", UriKind.Relative))).ShouldContain("w1.example");

        // It does not follow this log yet; once it does, its cosignature is enough.
        later.Logs.Add(loop.Key);
        _host.Network.Add(later);
        (await loop.Sequencer.PublishAsync(loop.Id, CancellationToken.None)).ShouldBeTrue();
        (await client.GetStringAsync(new Uri($"/ledger/{loop.Slug}/policy", UriKind.Relative))).ShouldBe($"log {loop.Key}\n{rule}");
        (await OpenPublishedAsync(client, loop)).Cosignatures.ShouldHaveSingleItem().Key.ShouldBe(later.Key.Verifier);
    }

    [Theory]
    [InlineData("quorum none\nwitness w one\n", "line 2")]
    [InlineData("", "quorum")]
    [InlineData("group g all nobody\nquorum g\n", "nobody")]
    public async Task A_rule_that_cannot_be_understood_is_refused_by_its_line(string text, string named)
    {
        var loop = await StartAsync(1);
        (await Should.ThrowAsync<RefusedException>(() => _host.Send(new SetWitnessRule(loop.Id, text)))).Message.ShouldContain(named);
    }

    [Fact]
    public async Task A_rule_that_no_witness_could_meet_is_refused()
    {
        var loop = await StartAsync(1);
        var silent = new LocalWitness("silent.example");
        var rule = $"witness s {silent.Key.Verifier}\nquorum s\n";
        (await Should.ThrowAsync<RefusedException>(() => _host.Send(new SetWitnessRule(loop.Id, rule)))).Message.ShouldContain("nothing could be published");
    }

    [Fact]
    public async Task A_changed_key_signs_beside_the_old_one_until_its_days_are_over()
    {
        var loop = await StartAsync(10);
        using var client = _host.CreateClient();
        var old = LedgerPolicy.OfLog(loop.Key);
        await _host.Send(new ChangeLogKey(loop.Id, 7, "Yearly change"));
        await loop.AppendAsync("readings/2", LedgerLoop.Readings(5, 100));
        await loop.IntegrateAsync();
        (await loop.Sequencer.PublishAsync(loop.Id, CancellationToken.None)).ShouldBeTrue();

        var key = VerifierKey.Parse((await client.GetStringAsync(new Uri($"/ledger/{loop.Slug}/key", UriKind.Relative))).Trim());
        key.ShouldNotBe(loop.Key);
        var published = await PublishedAsync(client, loop);
        old.OpenLogOnly(published, new Ed25519()).Checkpoint.Size.ShouldBe(15);
        (await OpenPublishedAsync(client, loop)).LogKey.ShouldBe(key);

        _host.Time.Advance(TimeSpan.FromDays(8));
        foreach (var witness in _host.Witnesses)
        {
            witness.Logs.Add(key);
        }

        await loop.AppendAsync("readings/3", LedgerLoop.Readings(5, 200));
        await loop.IntegrateAsync();
        (await loop.Sequencer.PublishAsync(loop.Id, CancellationToken.None)).ShouldBeTrue();
        var later = await PublishedAsync(client, loop);
        Should.Throw<NotVerifiedException>(() => old.OpenLogOnly(later, new Ed25519()));
        (await OpenPublishedAsync(client, loop)).Checkpoint.Size.ShouldBe(20);
        (await _host.Services.GetRequiredService<LogSelfCheck>().LookAsync(loop.Id, 0, 100, CancellationToken.None)).Problem.ShouldBeNull();
    }

    private async Task<LedgerLoop> StartAsync(int readings)
    {
        var loop = await LedgerLoop.CreateAsync(_host);
        foreach (var witness in _host.Witnesses)
        {
            witness.Logs.Add(loop.Key);
        }

        await loop.AppendAsync("readings/1", LedgerLoop.Readings(readings));
        await loop.IntegrateAsync();
        (await loop.Sequencer.PublishAsync(loop.Id, CancellationToken.None)).ShouldBeTrue();
        return loop;
    }

    /// <summary>Does what only somebody with the whole database can do.</summary>
    private async Task DamageAsync(LedgerLoop loop, string sql)
    {
        await using var owner = NpgsqlDataSource.Create(_host.Database.Superuser);
        await using var connection = await owner.OpenConnectionAsync();
        await using var off = new NpgsqlCommand("SET session_replication_role = replica", connection);
        await off.ExecuteNonQueryAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = loop.Id });
        (await command.ExecuteNonQueryAsync()).ShouldBeGreaterThan(0);
    }

    private async Task<List<LogIncident>> StandingAsync(LedgerLoop loop)
    {
        await using var connection = await _host.Services.GetRequiredService<NpgsqlDataSource>().OpenConnectionAsync();
        return await LogIncidents.StandingAsync(connection, loop.Id, CancellationToken.None);
    }

    private static async Task<SignedNote> PublishedAsync(HttpClient client, LedgerLoop loop) =>
        SignedNote.Parse(await client.GetByteArrayAsync(new Uri($"/ledger/{loop.Slug}/checkpoint", UriKind.Relative)));

    private static async Task<TrustedCheckpoint> OpenPublishedAsync(HttpClient client, LedgerLoop loop)
    {
        var policy = LedgerPolicy.Parse(await client.GetStringAsync(new Uri($"/ledger/{loop.Slug}/policy", UriKind.Relative)));
        return policy.Open(await PublishedAsync(client, loop), new Ed25519());
    }

    private static string HashOf(string origin) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(origin)));
}
