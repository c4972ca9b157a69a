"""The number of the grid cell that holds a point: one integer formula for every engine.

Latitude and longitude become whole micro-degrees (half away from zero). A row is `latitude_step` micro-degrees high;
a cell is as wide as the row's lower edge asks: the step divided by the cosine of that edge's whole degree (toward
zero). The number is row · 10⁹ + column, both counted from 90° S, 180° W. Metres are nominal: 111,320 to a degree.
"""

from __future__ import annotations

from hansa_core.plan.casts import round_half_away

MICRO = 1_000_000
ROW_FACTOR = 1_000_000_000
MAX_METRES = 1_000_000
_METRES_PER_DEGREE = 111_320

COSINE_MILLI = (  # max(1, round(1000 · cos d°)) for d = 0..90: written out, since libraries differ in the last digit
    *(1000, 1000, 999, 999, 998, 996, 995, 993, 990, 988),
    *(985, 982, 978, 974, 970, 966, 961, 956, 951, 946),
    *(940, 934, 927, 921, 914, 906, 899, 891, 883, 875),
    *(866, 857, 848, 839, 829, 819, 809, 799, 788, 777),
    *(766, 755, 743, 731, 719, 707, 695, 682, 669, 656),
    *(643, 629, 616, 602, 588, 574, 559, 545, 530, 515),
    *(500, 485, 469, 454, 438, 423, 407, 391, 375, 358),
    *(342, 326, 309, 292, 276, 259, 242, 225, 208, 191),
    *(174, 156, 139, 122, 105, 87, 70, 52, 35, 17),
    1,
)


def latitude_step(metres: int) -> int:
    """The height of a row in micro-degrees, at least 1. `metres`: 1 to MAX_METRES."""
    return max(1, metres * MICRO // _METRES_PER_DEGREE)


def longitude_steps(metres: int) -> tuple[int, ...]:
    """The width of a cell in micro-degrees for each whole degree 0..90 of the row's lower edge."""
    step = latitude_step(metres)
    return tuple(_width(step, degree) for degree in range(91))


def micro_degrees(degrees: float) -> int:
    """Whole micro-degrees of the double `degrees · 10⁶`, half away from zero."""
    return round_half_away(degrees * float(MICRO))


def grid_cell(latitude: float, longitude: float, metres: int) -> int | None:
    """The cell's number; None outside ±90° and ±180°."""
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
        return None
    step = latitude_step(metres)
    row = (micro_degrees(latitude) + 90 * MICRO) // step
    degree = abs(row * step - 90 * MICRO) // MICRO
    column = (micro_degrees(longitude) + 180 * MICRO) // _width(step, degree)
    return row * ROW_FACTOR + column


def _width(step: int, degree: int) -> int:
    return max(1, step * 1000 // COSINE_MILLI[degree])
