namespace Marketplace.Market.Coupled;

/// <summary>What the orders of one node can take up at its price, as a function of the net energy that units bring there
/// (negative: take away). In the money an order should be accepted, at the money it may be; out of the money never is.</summary>
internal sealed class NodeRoom
{
    private readonly MeritOrder _buys;
    private readonly MeritOrder _sells;
    private readonly int _buyStepsIn;
    private readonly int _sellStepsIn;
    private readonly long _buyIn;
    private readonly long _buyAt;
    private readonly long _sellIn;
    private readonly long _sellAt;
    private readonly long _brought;

    /// <summary>Without a price nothing is accepted at the node.</summary>
    /// <param name="buys">Its buyers.</param>
    /// <param name="sells">Its sellers.</param>
    /// <param name="price">Its price.</param>
    /// <param name="brought">Energy that comes to the node whatever units do; negative: that is taken.</param>
    public NodeRoom(MeritOrder buys, MeritOrder sells, long? price, long brought = 0)
    {
        (_buys, _sells, Price, _brought) = (buys, sells, price ?? 0, brought);
        if (price is { } p)
        {
            (_buyStepsIn, _buyIn, _buyAt) = Count(buys, p);
            (_sellStepsIn, _sellIn, _sellAt) = Count(sells, p);
        }
    }

    public long Price { get; }

    /// <summary>Most energy that can be brought here.</summary>
    public long Most => _buyIn + _buyAt - _brought;

    /// <summary>Least energy that can be brought here; negative: most that can be taken away.</summary>
    public long Least => -(_sellIn + _sellAt) - _brought;

    /// <summary>How far a net energy is above (positive) or below (negative) what the orders can take up.</summary>
    public long Excess(long net) => net > Most ? net - Most : net < Least ? net - Least : 0;

    private static (int Steps, long In, long At) Count(MeritOrder ladder, long price)
    {
        var steps = ladder.StepsInTheMoney(price);
        long sum = 0;
        for (var s = 0; s < steps; s++)
        {
            sum += ladder.Totals[s];
        }

        return (steps, sum, steps < ladder.Steps && ladder.Gain(steps, price) == 0 ? ladder.Totals[steps] : 0);
    }

    /// <summary>Volumes bought and sold for a net energy between <see cref="Least"/> and <see cref="Most"/>:
    /// as much as possible, and where not all in the money fits, the least gain is given up.</summary>
    public (long Bought, long Sold) Volumes(long net)
    {
        var beyond = net + _brought - _buyIn + _sellIn;
        if (beyond > _buyAt)
        {
            return (_buyIn + _buyAt, _sellIn - (beyond - _buyAt));
        }

        if (beyond < -_sellAt)
        {
            return (_buyIn + beyond + _sellAt, _sellIn + _sellAt);
        }

        var bought = Math.Min(_buyAt, _sellAt + beyond);
        return (_buyIn + bought, _sellIn + bought - beyond);
    }

    /// <summary>Gain given up by orders in the money, in Wh times millionths per kWh.</summary>
    public Int128 Loss(long net)
    {
        var (bought, sold) = Volumes(net);
        return GivenUp(_buys, _buyStepsIn, _buyIn - bought) + GivenUp(_sells, _sellStepsIn, _sellIn - sold);
    }

    private Int128 GivenUp(MeritOrder ladder, int steps, long missing)
    {
        Int128 loss = 0;
        for (var s = steps - 1; s >= 0 && missing > 0; s--)
        {
            var part = Math.Min(missing, ladder.Totals[s]);
            loss += (Int128)part * ladder.Gain(s, Price);
            missing -= part;
        }

        return loss;
    }
}
