using FluentValidation;
using Marketplace.Web.Pipeline;
using MediatR;

namespace Marketplace.Web.Features.Ledger.Trust;

/// <summary>
/// Says which witnesses there are and how many must cosign: the lines of a tlog-policy but the log's own. It comes into force with the
/// first checkpoint that meets it.
/// </summary>
public sealed record SetWitnessRule(int LoopId, string Text) : IRequest<Unit>, IOperatorAct, IGoverned
{
    GovernedArea IGoverned.Area => GovernedArea.Witnesses;

    public string Subject => $"SHA-256 {Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(LogPolicies.WithoutLog(Text))))}";
}

public sealed class SetWitnessRuleValidator : AbstractValidator<SetWitnessRule>
{
    public SetWitnessRuleValidator() => RuleFor(request => request.Text).MaximumLength(20_000).WithMessage("A policy has at most 20,000 characters.");
}

internal sealed class SetWitnessRuleHandler(WitnessBook book) : IRequestHandler<SetWitnessRule, Unit>
{
    public async Task<Unit> Handle(SetWitnessRule request, CancellationToken cancellationToken)
    {
        await book.SetAsync(request.LoopId, request.Text, cancellationToken);
        return Unit.Value;
    }
}
