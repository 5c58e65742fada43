using System.Globalization;
using System.Reflection;
using Marketplace.Benchmarks;

// Marketplace.Benchmarks [--scale FRACTION] [NAME...]
// Figures go to standard output, one a line; what is being measured, to standard error.
var scale = 1.0;
var names = new List<string>();
for (var i = 0; i < args.Length; i++)
{
    if (args[i] != "--scale")
    {
        names.Add(args[i]);
    }
    else if (++i == args.Length || !double.TryParse(args[i], NumberStyles.Float, CultureInfo.InvariantCulture, out scale) || scale is not (> 0 and <= 1))
    {
        await Console.Error.WriteLineAsync("--scale takes a fraction above 0, at most 1");
        return 2;
    }
}

var all = Assembly.GetExecutingAssembly().GetTypes()
    .Where(type => type is { IsClass: true, IsAbstract: false } && type.IsAssignableTo(typeof(IBenchmark)))
    .Select(type => (IBenchmark)Activator.CreateInstance(type)!)
    .OrderBy(benchmark => benchmark.Name, StringComparer.Ordinal)
    .ToList();
var chosen = names.Count == 0 ? all : [.. all.Where(benchmark => names.Contains(benchmark.Name, StringComparer.Ordinal))];
if (chosen.Count < names.Count)
{
    await Console.Error.WriteLineAsync($"No benchmark of that name. There are: {string.Join(", ", all.Select(benchmark => benchmark.Name))}");
    return 2;
}

var status = 0;
foreach (var benchmark in chosen)
{
    await Console.Error.WriteLineAsync($"# {benchmark.Name}");
    try
    {
        foreach (var figure in await benchmark.MeasureAsync(new Size(scale)))
        {
            Console.WriteLine(figure);
        }

        await Console.Error.WriteLineAsync($"# passed {benchmark.Name}");
    }
#pragma warning disable CA1031 // Whatever went wrong in one benchmark, the others are still run.
    catch (Exception problem)
#pragma warning restore CA1031
    {
        status = 1;
        await Console.Error.WriteLineAsync($"# FAILED {benchmark.Name}: {problem}");
    }
}

return status;
