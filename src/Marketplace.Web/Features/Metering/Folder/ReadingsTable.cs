using Marketplace.Metering;
using Marketplace.Quantities;

namespace Marketplace.Web.Features.Metering;

/// <summary>The good readings of a file, twelve bytes and a basis number each, so that a year of a district fits in a few megabytes.</summary>
internal sealed class ReadingsTable(
    Dictionary<(string Building, Carrier Carrier), ReadingsTable.MeterColumn> columns, List<string?> bases, Interval? span, FolderProblems problems)
{
    public FolderProblems Problems { get; } = problems;

    public int RowsRead { get; init; }

    public int Count { get; } = columns.Values.Sum(column => column.Count);

    public Interval? Span { get; } = span;

    public int HoursCovered => Span is { } covered ? (int)(covered.Length / Validation.Hour) : 0;

    public IEnumerable<string> Buildings => columns.Keys.Select(key => key.Building).Distinct();

    /// <summary>The sum of these meters over all hours, and in the hour in which it is most; zero where it is never positive.</summary>
    public (Energy Sum, Energy Peak) TotalOf(IEnumerable<(string Building, Carrier Carrier)> meters)
    {
        var hours = new long[HoursCovered];
        foreach (var meter in meters)
        {
            columns[meter].AddTo(hours, MeterColumn.IndexOf(Span!.Value.Start));
        }

        return (new Energy(hours.Sum()), new Energy(Math.Max(0, hours.DefaultIfEmpty().Max())));
    }

    public IEnumerable<DeliveredReading> Delivered(string building, Carrier carrier, Interval during, string code)
    {
        if (!columns.TryGetValue((building, carrier), out var column))
        {
            yield break;
        }

        var end = Math.Min(MeterColumn.IndexOf(during.End), column.Last + 1);
        for (var hour = Math.Max(MeterColumn.IndexOf(during.Start), column.First); hour < end; hour++)
        {
            if (column.TryGet(hour, out var cell))
            {
                yield return new DeliveredReading(cell.Line, code, MeterColumn.HourOf(hour), new Energy(cell.WattHours).KilowattHours, bases[cell.Basis]);
            }
        }
    }

    public IReadOnlyList<FolderMeter> Meters(IReadOnlyList<FolderParticipant> participants) =>
    [
        .. from participant in participants
           from carrier in Carriers.All
           where columns.TryGetValue((participant.Building, carrier), out var found) && found.Count > 0
           let column = columns[(participant.Building, carrier)]
           select new FolderMeter(
               participant.Building, carrier, column.Count, MeterColumn.HourOf(column.First), MeterColumn.HourOf(column.Last), HoursCovered - column.Count),
    ];

    /// <summary>One meter's hours, from its first to its last.</summary>
    internal sealed class MeterColumn
    {
        private const int Absent = 0;
        private long[] _wattHours = [];
        private int[] _lines = [];
        private short[] _bases = [];
        private int _start;

        public int Count { get; private set; }

        public int First { get; private set; } = int.MaxValue;

        public int Last { get; private set; } = int.MinValue;

        public static int IndexOf(DateTimeOffset hour) => (int)(hour.UtcTicks / TimeSpan.TicksPerHour);

        public static DateTimeOffset HourOf(int index) => new(index * TimeSpan.TicksPerHour, TimeSpan.Zero);

        public bool TryGet(int hour, out (long WattHours, int Line, short Basis) cell)
        {
            var at = hour - _start;
            var isThere = at >= 0 && at < _lines.Length && _lines[at] != Absent;
            cell = isThere ? (_wattHours[at], _lines[at], _bases[at]) : default;
            return isThere;
        }

        public void Add(int hour, long wattHours, int line, short basis)
        {
            MakeRoom(hour);
            var at = hour - _start;
            (_wattHours[at], _lines[at], _bases[at]) = (wattHours, line, basis);
            Count++;
            First = Math.Min(First, hour);
            Last = Math.Max(Last, hour);
        }

        /// <summary>Adds each hour's watt-hours to those of the hours from <paramref name="start"/> on, which cover all of this column's.</summary>
        public void AddTo(long[] hours, int start)
        {
            for (var hour = First; hour <= Last; hour++)
            {
                hours[hour - start] = checked(hours[hour - start] + _wattHours[hour - _start]);
            }
        }

        private void MakeRoom(int hour)
        {
            if (_lines.Length == 0)
            {
                Move(hour, 256);
            }
            else if (hour < _start)
            {
                Move(hour, _start + _lines.Length - hour);
            }
            else if (hour >= _start + _lines.Length)
            {
                Move(_start, Math.Max(_lines.Length * 2, hour - _start + 1));
            }
        }

        private void Move(int start, int length)
        {
            var shift = _lines.Length == 0 ? 0 : _start - start;
            _wattHours = Moved(_wattHours, shift, length);
            _lines = Moved(_lines, shift, length);
            _bases = Moved(_bases, shift, length);
            _start = start;
        }

        private static T[] Moved<T>(T[] from, int shift, int length)
        {
            var to = new T[length];
            from.CopyTo(to, shift);
            return to;
        }
    }
}
