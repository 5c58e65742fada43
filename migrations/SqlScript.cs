namespace Marketplace.Migrations;

/// <summary>The scripts under Sql/, embedded so that a published host can migrate.</summary>
internal static class SqlScript
{
    public static string Read(string name)
    {
        using var stream = typeof(SqlScript).Assembly.GetManifestResourceStream(name)
            ?? throw new InvalidOperationException($"The migrations carry no script {name}");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
