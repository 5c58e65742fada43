using Marketplace.Web.Features.Agreements;
using Marketplace.Web.Features.Auctions.Rules;
using Marketplace.Web.Features.Campaigns;
using Marketplace.Web.Features.Ledger.Trust;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Features.Members;
using Marketplace.Web.Features.Proofs;
using Marketplace.Web.Features.Reputations;
using Marketplace.Web.Features.Tariffs;
using Marketplace.Web.Pipeline;
using Quartz;

namespace Marketplace.Web.Features.Governance;

/// <summary>A loop that governs itself: agreements, proposals, votes and what follows from them, campaigns, reputations.</summary>
public static class GovernanceFeature
{
    public static void AddGovernance(this WebApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddScoped<Constitutions>();
        services.AddScoped<CommunityLedger>();
        services.AddScoped<Proposals>();
        services.AddScoped<ChangeKinds>();
        services.AddScoped<TariffBook>();
        services.AddScoped<RulesBook>();
        services.AddScoped<MemberRegister>();
        services.AddScoped<WitnessBook>();
        services.AddScoped<AgreementBook>();
        services.AddScoped<CampaignBook>();
        services.AddScoped<IReputation, ReputationsOfMembers>();
        foreach (var kind in typeof(GovernanceFeature).Assembly.GetTypes().Where(type => type is { IsAbstract: false, IsInterface: false } && type.IsAssignableTo(typeof(IChangeKind))))
        {
            services.AddScoped(typeof(IChangeKind), kind);
        }
    }

    public static void MapGovernance(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/loops/{slug}/records/proof", async (string slug, string key, Requests requests, CancellationToken cancellationToken) =>
            HandOut.File(
                await requests.Send(new ProveCommunityRecord((await requests.Send(new FindLoop(slug), cancellationToken)).Id, key), cancellationToken),
                $"{slug}-{string.Concat(key.Select(letter => char.IsAsciiLetterOrDigit(letter) ? letter : '-'))}")).RequireAuthorization();

    internal static void ScheduleGovernance(this IQuartzBuilder quartz) => quartz.ScheduleJob<GovernJob>(trigger => trigger
        .WithIdentity("votes and campaigns")
        .WithSimpleSchedule(schedule => schedule.WithInterval(TimeSpan.FromSeconds(20)).RepeatForever()));
}
