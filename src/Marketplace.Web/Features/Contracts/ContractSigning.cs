using Marketplace.Data;
using Marketplace.Web.Features.Signing;

namespace Marketplace.Web.Features.Contracts;

/// <summary>What somebody signs who acts on a contract: page and server make the same bytes from what both see.</summary>
public static class ContractSigning
{
    /// <summary>An offer of the draft, an acceptance of the open terms, or a notice.</summary>
    public static SignedAct Of(ContractDetail shown, ContractActKind kind, int memberId)
    {
        ArgumentNullException.ThrowIfNull(shown);
        return kind == ContractActKind.Cancelled
            ? ToSign(shown, shown.Binding!, CancelContractHandler.NoticeOf(shown.Held, shown.Binding!.Template, memberId))
            : ToSign(shown, shown.Template, ContractBook.Next(shown.Held, kind, memberId, shown.Terms));
    }

    /// <summary>Other terms for a contract: a counter-offer or a renegotiation.</summary>
    /// <param name="template">The version of the template that the new terms follow.</param>
    public static SignedAct Of(ContractDetail shown, ContractActKind kind, int memberId, ContractTerms terms, ShelvedTemplate template)
    {
        ArgumentNullException.ThrowIfNull(shown);
        ArgumentNullException.ThrowIfNull(template);
        return ToSign(shown, template, ContractBook.Next(shown.Held, kind, memberId, ContractBook.TermsOf(shown.Held.NextVersion, template.Row.Version, terms)));
    }

    private static SignedAct ToSign(ContractDetail shown, ShelvedTemplate template, ContractAct act) =>
        ContractBook.ToSign(shown.Held.Loop, shown.Held.Contract, shown.Held.Parties, template.Row, act);
}
