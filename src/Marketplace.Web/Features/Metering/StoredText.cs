namespace Marketplace.Web.Features.Metering;

/// <summary>Text from outside on its way into a table: whatever a file, a name or a fault holds, PostgreSQL takes it.</summary>
internal static class StoredText
{
    /// <summary>The text with control characters other than tabs, and halves of characters, replaced, cut to a length.</summary>
    public static string Of(string text, int longest)
    {
        // A character outside the basic plane has two halves: the cut does not go between them.
        var length = text.Length <= longest ? text.Length : char.IsHighSurrogate(text[longest - 1]) ? longest - 1 : longest;
        return string.Create(length, text, static (stored, sent) =>
        {
            for (var i = 0; i < stored.Length; i++)
            {
                var isPaired = char.IsHighSurrogate(sent[i]) ? i + 1 < sent.Length && char.IsLowSurrogate(sent[i + 1]) : i > 0 && char.IsHighSurrogate(sent[i - 1]);
                stored[i] = sent[i] switch
                {
                    '\t' => '\t',
                    var c when char.IsControl(c) => ' ',
                    var c when char.IsSurrogate(c) && !isPaired => '\uFFFD',
                    var c => c,
                };
            }
        });
    }
}
