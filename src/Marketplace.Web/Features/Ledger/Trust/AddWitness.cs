using FluentValidation;
using Marketplace.Ledger;
using Marketplace.Web.Pipeline;
using MediatR;

namespace Marketplace.Web.Features.Ledger.Trust;

/// <summary>Adds a witness to the loop's rule. How many must cosign stays as it is, but at least one.</summary>
/// <param name="Name">A short name in the policy, such as <c>residents</c>.</param>
/// <param name="Key">The verifier key the witness printed when it was started.</param>
/// <param name="Url">Where it takes checkpoints.</param>
public sealed record AddWitness(int LoopId, string Name, string Key, string Url) : IRequest<Unit>, IGuarded
{
    public bool Permits(Actor actor) => actor.Operates(LoopId);
}

public sealed class AddWitnessValidator : AbstractValidator<AddWitness>
{
    public AddWitnessValidator()
    {
        RuleFor(request => request.Name)
            .Matches("^[a-z0-9][a-z0-9.-]{0,39}$").WithMessage("A name is 1 to 40 small letters, digits, dots and hyphens, such as residents.")
            .NotEqual("none").WithMessage("The name 'none' has a meaning of its own in policies; choose another.");
        RuleFor(request => request.Key).Must(key => Problem(key) is null).WithMessage(request => Problem(request.Key));
        RuleFor(request => request.Url)
            .Must(url => Uri.TryCreate(url, UriKind.Absolute, out var uri) && (uri.Scheme == Uri.UriSchemeHttps || uri.Scheme == Uri.UriSchemeHttp) && !url.Any(char.IsWhiteSpace))
            .WithMessage("The address starts with http:// or https://, such as https://witness.example.org.");
    }

    private static string? Problem(string key)
    {
        try
        {
            return VerifierKey.Parse(key).Type == SignatureType.Cosignature
                ? null
                : "This is the key of a log, not of a witness. Take the line that './run audit witness' printed first.";
        }
        catch (FormatException)
        {
            return "This is not a verifier key. Take the line that './run audit witness' printed first: name+number+key.";
        }
    }
}

internal sealed class AddWitnessHandler(Requests requests) : IRequestHandler<AddWitness, Unit>
{
    public async Task<Unit> Handle(AddWitness request, CancellationToken cancellationToken)
    {
        var trust = await requests.Send(new ShowTrust(request.LoopId), cancellationToken);
        if (trust.Witnesses.Any(w => w.Witness.Name == request.Name))
        {
            throw new RefusedException(nameof(request.Name), $"There is a witness '{request.Name}' already.");
        }

        var witness = new PolicyWitness(request.Name, VerifierKey.Parse(request.Key), request.Url);
        if (trust.Witnesses.Any(w => w.Witness.Key.PublicKey.Span.SequenceEqual(witness.Key.PublicKey.Span)))
        {
            throw new RefusedException(nameof(request.Key), "This key is a witness of the loop already.");
        }

        var text = trust.Simple is { } simple
            ? new WitnessRuleText([.. simple.Witnesses, witness], Math.Max(1, simple.Needed)).ToText()
            : $"witness {witness.Name} {witness.Key} {witness.Url}\n{trust.RuleText}";
        return await requests.Send(new SetWitnessRule(request.LoopId, text), cancellationToken);
    }
}
