using System.Globalization;
using System.Numerics;

namespace Marketplace.Market.Exact;

/// <summary>An exact fraction in lowest terms with a positive denominator. Small ones are kept in 64 bits,
/// which is nearly always enough and much faster; others in whole numbers of any size.</summary>
internal readonly struct Rational : IEquatable<Rational>, IComparable<Rational>
{
    private readonly long _numerator;
    private readonly long _denominatorLessOne;
    private readonly Large? _large;

    private sealed record Large(BigInteger Numerator, BigInteger Denominator);

    public Rational(long value) => _numerator = value;

    private Rational(long numerator, long denominator) => (_numerator, _denominatorLessOne) = (numerator, denominator - 1);

    private Rational(BigInteger numerator, BigInteger denominator)
    {
        if (numerator >= -long.MaxValue && numerator <= long.MaxValue && denominator <= long.MaxValue)
        {
            (_numerator, _denominatorLessOne) = ((long)numerator, (long)denominator - 1);
        }
        else
        {
            _large = new Large(numerator, denominator);
        }
    }

    public static Rational Zero => default;

    public static Rational One => new(1);

    public int Sign => _large is null ? Math.Sign(_numerator) : _large.Numerator.Sign;

    public bool IsZero => _large is null && _numerator == 0;

    private long Denominator => _denominatorLessOne + 1;

    private BigInteger BigNumerator => _large?.Numerator ?? _numerator;

    /// <summary>Above zero; one if the fraction is whole.</summary>
    public BigInteger BigDenominator => _large?.Denominator ?? Denominator;

    /// <summary>The exact quotient of two whole numbers.</summary>
    public static Rational Of(BigInteger numerator, BigInteger denominator)
    {
        if (denominator.IsZero)
        {
            throw new DivideByZeroException();
        }

        if (denominator.Sign < 0)
        {
            (numerator, denominator) = (-numerator, -denominator);
        }

        var divisor = BigInteger.GreatestCommonDivisor(numerator, denominator);
        return divisor.IsOne ? new Rational(numerator, denominator) : new Rational(numerator / divisor, denominator / divisor);
    }

    public static implicit operator Rational(long value) => value == long.MinValue ? Of(value, 1) : new Rational(value);

    public static Rational operator -(Rational a) =>
        a._large is null ? new Rational(-a._numerator, a.Denominator) : new Rational(-a._large.Numerator, a._large.Denominator);

    public static Rational operator +(Rational a, Rational b)
    {
        if (a._large is null && b._large is null)
        {
            if (a._denominatorLessOne == 0 && b._denominatorLessOne == 0)
            {
                var whole = (Int128)a._numerator + b._numerator;
                return Int128.Abs(whole) <= long.MaxValue ? new Rational((long)whole) : new Rational((BigInteger)whole, BigInteger.One);
            }

            var divisor = Gcd(a.Denominator, b.Denominator);
            var left = b.Denominator / divisor;
            var right = a.Denominator / divisor;

            // Each product has less than 126 bits, so that the sum fits.
            var numerator = ((Int128)a._numerator * left) + ((Int128)b._numerator * right);
            var denominator = (Int128)a.Denominator * left;
            if (Int128.Abs(numerator) <= long.MaxValue && denominator <= long.MaxValue)
            {
                return Reduced((long)numerator, (long)denominator);
            }
        }

        return Of((a.BigNumerator * b.BigDenominator) + (b.BigNumerator * a.BigDenominator), a.BigDenominator * b.BigDenominator);
    }

    public static Rational operator -(Rational a, Rational b) => a + -b;

    public static Rational operator *(Rational a, Rational b)
    {
        if (a.IsZero || b.IsZero)
        {
            return Zero;
        }

        if (a._large is null && b._large is null)
        {
            var one = Gcd(Math.Abs(a._numerator), b.Denominator);
            var two = Gcd(Math.Abs(b._numerator), a.Denominator);
            var numerator = (Int128)(a._numerator / one) * (b._numerator / two);
            var denominator = (Int128)(a.Denominator / two) * (b.Denominator / one);
            if (Int128.Abs(numerator) <= long.MaxValue && denominator <= long.MaxValue)
            {
                return new Rational((long)numerator, (long)denominator);
            }
        }

        return Of(a.BigNumerator * b.BigNumerator, a.BigDenominator * b.BigDenominator);
    }

    public static Rational operator /(Rational a, Rational b) =>
        b._large is null && b._numerator != 0
            ? a * (b._numerator > 0 ? new Rational(b.Denominator, b._numerator) : new Rational(-b.Denominator, -b._numerator))
            : Of(a.BigNumerator * b.BigDenominator, a.BigDenominator * b.BigNumerator);

    public static bool operator <(Rational a, Rational b) => a.CompareTo(b) < 0;

    public static bool operator >(Rational a, Rational b) => a.CompareTo(b) > 0;

    public static bool operator <=(Rational a, Rational b) => a.CompareTo(b) <= 0;

    public static bool operator >=(Rational a, Rational b) => a.CompareTo(b) >= 0;

    public static bool operator ==(Rational a, Rational b) => a.CompareTo(b) == 0;

    public static bool operator !=(Rational a, Rational b) => a.CompareTo(b) != 0;

    public int CompareTo(Rational other) =>
        _large is null && other._large is null
            ? _denominatorLessOne == other._denominatorLessOne
                ? _numerator.CompareTo(other._numerator)
                : ((Int128)_numerator * other.Denominator).CompareTo((Int128)other._numerator * Denominator)
            : (BigNumerator * other.BigDenominator).CompareTo(other.BigNumerator * BigDenominator);

    public bool Equals(Rational other) => CompareTo(other) == 0;

    public override bool Equals(object? obj) => obj is Rational other && Equals(other);

    public override int GetHashCode() => HashCode.Combine(BigNumerator, BigDenominator);

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{BigNumerator}/{BigDenominator}");

    /// <summary>The largest whole number that is not above.</summary>
    /// <exception cref="OverflowException">It does not fit 64 bits.</exception>
    public long Floor()
    {
        if (_large is null)
        {
            var quotient = _numerator / Denominator;
            return _numerator < 0 && quotient * Denominator != _numerator ? quotient - 1 : quotient;
        }

        var big = BigInteger.DivRem(_large.Numerator, _large.Denominator, out var remainder);
        return (long)(remainder.Sign < 0 ? big - 1 : big);
    }

    /// <summary>The nearest whole number, halves away from zero.</summary>
    /// <exception cref="OverflowException">It does not fit 64 bits.</exception>
    public long Round()
    {
        var half = Of(1, 2);
        return Sign >= 0 ? (this + half).Floor() : -(-this + half).Floor();
    }

    private static Rational Reduced(long numerator, long denominator)
    {
        var divisor = Gcd(Math.Abs(numerator), denominator);
        return new Rational(numerator / divisor, denominator / divisor);
    }

    private static long Gcd(long a, long b)
    {
        while (b != 0)
        {
            if (a <= uint.MaxValue && b <= uint.MaxValue)
            {
                var (x, y) = ((uint)a, (uint)b);
                while (y != 0)
                {
                    (x, y) = (y, x % y);
                }

                return x;
            }

            (a, b) = (b, a % b);
        }

        return a;
    }
}
