using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using Marketplace.Ledger;
using Marketplace.Native.Crypto;

namespace Marketplace.Auditor.Verbs;

/// <summary>
/// Runs a witness (c2sp.org/tlog-witness): cosigns checkpoints of the logs it follows, after checking that each only grew.
/// Submission and monitoring have the same prefix.
/// </summary>
internal static class WitnessVerb
{
    private const string Usage = "witness --listen 127.0.0.1:7171 --key FILE [--name NAME] --state FILE --log VKEY [--log VKEY …] [--until input-closes]";

    public static Verb Verb { get; } = new("witness", Usage, "Runs a witness: cosigns checkpoints of the logs it follows, after checking that they only grew.", Run);
    private const int MaxBody = 1_000_000;
    private const string PlainText = "text/plain; charset=utf-8";

    private static int Run(string[] args, Terminal terminal)
    {
        var arguments = new Arguments(args, "listen", "key", "name", "state", "log", "until");
        arguments.Exactly(0, Usage);
        if (arguments.One("until") is { } until && until != "input-closes")
        {
            throw new InputException($"--until '{until}' is not known; it can be input-closes");
        }

        string Needed(string option) => arguments.One(option) ?? throw new InputException($"--{option} is missing; usage: {Usage}");
        var logs = arguments.All("log").Select(Given.Key).ToList();
        if (logs.Count == 0)
        {
            throw new InputException($"--log is missing; usage: {Usage}");
        }

        var ed25519 = new Ed25519();
        var key = KeyIn(Needed("key"), arguments.One("name"), ed25519, terminal.Words);
        var stateFile = Needed("state");
        if (!File.Exists(stateFile))
        {
            terminal.Words.WriteLine($"There is no state in {stateFile} yet. If this witness has cosigned before, stop it and restore the file.");
        }

        using var memory = new WitnessMemory(stateFile);
        using var listener = Listen(Needed("listen"));
        terminal.Output.WriteLine(key.Verifier);
        terminal.Output.Flush();
        terminal.Words.WriteLine($"Witness {key.Verifier.Name} listens at {string.Join(", ", listener.Prefixes)} for {string.Join(", ", logs.Select(l => l.Name))}; Ctrl-C stops it");
        Console.CancelKeyPress += (_, press) =>
        {
            press.Cancel = true;
            listener.Stop();
        };
        if (arguments.One("until") is not null)
        {
            // Whoever started this witness holds the other end of its input: when that process is gone, so is the witness.
            new Thread(() =>
            {
                Console.OpenStandardInput().CopyTo(Stream.Null);
                listener.Stop();
            }) { IsBackground = true }.Start();
        }

        Serve(listener, context => Answer(context, memory, logs, key, ed25519, TimeProvider.System, terminal.Words), terminal.Words);
        return Exit.Good;
    }

    private static void Serve(HttpListener listener, Action<HttpListenerContext> answer, TextWriter words)
    {
        while (listener.IsListening)
        {
            HttpListenerContext context;
            try
            {
                context = listener.GetContext();
            }
            catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
            {
                return;
            }

            ThreadPool.UnsafeQueueUserWorkItem(
                state =>
                {
                    try
                    {
                        answer(state);
                    }
                    catch (Exception e) when (e is HttpListenerException or IOException or ObjectDisposedException)
                    {
                        // The caller went away.
                        words.WriteLine($"A request was not answered: {e.Message}");
                        state.Response.Abort();
                    }
                },
                context,
                preferLocal: false);
        }
    }

    private static void Answer(HttpListenerContext context, WitnessMemory memory, List<VerifierKey> logs, SignerKey key, Ed25519 ed25519, TimeProvider clock, TextWriter words)
    {
        var path = context.Request.Url?.AbsolutePath ?? "";
        var method = context.Request.HttpMethod;
        if (method == "POST" && path == "/add-checkpoint")
        {
            var body = Body(context.Request);
            var reply = body is null
                ? new WitnessReply(413, PlainText, "The request is too long\n")
                : Decide(memory, stateOf => WitnessRules.Decide(body, logs, stateOf, key, clock.GetUtcNow().ToUnixTimeSeconds(), ed25519), words);
            Send(context, reply.Status, reply.ContentType, reply.Body);
        }
        else if (method is not ("GET" or "HEAD"))
        {
            Send(context, 405, PlainText, "Only GET, and POST to /add-checkpoint\n");
        }
        else if (path == "/health")
        {
            Send(context, 200, PlainText, "ok\n");
        }
        else if (path.Split('/') is ["", var hash, "checkpoint"]
            && memory.NoteOf(origin => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(origin))) == hash) is { } note)
        {
            Send(context, 200, PlainText, note);
        }
        else
        {
            Send(context, 404, PlainText, "Nothing here\n");
        }
    }

    /// <summary>What cannot be remembered is not cosigned: the answer is an error, and the old state stays.</summary>
    private static WitnessReply Decide(WitnessMemory memory, Func<Func<string, WitnessedState>, WitnessReply> rules, TextWriter words)
    {
        try
        {
            return memory.Decide(rules);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            words.WriteLine($"Nothing was cosigned, since the state could not be written: {e.Message}");
            return new WitnessReply(503, PlainText, "The witness cannot write its state, so it does not cosign; ask again later\n");
        }
    }

    private static byte[]? Body(HttpListenerRequest request)
    {
        using var bytes = new MemoryStream();
        var buffer = new byte[16384];
        for (int read; (read = request.InputStream.Read(buffer)) > 0;)
        {
            bytes.Write(buffer, 0, read);
            if (bytes.Length > MaxBody)
            {
                return null;
            }
        }

        return bytes.ToArray();
    }

    private static void Send(HttpListenerContext context, int status, string contentType, string body)
    {
        var bytes = Encoding.UTF8.GetBytes(body);
        context.Response.StatusCode = status;
        context.Response.ContentType = contentType;
        context.Response.ContentLength64 = bytes.Length;
        if (context.Request.HttpMethod != "HEAD")
        {
            context.Response.OutputStream.Write(bytes);
        }

        context.Response.Close();
    }

    private static HttpListener Listen(string address)
    {
        if (!IPEndPoint.TryParse(address, out var point) || point.Port == 0)
        {
            throw new InputException($"--listen '{address}' is not an address and port such as 127.0.0.1:7171");
        }

        var port = point.Port.ToString(CultureInfo.InvariantCulture);
        var listener = new HttpListener();
        if (point.Address.Equals(IPAddress.Any) || point.Address.Equals(IPAddress.IPv6Any))
        {
            listener.Prefixes.Add($"http://*:{port}/");
        }
        else
        {
            listener.Prefixes.Add($"http://{point}/");
            if (IPAddress.IsLoopback(point.Address))
            {
                listener.Prefixes.Add($"http://localhost:{port}/");
            }
        }

        try
        {
            listener.Start();
        }
        catch (HttpListenerException e)
        {
            throw new InputException($"cannot listen at {address}: {e.Message}");
        }

        return listener;
    }

    private static SignerKey KeyIn(string file, string? name, Ed25519 ed25519, TextWriter words)
    {
        try
        {
            if (!File.Exists(file))
            {
                var made = new SignerKey(
                    name ?? throw new InputException($"there is no key in {file}; give the witness a --name and it makes one"),
                    SignatureType.Cosignature,
                    RandomNumberGenerator.GetBytes(32),
                    ed25519);
                var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
                if (!OperatingSystem.IsWindows())
                {
                    options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
                }

                using var stream = new FileStream(file, options);
                stream.Write(Encoding.UTF8.GetBytes(made.ToSecretText() + "\n"));
                stream.Flush(flushToDisk: true);
                words.WriteLine($"Made a new key in {file}; keep it secret and backed up");
                return made;
            }

            var key = SignerKey.Parse(Encoding.UTF8.GetString(Given.File(file)).Trim(), ed25519);
            return key.Verifier.Type == SignatureType.Cosignature
                ? key
                : throw new InputException($"the key in {file} is not a cosignature key (type 4)");
        }
        catch (FormatException e)
        {
            throw new InputException($"{file}: {e.Message}");
        }
    }
}
