namespace Marketplace.Metering.Tests.MBus;

/// <summary>Builds frames around data, so that a test names only the bytes it is about.</summary>
internal static class Telegram
{
    /// <summary>Id 12345678, manufacturer PAD, version 1, water, access 85, status and signature 0.</summary>
    public const string Header = "78 56 34 12 24 40 01 07 55 00 00 00";

    public static byte[] WithRecords(string records) => Frame("08 02 72 " + Header + records);

    /// <summary>A frame of what stands between the head and the checksum.</summary>
    public static byte[] Frame(string counted)
    {
        var bytes = Convert.FromHexString(counted.Replace(" ", "", StringComparison.Ordinal));
        return [0x68, (byte)bytes.Length, (byte)bytes.Length, 0x68, .. bytes, (byte)(bytes.Sum(b => b) & 0xFF), 0x16];
    }
}
