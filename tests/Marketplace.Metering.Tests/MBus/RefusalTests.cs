using Marketplace.Auditor;
using Marketplace.Metering.MBus;
using Shouldly;
using Xunit;

namespace Marketplace.Metering.Tests.MBus;

public class RefusalTests
{
    private const string Good = "68 1F 1F 68 08 02 72 78 56 34 12 24 40 01 07 55 00 00 00 03 13 15 31 00 DA 02 3B 13 01 8B 60 04 37 18 02 18 16";

    [Theory]
    [InlineData("", "no bytes")]
    [InlineData("E5", "acknowledgement")]
    [InlineData("10 7B 01 7C 16", "short frame")]
    [InlineData("68 03 03 68 08 01 72 7B 16", "control frame")]
    [InlineData("68 03 03 68 53 01 51 A5 16", "control field 53")]
    [InlineData("68 02 02 68 08 01 09 16", "no room")]
    [InlineData("11 22", "starts with 68")]
    [InlineData("68 1F", "within its head")]
    [InlineData("68 1F 1E 68", "the length twice")]
    [InlineData("68 1F 1F 68 08", "asks for 37")]
    [InlineData("6", "no whole number of bytes")]
    [InlineData("68 zz", "character 4 is no hexadecimal digit")]
    public void What_is_no_answer_of_a_meter_is_refused_in_words(string hexadecimal, string words) =>
        Should.Throw<MBusException>(() => MBusTelegram.Decode(hexadecimal)).Message.ShouldContain(words);

    [Theory]
    [InlineData("08 02 72 01 02", "header")]
    [InlineData("08 02 73 01 02", "16 bytes, not 2")]
    [InlineData("08 02 6F 01 02", "control information 6F")]
    [InlineData("08 02 51 01 02", "a command to a meter")]
    [InlineData("08 02 72 " + Telegram.Header + "04 13 01 02", "an integer of 4 bytes from byte 3")]
    [InlineData("08 02 72 " + Telegram.Header + "84", "a DIFE")]
    [InlineData("08 02 72 " + Telegram.Header + "04", "a VIF")]
    [InlineData("08 02 72 " + Telegram.Header + "04 93", "a VIFE")]
    [InlineData("08 02 72 " + Telegram.Header + "84 80 80 80 80 80 80 80 80 80 80 00 13 00 00 00 00", "more than 10 DIFEs")]
    [InlineData("08 02 72 " + Telegram.Header + "3F", "DIF 3F is reserved")]
    [InlineData("08 02 72 " + Telegram.Header + "0D 78 FF", "length FF")]
    [InlineData("08 02 72 78 56 34 12 24 40 01 07 55 00 10 05 11 22 33 44", "encrypted (mode 5)")]
    [InlineData("08 02 7A 55 00 20 07 11 22 33 44", "encrypted (mode 7)")]
    public void What_cannot_be_read_is_refused_in_words(string counted, string words) =>
        Should.Throw<MBusException>(() => MBusTelegram.Decode(Telegram.Frame(counted))).Message.ShouldContain(words);

    [Fact]
    public void A_decrypted_telegram_keeps_its_configuration_word_and_is_read() =>
        MBusTelegram.Decode(Telegram.Frame("08 02 72 78 56 34 12 24 40 01 07 55 00 10 05 2F 2F 01 13 05"))
            .Records.ShouldHaveSingleItem().Value.Number.ShouldBe(0.005m);

    [Fact]
    public void A_flipped_bit_or_a_missing_end_is_always_refused()
    {
        var bytes = MBusFrame.BytesOf(Good);
        for (var length = 0; length < bytes.Length; length++)
        {
            Should.Throw<MBusException>(() => MBusTelegram.Decode(bytes.AsSpan(0, length)));
        }

        for (var bit = 0; bit < bytes.Length * 8; bit++)
        {
            var flipped = bytes.ToArray();
            flipped[bit / 8] ^= (byte)(1 << (bit % 8));
            Should.Throw<MBusException>(() => MBusTelegram.Decode(flipped));
        }
    }

    [Fact]
    public void Any_data_in_a_good_frame_are_decoded_or_refused_but_never_crash()
    {
        var random = new Random(20191203);
        var informations = new byte[] { 0x70, 0x72, 0x73, 0x76, 0x77, 0x78, 0x7A };
        var refused = 0;
        for (var i = 0; i < 40_000; i++)
        {
            var data = new byte[random.Next(1, 60)];
            random.NextBytes(data);
            byte[] counted = [0x08, 0x01, informations[random.Next(informations.Length)], .. data];
            try
            {
                MBusJson.Write(MBusTelegram.Decode(Telegram.Frame(Convert.ToHexString(counted)))).ShouldNotBeEmpty();
            }
            catch (MBusException e)
            {
                e.Message.ShouldNotContain("\n");
                refused++;
            }
        }

        refused.ShouldBeInRange(1, 39_999);
    }

    [Fact]
    public void Real_telegrams_with_damaged_records_never_crash()
    {
        var random = new Random(7);
        var good = MBusFrame.BytesOf(Good);
        for (var i = 0; i < 20_000; i++)
        {
            var counted = good[4..^2];
            for (var damage = random.Next(1, 4); damage > 0; damage--)
            {
                counted[random.Next(3, counted.Length)] = (byte)random.Next(256);
            }

            try
            {
                MBusTelegram.Decode(Telegram.Frame(Convert.ToHexString(counted[..random.Next(4, counted.Length + 1)])));
            }
            catch (MBusException)
            {
                // Refused in words: that is all it may do.
            }
        }
    }

    [Theory]
    [InlineData(Good, 0)]
    [InlineData("68 03 03 68 08 01 70 79 16", 0)]
    [InlineData("68", 2)]
    [InlineData("no-such-file.hex", 2)]
    public void The_verb_prints_json_or_one_line(string argument, int status)
    {
        using var output = new StringWriter();
        using var words = new StringWriter();

        AuditorCommand.Run(["mbus", argument], new Terminal(output, words)).ShouldBe(status);

        if (status == 0)
        {
            output.ToString().ShouldContain(argument == Good ? "\"quantity\": \"Volume\"" : "\"message\": \"Unspecified error\"");
            words.ToString().ShouldBeEmpty();
        }
        else
        {
            output.ToString().ShouldBeEmpty();
            words.ToString().TrimEnd('\n').ShouldStartWith("mbus: ");
            words.ToString().Count(c => c == '\n').ShouldBe(1);
        }
    }

    [Fact]
    public void The_verb_takes_bytes_as_many_words()
    {
        using var output = new StringWriter();
        using var words = new StringWriter();

        AuditorCommand.Run(["mbus", .. Good.Split(' ')], new Terminal(output, words)).ShouldBe(0);
    }
}
