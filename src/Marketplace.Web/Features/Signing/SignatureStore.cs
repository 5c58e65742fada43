using Marketplace.Data;
using Marketplace.Web.Pipeline;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Signing;

/// <summary>The signatures that are kept: added to, never changed.</summary>
public sealed class SignatureStore(MarketplaceDb db)
{
    /// <summary>What a person signs for this act.</summary>
    public async Task<byte[]> StatementAsync(SignedAct act, Guid account, CancellationToken cancellationToken)
    {
        var named = await (
            from loop in db.Loops
            join member in db.Members on loop.Id equals member.LoopId
            where loop.Id == act.LoopId && member.Id == act.MemberId
            select new { loop.Slug, member.Key }).SingleOrDefaultAsync(cancellationToken) ?? throw new NotPermittedException(nameof(SignedAct));
        return act.Statement(named.Slug, named.Key, account);
    }

    public async Task<Signature> AddAsync(SignedAct act, Guid account, byte[] statement, PasskeyProof? passkey, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var method = passkey is null ? SigningMethod.Authenticator : SigningMethod.Passkey;
        var id = (await db.Database.SqlQuery<long>(
            $"""
            INSERT INTO market.signatures (loop_id, member_id, account_id, method, title, act_hash, statement, credential_id, public_key, authenticator_data, client_data, signature, at)
            VALUES ({act.LoopId}, {act.MemberId}, {account}, {(short)method}, {act.Title}, {act.Hash()}, {statement}, {passkey?.CredentialId}, {passkey?.PublicKey},
                    {passkey?.AuthenticatorData}, {passkey?.ClientDataJson}, {passkey?.Signature}, {now})
            RETURNING id AS "Value"
            """).ToListAsync(cancellationToken)).Single();
        return new Signature(id, act.MemberId, account, method, act.Title, act.Hash(), statement, passkey, now);
    }

    public async Task<Signature?> FindAsync(int loopId, int memberId, Guid account, byte[] actHash, CancellationToken cancellationToken) =>
        (await db.Database.SqlQueryRaw<SignatureRow>(Columns + "WHERE loop_id = {0} AND member_id = {1} AND account_id = {2} AND act_hash = {3}", loopId, memberId, account, actHash)
            .ToListAsync(cancellationToken)).SingleOrDefault()?.ToSignature();

    public async Task<Signature?> ReadAsync(int loopId, long id, CancellationToken cancellationToken) =>
        (await db.Database.SqlQueryRaw<SignatureRow>(Columns + "WHERE loop_id = {0} AND id = {1}", loopId, id).ToListAsync(cancellationToken)).SingleOrDefault()?.ToSignature();

    /// <summary>Whether an act was signed before all the members, or before one of these as party of the same contract.</summary>
    public Task<bool> IsOpenToAsync(int loopId, long id, int[] members, CancellationToken cancellationToken) => db.Database.SqlQuery<bool>(
        $"""
        SELECT EXISTS (SELECT FROM market.votes WHERE loop_id = {loopId} AND signature_id = {id})
            OR EXISTS (SELECT FROM market.contract_acts a
                       JOIN market.contract_parties p ON p.loop_id = a.loop_id AND p.contract_id = a.contract_id
                       WHERE a.loop_id = {loopId} AND a.signature_id = {id} AND p.member_id = ANY ({members})) AS "Value"
        """).SingleAsync(cancellationToken);

    private const string Columns =
        """
        SELECT id AS "Id", member_id AS "MemberId", account_id AS "AccountId", method AS "Method", title AS "Title", act_hash AS "ActHash", statement AS "Statement",
               credential_id AS "CredentialId", public_key AS "PublicKey", authenticator_data AS "AuthenticatorData", client_data AS "ClientData", signature AS "Answer", at AS "At"
        FROM market.signatures

        """;

    private sealed record SignatureRow(
        long Id, int MemberId, Guid AccountId, short Method, string Title, byte[] ActHash, byte[] Statement, byte[]? CredentialId, byte[]? PublicKey,
        byte[]? AuthenticatorData, byte[]? ClientData, byte[]? Answer, DateTimeOffset At)
    {
        public Signature ToSignature() => new(
            Id, MemberId, AccountId, (SigningMethod)Method, Title, ActHash, Statement,
            CredentialId is null ? null : new PasskeyProof(CredentialId, PublicKey!, AuthenticatorData!, ClientData!, Answer!), At);
    }
}
