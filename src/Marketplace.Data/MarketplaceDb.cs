using Marketplace.Quantities;
using Microsoft.AspNetCore.Identity;
using Microsoft.AspNetCore.Identity.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage.ValueConversion;

namespace Marketplace.Data;

/// <summary>The market's tables. The ledger has a schema of its own, written without EF (see Ledger/).
/// Every table that grows carries the loop first in its key, and nothing joins across loops.</summary>
public sealed class MarketplaceDb(DbContextOptions<MarketplaceDb> options)
    : IdentityUserContext<Account, Guid, IdentityUserClaim<Guid>, IdentityUserLogin<Guid>, IdentityUserToken<Guid>, IdentityUserPasskey<Guid>>(options)
{
    public const string Schema = "market";

    public DbSet<Loop> Loops => Set<Loop>();

    public DbSet<MarketClock> Clocks => Set<MarketClock>();

    public DbSet<Tariff> Tariffs => Set<Tariff>();

    public DbSet<Zone> Zones => Set<Zone>();

    public DbSet<ZoneLine> ZoneLines => Set<ZoneLine>();

    public DbSet<ZonePlacement> ZonePlacements => Set<ZonePlacement>();

    public DbSet<LineFlow> LineFlows => Set<LineFlow>();

    public DbSet<ZoneTrade> ZoneTrades => Set<ZoneTrade>();

    public DbSet<CurtailedMember> CurtailedMembers => Set<CurtailedMember>();

    public DbSet<Member> Members => Set<Member>();

    public DbSet<MemberRole> MemberRoles => Set<MemberRole>();

    public DbSet<Membership> Memberships => Set<Membership>();

    public DbSet<Invitation> Invitations => Set<Invitation>();

    public DbSet<SignIn> SignIns => Set<SignIn>();

    public DbSet<OperatorAction> OperatorActions => Set<OperatorAction>();

    public DbSet<Meter> Meters => Set<Meter>();

    public DbSet<Reading> Readings => Set<Reading>();

    public DbSet<Device> Devices => Set<Device>();

    public DbSet<DeviceRegister> DeviceRegisters => Set<DeviceRegister>();

    public DbSet<DeviceKey> DeviceKeys => Set<DeviceKey>();

    public DbSet<DeviceAct> DeviceActs => Set<DeviceAct>();

    public DbSet<DeviceBatch> DeviceBatches => Set<DeviceBatch>();

    public DbSet<RegisterValue> RegisterValues => Set<RegisterValue>();

    public DbSet<MeterTest> MeterTests => Set<MeterTest>();

    public DbSet<VirtualMeter> VirtualMeters => Set<VirtualMeter>();

    public DbSet<VirtualMeterPart> VirtualMeterParts => Set<VirtualMeterPart>();

    public DbSet<ManualReading> ManualReadings => Set<ManualReading>();

    public DbSet<ReadingPhoto> ReadingPhotos => Set<ReadingPhoto>();

    public DbSet<ReadingFile> ReadingFiles => Set<ReadingFile>();

    public DbSet<ReadingFileRefusal> ReadingFileRefusals => Set<ReadingFileRefusal>();

    public DbSet<WatchedFolder> WatchedFolders => Set<WatchedFolder>();

    public DbSet<ReadingCall> ReadingCalls => Set<ReadingCall>();

    public DbSet<ReadingFlag> ReadingFlags => Set<ReadingFlag>();

    public DbSet<OpenFlag> OpenFlags => Set<OpenFlag>();

    public DbSet<FlagResolution> FlagResolutions => Set<FlagResolution>();

    public DbSet<UnjudgedReadings> UnjudgedReadings => Set<UnjudgedReadings>();

    public DbSet<JudgedDay> JudgedDays => Set<JudgedDay>();

    public DbSet<MeterClassTerms> MeterClassTerms => Set<MeterClassTerms>();

    public DbSet<ReadingEstimate> ReadingEstimates => Set<ReadingEstimate>();

    public DbSet<MeterForecast> MeterForecasts => Set<MeterForecast>();

    public DbSet<ForecastDay> ForecastDays => Set<ForecastDay>();

    public DbSet<QuantityChoice> QuantityChoices => Set<QuantityChoice>();

    public DbSet<HourConditions> Conditions => Set<HourConditions>();

    public DbSet<PlantRecord> Plants => Set<PlantRecord>();

    public DbSet<PlantShare> PlantShares => Set<PlantShare>();

    public DbSet<StoreLevel> StoreLevels => Set<StoreLevel>();

    public DbSet<MarketOrder> Orders => Set<MarketOrder>();

    public DbSet<StandingOrder> StandingOrders => Set<StandingOrder>();

    public DbSet<OrderTemplate> OrderTemplates => Set<OrderTemplate>();

    public DbSet<OrderTemplateHour> OrderTemplateHours => Set<OrderTemplateHour>();

    public DbSet<OrderUpload> OrderUploads => Set<OrderUpload>();

    public DbSet<OrderUploadRefusal> OrderUploadRefusals => Set<OrderUploadRefusal>();

    public DbSet<MemberCredit> MemberCredits => Set<MemberCredit>();

    public DbSet<MoneyReceipt> MoneyReceipts => Set<MoneyReceipt>();

    public DbSet<Deal> Deals => Set<Deal>();

    public DbSet<DealAct> DealActs => Set<DealAct>();

    public DbSet<DealNote> DealNotes => Set<DealNote>();

    public DbSet<DealHour> DealHours => Set<DealHour>();

    public DbSet<ApiKey> ApiKeys => Set<ApiKey>();

    public DbSet<ApiKeyScope> ApiKeyScopes => Set<ApiKeyScope>();

    public DbSet<ApiKeyEvent> ApiKeyEvents => Set<ApiKeyEvent>();

    public DbSet<Book> Books => Set<Book>();

    public DbSet<BookOrder> BookOrders => Set<BookOrder>();

    public DbSet<AuctionResult> Results => Set<AuctionResult>();

    public DbSet<Acceptance> Acceptances => Set<Acceptance>();

    public DbSet<HourPrice> Prices => Set<HourPrice>();

    public DbSet<ConverterRun> ConverterRuns => Set<ConverterRun>();

    public DbSet<MarketRules> MarketRules => Set<MarketRules>();

    public DbSet<MarketHalt> MarketHalts => Set<MarketHalt>();

    public DbSet<MarketTrade> Trades => Set<MarketTrade>();

    public DbSet<LiveTrade> LiveTrades => Set<LiveTrade>();

    public DbSet<MemberPreference> MemberPreferences => Set<MemberPreference>();

    public DbSet<WishMet> WishesMet => Set<WishMet>();

    public DbSet<HourStep> HourSteps => Set<HourStep>();

    public DbSet<HourFailure> HourFailures => Set<HourFailure>();

    public DbSet<Position> Positions => Set<Position>();

    public DbSet<HourBalance> Balances => Set<HourBalance>();

    public DbSet<Settlement> Settlements => Set<Settlement>();

    public DbSet<JournalAccount> Accounts => Set<JournalAccount>();

    public DbSet<Transfer> Transfers => Set<Transfer>();

    public DbSet<Bill> Bills => Set<Bill>();

    public DbSet<BillLineRow> BillLines => Set<BillLineRow>();

    public DbSet<BillIssuer> BillIssuers => Set<BillIssuer>();

    public DbSet<BillRecipient> BillRecipients => Set<BillRecipient>();

    public DbSet<BillParties> BillParties => Set<BillParties>();

    public DbSet<BillCorrection> BillCorrections => Set<BillCorrection>();

    public DbSet<BillFactsRow> BillFacts => Set<BillFactsRow>();

    public DbSet<BillPeriod> BillPeriods => Set<BillPeriod>();

    public DbSet<BillingTerms> BillingTerms => Set<BillingTerms>();

    public DbSet<TaxRate> TaxRates => Set<TaxRate>();

    public DbSet<SharedAmountRow> SharedAmounts => Set<SharedAmountRow>();

    public DbSet<Handover> Handovers => Set<Handover>();

    public DbSet<PaymentAllocation> PaymentAllocations => Set<PaymentAllocation>();

    public DbSet<BankFile> BankFiles => Set<BankFile>();

    public DbSet<BankPayment> BankPayments => Set<BankPayment>();

    public DbSet<AccountStatement> AccountStatements => Set<AccountStatement>();

    public DbSet<BankEntry> BankEntries => Set<BankEntry>();

    public DbSet<Dispute> Disputes => Set<Dispute>();

    public DbSet<DisputeMessage> DisputeMessages => Set<DisputeMessage>();

    public DbSet<DisputeFile> DisputeFiles => Set<DisputeFile>();

    public DbSet<GoodwillCredit> GoodwillCredits => Set<GoodwillCredit>();

    public DbSet<ReminderTerms> ReminderTerms => Set<ReminderTerms>();

    public DbSet<Reminder> Reminders => Set<Reminder>();

    public DbSet<ReminderDay> ReminderDays => Set<ReminderDay>();

    public DbSet<InstalmentPlan> InstalmentPlans => Set<InstalmentPlan>();

    public DbSet<InstalmentPart> InstalmentParts => Set<InstalmentPart>();

    public DbSet<InstalmentDocument> InstalmentDocuments => Set<InstalmentDocument>();

    public DbSet<CorrectedMember> CorrectedMembers => Set<CorrectedMember>();

    public DbSet<StoreTerms> StoreTerms => Set<StoreTerms>();

    public DbSet<StoreChoice> StoreChoices => Set<StoreChoice>();

    public DbSet<StorePlan> StorePlans => Set<StorePlan>();

    public DbSet<StoreShare> StoreShares => Set<StoreShare>();

    public DbSet<ChargingGroup> ChargingGroups => Set<ChargingGroup>();

    public DbSet<ChargingTerms> ChargingTerms => Set<ChargingTerms>();

    public DbSet<ChargingOverride> ChargingOverrides => Set<ChargingOverride>();

    public DbSet<ChargingPoint> ChargingPoints => Set<ChargingPoint>();

    public DbSet<ChargingStep> ChargingSteps => Set<ChargingStep>();

    public DbSet<ChargingFailure> ChargingFailures => Set<ChargingFailure>();

    public DbSet<ChargingAllocation> ChargingAllocations => Set<ChargingAllocation>();

    public DbSet<ChargingQuota> ChargingQuotas => Set<ChargingQuota>();

    public DbSet<ChargingTrade> ChargingTrades => Set<ChargingTrade>();

    public DbSet<ChargingNet> ChargingNets => Set<ChargingNet>();

    public DbSet<ChargingUse> ChargingUses => Set<ChargingUse>();

    public DbSet<ChargingDemand> ChargingDemands => Set<ChargingDemand>();

    public DbSet<ChargingHabit> ChargingHabits => Set<ChargingHabit>();

    public DbSet<ChargingOrder> ChargingOrders => Set<ChargingOrder>();

    public DbSet<Alarm> Alarms => Set<Alarm>();

    public DbSet<AlarmEvent> AlarmEvents => Set<AlarmEvent>();

    public DbSet<AlarmRules> AlarmRules => Set<AlarmRules>();

    public DbSet<Announcement> Announcements => Set<Announcement>();

    public DbSet<Webhook> Webhooks => Set<Webhook>();

    public DbSet<Dispatch> Dispatches => Set<Dispatch>();

    public DbSet<TemperatureTerms> TemperatureTerms => Set<TemperatureTerms>();

    public DbSet<ContractTemplate> ContractTemplates => Set<ContractTemplate>();

    public DbSet<ContractTemplateDraft> ContractTemplateDrafts => Set<ContractTemplateDraft>();

    public DbSet<ContractTemplateRetirement> ContractTemplateRetirements => Set<ContractTemplateRetirement>();

    public DbSet<ContractIndexValue> ContractIndexValues => Set<ContractIndexValue>();

    public DbSet<Contract> Contracts => Set<Contract>();

    public DbSet<ContractParty> ContractParties => Set<ContractParty>();

    public DbSet<ContractAct> ContractActs => Set<ContractAct>();

    public DbSet<ContractNote> ContractNotes => Set<ContractNote>();

    public DbSet<ContractRun> ContractRuns => Set<ContractRun>();

    public DbSet<ContractResult> ContractResults => Set<ContractResult>();

    public DbSet<FlexibilityCall> FlexibilityCalls => Set<FlexibilityCall>();

    protected override void ConfigureConventions(ModelConfigurationBuilder configurationBuilder)
    {
        configurationBuilder.Properties<Energy>().HaveConversion<EnergyConverter>();
        configurationBuilder.Properties<Money>().HaveConversion<MoneyConverter>();
        configurationBuilder.Properties<Price>().HaveConversion<PriceConverter>();
        configurationBuilder.Properties<Enum>().HaveConversion<short>();
    }

    protected override void OnModelCreating(ModelBuilder builder)
    {
        base.OnModelCreating(builder);
        builder.HasDefaultSchema(Schema);
        builder.ApplyConfigurationsFromAssembly(typeof(MarketplaceDb).Assembly);
        SnakeCase.Apply(builder.Model);
    }

    private sealed class EnergyConverter() : ValueConverter<Energy, long>(energy => energy.WattHours, wattHours => new Energy(wattHours));

    private sealed class MoneyConverter() : ValueConverter<Money, long>(money => money.Micro, micro => new Money(micro));

    private sealed class PriceConverter() : ValueConverter<Price, long>(price => price.MicroPerKWh, micro => new Price(micro));
}
