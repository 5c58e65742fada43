using Marketplace.Web.Features.Accounts;
using Marketplace.Web.Features.Alarms;
using Marketplace.Web.Features.Api;
using Marketplace.Web.Features.Auctions;
using Marketplace.Web.Features.Bills;
using Marketplace.Web.Features.Charging;
using Marketplace.Web.Features.Consumption;
using Marketplace.Web.Features.Contracts;
using Marketplace.Web.Features.Deals;
using Marketplace.Web.Features.Demo;
using Marketplace.Web.Features.Devices;
using Marketplace.Web.Features.Disputes;
using Marketplace.Web.Features.Forecasts;
using Marketplace.Web.Features.Governance;
using Marketplace.Web.Features.Ledger;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Features.Metering;
using Marketplace.Web.Features.Notifications;
using Marketplace.Web.Features.Operations;
using Marketplace.Web.Features.Orders;
using Marketplace.Web.Features.Payments;
using Marketplace.Web.Features.Prices;
using Marketplace.Web.Features.Privacy;
using Marketplace.Web.Features.Reminders;
using Marketplace.Web.Features.Replay;
using Marketplace.Web.Features.Sending;
using Marketplace.Web.Features.Settlement;
using Marketplace.Web.Features.Signing;
using Marketplace.Web.Features.Transparency;
using Marketplace.Web.Pipeline;
using Marketplace.Web.Shell;

namespace Marketplace.Web;

/// <summary>What the portal is made of. The host and whatever measures its parts without it take the same list, so that none lacks what another feature came to need.</summary>
public static class Portal
{
    /// <summary>Registers every feature.</summary>
    public static WebApplicationBuilder AddPortal(this WebApplicationBuilder builder)
    {
        builder.AddPipeline();
        builder.AddShell();
        builder.AddAccounts();
        builder.AddSigning();
        builder.AddGovernance();
        builder.AddLedger();
        builder.AddTransparency();
        builder.AddLoops();
        builder.AddMetering();
        builder.AddDevices();
        builder.AddForecasts();
        builder.AddAlarms();
        builder.AddOrders();
        builder.AddAuctions();
        builder.AddDeals();
        builder.AddSettlement();
        builder.AddOperations();
        builder.AddDemo();
        builder.AddReplay();
        builder.AddHealth();
        builder.AddBills();
        builder.AddSending();
        builder.AddPrivacy();
        builder.AddPayments();
        builder.AddDisputes();
        builder.AddReminders();
        builder.AddPrices();
        builder.AddCharging();
        builder.AddContracts();
        builder.AddApi();
        return builder;
    }

    /// <summary>Maps every feature's pages and endpoints, in the order in which a request passes them.</summary>
    public static WebApplication MapPortal(this WebApplication app)
    {
        app.UseActor();
        app.MapShell();
        app.MapAccounts();
        app.MapSigning();
        app.MapGovernance();
        app.MapLedgerEndpoints();
        app.MapTransparency();
        app.MapMetering();
        app.MapDevices();
        app.MapOrders();
        app.MapDeals();
        app.MapPrices();
        app.MapConsumption();
        app.MapHealth();
        app.MapBills();
        app.MapNotifications();
        app.MapPrivacy();
        app.MapPayments();
        app.MapDisputes();
        app.MapContracts();
        app.MapApi();
        return app;
    }
}
