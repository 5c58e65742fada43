using System.Net;
using System.Net.Sockets;

namespace Marketplace.Ledger.Tests;

/// <summary>A folder as a web site on a free port, as any static file server would publish it.</summary>
internal sealed class FolderSite : IDisposable
{
    private readonly HttpListener _listener = new();
    private readonly string _folder;

    public FolderSite(string folder)
    {
        _folder = folder;
        using (var probe = new TcpListener(IPAddress.Loopback, 0))
        {
            probe.Start();
            Address = $"http://127.0.0.1:{((IPEndPoint)probe.LocalEndpoint).Port}";
        }

        _listener.Prefixes.Add(Address + "/");
        _listener.Start();
        ThreadPool.UnsafeQueueUserWorkItem(_ => Serve(), null);
    }

    public string Address { get; }

    /// <summary>Answers a request by itself, or leaves it to the folder by returning false.</summary>
    public Func<HttpListenerContext, bool>? Instead { get; set; }

    public void Dispose() => _listener.Close();

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
