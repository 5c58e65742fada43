namespace Marketplace.Quantities;

/// <summary>The one place where a quotient becomes a whole number: half away from zero.</summary>
public static class Rounding
{
    /// <summary><paramref name="numerator"/> / <paramref name="denominator"/>, halves away from zero, exact in 128 bits.</summary>
    /// <exception cref="DivideByZeroException">The denominator is zero.</exception>
    /// <exception cref="OverflowException">The quotient does not fit 64 bits.</exception>
    public static long DivideAwayFromZero(Int128 numerator, Int128 denominator)
    {
        if (denominator < 0)
        {
            (numerator, denominator) = (-numerator, -denominator);
        }

        var magnitude = Int128.Abs(numerator);
        var quotient = (magnitude / denominator) + (magnitude % denominator * 2 >= denominator ? 1 : 0);
        return checked((long)(numerator < 0 ? -quotient : quotient));
    }
}
