namespace Marketplace.Web.Features.Privacy;

/// <summary>Where copies of personal data stand until they are fetched: outside the database, so that no backup of it holds them. With several web
/// nodes the folder has to be one that all of them reach.</summary>
internal sealed class CopyFolder
{
    /// <summary>The folder; without the setting one of this machine's own for passing files.</summary>
    public const string Setting = "Privacy:Directory";

    private readonly DirectoryInfo _folder;

    public CopyFolder(IConfiguration configuration)
    {
        _folder = new DirectoryInfo(configuration[Setting] is { Length: > 0 } set ? set : Path.Combine(Path.GetTempPath(), "marketplace-copies"));
        _folder.Create();
        if (!OperatingSystem.IsWindows())
        {
            _folder.UnixFileMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
        }
    }

    public string PathOf(Guid copy) => Path.Combine(_folder.FullName, copy.ToString("N") + ".zip");

    /// <summary>Where it is made: nobody finds half a copy under its own name.</summary>
    public string DraftOf(Guid copy) => Path.Combine(_folder.FullName, copy.ToString("N") + ".part");

    public void Delete(Guid copy)
    {
        File.Delete(PathOf(copy));
        File.Delete(DraftOf(copy));
    }
}
