using System.Security.Cryptography;
using Marketplace.Metering;

namespace Marketplace.Web.Tests.Features.Devices;

/// <summary>A meter with a key of its own, which signs what a test tells it to.</summary>
internal sealed class TestDevice(string code) : IDisposable
{
    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    public string Code { get; } = code;

    public string Pem => _key.ExportSubjectPublicKeyInfoPem();

    public SignedBatch Sign(long sequence, params SignedReading[] readings) =>
        SignedBatch.Of(Code, sequence, readings, Signature(sequence, readings), out _) ?? throw new InvalidOperationException("Not a batch");

    public byte[] Signature(long sequence, IReadOnlyList<SignedReading> readings, DSASignatureFormat format = DSASignatureFormat.IeeeP1363FixedFieldConcatenation) =>
        _key.SignData(SignedBatch.Canonical(Code, sequence, readings), HashAlgorithmName.SHA256, format);

    public static SignedReading Heat(DateTimeOffset hour, long wattHours) => new("heat", hour, 3600, wattHours, "Wh");

    public void Dispose() => _key.Dispose();
}
