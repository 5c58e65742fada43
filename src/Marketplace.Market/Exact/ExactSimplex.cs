namespace Marketplace.Market.Exact;

/// <summary>One column of an exact program: sparse entries, bounds (null is unbounded).</summary>
internal sealed class ExactColumn(int[] rows, Rational[] values, Rational? lower, Rational? upper)
{
    public int[] Rows { get; } = rows;

    public Rational[] Values { get; } = values;

    public Rational? Lower { get; } = lower;

    public Rational? Upper { get; } = upper;
}

/// <summary>Maximises linear objectives in exact fractions, one after the other, each among the optima of those before.
/// The solver in floating point finds the vertex of a market; this confirms it to the last digit, repairs it where
/// rounding misled the solver, and settles ties. Few rows, any number of columns, bounded variables, revised form;
/// entering and leaving by lowest index, so that it always ends.</summary>
internal sealed class ExactSimplex
{
    private readonly int _rows;
    private readonly List<ExactColumn> _columns;
    private readonly Rational[] _rightHandSide;
    private readonly int[] _basis;
    private readonly State[] _state;
    private readonly Rational[,] _inverse;
    private readonly Rational[] _basicValues;
    private bool[] _frozen;

    private enum State
    {
        AtLower,
        AtUpper,
        AtZero,
        Basic,
    }

    private ExactSimplex(List<ExactColumn> columns, Rational[] rightHandSide, State[] state)
    {
        _rows = rightHandSide.Length;
        _columns = columns;
        _rightHandSide = rightHandSide;
        _basis = new int[_rows];
        _state = state;
        _inverse = new Rational[_rows, _rows];
        _basicValues = new Rational[_rows];
        _frozen = new bool[columns.Count];
    }

    /// <summary>Value of a column.</summary>
    public Rational Value(int column) => _state[column] switch
    {
        State.AtLower => _columns[column].Lower!.Value,
        State.AtUpper => _columns[column].Upper!.Value,
        State.AtZero => Rational.Zero,
        _ => _basicValues[Array.IndexOf(_basis, column)],
    };

    /// <summary>Starts from a basis that another solver proposes; where that does not hold exactly, from none.
    /// Returns null if the program has no solution.</summary>
    /// <param name="columns">The columns; slack columns are added to this list, one a row.</param>
    /// <param name="rightHandSide">One value a row.</param>
    /// <param name="proposal">Status of each column and then of each row's slack, or null.</param>
    public static ExactSimplex? Start(List<ExactColumn> columns, Rational[] rightHandSide, BasisStatus[]? proposal)
    {
        var count = columns.Count;
        var rows = rightHandSide.Length;
        var state = new State[count + rows];
        for (var j = 0; j < count; j++)
        {
            state[j] = Resting(columns[j], proposal is not null && proposal[j] == BasisStatus.AtUpper);
        }

        if (proposal is not null)
        {
            for (var i = 0; i < rows; i++)
            {
                columns.Add(new ExactColumn([i], [Rational.One], Rational.Zero, Rational.Zero));
                state[count + i] = State.AtLower;
            }

            var simplex = new ExactSimplex(columns, rightHandSide, state);
            if (simplex.Adopt(proposal))
            {
                return simplex;
            }

            columns.RemoveRange(count, rows);
            state = [.. state.Select((s, j) => s == State.Basic && j < count ? Resting(columns[j], upper: false) : s)];
        }

        return FromNothing(columns, rightHandSide, state);
    }

    private static State Resting(ExactColumn column, bool upper) =>
        upper && column.Upper is not null ? State.AtUpper
        : column.Lower is not null ? State.AtLower
        : column.Upper is not null ? State.AtUpper
        : State.AtZero;

    private static ExactSimplex? FromNothing(List<ExactColumn> columns, Rational[] rightHandSide, State[] state)
    {
        var count = columns.Count;
        var rows = rightHandSide.Length;
        var left = Residual(columns, rightHandSide, state, count);
        var shortfall = new Rational[count + rows];
        for (var i = 0; i < rows; i++)
        {
            columns.Add(new ExactColumn([i], [left[i].Sign < 0 ? -Rational.One : Rational.One], Rational.Zero, null));
            shortfall[count + i] = -Rational.One;
            state[count + i] = State.Basic;
        }

        var simplex = new ExactSimplex(columns, rightHandSide, state);
        for (var i = 0; i < rows; i++)
        {
            simplex._basis[i] = count + i;
            simplex._inverse[i, i] = columns[count + i].Values[0];
            simplex._basicValues[i] = left[i].Sign < 0 ? -left[i] : left[i];
        }

        simplex.Maximise(shortfall);
        for (var i = 0; i < rows; i++)
        {
            if (!simplex.Value(count + i).IsZero)
            {
                return null;
            }

            // From here on a slack is a column that may not leave zero.
            columns[count + i] = new ExactColumn(columns[count + i].Rows, columns[count + i].Values, Rational.Zero, Rational.Zero);
        }

        simplex._frozen = new bool[count + rows];
        return simplex;
    }

    private static Rational[] Residual(List<ExactColumn> columns, Rational[] rightHandSide, State[] state, int count)
    {
        var left = (Rational[])rightHandSide.Clone();
        for (var j = 0; j < count; j++)
        {
            var at = state[j] switch
            {
                State.AtLower => columns[j].Lower!.Value,
                State.AtUpper => columns[j].Upper!.Value,
                _ => Rational.Zero,
            };
            if (!at.IsZero)
            {
                for (var k = 0; k < columns[j].Rows.Length; k++)
                {
                    left[columns[j].Rows[k]] -= columns[j].Values[k] * at;
                }
            }
        }

        return left;
    }

    /// <summary>Inverts the proposed basis; says whether it is one and lies within all bounds.</summary>
    private bool Adopt(BasisStatus[] proposal)
    {
        var wanted = Enumerable.Range(0, _columns.Count).Where(j => proposal[j] == BasisStatus.Basic).ToArray();
        if (wanted.Length != _rows)
        {
            return false;
        }

        for (var i = 0; i < _rows; i++)
        {
            _inverse[i, i] = Rational.One;
            _basis[i] = -1;
        }

        foreach (var column in wanted)
        {
            var direction = Direction(column);
            var row = Enumerable.Range(0, _rows).Where(i => _basis[i] < 0 && !direction[i].IsZero).Select(i => (int?)i).FirstOrDefault();
            if (row is null)
            {
                return false;
            }

            Exchange(row.Value, column, direction);
        }

        foreach (var column in wanted)
        {
            _state[column] = State.Basic;
        }

        var left = Residual(_columns, _rightHandSide, _state, _columns.Count);
        for (var i = 0; i < _rows; i++)
        {
            var value = Rational.Zero;
            for (var k = 0; k < _rows; k++)
            {
                value += _inverse[i, k] * left[k];
            }

            var column = _columns[_basis[i]];
            if (value < column.Lower || value > column.Upper)
            {
                return false;
            }

            _basicValues[i] = value;
        }

        return true;
    }

    /// <summary>Maximises one objective, then holds fast every column whose change would lose.
    /// Returns the prices of the rows.</summary>
    /// <param name="costs">Gain per unit of each column; missing entries are zero.</param>
    /// <exception cref="UnboundedException">The objective has no maximum.</exception>
    public Rational[] Maximise(Rational[] costs)
    {
        while (true)
        {
            var prices = Prices(costs);
            var entering = -1;
            for (var j = 0; j < _columns.Count && entering < 0; j++)
            {
                if (_state[j] != State.Basic && !_frozen[j] && Improves(j, Gain(j, costs, prices).Sign))
                {
                    entering = j;
                }
            }

            if (entering < 0)
            {
                for (var j = 0; j < _columns.Count; j++)
                {
                    _frozen[j] |= _state[j] != State.Basic && !Gain(j, costs, prices).IsZero;
                }

                return prices;
            }

            Move(entering, Gain(entering, costs, prices).Sign);
        }
    }

    /// <summary>Whether a column outside the basis could still change without loss.</summary>
    public bool IsOpen()
    {
        for (var j = 0; j < _columns.Count; j++)
        {
            if (_state[j] != State.Basic && !_frozen[j] && !(_columns[j].Lower is { } lower && _columns[j].Upper is { } upper && lower == upper))
            {
                return true;
            }
        }

        return false;
    }

    private bool Improves(int column, int sign)
    {
        if (sign == 0 || (_columns[column].Lower is { } lower && _columns[column].Upper is { } upper && lower == upper))
        {
            return false;
        }

        return _state[column] switch
        {
            State.AtLower => sign > 0,
            State.AtUpper => sign < 0,
            _ => true,
        };
    }

    private Rational Gain(int column, Rational[] costs, Rational[] prices)
    {
        var gain = column < costs.Length ? costs[column] : Rational.Zero;
        var entries = _columns[column];
        for (var k = 0; k < entries.Rows.Length; k++)
        {
            gain -= prices[entries.Rows[k]] * entries.Values[k];
        }

        return gain;
    }

    private Rational[] Prices(Rational[] costs)
    {
        var prices = new Rational[_rows];
        for (var i = 0; i < _rows; i++)
        {
            var cost = _basis[i] < costs.Length ? costs[_basis[i]] : Rational.Zero;
            if (!cost.IsZero)
            {
                for (var k = 0; k < _rows; k++)
                {
                    prices[k] += cost * _inverse[i, k];
                }
            }
        }

        return prices;
    }

    private Rational[] Direction(int column)
    {
        var direction = new Rational[_rows];
        var entries = _columns[column];
        for (var k = 0; k < entries.Rows.Length; k++)
        {
            for (var i = 0; i < _rows; i++)
            {
                direction[i] += _inverse[i, entries.Rows[k]] * entries.Values[k];
            }
        }

        return direction;
    }

    /// <summary>Moves a column up (sign 1) or down (-1) until it or a basic column meets a bound.</summary>
    private void Move(int entering, int sign)
    {
        var direction = Direction(entering);
        var column = _columns[entering];
        Rational? step = column.Lower is { } low && column.Upper is { } high ? high - low : null;
        var leaving = -1;
        for (var i = 0; i < _rows; i++)
        {
            var slope = sign > 0 ? -direction[i] : direction[i];
            var basic = _columns[_basis[i]];
            var room = slope.Sign > 0 ? basic.Upper - _basicValues[i] : slope.Sign < 0 ? _basicValues[i] - basic.Lower : null;
            if (room is null)
            {
                continue;
            }

            var reach = room.Value / (slope.Sign > 0 ? slope : -slope);
            if (step is null || reach < step || (reach == step && leaving >= 0 && _basis[i] < _basis[leaving]))
            {
                (step, leaving) = (reach, i);
            }
        }

        if (step is null)
        {
            throw new UnboundedException();
        }

        var start = Value(entering);
        for (var i = 0; i < _rows; i++)
        {
            _basicValues[i] += (sign > 0 ? -direction[i] : direction[i]) * step.Value;
        }

        if (leaving < 0)
        {
            _state[entering] = sign > 0 ? State.AtUpper : State.AtLower;
            return;
        }

        var left = _basis[leaving];
        var rises = (sign > 0 ? -direction[leaving] : direction[leaving]).Sign > 0;
        _state[left] = rises ? State.AtUpper : State.AtLower;
        _state[entering] = State.Basic;
        _basicValues[leaving] = sign > 0 ? start + step.Value : start - step.Value;
        Exchange(leaving, entering, direction);
    }

    private void Exchange(int row, int column, Rational[] direction)
    {
        var pivot = Rational.One / direction[row];
        for (var k = 0; k < _rows; k++)
        {
            if (!_inverse[row, k].IsZero)
            {
                _inverse[row, k] *= pivot;
            }
        }

        for (var i = 0; i < _rows; i++)
        {
            if (i != row && !direction[i].IsZero)
            {
                for (var k = 0; k < _rows; k++)
                {
                    if (!_inverse[row, k].IsZero)
                    {
                        _inverse[i, k] -= direction[i] * _inverse[row, k];
                    }
                }
            }
        }

        _basis[row] = column;
    }
}

/// <summary>The objective grows without end.</summary>
internal sealed class UnboundedException : Exception;
