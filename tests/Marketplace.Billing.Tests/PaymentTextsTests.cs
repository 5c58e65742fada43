using FsCheck;
using FsCheck.Fluent;
using Shouldly;
using Xunit;

namespace Marketplace.Billing.Tests;

public sealed class PaymentTextsTests
{
    [Theory]
    [InlineData("DE89 3704 0044 0532 0130 00")]
    [InlineData("gb82 west 1234 5698 7654 32")]
    [InlineData("FR1420041010050500013M02606")]
    [InlineData("CH9300762011623852957")]
    [InlineData("NO9386011117947")]
    [InlineData("MT84MALT011000012345MTLCAST001S")]
    public void Examples_of_the_registry_are_right(string text)
    {
        Iban.TryParse(text, out var iban, out var problem).ShouldBeTrue(problem);
        Iban.Parse(iban!.Grouped).ShouldBe(iban);
    }

    [Theory]
    [InlineData("DE89370400440532013001", "check digits")]
    [InlineData("DE8937040044053201300", "22 characters")]
    [InlineData("US64SVBKUS6S3300958879", "country US")]
    [InlineData("8937", "two letters")]
    [InlineData("", "two letters")]
    [InlineData("DE89-3704-0044-0532-0130-00", "two letters")]
    public void What_is_wrong_is_said(string text, string words)
    {
        Iban.TryParse(text, out var iban, out var problem).ShouldBeFalse();
        iban.ShouldBeNull();
        problem.ShouldContain(words);
    }

    [Fact]
    public void No_single_wrong_digit_and_no_two_swapped_ones_pass()
    {
        const string Right = "DE89370400440532013000";
        for (var place = 2; place < Right.Length; place++)
        {
            for (var digit = '0'; digit <= '9'; digit++)
            {
                if (digit != Right[place])
                {
                    Iban.TryParse(Right[..place] + digit + Right[(place + 1)..], out _, out _).ShouldBeFalse();
                }
            }

            if (place + 1 < Right.Length && Right[place] != Right[place + 1])
            {
                Iban.TryParse(Right[..place] + Right[place + 1] + Right[place] + Right[(place + 2)..], out _, out _).ShouldBeFalse();
            }
        }
    }

    [Fact]
    public void A_reference_can_be_read_back_and_a_wrong_one_cannot()
    {
        // The standard's own example.
        PaymentReference.TryRead("rf18 5390 0754 7034", out var standard).ShouldBeTrue();
        standard.ShouldBe("RF18539007547034");
        PaymentReference.TryRead("RF19539007547034", out _).ShouldBeFalse();
        var numbers = Gen.Choose(0, 999_999).Select(number => $"a-rather-long-name-of-a-loop-2026-{number:000000}");
        Prop.ForAll(numbers.ToArbitrary(), number =>
            PaymentReference.TryRead(PaymentReference.Grouped(PaymentReference.Of(number)), out var read) && read == PaymentReference.Of(number)
            && read.Length <= 25 && read.EndsWith(number[^6..], StringComparison.Ordinal)).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void The_payment_code_is_as_the_banks_write_it()
    {
        var iban = Iban.Parse("DE89370400440532013000");
        PaymentCode.Text("Lindenhof\nEnergie", iban, "", "EUR", 12_345, "RF18539007547034")
            .ShouldBe("BCD\n002\n1\nSCT\n\nLindenhof Energie\nDE89370400440532013000\nEUR123.45\n\nRF18539007547034");
        PaymentCode.Text("x", iban, "", "EUR", 0, "RF18539007547034").ShouldBeNull();
        PaymentCode.Text("x", iban, "", "EUR", -1, "RF18539007547034").ShouldBeNull();
        PaymentCode.Text("x", iban, "", "GBP", 1, "RF18539007547034").ShouldBeNull();
        PaymentCode.Text(new string('ä', 90), iban, "", "EUR", 5, "RF18539007547034")!.Split('\n')[5].Length.ShouldBe(70);
    }
}
