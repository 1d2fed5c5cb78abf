"""How much to order, and why: the arithmetic of replenishment, each step of it a number. Pure.

The safety stock for a service level is z * sqrt(L * sd^2 + d^2 * sl^2): d and sd are mean and
standard deviation of the demand of a day, L and sl those of the lead time in days, z the standard
normal quantile of the service level, which here is the share of order cycles without a stock-out
(Silver, Pyke, Thomas: Inventory and Production Management in Supply Chains, 4th ed., ch. 6).
"""

from decimal import Decimal
from statistics import NormalDist
from typing import Final, NamedTuple

from ledger.replenishing import Replenishment
from schemas.base import ZERO

LOT_FOR_LOT: Final = "lot-for-lot"
Z_DECIMALS: Final = 6
"""So many of a quantile's decimals count: all machines agree on those."""


class Rate(NamedTuple):
    """What varies: its mean, and its standard deviation."""

    mean: Decimal
    sigma: Decimal


class Stock(NamedTuple):
    """What there is of an item at a location, and what is to come."""

    on_hand: Decimal
    reserved: Decimal
    held: Decimal
    unusable: Decimal  # of lots that may not be used, what is neither reserved nor held
    incoming: Decimal
    accepted: Decimal  # by recommendations, and not settled

    @property
    def available(self) -> Decimal:
        """What is there for whoever asks next; below zero where orders wait."""
        return self.on_hand - self.reserved - self.held - self.unusable

    @property
    def projected(self) -> Decimal:
        """What will be there once all that is to come has come."""
        return self.available + self.incoming + self.accepted


class Step(NamedTuple):
    """A rule that was applied to an order, and what it then came to."""

    rule: str
    comes_to: Decimal


class Order(NamedTuple):
    """One of the recommended orders, or several that are alike."""

    times: int
    quantity: Decimal
    steps: tuple[Step, ...]


class Arithmetic(NamedTuple):
    """What was reckoned, in the order in which one follows from the other."""

    z: Decimal | None
    safety_stock: Decimal
    lead_demand: Decimal | None  # over the lead time; None where the reorder point was stated
    point: Decimal
    status: str
    need: Decimal
    orders: tuple[Order, ...]

    @property
    def total(self) -> Decimal:
        """All that should be ordered."""
        return sum((order.times * order.quantity for order in self.orders), ZERO)


def reckoned(
    policy: Replenishment, stock: Stock, demand: Rate | None, lead_time: Rate | None, unit: Decimal
) -> Arithmetic | str:
    """What to order, in base units of which there is none smaller than `unit`.

    A place needs something when what is projected is at or below the point, which is the reorder
    point or the safety stock, whichever is higher; lot for lot, when it is below the safety stock.
    What is needed lifts strictly above the point, or up to the maximum where that is more; lot for
    lot, up to the safety stock. Where a figure is wanted that nobody knows: its name.
    """
    lifted = policy.kind != LOT_FOR_LOT
    by_demand = lifted and policy.reorder_point is None
    z, safety_stock, lead_demand = None, policy.safety_stock or ZERO, None
    if policy.service_level is not None or by_demand:
        if demand is None:
            return "demand-unknown"
        if lead_time is None:
            return "lead-time-unknown"
        if policy.service_level is not None:
            z = quantile(policy.service_level)
            safety_stock = rounded_up(z * _deviation(demand, lead_time), unit)
        if by_demand:
            lead_demand = demand.mean * lead_time.mean
    point = _point(policy, safety_stock, lead_demand, unit) if lifted else safety_stock
    projected = stock.projected
    need = _need(policy, projected, point, unit)
    return Arithmetic(
        z,
        safety_stock,
        lead_demand,
        point,
        status(stock.available, safety_stock, point, policy.maximum),
        need,
        _orders(need, policy) if need else (),
    )


def quantile(percent: Decimal) -> Decimal:
    """How many standard deviations cover so many percent of all cases."""
    return Decimal(str(round(NormalDist().inv_cdf(float(percent) / 100), Z_DECIMALS)))


def _deviation(demand: Rate, lead_time: Rate) -> Decimal:
    """The standard deviation of what is asked for over a lead time."""
    return (lead_time.mean * demand.sigma**2 + demand.mean**2 * lead_time.sigma**2).sqrt()


def _point(
    policy: Replenishment, safety_stock: Decimal, lead_demand: Decimal | None, unit: Decimal
) -> Decimal:
    if lead_demand is not None:
        return rounded_up(lead_demand + safety_stock, unit)
    return max(policy.reorder_point or ZERO, safety_stock)


def _need(policy: Replenishment, projected: Decimal, point: Decimal, unit: Decimal) -> Decimal:
    if policy.kind == LOT_FOR_LOT:
        return rounded_up(max(point - projected, ZERO), unit)
    if projected > point:
        return ZERO
    above = rounded_down(point - projected, unit) + unit
    if policy.kind == "min-max" and policy.maximum is not None:
        return max(above, rounded_up(policy.maximum - projected, unit))
    return above


def _orders(need: Decimal, policy: Replenishment) -> tuple[Order, ...]:
    """The orders that cover a need: as many as the largest allows alike, and one for the rest."""
    largest = largest_order(policy)
    full = 0 if largest is None else int(rounded_up(need, largest) / largest) - 1
    if largest is None or not full:
        return (_order(1, "need", need, policy),)
    rest = _order(1, "rest", need - full * largest, policy)
    return _order(full, "need", need, policy), rest


def _order(times: int, rule: str, wanted: Decimal, policy: Replenishment) -> Order:
    """One order of what is wanted, as the rules raise and cut it; those that do neither are not told."""
    steps = [Step(rule, wanted)]
    largest = largest_order(policy)

    def go(rule: str, comes_to: Decimal) -> None:
        if comes_to != steps[-1].comes_to:
            steps.append(Step(rule, comes_to))

    if policy.quantity is not None:
        go("quantity", rounded_up(wanted, policy.quantity))
    if policy.order_min is not None:
        go("order_min", max(steps[-1].comes_to, policy.order_min))
    if policy.order_multiple is not None:
        go("order_multiple", rounded_up(steps[-1].comes_to, policy.order_multiple))
    if largest is not None:
        go("order_max", min(steps[-1].comes_to, largest))
    return Order(times, steps[-1].comes_to, tuple(steps))


def largest_order(policy: Replenishment) -> Decimal | None:
    """The largest order that is a whole multiple; none where there is no maximum."""
    if policy.order_max is None or policy.order_multiple is None:
        return policy.order_max
    return rounded_down(policy.order_max, policy.order_multiple)


def status(
    available: Decimal, low: Decimal | None, point: Decimal | None, maximum: Decimal | None
) -> str:
    """How a place stands; a threshold that is not known bears on nothing."""
    if available <= ZERO:
        return "stock-out"
    if low is not None and available <= low:
        return "low-stock"
    if point is not None and available <= point:
        return "reorder"
    return "overstock" if maximum is not None and available > maximum else "in-stock"


def rounded_up(quantity: Decimal, step: Decimal) -> Decimal:
    """The smallest whole number of steps that is not less."""
    return (quantity // step + (1 if quantity % step > ZERO else 0)) * step


def rounded_down(quantity: Decimal, step: Decimal) -> Decimal:
    """The largest whole number of steps that is not more."""
    return (quantity // step - (1 if quantity % step < ZERO else 0)) * step
