using FluentValidation;
using Marketplace.Data;
using Marketplace.Ledger;
using Marketplace.Web.Pipeline;
using MediatR;

namespace Marketplace.Web.Features.Ledger.Trust;

/// <summary>
/// Says which witnesses there are and how many must cosign: the lines of a tlog-policy but the log's own. It comes into force with the
/// first checkpoint that meets it.
/// </summary>
public sealed record SetWitnessRule(int LoopId, string Text) : IRequest<Unit>, IOperatorAct
{
    public string Subject => $"SHA-256 {Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(LogPolicies.WithoutLog(Text))))}";
}

public sealed class SetWitnessRuleValidator : AbstractValidator<SetWitnessRule>
{
    public SetWitnessRuleValidator() => RuleFor(request => request.Text).MaximumLength(20_000).WithMessage("A policy has at most 20,000 characters.");
}

internal sealed class SetWitnessRuleHandler(Work work, LogPolicies policies, Cosigning cosigning, TimeProvider clock) : IRequestHandler<SetWitnessRule, Unit>
{
    public async Task<Unit> Handle(SetWitnessRule request, CancellationToken cancellationToken)
    {
        var text = LogPolicies.WithoutLog(request.Text);
        var key = await policies.KeyAsync(request.LoopId, cancellationToken);
        Check(text, key);
        await LogTrust.SetRuleAsync(await work.ConnectionAsync(cancellationToken), work.Transaction, request.LoopId, text, clock.GetUtcNow(), cancellationToken);
        work.AfterCommit(_ =>
        {
            cosigning.Wake(request.LoopId);
            return Task.CompletedTask;
        });
        return Unit.Value;
    }

    private static void Check(string text, VerifierKey key)
    {
        try
        {
            // The log's line comes last here, so that the lines keep the numbers their writer sees.
            var policy = LedgerPolicy.Parse($"{text}log {key}\n");
            if (policy.Witnesses.FirstOrDefault(w => w.Url is not null && !IsAddress(w.Url)) is { } wrong)
            {
                throw new RefusedException(nameof(SetWitnessRule.Text), $"The address of the witness '{wrong.Name}' must start with http:// or https://, not '{wrong.Url}'.");
            }

            var asked = policy.Witnesses.Where(w => w.Url is not null).Select(w => w.Name).ToHashSet();
            if (!policy.IsMetBy(asked))
            {
                throw new RefusedException(nameof(SetWitnessRule.Text), "Not even all witnesses with an address together would meet this quorum, so nothing could be published any more. Add addresses or ask for fewer.");
            }
        }
        catch (FormatException e)
        {
            throw new RefusedException(nameof(SetWitnessRule.Text), e.Message);
        }
    }

    private static bool IsAddress(string url) => Uri.TryCreate(url, UriKind.Absolute, out var uri) && (uri.Scheme == Uri.UriSchemeHttps || uri.Scheme == Uri.UriSchemeHttp);
}
