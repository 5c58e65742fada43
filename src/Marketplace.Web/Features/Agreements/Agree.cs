using System.Globalization;
using FluentValidation;
using Marketplace.Data;
using Marketplace.Ledger;
using Marketplace.Web.Features.Governance;
using Marketplace.Web.Features.Signing;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Agreements;

/// <summary>What a member is asked to agree to, and what it said.</summary>
public sealed record ShowAgreements(int LoopId, int MemberId) : IRequest<AgreementsView>, IGuarded
{
    public bool Permits(Actor actor) => actor.ActsFor(LoopId, MemberId);
}

public sealed record AgreementsView(IReadOnlyList<AgreementText> Texts, IReadOnlyList<AgreementAct> Acts)
{
    public AgreementAct? LastOn(AgreementTopic topic) => Acts.FirstOrDefault(act => act.Topic == topic);
}

/// <summary>Who agrees at present, for the operator: whoever is not named here does not.</summary>
public sealed record ListAgreeing(int LoopId) : IRequest<IReadOnlyList<AgreeingMember>>, IGuarded
{
    public bool Permits(Actor actor) => actor.Operates(LoopId);
}

public sealed record AgreeingMember(short TopicNumber, string Name, int Version)
{
    public AgreementTopic Topic => (AgreementTopic)TopicNumber;
}

/// <summary>What is signed to agree, or to withdraw.</summary>
/// <param name="Seen">The number of the member's last word on the topic; 0 before the first.</param>
public sealed record PrepareAgreement(int LoopId, int MemberId, AgreementTopic Topic, int Version, string Language, bool Agrees, int Seen) : IRequest<SignedAct>, IGuarded
{
    public bool Permits(Actor actor) => actor.AccountId is not null && actor.ActsFor(LoopId, MemberId);
}

/// <summary>Agrees to the words of a topic, or withdraws it. What was done on it until then stays as it is.</summary>
public sealed record Agree(int LoopId, int MemberId, AgreementTopic Topic, int Version, string Language, bool Agrees, int Seen, SignatureGiven Signature) : IRequest<Unit>, IGuarded, IChange
{
    public bool Permits(Actor actor) => actor.AccountId is not null && actor.ActsFor(LoopId, MemberId);
}

public sealed class AgreeValidator : AbstractValidator<Agree>
{
    public AgreeValidator()
    {
        RuleFor(act => act.Topic).IsInEnum().WithMessage("There is no such agreement.");
        RuleFor(act => act.Language).Must(language => AgreementText.Languages.Contains(language)).WithMessage("There are no words in this language.");
    }
}

/// <summary>Gives a loop words of its own. Those who have agreed to earlier ones stay bound to those.</summary>
public sealed record SetAgreementText(int LoopId, AgreementTopic Topic, string English, string German, string French) : IRequest<int>, IOperatorAct
{
    string IOperatorAct.Subject => string.Create(CultureInfo.InvariantCulture, $"words on {Topic}");
}

public sealed class SetAgreementTextValidator : AbstractValidator<SetAgreementText>
{
    public SetAgreementTextValidator()
    {
        RuleFor(text => text.Topic).IsInEnum().WithMessage("There is no such agreement.");
        RuleFor(text => text).Must(text => new[] { text.English, text.German, text.French }.All(words => words.Trim().Length is >= 50 and <= 8000))
            .OverridePropertyName(nameof(SetAgreementText.English)).WithMessage("Write 50 to 8000 characters in each language.");
    }
}

internal sealed class AgreementsHandler(Work work, AgreementBook book, CommunityLedger ledger, Signatures signatures, CurrentActor current, TimeProvider time)
    : IRequestHandler<ShowAgreements, AgreementsView>, IRequestHandler<PrepareAgreement, SignedAct>, IRequestHandler<Agree, Unit>, IRequestHandler<SetAgreementText, int>,
      IRequestHandler<ListAgreeing, IReadOnlyList<AgreeingMember>>
{
    public async Task<AgreementsView> Handle(ShowAgreements request, CancellationToken cancellationToken)
    {
        var texts = new List<AgreementText>();
        foreach (var topic in Enum.GetValues<AgreementTopic>())
        {
            texts.Add(await book.TextAsync(request.LoopId, topic, cancellationToken));
        }

        return new AgreementsView(texts, await book.ActsAsync(request.LoopId, request.MemberId, cancellationToken));
    }

    public async Task<IReadOnlyList<AgreeingMember>> Handle(ListAgreeing request, CancellationToken cancellationToken) => await work.Db.Database.SqlQuery<AgreeingMember>(
        $"""
        SELECT last.topic AS "TopicNumber", m.name AS "Name", last.version AS "Version"
        FROM (SELECT DISTINCT ON (member_id, topic) member_id, topic, agrees, version FROM market.agreements WHERE loop_id = {request.LoopId} ORDER BY member_id, topic, number DESC) AS last
        JOIN market.members m ON m.loop_id = {request.LoopId} AND m.id = last.member_id
        WHERE last.agrees ORDER BY last.topic, m.name
        """).ToListAsync(cancellationToken);

    public async Task<SignedAct> Handle(PrepareAgreement request, CancellationToken cancellationToken) => (await ActAsync(
        new Agree(request.LoopId, request.MemberId, request.Topic, request.Version, request.Language, request.Agrees, request.Seen, new SignatureGiven(null, null)), cancellationToken)).Act;

    public async Task<Unit> Handle(Agree request, CancellationToken cancellationToken)
    {
        var (db, loopId, memberId) = (work.Db, request.LoopId, request.MemberId);
        await db.Database.ExecuteSqlAsync($"SELECT pg_advisory_xact_lock(hashtextextended({string.Create(CultureInfo.InvariantCulture, $"agreements/{loopId}/{memberId}")}, 0))", cancellationToken);
        var last = (await book.ActsAsync(loopId, memberId, cancellationToken)).FirstOrDefault(act => act.Topic == request.Topic);
        if (last is not null && last.Number == request.Seen + 1 && last.Agrees == request.Agrees && last.Version == request.Version)
        {
            // A form sent twice.
            return Unit.Value;
        }

        if ((last?.Number ?? 0) != request.Seen)
        {
            throw new RefusedException("This has changed since you opened the page. Look at it again.");
        }

        if (!request.Agrees && (last?.Agrees != true || last.Version != request.Version))
        {
            throw new RefusedException("There is nothing to withdraw.");
        }

        var (act, record, text) = await ActAsync(request, cancellationToken);
        if (request.Agrees && text.Version != request.Version)
        {
            throw new RefusedException("There are newer words now. Read them before you agree.");
        }

        var signature = await signatures.RequireAsync(act, request.Signature, cancellationToken);
        var (now, number) = (time.GetUtcNow(), request.Seen + 1);
        var key = string.Create(CultureInfo.InvariantCulture, $"agreement/{memberId}/{(short)request.Topic}/{number}");
        await ledger.AppendAsync(loopId, RecordKind.Agreement, key, memberId, record.Add("at", now).Add("method", signature.Method.ToString()).Add("signature", signature.Digest()), cancellationToken);
        await db.Database.ExecuteSqlAsync(
            $"""
            INSERT INTO market.agreements (loop_id, member_id, topic, number, version, language, text_hash, agrees, account_id, signature_id, record_key, at)
            VALUES ({loopId}, {memberId}, {(short)request.Topic}, {number}, {request.Version}, {request.Language}, {text.Hash(request.Language)}, {request.Agrees},
                    {signature.AccountId}, {signature.Id}, {key}, {now})
            """, cancellationToken);
        return Unit.Value;
    }

    public async Task<int> Handle(SetAgreementText request, CancellationToken cancellationToken)
    {
        var (db, loopId) = (work.Db, request.LoopId);
        await db.Database.ExecuteSqlAsync($"SELECT pg_advisory_xact_lock(hashtextextended({"agreement-texts/" + loopId}, 0))", cancellationToken);
        var version = (await book.TextAsync(loopId, request.Topic, cancellationToken)).Version + 1;
        await db.Database.ExecuteSqlAsync(
            $"""
            INSERT INTO market.agreement_texts (loop_id, topic, version, en, de, fr, set_by, set_at)
            VALUES ({loopId}, {(short)request.Topic}, {version}, {request.English.Trim()}, {request.German.Trim()}, {request.French.Trim()}, {current.Actor.AccountId}, {time.GetUtcNow()})
            """, cancellationToken);
        return version;
    }

    private async Task<(SignedAct Act, CanonicalRecord Record, AgreementText Text)> ActAsync(Agree request, CancellationToken cancellationToken)
    {
        var named = await (
            from loop in work.Db.Loops
            join member in work.Db.Members on loop.Id equals member.LoopId
            where loop.Id == request.LoopId && member.Id == request.MemberId
            select new { loop.Slug, member.Key }).SingleOrDefaultAsync(cancellationToken) ?? throw new NotPermittedException(nameof(Agree));
        // Who withdraws does so from the words that were agreed to.
        var text = await book.TextAsync(request.LoopId, request.Topic, cancellationToken, request.Agrees ? null : request.Version);
        var record = CanonicalRecord.Of("agreement", 1).Add("loop", named.Slug).Add("member", named.Key).Add("topic", request.Topic.ToString()).Add("number", request.Seen + 1)
            .Add("agrees", request.Agrees ? "yes" : "no").Add("version", request.Version).Add("language", request.Language).Add("words", Convert.ToHexStringLower(text.Hash(request.Language)));
        return (
            new SignedAct(request.LoopId, request.MemberId, string.Create(CultureInfo.InvariantCulture,
                $"{(request.Agrees ? "Agree to" : "Withdraw")} {(request.Topic == AgreementTopic.Proof ? "proof by the ledger" : "use of data")}, version {request.Version}, for {named.Key}"), record.ToBytes()),
            record, text);
    }
}
