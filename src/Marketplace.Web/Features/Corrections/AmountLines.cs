using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Pipeline;
using Marketplace.Web.Shell;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Corrections;

/// <summary>Keys and names of a loop's members, for its operator.</summary>
public sealed record MemberNames(int LoopId) : IRequest<IReadOnlyDictionary<int, MemberName>>, IGuarded
{
    public bool Permits(Actor actor) => actor.Operates(LoopId);
}

public sealed record MemberName(int Id, string Key, string Name);

internal sealed class MemberNamesHandler(MarketplaceDb db) : IRequestHandler<MemberNames, IReadOnlyDictionary<int, MemberName>>
{
    public async Task<IReadOnlyDictionary<int, MemberName>> Handle(MemberNames request, CancellationToken cancellationToken) =>
        await db.Members.Where(member => member.LoopId == request.LoopId).OrderBy(member => member.Key)
            .Select(member => new MemberName(member.Id, member.Key, member.Name)).ToDictionaryAsync(member => member.Id, cancellationToken);
}

/// <summary>Reads the amounts of a correction as they are typed: one line a member, its key and an amount. What cannot be meant exactly
/// is said with its line; nothing is rounded.</summary>
public static class AmountLines
{
    private const string Field = "Members";

    public static IReadOnlyList<CorrectedAmount> Read(string? text, IEnumerable<MemberName> members, List<Problem> problems)
    {
        var known = members.ToDictionary(member => member.Key, member => member.Id, StringComparer.OrdinalIgnoreCase);
        var amounts = new List<CorrectedAmount>();
        foreach (var (i, line) in (text ?? "").Split('\n').Index().Where(line => line.Item.Trim().Length > 0))
        {
            var parts = line.Split([' ', '\t', ';', '\r'], StringSplitOptions.RemoveEmptyEntries);
            if (parts is not [var key, var typed])
            {
                problems.Add(new Problem(Field, $"Line {i + 1}: write the member's key and the amount, such as “house-7 −3.40”."));
            }
            else if (!known.TryGetValue(key, out var member))
            {
                problems.Add(new Problem(Field, $"Line {i + 1}: no member has the key {key}."));
            }
            else if (!TypedNumber.TryReadSigned(typed.Replace(',', '.'), out var amount)
                || Math.Abs(amount) > 1_000_000m || !decimal.IsInteger(amount * 100m))
            {
                problems.Add(new Problem(Field, $"Line {i + 1}: {typed} is not an amount with at most two decimals."));
            }
            else
            {
                amounts.Add(new CorrectedAmount(member, Money.FromCents((long)(amount * 100m))));
            }
        }

        return amounts;
    }
}
