using System.Text;
using Marketplace.Auditor;
using Shouldly;
using Xunit;

namespace Marketplace.Market.Tests;

/// <summary><c>audit clear</c> and <c>audit check</c> as a script meets them: exit status, one line of error, JSON on the output.</summary>
public sealed class AuditVerbTests : IDisposable
{
    private const string Book = """
        {"hour":"2019-12-03T00:00:00Z","nodes":["heat","electricity"],"orders":[
          {"id":"home","node":"heat","side":"buy","quantityWh":7000,"limitMicroPerKWh":100000},
          {"id":"grid","node":"electricity","side":"sell","quantityWh":10000,"limitMicroPerKWh":150000}],
         "converters":[{"id":"hp","capacityWh":50000,"flows":{"electricity":-1,"heat":3.5},"costMicroPerKWh":0}],"connections":[]}
        """;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("clearing-");

    public void Dispose() => _folder.Delete(recursive: true);

    private string File(string name, string content)
    {
        var path = Path.Combine(_folder.FullName, name);
        System.IO.File.WriteAllText(path, content, new UTF8Encoding(false));
        return path;
    }

    private static (int Exit, string Output, string Words) Run(params string[] args)
    {
        using var output = new StringWriter();
        using var words = new StringWriter();
        return (AuditorCommand.Run(args, new Terminal(output, words)), output.ToString(), words.ToString());
    }

    [Fact]
    public void A_book_clears_and_its_result_is_checked()
    {
        var book = File("book.json", Book);
        var (exit, output, _) = Run("clear", book);
        exit.ShouldBe(Exit.Good);
        output.ShouldContain("\"accepted\":{\"home\":7000,\"grid\":2000}");
        Run("check", book, File("result.json", output)).Exit.ShouldBe(Exit.Good);
        var tampered = Run("check", book, File("tampered.json", output.Replace("\"home\":7000", "\"home\":6999", StringComparison.Ordinal)));
        tampered.Exit.ShouldBe(Exit.False);
        tampered.Output.ShouldContain("balance");
    }

    [Theory]
    [InlineData("\"quantityWh\":7000", "\"quantityWh\":-7000", "'home'")]
    [InlineData("\"node\":\"heat\"", "\"node\":\"steam\"", "'steam'")]
    [InlineData("\"id\":\"grid\"", "\"id\":\"home\"", "'home'")]
    [InlineData("\"heat\":3.5", "\"heat\":3.5000001", "'heat'")]
    [InlineData("7000", "99999999999999999999999", "'quantityWh'")]
    [InlineData("\"nodes\":", "\"nodez\":", "'nodes'")]
    public void A_malformed_book_exits_with_2_and_one_line_that_names_what_is_wrong(string original, string replacement, string named)
    {
        var (exit, output, words) = Run("clear", File("bad.json", Book.Replace(original, replacement, StringComparison.Ordinal)));
        exit.ShouldBe(Exit.BadInput);
        output.ShouldBeEmpty();
        words.TrimEnd().ShouldNotContain("\n");
        words.ShouldContain(named);
    }

    private const string Mixed = """
        {"hour":"2019-12-03T00:00:00Z","capMicroPerKWh":500000,"nodes":["heat","electricity"],"mechanism":MECHANISM,"rounds":4,"orders":[
          {"id":"roof","node":"electricity","side":"sell","quantityWh":900,"limitMicroPerKWh":120000,"party":"anna"},
          {"id":"home","node":"electricity","side":"buy","quantityWh":1000,"limitMicroPerKWh":300000,"party":"ben"},
          {"id":"grid","node":"electricity","side":"sell","quantityWh":5000,"limitMicroPerKWh":100000,"origin":"outside"},
          {"id":"flat","node":"heat","side":"buy","quantityWh":500,"limitMicroPerKWh":90000},
          {"id":"waste","node":"heat","side":"sell","quantityWh":800,"limitMicroPerKWh":10000}],
         "converters":[{"id":"hp","capacityWh":50000,"flows":{"electricity":-1,"heat":3.5},"costMicroPerKWh":0}],"connections":[]}
        """;

    [Theory]
    [InlineData("\"uniform\"", "\"roof\":0,\"home\":1000,\"grid\":1000")]
    [InlineData("\"communityFirst\"", "{\"buy\":\"home\",\"energyWh\":900,\"priceMicroPerKWh\":300000,\"round\":1}")]
    [InlineData("\"payAsBid\"", "{\"buy\":\"home\",\"sell\":\"roof\",\"energyWh\":900,\"priceMicroPerKWh\":120000}")]
    [InlineData("{\"electricity\":\"fallingOffers\"}", "{\"buy\":\"home\",\"sell\":\"grid\",\"energyWh\":1000,\"priceMicroPerKWh\":300000,\"round\":2}")]
    public void A_book_with_other_mechanisms_clears_and_its_result_is_checked(string mechanism, string expected)
    {
        var book = File("book.json", Mixed.Replace("MECHANISM", mechanism, StringComparison.Ordinal));
        var (exit, output, _) = Run("clear", book);
        exit.ShouldBe(Exit.Good);
        output.ShouldContain(expected);
        Run("check", book, File("result.json", output)).Exit.ShouldBe(Exit.Good);
        foreach (var (original, tampered) in new[] { ("\"home\":1000", "\"home\":999"), ("\"hp\":0", "\"hp\":1"), ("\"welfareMicro\":", "\"welfareMicro\":1"), ("\"energyWh\":900", "\"energyWh\":899") })
        {
            var changed = output.Replace(original, tampered, StringComparison.Ordinal);
            Run("check", book, File("tampered.json", changed)).Exit.ShouldBe(changed == output ? Exit.Good : Exit.False, tampered);
        }
    }

    [Theory]
    [InlineData("MECHANISM", "\"auction\"", "'auction'")]
    [InlineData("MECHANISM", "{\"steam\":\"uniform\"}", "'steam'")]
    [InlineData("MECHANISM", "{\"heat\":7}", "'heat'")]
    [InlineData("MECHANISM", "[]", "mechanism")]
    [InlineData("\"rounds\":4", "\"rounds\":0", "rounds")]
    [InlineData("\"rounds\":4", "\"rounds\":1.5", "'rounds'")]
    [InlineData("\"rounds\":4", "\"rounds\":9000000000", "rounds")]
    [InlineData("\"outside\"", "\"abroad\"", "'abroad'")]
    [InlineData("\"origin\":\"outside\"", "\"standing\":\"yes\"", "'standing'")]
    [InlineData("\"origin\":\"outside\"", "\"standing\":true", "'grid'")]
    [InlineData("\"capMicroPerKWh\":500000,", "", "'heat'")]
    public void A_book_whose_mechanism_cannot_be_used_exits_with_2_and_names_the_field(string original, string replacement, string named)
    {
        var mechanism = named == "'heat'" ? "\"fallingOffers\"" : "\"payAsBid\"";
        var (exit, output, words) = Run("clear", File("bad.json", Mixed.Replace(original, replacement, StringComparison.Ordinal).Replace("MECHANISM", mechanism, StringComparison.Ordinal)));
        exit.ShouldBe(Exit.BadInput);
        output.ShouldBeEmpty();
        words.TrimEnd().ShouldNotContain("\n");
        words.ShouldContain(named);
    }

    [Theory]
    [InlineData("\"buy\":\"home\"", "\"buy\":\"nobody\"", "'nobody'")]
    [InlineData("\"energyWh\":900", "\"energyWh\":\"many\"", "'energyWh'")]
    [InlineData("\"energyWh\":900", "\"energyWh\":9223372036854775807", "trades[1]")]
    [InlineData("\"buy\":\"home\",\"sell\":\"roof\",", "", "trades[1]")]
    [InlineData("\"welfareGivenUpMicro\":{\"heat\"", "\"welfareGivenUpMicro\":{\"steam\"", "'steam'")]
    public void A_result_with_malformed_trades_exits_with_2_and_names_the_field(string original, string replacement, string named)
    {
        var book = File("book.json", Mixed.Replace("MECHANISM", "\"payAsBid\"", StringComparison.Ordinal));
        var good = Run("clear", book).Output;
        good.ShouldContain(original);
        var (exit, _, words) = Run("check", book, File("result.json", good.Replace(original, replacement, StringComparison.Ordinal)));
        exit.ShouldBe(Exit.BadInput);
        words.ShouldContain(named);
    }

    [Fact]
    public void A_book_that_is_not_there_exits_with_2() => Run("clear", Path.Combine(_folder.FullName, "none.json")).Exit.ShouldBe(Exit.BadInput);

    [Fact]
    public void Whatever_a_result_says_the_check_answers_and_does_not_crash()
    {
        var book = File("book.json", Book);
        var good = Run("clear", book).Output;
        foreach (var (original, replacements) in new[]
        {
            ("\"home\":7000", new[] { "\"home\":-9223372036854775808", "\"home\":9223372036854775807", "\"home\":true", "\"hme\":1" }),
            ("\"hp\":2000", ["\"hp\":9223372036854775807", "\"hp\":-9223372036854775808", "\"hp\":[]", "\"pump\":1"]),
            ("\"electricity\":150000", ["\"electricity\":9223372036854775807", "\"electricity\":-9223372036854775808", "\"electricity\":null", "\"electricity\":{}"]),
            ("\"welfareMicro\":400000", ["\"welfareMicro\":9223372036854775807", "\"welfareMicro\":-9223372036854775808", "\"welfareMicro\":\"\""]),
        })
        {
            good.ShouldContain(original);
            foreach (var replacement in replacements)
            {
                var exit = Run("check", book, File("result.json", good.Replace(original, replacement, StringComparison.Ordinal))).Exit;
                exit.ShouldBeOneOf(Exit.False, Exit.BadInput);
            }
        }
    }
}
