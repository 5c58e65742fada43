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
