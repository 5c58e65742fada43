using System.Security.Cryptography;
using System.Text;
using Marketplace.Contracts;
using Marketplace.Data;
using Marketplace.Web.Features.Contracts;
using Marketplace.Web.Features.Contracts.Templates;
using Marketplace.Web.Features.Signing;
using Marketplace.Web.Pipeline;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Demo;

/// <summary>The demo's contracts: two that are agreed on and one that waits for the resident's signature. The people of the demo have no second factor, so that what
/// was agreed for them bears no signature, and the records say so.</summary>
internal static class DemoContracts
{
    private static readonly SignatureGiven None = new(null, null);

    public static async Task SeedAsync(Requests requests, MarketplaceDb db, int loopId, DateOnly firstDay, CancellationToken cancellationToken)
    {
        await requests.Send(new AddShippedTemplates(loopId), Actor.System, cancellationToken);
        var members = await db.Members.AsNoTracking().Where(member => member.LoopId == loopId).ToDictionaryAsync(member => member.Key, member => member.Id, cancellationToken);
        await AgreeAsync("energy-performance", accepted: true, ("contractor", "heat-works"), ("customer", "school"));
        await AgreeAsync("peak-smoothing", accepted: true, ("network", "loop-operator"), ("consumer", "data-centre"));
        await AgreeAsync("energy-supply", accepted: false, ("supplier", "heat-works"), ("customer", "home-05"));

        async Task AgreeAsync(string code, bool accepted, params (string Role, string Key)[] parties)
        {
            var template = (await requests.Send(new ShowTemplate(loopId, code), Actor.System, cancellationToken)).Template.Template;
            var roles = parties.ToDictionary(party => party.Role, party => members[party.Key]);
            var (author, other) = (members[parties[0].Key], members[parties[1].Key]);
            var terms = new ContractTerms(TermValues.DefaultsOf(template).Texts, firstDay, firstDay.AddYears(1));

            // The same contract at each start: a form sent twice.
            var submission = new Guid(SHA256.HashData(Encoding.UTF8.GetBytes($"demo contract/{code}"))[..16]);
            var contract = await requests.Send(new DraftContract(loopId, author, submission, code, roles, terms), Actor.System, cancellationToken);
            await requests.Send(new OfferContract(loopId, author, contract, 1, None), Actor.System, cancellationToken);
            if (accepted)
            {
                await requests.Send(new AcceptContract(loopId, other, contract, 2, None), Actor.System, cancellationToken);
            }
        }
    }
}
