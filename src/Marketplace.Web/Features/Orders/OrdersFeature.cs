namespace Marketplace.Web.Features.Orders;

/// <summary>Own orders, standing orders and offers, until their gate closes.</summary>
public static class OrdersFeature
{
    public static void AddOrders(this WebApplicationBuilder builder) => builder.Services.AddScoped<Gate>();
}
