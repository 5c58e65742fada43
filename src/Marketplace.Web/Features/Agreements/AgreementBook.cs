using System.Globalization;
using System.Resources;
using System.Security.Cryptography;
using System.Text;
using Marketplace.Data;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Agreements;

/// <summary>What members are asked to agree to. Stored as numbers: never renumber.</summary>
public enum AgreementTopic : short
{
    /// <summary>That the ledger's proofs count between members.</summary>
    Proof = 1,

    /// <summary>That data are used for more than delivery and billing need.</summary>
    DataUse = 2,
}

/// <summary>The words that are agreed to.</summary>
/// <param name="Version">1 are the words that the portal comes with.</param>
public sealed record AgreementText(AgreementTopic Topic, int Version, IReadOnlyDictionary<string, string> Words)
{
    public static IReadOnlyList<string> Languages { get; } = ["en", "de", "fr"];

    /// <summary>The language in which somebody reads: one of those there are.</summary>
    public static string LanguageOf(CultureInfo culture) => Languages.Contains(culture.TwoLetterISOLanguageName) ? culture.TwoLetterISOLanguageName : Languages[0];

    public byte[] Hash(string language) => SHA256.HashData(Encoding.UTF8.GetBytes(Words[language]));
}

/// <summary>What a member said last on a topic.</summary>
public sealed record AgreementAct(AgreementTopic Topic, int Number, int Version, bool Agrees, DateTimeOffset At, long SignatureId, string RecordKey);

/// <summary>Knows what members have agreed to.</summary>
public sealed class AgreementBook(MarketplaceDb db)
{
    private static readonly ResourceManager Shipped = new(typeof(Texts));

    /// <summary>Whether a member agrees at present, to whichever version.</summary>
    public Task<bool> HoldsAsync(int loopId, int memberId, AgreementTopic topic, CancellationToken cancellationToken) => db.Database.SqlQuery<bool>(
        $"""
        SELECT coalesce((SELECT agrees FROM market.agreements WHERE loop_id = {loopId} AND member_id = {memberId} AND topic = {(short)topic} ORDER BY number DESC LIMIT 1), false) AS "Value"
        """).SingleAsync(cancellationToken);

    /// <summary>The words of a topic: the newest, or those of a version.</summary>
    public async Task<AgreementText> TextAsync(int loopId, AgreementTopic topic, CancellationToken cancellationToken, int? version = null) =>
        (await db.Database.SqlQuery<TextRow>(
            $"""
            SELECT version AS "Version", en AS "En", de AS "De", fr AS "Fr" FROM market.agreement_texts
            WHERE loop_id = {loopId} AND topic = {(short)topic} AND version <= {version ?? int.MaxValue} ORDER BY version DESC LIMIT 1
            """).ToListAsync(cancellationToken)) is [var own]
            ? new AgreementText(topic, own.Version, new Dictionary<string, string> { ["en"] = own.En, ["de"] = own.De, ["fr"] = own.Fr })
            : new AgreementText(topic, 1, AgreementText.Languages.ToDictionary(
                language => language, language => Shipped.GetString("Text." + topic, CultureInfo.GetCultureInfo(language)) ?? throw new MissingManifestResourceException("Text." + topic)));

    /// <summary>All that a member said, the newest first.</summary>
    public async Task<IReadOnlyList<AgreementAct>> ActsAsync(int loopId, int memberId, CancellationToken cancellationToken) =>
        (await db.Database.SqlQuery<ActRow>(
            $"""
            SELECT topic AS "Topic", number AS "Number", version AS "Version", agrees AS "Agrees", at AS "At", signature_id AS "SignatureId", record_key AS "RecordKey"
            FROM market.agreements WHERE loop_id = {loopId} AND member_id = {memberId} ORDER BY at DESC, topic, number DESC
            """).ToListAsync(cancellationToken))
            .ConvertAll(row => new AgreementAct((AgreementTopic)row.Topic, row.Number, row.Version, row.Agrees, row.At, row.SignatureId, row.RecordKey));

    private sealed record TextRow(int Version, string En, string De, string Fr);

    private sealed record ActRow(short Topic, int Number, int Version, bool Agrees, DateTimeOffset At, long SignatureId, string RecordKey);
}
