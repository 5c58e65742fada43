using System.Globalization;
using System.IO.Compression;
using System.Security.Cryptography;
using Marketplace.Web.Features.Api;

namespace Marketplace.Web.Features.Devices;

/// <summary>A request's body, unpacked as it arrives and never more of it than was agreed: a small file that unpacks into a mountain is
/// noticed when it passes the bound. Knows the hash of what was sent.</summary>
internal sealed class BoundedBody : OneWayStream
{
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly Counted _sent;
    private readonly Stream _unpacked;
    private readonly long _most;
    private long _read;

    private BoundedBody(Stream sent, bool isPacked, long most)
    {
        _sent = new Counted(sent, _hash);
        _unpacked = isPacked ? new GZipStream(_sent, CompressionMode.Decompress) : _sent;
        _most = most;
    }

    /// <exception cref="BodyException">It is packed in a way that is not known here.</exception>
    public static BoundedBody Of(HttpRequest request, long most) => request.Headers.ContentEncoding.ToString() switch
    {
        "" or "identity" => new BoundedBody(request.Body, false, most),
        "gzip" => new BoundedBody(request.Body, true, most),
        _ => throw new BodyException("Content-Encoding", "Send the body as it is, or packed with gzip."),
    };

    /// <summary>Reads what is left and tells the SHA-256 of the body as it was sent.</summary>
    public async Task<byte[]> HashAsync(CancellationToken cancellationToken)
    {
        var rest = new byte[16 * 1024];
        while (await _sent.ReadAsync(rest, cancellationToken) > 0)
        {
        }

        return _hash.GetCurrentHash();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        int count;
        try
        {
            count = await _unpacked.ReadAsync(buffer, cancellationToken);
        }
        catch (InvalidDataException)
        {
            throw new BodyException("Content-Encoding", "The body is not whole gzip.");
        }

        _read += count;
        return _read <= _most
            ? count
            : throw new BodyException("", string.Create(CultureInfo.InvariantCulture, $"Unpacked, the body is larger than {_most / (1024 * 1024)} MB. Send it in parts."));
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _hash.Dispose();
        }

        base.Dispose(disposing);
    }

    private sealed class Counted(Stream inner, IncrementalHash hash) : OneWayStream
    {
        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var count = await inner.ReadAsync(buffer, cancellationToken);
            hash.AppendData(buffer.Span[..count]);
            return count;
        }
    }
}

/// <summary>A stream that is read from its beginning to its end, and nothing else.</summary>
internal abstract class OneWayStream : Stream
{
    public abstract override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default);

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override void Flush()
    {
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
