using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Marketplace.Ledger;
using Marketplace.Web.Pipeline;
using Microsoft.Extensions.Options;

namespace Marketplace.Web.Features.Ledger;

/// <summary>How the ledger is set up, from the configuration section <c>Ledger</c>.</summary>
public sealed class LedgerOptions
{
    /// <summary>32 bytes as base64, the same for all nodes. Without it, <see cref="MasterKeyFile"/> is used.</summary>
    public string? MasterKey { get; set; }

    /// <summary>Where a node that was given no master key keeps the one it makes.</summary>
    public string MasterKeyFile { get; set; } = ".data/ledger-master.key";

    /// <summary>What a log's name starts with; the loop's slug follows. A schema-less URL of the installation.</summary>
    public string OriginPrefix { get; set; } = "marketplace.example/ledger";

    /// <summary>A tlog-policy: witnesses, groups and the quorum. Its log line is filled in for each loop.</summary>
    public string? Policy { get; set; }

    /// <summary>The same in a file.</summary>
    public string? PolicyFile { get; set; }

    /// <summary>How long a witness may take to answer.</summary>
    public int WitnessTimeoutSeconds { get; set; } = 10;

    /// <summary>How long a signed checkpoint may wait for its quorum before an alarm is raised.</summary>
    public int QuorumAlarmSeconds { get; set; } = 60;

    /// <summary>How often the log is looked after while nothing happens: cosignatures asked for again, stored rows checked.</summary>
    public int WatchSeconds { get; set; } = 15;

    /// <summary>How many entry bundles (256 entries each) the log checks of itself at each look.</summary>
    public int BundlesALook { get; set; } = 64;
}

/// <summary>The signing key of each loop's log, derived from one master secret by the log's name.</summary>
public sealed class LogKeys
{
    private readonly ConcurrentDictionary<(string Slug, int Number), SignerKey> _keys = new();
    private readonly Lazy<byte[]> _master;
    private readonly LedgerOptions _options;
    private readonly IEd25519 _ed25519;

    public LogKeys(IOptions<LedgerOptions> options, IEd25519 ed25519)
    {
        _options = options.Value;
        _ed25519 = ed25519;
        _master = new Lazy<byte[]>(() => ReadMaster(_options));
    }

    /// <summary>The key of a loop's log; its name is the log's origin.</summary>
    /// <param name="slug">The loop.</param>
    /// <param name="number">0 for the key the log starts under, 1 for the first that replaces it, and so on.</param>
    public SignerKey Of(string slug, int number = 0) => _keys.GetOrAdd((slug, number), of =>
    {
        var origin = $"{_options.OriginPrefix.TrimEnd('/')}/{of.Slug}";
        var info = of.Number == 0 ? $"log key/{origin}" : string.Create(CultureInfo.InvariantCulture, $"log key/{origin}/{of.Number}");
        var seed = HKDF.DeriveKey(HashAlgorithmName.SHA256, _master.Value, 32, info: Encoding.UTF8.GetBytes(info));
        return new SignerKey(origin, SignatureType.Ed25519, seed, _ed25519);
    });

    private static byte[] ReadMaster(LedgerOptions options)
    {
        var text = options.MasterKey ?? ReadOrMake(options.MasterKeyFile);
        return StrictBase64.TryDecode(text.Trim(), out var bytes) && bytes.Length == 32
            ? bytes
            : throw new SettingException("Ledger:MasterKey must be the base64 of 32 random bytes, as 'openssl rand -base64 32' prints them.");
    }

    private static string ReadOrMake(string file)
    {
        if (!File.Exists(file))
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(file))!);

            // Written aside and linked into place, so that of two nodes starting at once one wins and both read the same.
            var aside = $"{file}.{Environment.ProcessId}";
            var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
            if (!OperatingSystem.IsWindows())
            {
                options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            }

            using (var stream = new FileStream(aside, options))
            {
                stream.Write(Encoding.ASCII.GetBytes(Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)) + "\n"));
                stream.Flush(flushToDisk: true);
            }

            try
            {
                File.Move(aside, file, overwrite: false);
            }
            catch (IOException) when (File.Exists(file))
            {
                File.Delete(aside);
            }
        }

        return File.ReadAllText(file);
    }
}
