"""hansa_core.plan.grid: one integer formula."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hansa_core.plan.grid import COSINE_MILLI, MAX_METRES, ROW_FACTOR, grid_cell, latitude_step, longitude_steps

LATITUDES, LONGITUDES = st.floats(-90, 90), st.floats(-180, 180)


def test_the_table_is_the_rounded_cosine_of_each_whole_degree() -> None:
    assert tuple(max(1, round(1000 * math.cos(math.radians(degree)))) for degree in range(91)) == COSINE_MILLI


def test_a_degree_of_latitude_is_111_320_metres() -> None:
    assert latitude_step(111_320) == 1_000_000
    assert latitude_step(1) == 8
    assert longitude_steps(111_320)[60] == 2_000_000


@pytest.mark.parametrize(
    ("latitude", "longitude", "metres", "cell"),
    [
        (0.0, 0.0, 111_320, 90 * ROW_FACTOR + 180),
        (-90.0, -180.0, 111_320, 0),
        (0.0, -0.0000005, 111_320, 90 * ROW_FACTOR + 179),  # half a micro-degree rounds away from zero
        (60.5, 1.9, 111_320, 150 * ROW_FACTOR + 90),
        (-60.5, 2.1, 111_320, 29 * ROW_FACTOR + 88),  # the lower edge is at 61° S: a cell is 10⁹ div 485 µ° wide
        (34.05, -118.25, 1_000, 13_809 * ROW_FACTOR + 5_699),
    ],
)
def test_known_cells(latitude: float, longitude: float, metres: int, cell: int) -> None:
    assert grid_cell(latitude, longitude, metres) == cell


@pytest.mark.parametrize("point", [(90.1, 0.0), (-90.1, 0.0), (0.0, 180.1), (0.0, -180.1)])
def test_there_is_no_cell_off_the_globe(point: tuple[float, float]) -> None:
    assert grid_cell(*point, 100) is None


@given(LATITUDES, LONGITUDES, st.integers(1, MAX_METRES))
def test_every_point_has_a_cell_that_fits_in_64_bits(latitude: float, longitude: float, metres: int) -> None:
    cell = grid_cell(latitude, longitude, metres)
    assert cell is not None
    assert 0 <= cell < 2**63
    row, column = divmod(cell, ROW_FACTOR)
    assert row <= 180_000_000 // latitude_step(metres)
    assert column <= 360_000_000 // longitude_steps(metres)[0]
