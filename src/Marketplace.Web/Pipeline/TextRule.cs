using System.Buffers;
using System.Collections;
using System.Collections.Concurrent;
using System.Reflection;
using System.Text;

namespace Marketplace.Web.Pipeline;

/// <summary>What no text of a request may hold: control characters but tabulators and ends of lines, and halves of characters. The database takes
/// some of them for the end of the text and refuses others; no page shows any.</summary>
internal static class TextRule
{
    private static readonly ConcurrentDictionary<Type, Member[]> s_members = new();

    /// <summary>The name of the first member of a request, or of what it consists of, whose text breaks the rule; none where all keep it.</summary>
    public static string? FirstFault(object request)
    {
        foreach (var member in s_members.GetOrAdd(request.GetType(), MembersOf))
        {
            if (FaultIn(member.Name, member.Property.GetValue(request)) is { } fault)
            {
                return fault;
            }
        }

        return null;
    }

    private static string? FaultIn(string name, object? value) => value switch
    {
        null => null,
        string text => IsFit(text) ? null : name,
        IEnumerable many => many.Cast<object?>().Select(one => FaultIn(name, one)).FirstOrDefault(fault => fault is not null),
        _ => FirstFault(value) is { } within ? $"{name}.{within}" : null,
    };

    private static bool IsFit(string text)
    {
        for (var rest = text.AsSpan(); rest.Length > 0;)
        {
            if (Rune.DecodeFromUtf16(rest, out var rune, out var taken) != OperationStatus.Done || (Rune.IsControl(rune) && rune.Value is not ('\t' or '\n' or '\r')))
            {
                return false;
            }

            rest = rest[taken..];
        }

        return true;
    }

    // What was given with the request, not what it works out; numbers, days and bytes hold no text.
    private static Member[] MembersOf(Type type) =>
    [
        .. (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(KeyValuePair<,>)
                ? type.GetProperties()
                : type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(property => property is { CanWrite: true } && property.GetIndexParameters().Length == 0))
            .Where(property => MayHoldText(property.PropertyType)).Select(property => new Member(property.Name, property)),
    ];

    private static bool MayHoldText(Type type) =>
        type == typeof(string)
        || (type.IsArray ? MayHoldText(type.GetElementType()!)
            : type.IsGenericType && typeof(IEnumerable).IsAssignableFrom(type) ? type.GetGenericArguments().Any(MayHoldText)
            : Nullable.GetUnderlyingType(type) is { } inner ? MayHoldText(inner)
            : !type.IsEnum && type.Assembly.GetName().Name!.StartsWith("Marketplace.", StringComparison.Ordinal) && !IsNumber(type));

    // The quantities: a number in a type of its own.
    private static bool IsNumber(Type type) => type.IsValueType && type.GetProperties(BindingFlags.Public | BindingFlags.Instance).All(property => property.PropertyType != typeof(string));

    private readonly record struct Member(string Name, PropertyInfo Property);
}
