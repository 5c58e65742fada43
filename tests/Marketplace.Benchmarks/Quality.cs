using Marketplace.Metering.Tests.Quality;
using Marketplace.Testing;

namespace Marketplace.Benchmarks;

/// <summary>How well the checks find what is wrong in two published data sets. No speed: precision and recall against what their publishers say.</summary>
internal sealed class Quality : IBenchmark
{
    private const int Buildings = 67;
    private const int ModelledBuildings = 24;

    public string Name => "quality";

    public Task<IReadOnlyList<Figure>> MeasureAsync(Size size)
    {
        var data = Path.Combine(Repository.Root, "..", "shared", "data");
        if (!Directory.Exists(data))
        {
            Console.Error.WriteLine("# skipped: no ../shared/data");
            return Task.FromResult<IReadOnlyList<Figure>>([]);
        }

        IReadOnlyList<Figure> figures =
        [
            .. QualityReport.OnCambridge(Path.Combine(data, "cambridge-loop-2019"), size.Of(Buildings, least: 4))
                .Concat(ModelReport.OnCambridge(Path.Combine(data, "cambridge-loop-2019"), size.Of(ModelledBuildings, least: 2)))
                .Concat(QualityReport.OnUiuc(Path.Combine(data, "uiuc-district-2019")))
                .Select(figure => new Figure(figure.Name, figure.Value, figure.Unit)),
        ];
        return Task.FromResult(figures);
    }
}
