using System.Net;
using System.Net.Sockets;

namespace Marketplace.Ledger.Tests;

/// <summary>A folder as a web site on a free port, as any static file server would publish it.</summary>
internal sealed class FolderSite : IDisposable
{
    private readonly HttpListener _listener;
    private readonly string _folder;

    public FolderSite(string folder)
    {
        _folder = folder;
        (_listener, Address) = Listen();
        ThreadPool.UnsafeQueueUserWorkItem(_ => Serve(), null);
    }

    public string Address { get; }

    /// <summary>Answers a request by itself, or leaves it to the folder by returning false.</summary>
    public Func<HttpListenerContext, bool>? Instead { get; set; }

    public void Dispose() => _listener.Close();

    // A port that was free a moment ago may have been taken meanwhile.
    private static (HttpListener Listener, string Address) Listen()
    {
        for (var tries = 1; ; tries++)
        {
            using var probe = new TcpListener(IPAddress.Loopback, 0);
            probe.Start();
            var address = $"http://127.0.0.1:{((IPEndPoint)probe.LocalEndpoint).Port}";
            probe.Stop();
            var listener = new HttpListener();
            listener.Prefixes.Add(address + "/");
            try
            {
                listener.Start();
                return (listener, address);
            }
            catch (HttpListenerException) when (tries < 20)
            {
                listener.Close();
            }
        }
    }

    private void Serve()
    {
        try
        {
            while (true)
            {
                var context = _listener.GetContext();
                if (Instead?.Invoke(context) ?? false)
                {
                    context.Response.Close();
                    continue;
                }

                var file = Path.Combine(_folder, context.Request.Url!.AbsolutePath.TrimStart('/'));
                if (File.Exists(file))
                {
                    context.Response.OutputStream.Write(File.ReadAllBytes(file));
                }
                else
                {
                    context.Response.StatusCode = 404;
                }

                context.Response.Close();
            }
        }
        catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
        {
            // The site has been taken down.
        }
    }
}
