using System.Globalization;
using FluentValidation.Results;
using Marketplace.Quantities;
using Marketplace.Web.Pipeline;
using Shouldly;
using Xunit;

namespace Marketplace.Web.Tests.Pipeline;

/// <summary>A sentence is written once, in English, and said in the language of whoever reads it.</summary>
public sealed class SaidTests
{
    private const char NoBreak = '\u00a0';

    private static readonly CultureInfo German = CultureInfo.GetCultureInfo("de-DE");
    private static readonly CultureInfo French = CultureInfo.GetCultureInfo("fr-FR");
    private static readonly CultureInfo British = CultureInfo.GetCultureInfo("en-GB");

    [Fact]
    public void A_sentence_is_said_in_the_readers_language()
    {
        Said said = "Choose a whole hour.";

        said.In(British).ShouldBe("Choose a whole hour.");
        said.In(German).ShouldBe("Wählen Sie eine volle Stunde.");
        said.In(French).ShouldBe("Choisissez une heure entière.");
    }

    [Fact]
    public void Its_parts_are_written_as_the_language_writes_them()
    {
        var most = 1.5m;
        Said said = $"Your connection carries at most {most:0.###} kWh of {Carrier.Heat} in an hour.";

        said.English.ShouldBe("Your connection carries at most 1.5 kWh of heat in an hour.");
        said.In(German).ShouldBe($"Ihr Anschluss trägt höchstens 1,5{NoBreak}kWh Wärme in einer Stunde.");
        said.In(French).ShouldBe($"Votre raccordement porte au plus 1,5{NoBreak}kWh en une heure (chaleur).");
    }

    [Fact]
    public void A_part_may_be_a_sentence_itself()
    {
        Said inner = "Use at most four decimals.";
        Said said = $"Row {3}: {inner}";

        said.English.ShouldBe("Row 3: Use at most four decimals.");
        said.In(German).ShouldBe("Zeile 3: Verwenden Sie höchstens vier Nachkommastellen.");
    }

    [Theory]
    [InlineData("You have 20 templates; delete one before you save another.", "Sie haben 20 Vorlagen; löschen Sie eine, bevor Sie eine weitere speichern.")]
    [InlineData("Row 3: Use at most four decimals.", "Zeile 3: Verwenden Sie höchstens vier Nachkommastellen.")]
    [InlineData("Choose a whole hour. Use at most 500 characters.", "Wählen Sie eine volle Stunde. Verwenden Sie höchstens 500 Zeichen.")]
    [InlineData("5 hours from 2.5 kWh on; like hours allow 0 kWh to 1.25 kWh.", "5 Stunden ab 2,5 kWh; ähnliche Stunden lassen 0 kWh bis 1,25 kWh zu.")]
    [InlineData("2 findings like this one, the latest: Zero for 3 hours. Expected: A meter that shows nothing for long is looked at.", "2 Befunde wie dieser, der neueste: Null für 3 Stunden. Erwartet: Ein Zähler, der lange nichts anzeigt, wird nachgesehen.")]
    [InlineData("The operator's own words.", "The operator's own words.")]
    [InlineData("A brace { and {0} are but letters.", "A brace { and {0} are but letters.")]
    public void What_was_kept_in_English_is_found_again(string kept, string german)
    {
        Said said = kept;

        said.In(German).ShouldBe(german);
        said.In(British).ShouldBe(kept);
    }

    [Fact]
    public void What_people_typed_is_said_as_they_typed_it()
    {
        var typed = "{0} 2.5";
        Said said = $"“{typed}” is no carrier: write heat, cold or electricity.";

        said.In(German).ShouldBe("„{0} 2.5“ ist kein Energieträger: Schreiben Sie heat, cold oder electricity.");
    }

    [Fact]
    public void A_refusal_is_English_in_logs_and_in_the_readers_language_on_pages()
    {
        var before = CultureInfo.CurrentUICulture;
        try
        {
            CultureInfo.CurrentUICulture = German;
            var refused = new RefusedException([new ValidationFailure("Hour", "Choose a whole hour."), new ValidationFailure("Minutes", "Choose 1 to 90 minutes.")]);

            refused.Message.ShouldBe("Choose a whole hour. Choose 1 to 90 minutes.");
            refused.Problems.Select(problem => problem.Message).ShouldBe(["Wählen Sie eine volle Stunde.", "Wählen Sie 1 bis 90 Minuten."]);
        }
        finally
        {
            CultureInfo.CurrentUICulture = before;
        }
    }
}
