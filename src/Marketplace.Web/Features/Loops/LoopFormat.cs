using System.Globalization;
using Marketplace.Web.Shell;

namespace Marketplace.Web.Features.Loops;

/// <summary>How quantities are written on the pages of a loop, also for visitors and members of other loops.</summary>
public static class LoopFormat
{
    public static Format Format(this LoopView loop) => new(loop.Currency, loop.Calendar.Zone, CultureInfo.CurrentCulture);
}
