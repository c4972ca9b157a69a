"""Arrays made by hand are those that Arrow itself makes, and pandas is not loaded for them."""

from __future__ import annotations

import struct
import subprocess
import sys
from datetime import date, datetime

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hansa_core.partial.arrow_arrays import array_of

_INT64 = st.integers(-(2**63), 2**63 - 1)
_BIN = st.fixed_dictionaries({"lower": st.floats(allow_nan=False), "upper": st.floats(allow_nan=False), "rows": _INT64})
_BINS = pa.list_(pa.struct([("lower", pa.float64()), ("upper", pa.float64()), ("rows", pa.int64())]))
KINDS: list[tuple[pa.DataType, st.SearchStrategy[object]]] = [
    (pa.bool_(), st.booleans()),
    (pa.int64(), _INT64),
    (pa.float64(), st.floats(allow_nan=False)),
    (pa.string(), st.text(st.characters(exclude_categories=["Cs"]))),
    (pa.date32(), st.dates()),
    (pa.timestamp("us"), st.datetimes()),
    (pa.decimal128(38, 0), st.integers(-(10**38) + 1, 10**38 - 1)),
    (_BINS, st.lists(_BIN, max_size=3)),
]


@given(data=st.data(), kind=st.sampled_from(range(len(KINDS))))
def test_an_array_is_what_arrow_would_make(data: st.DataObject, kind: int) -> None:
    type_, values = KINDS[kind]
    column = data.draw(st.lists(st.none() | values, max_size=20))
    made = array_of(column, type_)
    made.validate(full=True)
    assert made.type == type_
    assert made.equals(pa.array(column, type_))


def test_behind_a_null_there_is_nothing() -> None:
    for values, kind in (([None, 7], pa.int64()), ([None, 7], pa.decimal128(38, 0)), ([None, 1.5], pa.float64())):
        data = array_of(values, kind).buffers()[1].to_pybytes()
        assert not any(data[: len(data) // 2])


@pytest.mark.parametrize(
    ("values", "kind"),
    [([10**38], pa.decimal128(38, 0)), ([2**63], pa.int64()), ([1], pa.uint8()), (["x"], pa.int64())],
)
def test_what_does_not_fit_raises(values: list[object], kind: pa.DataType) -> None:
    with pytest.raises((ValueError, struct.error)):
        array_of(values, kind)


def test_the_years_1_to_9999_fit() -> None:
    days = [date.min, date.max]
    moments = [datetime.min, datetime.max]
    assert array_of(days, pa.date32()).to_pylist() == days
    assert array_of(moments, pa.timestamp("us")).to_pylist() == moments


def test_pandas_is_not_loaded() -> None:
    script = (
        "import sys, pyarrow as pa; from hansa_core.partial.arrow_arrays import array_of;"
        "array_of([1, None], pa.int64()); array_of(['a'], pa.string()); print('pandas' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
