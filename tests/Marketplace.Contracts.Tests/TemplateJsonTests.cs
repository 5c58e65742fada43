using System.Text;
using System.Text.Json;
using Shouldly;
using Xunit;

namespace Marketplace.Contracts.Tests;

/// <summary>The bytes of a published version are a promise.</summary>
public sealed class TemplateJsonTests
{
    private static readonly JsonSerializerOptions Spaced = new() { WriteIndented = true };

    [Fact]
    public void Written_and_read_a_template_is_the_same_bytes()
    {
        var bytes = TemplateJson.Write(Samples.EnergyPerformance());
        TemplateJson.Write(TemplateJson.Read(bytes)).ShouldBe(bytes);
    }

    [Fact]
    public void Order_and_space_of_a_file_do_not_change_the_hash()
    {
        var template = Samples.EnergyPerformance();
        using var parsed = JsonDocument.Parse(TemplateJson.Write(template));
        var spaced = JsonSerializer.SerializeToUtf8Bytes(parsed.RootElement, Spaced);
        TemplateJson.Hash(TemplateJson.Read(spaced)).ShouldBe(TemplateJson.Hash(template));
    }

    [Fact]
    public void A_changed_word_changes_the_hash()
    {
        var template = Samples.EnergyPerformance();
        TemplateJson.Hash(template with { Texts = [template.Texts[0] with { Summary = "A fee for energy saved!" }] }).ShouldNotBe(TemplateJson.Hash(template));
    }

    [Fact]
    public void The_layout_is_pinned() =>
        Encoding.UTF8.GetString(TemplateJson.Write(new Template
        {
            Code = "t", Kind = TemplateKind.PeakSmoothing, Parties = [new TemplateParty("a", ["Consumer"])],
            Parameters = [new Parameter { Code = "limit", Unit = Unit.Watts, Least = 0, Most = 9, Default = "5" }],
            Clauses = [new Clause { Code = "c", Quantity = "peak-power", Of = "a", Carrier = "heat", Threshold = Term.From("limit"), Rate = Term.Of(7), Payer = "a", Payee = "b", Vat = ClauseVat.Zero }],
            Texts = [new TemplateText { Language = "de", Name = "Über\n\"a\"", Law = new Dictionary<LawItem, string> { [LawItem.Rights] = "r" } }],
        })).ShouldBe(
            """
            {"clauses":[{"carrier":"heat","code":"c","direction":"above","of":"a","payee":"b","payer":"a","plant":"","quantity":"peak-power","rate":7,"referencePer":"period","steps":[],"targetPer":"period","threshold":"@limit","thresholdPer":"period","vat":"zero","when":"always","with":""}],"code":"t","exclusiveFor":"","exclusiveOf":"","kind":"peakSmoothing","longestMonths":120,"noticeDays":30,"parameters":[{"code":"limit","default":"5","least":0,"most":9,"type":"number","unit":"watts"}],"parties":[{"holders":["Consumer"],"role":"a"}],"period":"month","renewalMonths":0,"texts":[{"body":[],"clauses":{},"language":"de","law":{"rights":"r"},"name":"Über\n\"a\"","parameters":{},"parties":{},"summary":""}],"version":1,"withCustomer":false}
            """);

    [Theory]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("{\"code\":\"t\",\"kind\":\"magic\"}")]
    [InlineData("{\"code\":\"t\",\"kind\":\"peakSmoothing\",\"colour\":1}")]
    [InlineData("{\"code\":\"t\",\"kind\":\"peakSmoothing\",\"version\":1.5}")]
    [InlineData("{\"code\":\"t\",\"code\":\"u\",\"kind\":\"peakSmoothing\"}")]
    public void What_is_no_template_is_refused(string json) => Should.Throw<FormatException>(() => TemplateJson.Read(Encoding.UTF8.GetBytes(json)));
}
