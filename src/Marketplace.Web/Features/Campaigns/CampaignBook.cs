using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Marketplace.Contracts.CrowdSales;
using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Features.Payments;
using Marketplace.Web.Features.Settlement;
using Marketplace.Web.Pipeline;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Campaigns;

/// <summary>A campaign as it was opened, and how it stands.</summary>
/// <param name="ClosesAt">On the market clock.</param>
/// <param name="Pledged">What all pledges come to.</param>
/// <param name="Reached">How it ended; null while it runs.</param>
public sealed record Campaign(
    int LoopId, int Id, string PlantCode, string Plant, int OwnerId, string Owner, CampaignKind Kind, string Title, string Words, Money Target, Money LeastPledge,
    ReturnAssumptions Assumptions, DateTimeOffset OpensAt, DateTimeOffset ClosesAt, Money Pledged, int Backers, bool? Reached, string EndWords)
{
    public Money Missing => Target > Pledged ? Target - Pledged : Money.Zero;

    public bool IsOpenAt(DateTimeOffset marketNow) => Reached is null && marketNow < ClosesAt && Missing > Money.Zero;
}

/// <summary>A pledge that is held.</summary>
public sealed record Pledge(int Number, int MemberId, Money Amount, long ReceiptId, DateTimeOffset At);

/// <summary>Reads campaigns, and moves what is pledged: from the member's account to the pledges held, and from there to the plant's owner or back. Each
/// movement is an entry of a member's account, so that account and journal always say the same.</summary>
public sealed class CampaignBook(Work work, MoneyBook money, AccountBook accounts, Journal journal)
{
    private const string Columns =
        """
        SELECT c.loop_id AS "LoopId", c.id AS "Id", c.plant_code AS "PlantCode", p.name AS "Plant", c.owner_id AS "OwnerId", m.name AS "Owner", c.kind AS "Kind", c.title AS "Title", c.words AS "Words",
               c.target AS "Target", c.least_pledge AS "LeastPledge", c.revenue_per_year AS "RevenuePerYear", c.share_millionths AS "ShareMillionths",
               c.interest_basis_points AS "InterestBasisPoints", c.years AS "Years", c.opens_at AS "OpensAt", c.closes_at AS "ClosesAt",
               coalesce(g.amount, 0)::bigint AS "Pledged", coalesce(g.backers, 0)::int AS "Backers", r.reached AS "Reached", coalesce(r.words, '') AS "EndWords"
        FROM market.campaigns c
        JOIN market.plants p ON p.loop_id = c.loop_id AND p.code = c.plant_code
        JOIN market.members m ON m.loop_id = c.loop_id AND m.id = c.owner_id
        LEFT JOIN LATERAL (SELECT sum(amount) AS amount, count(DISTINCT member_id) AS backers FROM market.campaign_pledges g WHERE g.loop_id = c.loop_id AND g.campaign_id = c.id) g ON true
        LEFT JOIN market.campaign_results r ON r.loop_id = c.loop_id AND r.campaign_id = c.id

        """;

    public Task HoldAsync(int loopId, int id, CancellationToken cancellationToken) => work.Db.Database.ExecuteSqlAsync(
        $"SELECT pg_advisory_xact_lock(hashtextextended({string.Create(CultureInfo.InvariantCulture, $"campaign/{loopId}/{id}")}, 0))", cancellationToken);

    public async Task<Campaign?> FindAsync(int loopId, int id, CancellationToken cancellationToken) =>
        (await work.Db.Database.SqlQueryRaw<Row>(Columns + "WHERE c.loop_id = {0} AND c.id = {1}", loopId, id).ToListAsync(cancellationToken)).SingleOrDefault()?.ToCampaign();

    /// <summary>The newest first; at most a hundred.</summary>
    public async Task<IReadOnlyList<Campaign>> ListAsync(int loopId, CancellationToken cancellationToken) =>
        (await work.Db.Database.SqlQueryRaw<Row>(Columns + "WHERE c.loop_id = {0} ORDER BY c.id DESC LIMIT 100", loopId).ToListAsync(cancellationToken)).ConvertAll(row => row.ToCampaign());

    public async Task<IReadOnlyList<Pledge>> PledgesAsync(int loopId, int id, CancellationToken cancellationToken) =>
        (await work.Db.Database.SqlQuery<PledgeRow>(
            $"""
            SELECT number AS "Number", member_id AS "MemberId", amount AS "Amount", receipt_id AS "ReceiptId", at AS "At"
            FROM market.campaign_pledges WHERE loop_id = {loopId} AND campaign_id = {id} ORDER BY number
            """).ToListAsync(cancellationToken)).ConvertAll(row => new Pledge(row.Number, row.MemberId, Money.FromMicro(row.Amount), row.ReceiptId, row.At));

    /// <summary>What a member can pledge: what stands to the credit of its account and is in no file for the bank.</summary>
    public async Task<Money> FreeCreditAsync(int loopId, int memberId, CancellationToken cancellationToken)
    {
        var account = await accounts.ReadAsync(loopId, memberId, cancellationToken);
        var onItsWay = account.Payments.Where(payment => payment is { State: BankPaymentState.InFile, Kind: BankFileKind.CreditTransfers }).Sum(payment => payment.Cents);
        return Money.FromCents(Math.Max(0, -account.Items.BalanceCents - onItsWay));
    }

    /// <summary>Takes a pledge from the member's account and holds it.</summary>
    /// <param name="submissionId">As the form has it. What names the movement is made from it here, so that no form can name another movement.</param>
    /// <returns>The entry of the account.</returns>
    public async Task<long> TakeAsync(Campaign campaign, int memberId, Guid submissionId, Money amount, CancellationToken cancellationToken) => (await MoveAsync(
        campaign, memberId, ReceiptKind.PaidOut, amount, Named(campaign, string.Create(CultureInfo.InvariantCulture, $"pledge/{memberId}/{submissionId:N}")), null, cancellationToken)).Id;

    /// <summary>Gives a pledge back. The receipt that it takes back can be taken back once.</summary>
    public Task GiveBackAsync(Campaign campaign, Pledge pledge, CancellationToken cancellationToken) => MoveAsync(
        campaign, pledge.MemberId, ReceiptKind.PayoutReturned, pledge.Amount,
        Named(campaign, string.Create(CultureInfo.InvariantCulture, $"back/{pledge.Number}")), pledge.ReceiptId, cancellationToken);

    /// <summary>Hands all that is held to the plant's owner.</summary>
    public Task HandOverAsync(Campaign campaign, CancellationToken cancellationToken) =>
        MoveAsync(campaign, campaign.OwnerId, ReceiptKind.Payment, campaign.Pledged, Named(campaign, "owner"), null, cancellationToken);

    private async Task<MoneyReceipt> MoveAsync(Campaign campaign, int memberId, ReceiptKind kind, Money amount, Guid submissionId, long? takesBack, CancellationToken cancellationToken)
    {
        await journal.AccountsAsync(campaign.LoopId, [], cancellationToken, [AccountKind.Pledges]);
        return await money.RecordAsync(
            new MoneyReceipt { LoopId = campaign.LoopId, SubmissionId = submissionId, MemberId = memberId, Kind = kind, Amount = amount, TakesBackId = takesBack },
            AccountKind.Pledges, cancellationToken);
    }

    /// <summary>A name of its own for each movement of a campaign: made again, it is the same one.</summary>
    private static Guid Named(Campaign campaign, string movement) => new(SHA256.HashData(Encoding.UTF8.GetBytes(
        string.Create(CultureInfo.InvariantCulture, $"campaign/{campaign.LoopId}/{campaign.Id}/{movement}"))).AsSpan(0, 16));

    private sealed record PledgeRow(int Number, int MemberId, long Amount, long ReceiptId, DateTimeOffset At);

    private sealed record Row(
        int LoopId, int Id, string PlantCode, string Plant, int OwnerId, string Owner, short Kind, string Title, string Words, long Target, long LeastPledge, long RevenuePerYear,
        int ShareMillionths, int InterestBasisPoints, int Years, DateTimeOffset OpensAt, DateTimeOffset ClosesAt, long Pledged, int Backers, bool? Reached, string EndWords)
    {
        public Campaign ToCampaign() => new(
            LoopId, Id, PlantCode, Plant, OwnerId, Owner, (CampaignKind)Kind, Title, Words, Money.FromMicro(Target), Money.FromMicro(LeastPledge),
            new ReturnAssumptions(Money.FromMicro(RevenuePerYear), ShareMillionths, InterestBasisPoints, Years), OpensAt, ClosesAt, Money.FromMicro(Pledged), Backers, Reached, EndWords);
    }
}
