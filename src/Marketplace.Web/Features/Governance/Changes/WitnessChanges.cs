using FluentValidation;
using Marketplace.Data;
using Marketplace.Ledger;
using Marketplace.Web.Features.Ledger.Trust;
using Marketplace.Web.Pipeline;

namespace Marketplace.Web.Features.Governance.Changes;

/// <summary>Adds a witness to the loop's rule. How many must cosign stays as it is, but at least one.</summary>
internal sealed class AdmitWitnessChange(WitnessBook book, IEnumerable<IValidator<AddWitness>> rules) : IChangeKind
{
    public ProposalKind Kind => ProposalKind.AdmitWitness;

    public GovernedArea Area => GovernedArea.Witnesses;

    public bool IsWrittenAhead => false;

    public Task<IReadOnlyList<ChangeField>> FieldsAsync(Loop loop, CancellationToken cancellationToken) => Task.FromResult<IReadOnlyList<ChangeField>>(
    [
        new ChangeField("Witness", FieldShape.Text, ""),
        new ChangeField("VerifierKey", FieldShape.Text, ""),
        new ChangeField("Url", FieldShape.Text, ""),
    ]);

    public async Task CheckAsync(Loop loop, Change change, CancellationToken cancellationToken) => await RuleAsync(loop, change, cancellationToken);

    public async Task ApplyAsync(Loop loop, Change change, CancellationToken cancellationToken) =>
        await book.SetAsync(loop.Id, await RuleAsync(loop, change, cancellationToken), cancellationToken);

    private async Task<string> RuleAsync(Loop loop, Change change, CancellationToken cancellationToken)
    {
        var request = new AddWitness(loop.Id, change["Witness"], change["VerifierKey"], change["Url"]);
        foreach (var rule in rules)
        {
            var result = await rule.ValidateAsync(request, cancellationToken);
            if (!result.IsValid)
            {
                throw new RefusedException([.. result.Errors.Select(error => new Problem(error.PropertyName switch { "Name" => "Witness", "Key" => "VerifierKey", var other => other }, error.ErrorMessage))]);
            }
        }

        return WitnessBook.With(await book.ReadAsync(loop.Id, cancellationToken), new PolicyWitness(request.Name, VerifierKey.Parse(request.Key), request.Url));
    }
}

/// <summary>Takes a witness out of the loop's rule.</summary>
internal sealed class ExpelWitnessChange(WitnessBook book) : IChangeKind
{
    public ProposalKind Kind => ProposalKind.ExpelWitness;

    public GovernedArea Area => GovernedArea.Witnesses;

    public bool IsWrittenAhead => false;

    public async Task<IReadOnlyList<ChangeField>> FieldsAsync(Loop loop, CancellationToken cancellationToken) =>
        [new ChangeField("Witness", FieldShape.Choice, "", Options: [.. (await book.ReadAsync(loop.Id, cancellationToken)).Simple?.Witnesses.Select(witness => new ChangeOption(witness.Name, witness.Name)) ?? []])];

    public async Task CheckAsync(Loop loop, Change change, CancellationToken cancellationToken) =>
        WitnessBook.Without(await book.ReadAsync(loop.Id, cancellationToken), change["Witness"]);

    public async Task ApplyAsync(Loop loop, Change change, CancellationToken cancellationToken) =>
        await book.SetAsync(loop.Id, WitnessBook.Without(await book.ReadAsync(loop.Id, cancellationToken), change["Witness"]), cancellationToken);
}
