using System.Globalization;
using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Features.Search;
using Shouldly;
using Xunit;

namespace Marketplace.Web.Tests.Features.Search;

public sealed class WordsTypedTests
{
    private static readonly LoopCalendar Berlin = new(TimeZoneInfo.FindSystemTimeZoneById("Europe/Berlin"));

    [Theory]
    [InlineData("bill", "Bills and statements", true)]
    [InlineData("STATE bi", "Bills and statements", true)]
    [InlineData("zahler", "Zähler", true)]
    [InlineData("decompte", "Factures et décomptes", true)]
    [InlineData("ills", "Bills and statements", false)]
    [InlineData("bills contracts", "Bills and statements", false)]
    [InlineData("", "Bills", false)]
    [InlineData("--", "Bills", false)]
    public void Every_word_begins_one_of_the_texts(string typed, string text, bool found) => WordMatch.HasAll(typed, text).ShouldBe(found);

    [Theory]
    [InlineData("2026-03-05", "en-GB", "2026-03-05", null)]
    [InlineData("5.3.2026", "de-DE", "2026-03-05", null)]
    [InlineData("5/3/2026", "fr-FR", "2026-03-05", null)]
    [InlineData("5 March 2026", "en-GB", "2026-03-05", null)]
    [InlineData("2026-03-05 13:00", "en-GB", "2026-03-05", "2026-03-05T12:00:00Z")]
    [InlineData("5.3.2026 13:20", "de-DE", "2026-03-05", "2026-03-05T12:00:00Z")]
    [InlineData("2026-10-25 02:00", "en-GB", "2026-10-25", "2026-10-25T00:00:00Z")]
    [InlineData("2026-03-29 02:30", "en-GB", "2026-03-29", null)]
    [InlineData("2026-03-05T1200Z", "en-GB", "2026-03-05", "2026-03-05T12:00:00Z")]
    public void A_date_is_read_in_the_loops_time(string typed, string culture, string day, string? hour)
    {
        var read = AskedTime.Read(typed, Berlin, CultureInfo.GetCultureInfo(culture)).ShouldNotBeNull();

        read.Day.ShouldBe(DateOnly.ParseExact(day, "yyyy-MM-dd", CultureInfo.InvariantCulture));
        (read.Hour?.Start).ShouldBe(hour is null ? (DateTimeOffset?)null : DateTimeOffset.Parse(hour, CultureInfo.InvariantCulture));
    }

    [Theory]
    [InlineData("48")]
    [InlineData("home-05")]
    [InlineData("000048")]
    [InlineData("2026")]
    [InlineData("13:00")]
    [InlineData("1.2.0003")]
    public void What_is_no_date_is_none(string typed) => AskedTime.Read(typed, Berlin, CultureInfo.GetCultureInfo("en-GB")).ShouldBeNull();

    [Fact]
    public void A_person_finds_the_pages_of_the_own_roles_alone()
    {
        string Word(string key) => key.EndsWith(".Words", StringComparison.Ordinal) ? "" : key[5..];

        PortalPages.Find("journal", new HashSet<Role> { Role.Consumer }, Word).ShouldBeEmpty();
        PortalPages.Find("journal", new HashSet<Role> { Role.Auditor }, Word).ShouldHaveSingleItem().Href.ShouldBe("/operations/journal");
    }
}
