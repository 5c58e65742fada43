using System.Globalization;
using Marketplace.Web.Features.Bills;
using Marketplace.Web.Features.Contracts.Quantities;
using Marketplace.Web.Features.Contracts.Templates;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Features.Proofs;
using Marketplace.Web.Features.Transparency.Records;
using Marketplace.Web.Pipeline;
using Quartz;

namespace Marketplace.Web.Features.Contracts;

/// <summary>Contracts from templates: agreed on forms, signed, run by the machine, the same for all parties.</summary>
public static class ContractsFeature
{
    public static void AddContracts(this WebApplicationBuilder builder)
    {
        var services = builder.Services;
        foreach (var quantity in typeof(ContractsFeature).Assembly.GetTypes().Where(type => type is { IsAbstract: false, IsInterface: false } && type.IsAssignableTo(typeof(IContractQuantity))))
        {
            services.AddScoped(typeof(IContractQuantity), quantity);
        }

        services.AddScoped<ContractCatalogue>();
        services.AddScoped<ContractIndices>();
        services.AddScoped<TemplateShelf>();
        services.AddScoped<TemplatePress>();
        services.AddScoped<ContractRuns>();
        services.AddScoped<ContractConditions>();
        services.AddScoped<ContractBook>();
        services.AddScoped<ContractEvaluation>();
        services.AddScoped<IStatedCharges, ContractLines>();
        services.AddScoped<ILineNames, ClauseNames>();
    }

    public static void MapContracts(this IEndpointRouteBuilder routes)
    {
        var contract = routes.MapGroup("/loops/{slug}/contracts/{id:long}").RequireAuthorization();
        contract.MapGet("/acts/{number:int}/proof", async (string slug, long id, int number, Requests requests, CancellationToken cancellationToken) =>
            HandOut.File(
                await requests.Send(new ProveContract(await LoopAsync(requests, slug, cancellationToken), id, number), cancellationToken),
                string.Create(CultureInfo.InvariantCulture, $"{slug}-contract-{id}-{number}")));
        contract.MapGet("/results/{version:int}/{clause}/{start}/proof", async (string slug, long id, int version, string clause, string start, Requests requests, CancellationToken cancellationToken) =>
            HandOut.File(
                await requests.Send(
                    new ProveContract(
                        await LoopAsync(requests, slug, cancellationToken), id, null, clause, version,
                        HourAddress.TryParse(start, out var begins) ? begins : throw new NotPermittedException(nameof(ProveContract))),
                    cancellationToken),
                string.Create(CultureInfo.InvariantCulture, $"{slug}-contract-{id}-{clause}-{start}")));
    }

    /// <summary>A minute: what a contract comes to is not urgent, and coming often changes nothing.</summary>
    public static void ScheduleContracts(this IQuartzBuilder quartz) =>
        quartz.ScheduleJob<ContractRound>(trigger => trigger
            .WithIdentity("contracts")
            .WithSimpleSchedule(schedule => schedule.WithInterval(TimeSpan.FromMinutes(1)).RepeatForever()));

    private static async Task<int> LoopAsync(Requests requests, string slug, CancellationToken cancellationToken) =>
        (await requests.Send(new FindLoop(slug), cancellationToken)).Id;
}
