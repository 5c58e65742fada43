namespace Marketplace.Testing;

/// <summary>A line for people at the end of a run: <c>./test</c> prints the file named by MARKETPLACE_TEST_NOTES below the project's line.</summary>
public static class TestNotes
{
    private static readonly Lock Gate = new();

    public static void Add(string line)
    {
        if (Environment.GetEnvironmentVariable("MARKETPLACE_TEST_NOTES") is { Length: > 0 } file)
        {
            lock (Gate)
            {
                File.AppendAllText(file, line + "\n");
            }
        }
    }
}
