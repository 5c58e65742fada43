using System.Globalization;
using Marketplace.Quantities;

namespace Marketplace.Billing;

/// <summary>What a member gets back for hours in which the promised supply temperature was not kept.</summary>
public static class TemperatureCompensation
{
    /// <summary>The line, or none: hours outside × rate.</summary>
    /// <param name="member">Who gets it.</param>
    /// <param name="carrier">Heat or cold.</param>
    /// <param name="hoursOutside">Hours in which the supply was outside the promise.</param>
    /// <param name="hoursJudged">Hours in which it could be judged.</param>
    /// <param name="perHour">For each hour outside, zero or more.</param>
    public static StatedCharge? Of(int member, Carrier carrier, int hoursOutside, int hoursJudged, Money perHour) =>
        hoursOutside <= 0 || perHour <= Money.Zero ? null : new StatedCharge(
            member, BillLineKind.TemperatureCompensation, "", -Money.FromMicro(checked(perHour.Micro * hoursOutside)),
            string.Create(CultureInfo.InvariantCulture, $"{hoursOutside} of {hoursJudged} judged hours outside the promised supply temperature × {perHour.Amount:0.00####} an hour"))
        {
            Carrier = carrier,
            Role = DocumentRole.Consumer,
            Quantity = hoursOutside,
            Inputs = [new("hours", hoursOutside), new("hoursJudged", hoursJudged), new("rateMicroPerHour", perHour.Micro)],
        };
}
