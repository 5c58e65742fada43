using System.Globalization;
using System.Net;
using System.Text;
using System.Text.RegularExpressions;
using Marketplace.Data;
using Marketplace.Web.Features.Bills;
using Marketplace.Web.Tests.Features.Accounts;
using Shouldly;
using Xunit;
using static Marketplace.Web.Tests.Features.Bills.SettledWeekend;

namespace Marketplace.Web.Tests.Features.Bills;

/// <summary>What stands on paper, for somebody without the portal.</summary>
public sealed partial class PrintedBillTests(AccountsHost host) : IClassFixture<AccountsHost>
{
    [Fact]
    public async Task The_code_on_a_printed_bill_leads_to_the_page_that_checks_proofs_and_names_nobody()
    {
        var weekend = await InAsync(host, "paper");
        (await host.Send(new IssueBills(weekend.LoopId, Period))).Outcome.ShouldBe(BillingOutcome.Issued);
        await host.Put(db => db.Add(new MemberRole { LoopId = weekend.LoopId, MemberId = Household, Role = Role.Consumer }));
        var (_, email) = await host.AddPerson(weekend.LoopId, Household);
        using var browser = new Browser(host);
        await browser.SignIn(email, People.Password);

        var page = await browser.Get("/loops/paper/bills/PAPER-2026-000001/print");

        page.Status.ShouldBe(HttpStatusCode.OK);
        var size = int.Parse(page.Find("class=\"qr\" viewBox=\"0 0 (\\d+) "), CultureInfo.InvariantCulture);
        var address = Read(Dots(page.Find("class=\"qr-dots\" d=\"([^\"]+)\""), size));
        address.ShouldBe("https://localhost/verify?loop=paper");
        page.Text.ShouldContain(address);
        using var client = host.CreateClient();
        (await client.GetStringAsync(new Uri(address))).ShouldContain("<tlog-verifier");
    }

    /// <summary>The drawn modules without the quiet zone around them.</summary>
    private static bool[,] Dots(string path, int size)
    {
        const int Quiet = 4;
        var dots = new bool[size - (2 * Quiet), size - (2 * Quiet)];
        foreach (Match bar in Bar().Matches(path))
        {
            var (x, y, length) = (Number(bar, 1), Number(bar, 2), Number(bar, 3));
            for (var i = 0; i < length; i++)
            {
                dots[y - Quiet, x + i - Quiet] = true;
            }
        }

        return dots;
    }

    /// <summary>Reads an undamaged code of version 1 to 3 at level M (ISO/IEC 18004): one block, byte mode.</summary>
    private static string Read(bool[,] dots)
    {
        var size = dots.GetLength(0);
        ((size - 17) / 4).ShouldBeLessThanOrEqualTo(3, "larger codes interleave their blocks");
        var mask = ((dots[8, 2] ? 4 : 0) | (dots[8, 3] ? 2 : 0) | (dots[8, 4] ? 1 : 0)) ^ 0b101;
        var bits = new List<bool>();
        var up = true;
        for (var right = size - 1; right > 0; right -= 2, up = !up)
        {
            right -= right == 6 ? 1 : 0;
            for (var step = 0; step < size; step++)
            {
                var y = up ? size - 1 - step : step;
                foreach (var x in new[] { right, right - 1 })
                {
                    if (!IsFixed(x, y, size))
                    {
                        bits.Add(dots[y, x] ^ IsMasked(mask, x, y));
                    }
                }
            }
        }

        int Take(int from, int count) => bits.Skip(from).Take(count).Aggregate(0, (value, bit) => (value << 1) | (bit ? 1 : 0));
        Take(0, 4).ShouldBe(0b0100, "byte mode");
        return Encoding.ASCII.GetString([.. Enumerable.Range(0, Take(4, 8)).Select(i => (byte)Take(12 + (8 * i), 8))]);
    }

    private static bool IsFixed(int x, int y, int size) =>
        x == 6 || y == 6 || (x < 9 && y < 9) || (x >= size - 8 && y < 9) || (x < 9 && y >= size - 8)
        || (size > 21 && Math.Abs(x - (size - 7)) <= 2 && Math.Abs(y - (size - 7)) <= 2);

    private static bool IsMasked(int mask, int x, int y) => mask switch
    {
        0 => (x + y) % 2 == 0,
        1 => y % 2 == 0,
        2 => x % 3 == 0,
        3 => (x + y) % 3 == 0,
        4 => ((y / 2) + (x / 3)) % 2 == 0,
        5 => (x * y % 2) + (x * y % 3) == 0,
        6 => ((x * y % 2) + (x * y % 3)) % 2 == 0,
        _ => (((x + y) % 2) + (x * y % 3)) % 2 == 0,
    };

    private static int Number(Match match, int group) => int.Parse(match.Groups[group].Value, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"M(\d+) (\d+)h(\d+)v1h-\d+z", RegexOptions.None, 1000)]
    private static partial Regex Bar();
}
