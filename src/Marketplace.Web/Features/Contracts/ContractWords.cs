using System.Globalization;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Shell.Components;

namespace Marketplace.Web.Features.Contracts;

/// <summary>How contracts are written on pages.</summary>
internal static class ContractWords
{
    public static Tone Tone(ContractState state) => state switch
    {
        ContractState.Accepted or ContractState.Running => Shell.Components.Tone.Good,
        ContractState.Offered or ContractState.Countered or ContractState.Draft => Shell.Components.Tone.Attention,
        _ => Shell.Components.Tone.Note,
    };

    /// <summary>What an address carries for a person who acts for several members.</summary>
    public static string Query(LoopView loop, MemberHere? member) =>
        loop.Members.Count > 1 && member is not null ? "?member=" + member.Id.ToString(CultureInfo.InvariantCulture) : "";

    public static string Path(LoopView loop, long contractId, MemberHere? member) =>
        string.Create(CultureInfo.InvariantCulture, $"{loop.Path}/contracts/{contractId}{Query(loop, member)}");
}
