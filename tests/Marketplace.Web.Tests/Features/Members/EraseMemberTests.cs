using Marketplace.Data;
using Marketplace.Ledger;
using Marketplace.Quantities;
using Marketplace.Web.Features.Ledger;
using Marketplace.Web.Features.Members;
using Marketplace.Web.Features.Metering;
using Marketplace.Web.Pipeline;
using Marketplace.Web.Tests.Features.Ledger;
using Marketplace.Web.Tests.Features.Metering;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Shouldly;
using Xunit;

namespace Marketplace.Web.Tests.Features.Members;

/// <summary>After a person is erased the log is whole, and what it holds of them tells nobody anything.</summary>
public sealed class EraseMemberTests : MeteringLoop
{
    private const int Ann = 1;

    [Fact]
    public async Task The_log_stays_whole_and_a_guess_cannot_be_confirmed_any_more()
    {
        var operating = new Account { Id = Guid.NewGuid(), DisplayName = "Bob", UserName = "bob@tests.example", CreatedAt = Hour };
        await Host.Put(db =>
        {
            db.Users.Add(operating);
            db.MemberRoles.Add(new MemberRole { LoopId = LoopId, MemberId = 2, Role = Role.Operator });
            db.Memberships.Add(new Membership { LoopId = LoopId, MemberId = 2, AccountId = operating.Id });
        });
        await Receive("day", [.. Enumerable.Range(0, 20).SelectMany(h => new[] { Row("ann-heat", h, 1.234m + h), Row("bob-heat", h, 2.5m) })]);
        await Sequencer.IntegrateAsync(LoopId, CancellationToken.None);
        await Sequencer.PublishAsync(LoopId, CancellationToken.None);
        var reading = (await Stored()).Single(reading => reading.MeterId == 1 && reading.Hour == Hour.AddHours(3));
        var entry = await EntryAsync(reading);

        // With the secret, whoever has the database finds the reading among all plausible ones.
        var secret = (await SecretAsync(Ann)).ShouldNotBeNull();
        Guess(entry, secret).ShouldBe(reading.Energy);

        var before = await CheckpointAsync();
        var erased = await Host.Send(new EraseMember(LoopId, Ann));

        erased.Secrets.ShouldBe(1);
        (await SecretAsync(Ann)).ShouldBeNull();
        (await Host.Look(db => db.Loops.Where(loop => loop.Id == LoopId).Select(loop => loop.Seed).SingleAsync())).ShouldBeNull();
        var member = await Host.Look(db => db.Members.AsNoTracking().SingleAsync(member => member.LoopId == LoopId && member.Id == Ann));
        member.Name.ShouldBe(member.Key);

        // Nobody holds the secret now; without it, or with any other that is left, no plausible reading fits.
        Guess(entry, null).ShouldBeNull();
        foreach (var left in await SecretsLeftAsync())
        {
            left.ShouldNotBe(secret);
            Guess(entry, left).ShouldBeNull();
        }

        // The entry is still there, and the log as it was: it only grows.
        (await EntryAsync(reading)).ShouldBe(entry);
        (await CheckpointAsync()).ShouldBe(before);
        (await Host.Send(new ProveReading(LoopId, "ann-heat", reading.Hour))).ShouldNotBeNull().State.ShouldBe(ProofState.Erased);
        (await Host.Send(new ProveReading(LoopId, "bob-heat", reading.Hour))).ShouldNotBeNull().State.ShouldBe(ProofState.Proved);
        await Receive("later", Row("bob-heat", 21, 1m));
        await Sequencer.IntegrateAsync(LoopId, CancellationToken.None);
        await AuditAsync();
    }

    [Fact]
    public async Task Only_the_operator_erases_and_nobody_twice_by_another_name()
    {
        await Should.ThrowAsync<NotPermittedException>(() => Host.Send(new EraseMember(LoopId, 99)));
        await Should.ThrowAsync<NotPermittedException>(() => Host.Send(new EraseMember(LoopId, Ann), Actor.Visitor));
    }

    private Sequencer Sequencer => Host.Services.GetRequiredService<Sequencer>();

    private NpgsqlDataSource Source => Host.Services.GetRequiredService<NpgsqlDataSource>();

    /// <summary>Tries every reading up to 100 kWh, by the watt hour.</summary>
    private static Energy? Guess(byte[] entry, byte[]? secret)
    {
        for (var wattHours = 0; wattHours <= 100_000; wattHours++)
        {
            var record = ReadingRecord.ForLedger("tests", new ReadingRevision("ann-heat", Ann, Hour.AddHours(3), 0, new Energy(wattHours), ReadingQuality.Measured), null);

            // Who has no secret can only try salts that follow from what is public.
            var salt = secret is null ? new byte[Commitment.SaltLength] : Commitment.Salt(secret, record.Kind, record.Version, record.RecordKey);
            if (Commitment.Of(record.Kind, record.Version, salt, record.Canonical).AsSpan().SequenceEqual(entry))
            {
                return new Energy(wattHours);
            }
        }

        return null;
    }

    private async Task<byte[]> EntryAsync(Reading reading)
    {
        await using var connection = await Source.OpenConnectionAsync();
        var first = (await LogTables.FirstIndexAsync(connection, LoopId, reading.BatchId, CancellationToken.None)).ShouldNotBeNull();
        var index = first + reading.BatchPosition;
        var size = (await LogTables.LatestSignedAsync(connection, LoopId, CancellationToken.None)).ShouldNotBeNull().Size;
        var bundle = TileId.Of(TileId.Entries, index / TileId.FullWidth, size);
        var bytes = (await LogTables.TilesAsync(connection, LoopId, [bundle], CancellationToken.None))[bundle];
        return EntryBundle.Read(bytes, bundle.Width)[(int)(index % TileId.FullWidth)].ToArray();
    }

    private async Task<byte[]?> SecretAsync(int memberId)
    {
        await using var connection = await Source.OpenConnectionAsync();
        return await RecordSecrets.FindAsync(connection, LoopId, memberId, DateOnly.FromDateTime(Hour.UtcDateTime), CancellationToken.None);
    }

    private async Task<List<byte[]>> SecretsLeftAsync()
    {
        await using var command = Source.CreateCommand("SELECT secret FROM market.record_secrets");
        await using var reader = await command.ExecuteReaderAsync();
        var secrets = new List<byte[]>();
        while (await reader.ReadAsync())
        {
            secrets.Add(reader.GetFieldValue<byte[]>(0));
        }

        return secrets;
    }

    private async Task<string> CheckpointAsync()
    {
        using var client = Host.CreateClient();
        return await client.GetStringAsync(new Uri("/ledger/tests/checkpoint", UriKind.Relative));
    }

    /// <summary>Recomputes the whole log from its published entries.</summary>
    private async Task AuditAsync()
    {
        using var client = Host.CreateClient();
        var checkpoint = Checkpoint.Parse(SignedNote.Parse(System.Text.Encoding.UTF8.GetBytes(await CheckpointAsync())).Text);
        var tree = new MerkleTree();
        for (long n = 0; n * TileId.FullWidth < checkpoint.Size; n++)
        {
            var bundle = TileId.Of(TileId.Entries, n, checkpoint.Size);
            foreach (var entry in EntryBundle.Read(await client.GetByteArrayAsync(new Uri($"/ledger/tests/{bundle}", UriKind.Relative)), bundle.Width))
            {
                tree.Append(entry.Span, (_, _) => { });
            }
        }

        tree.Size.ShouldBe(41);
        tree.Root().ShouldBe(checkpoint.Root);
    }
}
