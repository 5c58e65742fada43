using Marketplace.Data;
using static Marketplace.Data.Role;

namespace Marketplace.Web.Features.Search;

/// <summary>A page that can be looked for by its name.</summary>
/// <param name="Key">Its name is <c>Page.{Key}</c> in Texts.resx; further words that people look for it by, <c>Page.{Key}.Words</c>.</param>
/// <param name="Href">Below the loop's address; of the portal itself where <paramref name="OfPortal"/>.</param>
/// <param name="Roles">Who may open it; empty for everybody in the loop.</param>
public sealed record PortalPage(string Key, string Href, bool OfPortal, params IReadOnlyList<Role> Roles);

/// <summary>The pages that people look for, each once.</summary>
public static class PortalPages
{
    /// <summary>Every page, the everyday ones first.</summary>
    public static IReadOnlyList<PortalPage> All { get; } =
    [
        In("Home", "/home"),
        In("Consumption", "/consumption", Consumer, Prosumer),
        In("Bills", "/bills", Consumer, Producer, Prosumer, Role.Storage, Investor),
        In("Account", "/account", Consumer, Producer, Prosumer, Role.Storage, Investor),
        In("Preview", "/bills/preview", Consumer, Prosumer),
        In("BillingDetails", "/billing-details", Consumer, Producer, Prosumer, Role.Storage, Investor),
        In("Disputes", "/disputes", Consumer, Producer, Prosumer, Role.Storage, Investor),
        In("Orders", "/orders", Consumer, Prosumer),
        In("OrderTemplates", "/orders/templates", Consumer, Prosumer),
        In("Upload", "/orders/upload", Consumer, Prosumer),
        In("Preferences", "/preferences", Consumer, Prosumer),
        In("Charging", "/charging", Consumer, Prosumer),
        In("Offers", "/offers", Producer, Prosumer, Role.Storage),
        In("Storage", "/storage", Role.Storage),
        In("Investment", "/investment", Investor),
        In("Together", "/together"),
        In("Contracts", "/contracts"),
        In("Deals", "/deals", Consumer, Producer, Prosumer, Role.Storage),
        In("Votes", "/votes"),
        In("Campaigns", "/campaigns"),
        In("Agreements", "/agreements"),
        In("Meters", "/meters"),
        In("Market", "/market"),
        In("Tariffs", "/tariffs"),
        In("Ledger", "/ledger"),
        In("LedgerCheck", "/ledger/check"),
        In("Notifications", "/notifications"),
        In("MyData", "/my-data"),
        In("Sharing", "/sharing"),
        In("FirstSteps", "/first-steps"),
        In("Members", "/members", Operator),
        In("NewMember", "/members/new", Operator),
        In("Operations", "/operations", Operator, Technician, Auditor),
        In("Alarms", "/operations/alarms", Operator, Technician),
        In("AlarmSending", "/operations/alarms/sending", Operator),
        In("Scheme", "/operations/scheme", Operator, Technician),
        In("Announcements", "/operations/announcements", Operator, Technician),
        In("Temperatures", "/operations/temperatures", Operator),
        In("Devices", "/operations/devices", Operator, Technician, Auditor),
        In("Readings", "/operations/readings", Operator),
        In("Exceptions", "/operations/exceptions", Operator, Technician),
        In("Checks", "/operations/checks", Operator),
        In("Forecasts", "/operations/forecasts", Operator),
        In("Plants", "/operations/plants", Operator),
        In("Network", "/operations/network", Operator),
        In("MarketRules", "/operations/market", Operator),
        In("Credit", "/operations/credit", Operator),
        In("Journal", "/operations/journal", Operator, Auditor),
        In("BillRun", "/bill-run", Operator),
        In("BillQueue", "/bill-queue", Operator),
        In("Billing", "/operations/billing", Operator),
        In("BillingTerms", "/operations/billing-terms", Operator),
        In("Handover", "/operations/handover", Operator),
        In("Payments", "/operations/payments", Operator),
        In("Reminders", "/operations/payments/reminders", Operator),
        In("Instalments", "/operations/payments/instalments", Operator),
        In("OpenDisputes", "/operations/disputes", Operator),
        In("Sending", "/operations/sending", Operator),
        In("ChargingRules", "/operations/charging", Operator),
        In("Templates", "/operations/templates", Operator),
        In("VotingRules", "/votes/rules", Operator),
        In("LedgerKeeping", "/operations/ledger", Operator),
        In("PublicTexts", "/operations/texts", Operator),
        Of("Verify", "/verify"),
        Of("Glossary", "/glossary"),
        Of("Help", "/help"),
        Of("Security", "/account"),
        Of("Passkeys", "/account/passkeys"),
        Of("Keys", "/account/keys"),
        Of("NewLoop", "/loops/new", Operator),
    ];

    /// <summary>The pages of these roles whose name or words have everything that was typed.</summary>
    /// <param name="word">Gives the text of a key.</param>
    public static IEnumerable<PortalPage> Find(string typed, IReadOnlySet<Role> roles, Func<string, string> word) =>
        All.Where(page => (page.Roles.Count == 0 || page.Roles.Any(roles.Contains))
            && WordMatch.HasAll(typed, word("Page." + page.Key) + " " + word($"Page.{page.Key}.Words")));

    private static PortalPage In(string key, string href, params IReadOnlyList<Role> roles) => new(key, href, false, roles);

    private static PortalPage Of(string key, string href, params IReadOnlyList<Role> roles) => new(key, href, true, roles);
}
