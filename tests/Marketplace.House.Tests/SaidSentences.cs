using System.Globalization;
using System.Text;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Marketplace.House.Tests;

/// <summary>The sentences that C# says to people, read from the sources: what is refused and why, what validators say, and all that
/// goes where a <c>Said</c> is expected. Parts of a sentence are written <c>{0}</c>, as the resources name it.</summary>
internal sealed class SaidSentences
{
    /// <summary>What is kept in English and said later in the reader's language: every whole sentence of these files.</summary>
    private static readonly string[] Kept =
    [
        "src/Marketplace.Metering/Checks", "src/Marketplace.Contracts/TemplateCheck.cs", "src/Marketplace.Billing/Payments/Iban.cs",
        "src/Marketplace.Billing/Payments/EntryReader.cs", "src/Marketplace.Metering/Validation.cs",
        "src/Marketplace.Web/Features/Alarms/StandingCauses.cs", "src/Marketplace.Web/Features/Alarms/Temperatures/BrokenPromises.cs",
        "src/Marketplace.Web/Features/Bills/Blocks.cs", "src/Marketplace.Web/Features/Metering/Quality/JudgeReadings.cs",
        "src/Marketplace.Web/Features/Devices/DeviceGate.cs", "src/Marketplace.Web/Features/Metering/Files/ReadingFileRows.cs",
    ];

    /// <summary>Commands and interfaces of programs: what they refuse is read in English.</summary>
    private static readonly string[] ToMachines =
    [
        "src/Marketplace.Web/Features/Replay/", "src/Marketplace.Web/Features/Ledger/LedgerRepair.cs", "src/Marketplace.Web/Features/Loops/SetUpLoop.cs",
        "src/Marketplace.Web/Features/Devices/ReadingsApi.cs", "src/Marketplace.Web/Features/Devices/TelegramsApi.cs",
    ];

    private readonly Dictionary<string, string> _constants = new(StringComparer.Ordinal);
    private readonly Dictionary<string, HashSet<int>> _saying = new(StringComparer.Ordinal);

    private SaidSentences()
    {
    }

    /// <summary>Each sentence with the first place that says it.</summary>
    public SortedDictionary<string, string> Sentences { get; } = new(StringComparer.Ordinal);

    /// <summary>Every text of the sources, whether a person sees it or not.</summary>
    public HashSet<string> Texts { get; } = new(StringComparer.Ordinal);

    public static SaidSentences Read(string root)
    {
        var found = new SaidSentences();
        var sources = Directory.EnumerateFiles(Path.Combine(root, "src"), "*.cs", SearchOption.AllDirectories)
            .Select(file => (Name: Path.GetRelativePath(root, file).Replace('\\', '/'), Path: file))
            .Where(file => !file.Name.Contains("/obj/", StringComparison.Ordinal) && !file.Name.Contains("/bin/", StringComparison.Ordinal))
            .OrderBy(file => file.Name, StringComparer.Ordinal)
            .Select(file => (file.Name, Tree: CSharpSyntaxTree.ParseText(File.ReadAllText(file.Path)).GetRoot()))
            .ToList();
        foreach (var (name, tree) in sources)
        {
            found.Declare(name, tree);
        }

        foreach (var (name, tree) in sources)
        {
            found.Listen(name, tree);
        }

        return found;
    }

    private void Declare(string file, SyntaxNode tree)
    {
        foreach (var node in tree.DescendantNodes())
        {
            switch (node)
            {
                case LiteralExpressionSyntax literal when literal.IsKind(SyntaxKind.StringLiteralExpression):
                    Texts.Add(literal.Token.ValueText);
                    break;
                case InterpolatedStringExpressionSyntax interpolated:
                    Texts.Add(FormatOf(interpolated));
                    break;
                case VariableDeclaratorSyntax { Initializer.Value: LiteralExpressionSyntax { RawKind: (int)SyntaxKind.StringLiteralExpression } value, Parent.Parent: FieldDeclarationSyntax } constant:
                    _constants[$"{file}:{constant.Identifier.ValueText}"] = value.Token.ValueText;
                    if (constant.FirstAncestorOrSelf<TypeDeclarationSyntax>() is { } owner)
                    {
                        _constants[$"{owner.Identifier.ValueText}.{constant.Identifier.ValueText}"] = value.Token.ValueText;
                    }

                    break;
                case BaseMethodDeclarationSyntax method:
                    Declare(file, NameOf(method), IsOwn(method.Modifiers), method.ParameterList);
                    break;
                case LocalFunctionStatementSyntax local:
                    Declare(file, local.Identifier.ValueText, isOwn: true, local.ParameterList);
                    break;
                case TypeDeclarationSyntax { ParameterList: { } parameters } type:
                    Declare(file, "new " + type.Identifier.ValueText, isOwn: false, parameters);
                    break;
            }
        }
    }

    private void Declare(string file, string name, bool isOwn, ParameterListSyntax parameters)
    {
        foreach (var (i, parameter) in parameters.Parameters.Index().Where(one => IsSaid(one.Item.Type)))
        {
            var key = isOwn ? $"{file}:{name}" : name;
            (_saying.TryGetValue(key, out var places) ? places : _saying[key] = []).Add(i);
        }
    }

    private void Listen(string file, SyntaxNode tree)
    {
        if (Array.Exists(Kept, kept => file.StartsWith(kept, StringComparison.Ordinal)))
        {
            foreach (var text in tree.DescendantNodes().Select(TextOf).OfType<string>().Where(text => text.EndsWith('.') && text.Contains(' ', StringComparison.Ordinal)))
            {
                Sentences.TryAdd(text, file);
            }
        }

        foreach (var node in tree.DescendantNodes())
        {
            switch (node)
            {
                case ObjectCreationExpressionSyntax { ArgumentList: { } arguments } creation:
                    Hear(file, "new " + creation.Type, arguments);
                    break;
                case ImplicitObjectCreationExpressionSyntax { Parent: ArrowExpressionClauseSyntax { Parent: MethodDeclarationSyntax made } } creation:
                    Hear(file, "new " + made.ReturnType, creation.ArgumentList);
                    break;
                case InvocationExpressionSyntax { Expression: MemberAccessExpressionSyntax { Name.Identifier.ValueText: "WithMessage" } } message:
                    Hear(file, message.ArgumentList.Arguments[0].Expression);
                    break;
                case InvocationExpressionSyntax invocation:
                    Hear(file, invocation.Expression is MemberAccessExpressionSyntax member ? member.Name.Identifier.ValueText : invocation.Expression.ToString(), invocation.ArgumentList);
                    break;
                case VariableDeclarationSyntax variables when IsSaid(variables.Type):
                    foreach (var value in variables.Variables.Select(variable => variable.Initializer?.Value).OfType<ExpressionSyntax>())
                    {
                        Hear(file, value);
                    }

                    break;
                case MethodDeclarationSyntax method when IsSaid(method.ReturnType):
                    HearBody(file, method.ExpressionBody, method.Body);
                    break;
                case LocalFunctionStatementSyntax local when IsSaid(local.ReturnType):
                    HearBody(file, local.ExpressionBody, local.Body);
                    break;
                case PropertyDeclarationSyntax { ExpressionBody: { } body } property when IsSaid(property.Type):
                    Hear(file, body.Expression);
                    break;
                case AssignmentExpressionSyntax { Left: IdentifierNameSyntax { Identifier.ValueText: "Said" } } assignment:
                    Hear(file, assignment.Right);
                    break;
            }
        }
    }

    private void HearBody(string file, ArrowExpressionClauseSyntax? arrow, BlockSyntax? block)
    {
        foreach (var said in block?.DescendantNodes().OfType<ReturnStatementSyntax>().Select(statement => statement.Expression).OfType<ExpressionSyntax>() ?? [])
        {
            Hear(file, said);
        }

        if (arrow is not null)
        {
            Hear(file, arrow.Expression);
        }
    }

    private void Hear(string file, string name, BaseArgumentListSyntax arguments)
    {
        var places = _saying.GetValueOrDefault($"{file}:{name}") ?? _saying.GetValueOrDefault(name);
        foreach (var (i, argument) in arguments.Arguments.Index())
        {
            // Constructors have overloads, and methods of one name may differ; a text with a space in it is for people.
            if (places is not null && (argument.NameColon is not null || places.Contains(i)))
            {
                Hear(file, argument.Expression);
            }
        }
    }

    private void Hear(string file, ExpressionSyntax said)
    {
        switch (said)
        {
            case LiteralExpressionSyntax or InterpolatedStringExpressionSyntax:
                Add(file, TextOf(said));
                break;
            case ParenthesizedExpressionSyntax within:
                Hear(file, within.Expression);
                break;
            case CastExpressionSyntax cast:
                Hear(file, cast.Expression);
                break;
            case PostfixUnaryExpressionSyntax certain:
                Hear(file, certain.Operand);
                break;
            case ConditionalExpressionSyntax choice:
                Hear(file, choice.WhenTrue);
                Hear(file, choice.WhenFalse);
                break;
            case BinaryExpressionSyntax { RawKind: (int)SyntaxKind.CoalesceExpression } other:
                Hear(file, other.Left);
                Hear(file, other.Right);
                break;
            case SwitchExpressionSyntax choice:
                foreach (var arm in choice.Arms)
                {
                    Hear(file, arm.Expression);
                }

                break;
            case LambdaExpressionSyntax { ExpressionBody: { } body }:
                Hear(file, body);
                break;
            case InvocationExpressionSyntax { Expression: MemberAccessExpressionSyntax { Name.Identifier.ValueText: "Create" or "Invariant" } } made:
                Hear(file, made.ArgumentList.Arguments[^1].Expression);
                break;
            case IdentifierNameSyntax name when _constants.TryGetValue($"{file}:{name.Identifier.ValueText}", out var constant):
                Add(file, constant);
                break;
            case MemberAccessExpressionSyntax member when _constants.TryGetValue(member.ToString(), out var constant):
                Add(file, constant);
                break;
        }

        if (said is InterpolatedStringExpressionSyntax interpolated)
        {
            foreach (var part in interpolated.Contents.OfType<InterpolationSyntax>().SelectMany(hole => hole.DescendantNodes()).OfType<ConditionalExpressionSyntax>())
            {
                Hear(file, part);
            }

            foreach (var part in interpolated.Contents.OfType<InterpolationSyntax>().Select(hole => hole.Expression).OfType<BinaryExpressionSyntax>())
            {
                Hear(file, part);
            }
        }
    }

    private void Add(string file, string? text)
    {
        if (text is not null && text.Contains(' ', StringComparison.Ordinal) && ForPeople.HasWords(text) && !Array.Exists(ToMachines, machine => file.StartsWith(machine, StringComparison.Ordinal)))
        {
            Sentences.TryAdd(text, file);
        }
    }

    private static string? TextOf(SyntaxNode node) => node switch
    {
        LiteralExpressionSyntax literal when literal.IsKind(SyntaxKind.StringLiteralExpression) => literal.Token.ValueText,
        InterpolatedStringExpressionSyntax interpolated => FormatOf(interpolated),
        _ => null,
    };

    /// <summary>As the compiler hands it to a <c>Said</c>.</summary>
    private static string FormatOf(InterpolatedStringExpressionSyntax interpolated)
    {
        var (format, parts) = (new StringBuilder(), 0);
        foreach (var content in interpolated.Contents)
        {
            format.Append(content is InterpolatedStringTextSyntax text
                ? text.TextToken.ValueText
                : "{" + parts++.ToString(CultureInfo.InvariantCulture) + "}");
        }

        return format.ToString();
    }

    private static string NameOf(BaseMethodDeclarationSyntax method) => method switch
    {
        MethodDeclarationSyntax named => named.Identifier.ValueText,
        ConstructorDeclarationSyntax constructor => "new " + constructor.Identifier.ValueText,
        _ => "",
    };

    private static bool IsOwn(SyntaxTokenList modifiers) =>
        !modifiers.Any(modifier => modifier.IsKind(SyntaxKind.PublicKeyword) || modifier.IsKind(SyntaxKind.InternalKeyword) || modifier.IsKind(SyntaxKind.ProtectedKeyword));

    private static bool IsSaid(TypeSyntax? type) => type?.ToString() is "Said" or "Said?";
}
