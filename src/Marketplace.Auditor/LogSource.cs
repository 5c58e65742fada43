using System.Globalization;
using System.Net;
using Marketplace.Ledger;

namespace Marketplace.Auditor;

/// <summary>A published log, at a URL or in a folder. What is withheld is a failed check; what cannot be reached is an input error.</summary>
internal sealed class LogSource : IDisposable
{
    private const int MaxBytes = TileId.FullWidth * (2 + EntryBundle.MaxEntry);
    private readonly string _base;
    private readonly HttpClient? _client;
    private readonly string? _keep;

    /// <param name="urlOrFolder">Where the log is published.</param>
    /// <param name="keep">A folder for a copy of all that is read, which is a published log again; null for none.</param>
    public LogSource(string urlOrFolder, string? keep = null)
    {
        _keep = keep;
        _base = urlOrFolder.TrimEnd('/');
        if (urlOrFolder.StartsWith("http://", StringComparison.Ordinal) || urlOrFolder.StartsWith("https://", StringComparison.Ordinal))
        {
            _client = new HttpClient(new SocketsHttpHandler { AutomaticDecompression = DecompressionMethods.All })
            {
                Timeout = TimeSpan.FromSeconds(30),
                MaxResponseContentBufferSize = MaxBytes,
            };
        }
        else if (!Directory.Exists(_base))
        {
            throw new InputException($"{urlOrFolder} is neither an http(s) URL nor a folder");
        }
    }

    public byte[] Checkpoint() => ReadAt("checkpoint") ?? throw new InputException($"there is no checkpoint at {_base}/checkpoint");

    /// <summary>A tile exactly as wide as asked for. Where the partial one is gone, the full one is cut.</summary>
    /// <exception cref="NotVerifiedException">It is withheld or has another length.</exception>
    public byte[] Tile(TileId tile)
    {
        var bytes = Read(tile.Path);
        var wanted = tile.Width * TreeHash.Length;
        if (bytes is null && !tile.IsFull && Read(new TileId(tile.Level, tile.Index).Path) is { } full && full.Length >= wanted)
        {
            bytes = full[..wanted];
        }

        return bytes is null
            ? throw new NotVerifiedException($"{tile.Path} is not served")
            : bytes.Length == wanted ? bytes : throw new NotVerifiedException($"{tile.Path} has {bytes.Length} bytes instead of {wanted}");
    }

    /// <summary>The entries of a bundle. Where the partial one is gone, the first of the full one.</summary>
    /// <exception cref="NotVerifiedException">It is withheld or malformed.</exception>
    public IReadOnlyList<ReadOnlyMemory<byte>> Bundle(TileId bundle)
    {
        try
        {
            if (Read(bundle.Path) is { } bytes)
            {
                return EntryBundle.Read(bytes, bundle.Width);
            }

            return !bundle.IsFull && Read(new TileId(TileId.Entries, bundle.Index).Path) is { } full
                ? EntryBundle.ReadFirst(full, bundle.Width, out _)
                : throw new NotVerifiedException("it is not served");
        }
        catch (NotVerifiedException e)
        {
            throw new NotVerifiedException($"{bundle.Path}: {e.Message}");
        }
    }

    public void Dispose() => _client?.Dispose();

    /// <summary>Puts the checkpoint beside what was kept: last, so that a copy with a checkpoint is whole.</summary>
    public void KeepCheckpoint(byte[] checkpoint) => Keep("checkpoint", checkpoint);

    private byte[]? Read(string path)
    {
        var bytes = ReadAt(path);
        if (bytes is not null)
        {
            Keep(path, bytes);
        }

        return bytes;
    }

    private void Keep(string path, byte[] bytes)
    {
        if (_keep is null)
        {
            return;
        }

        var file = Path.Combine(_keep, path);
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            File.WriteAllBytes(file, bytes);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new InputException($"{file} cannot be written: {e.Message}");
        }
    }

    private byte[]? ReadAt(string path)
    {
        if (_client is null)
        {
            try
            {
                return File.ReadAllBytes(Path.Combine(_base, path));
            }
            catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
            {
                return null;
            }
        }

        var address = $"{_base}/{path}";
        if (!Uri.TryCreate(address, UriKind.Absolute, out var uri))
        {
            throw new InputException($"{address} is not a URL");
        }

        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, uri);
            using var response = _client.Send(request, HttpCompletionOption.ResponseContentRead);
            if (response.StatusCode is HttpStatusCode.NotFound or HttpStatusCode.Gone)
            {
                return null;
            }

            if (response.StatusCode != HttpStatusCode.OK)
            {
                throw new InputException(string.Create(CultureInfo.InvariantCulture, $"{address} answers {(int)response.StatusCode}"));
            }

            using var stream = response.Content.ReadAsStream();
            using var bytes = new MemoryStream();
            stream.CopyTo(bytes);
            return bytes.ToArray();
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
        {
            throw new InputException($"{address} cannot be reached: {e.Message}");
        }
    }
}
