"""Tables of a log, for pyarrow, polars, pandas, DuckDB and whatever else speaks Arrow."""

from __future__ import annotations

import html
import importlib
from typing import TYPE_CHECKING, Any, Iterator, Sequence

from . import _native

if TYPE_CHECKING:
    import pandas
    import polars
    import pyarrow

__all__ = ["Table"]


def _library(name: str, why: str) -> Any:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.split(".")[0] != name:
            raise
        raise ModuleNotFoundError(
            f"{name} is not installed, and {why} needs it: pip install {name}", name=name
        ) from None


class Table:
    """Rows of a log, in Arrow's memory.

    Libraries take it as it is, without a copy: `pyarrow.table(rows)`, `polars.DataFrame(rows)`, DuckDB by its name in a
    query; `to_arrow`, `to_polars` and `to_pandas` do it for you. Times are aware (UTC), lengths of time are durations,
    words are dictionaries. The columns are promised: see `callfold.tables` in ARCHITECTURE.md.

    >>> import callfold
    >>> with callfold.open("tests/vectors/named/hold-and-back.jsonl") as log:
    ...     calls = log.calls()
    >>> len(calls), calls.column_names[:4]
    (1, ['stream', 'call', 'chain', 'direction'])
    """

    __slots__ = ("_rows",)

    def __init__(self, rows: _native.Rows) -> None:
        self._rows = rows

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """The rows as an Arrow stream (the Arrow PyCapsule interface)."""
        return self._rows.__arrow_c_stream__(requested_schema)

    def __arrow_c_schema__(self) -> object:
        """The columns as an Arrow schema (the Arrow PyCapsule interface)."""
        return self._rows.__arrow_c_schema__()

    def to_arrow(self) -> pyarrow.Table:
        """A `pyarrow.Table` over the same memory."""
        table: pyarrow.Table = _library("pyarrow", "to_arrow()").table(self)
        return table

    def to_polars(self) -> polars.DataFrame:
        """A `polars.DataFrame`."""
        frame: polars.DataFrame = _library("polars", "to_polars()").DataFrame(self)
        return frame

    def to_pandas(self, **options: Any) -> pandas.DataFrame:
        """A `pandas.DataFrame`. Whole numbers that may be missing stay whole numbers (`UInt16`, …), they do not become
        floats. `options` are those of `pyarrow.Table.to_pandas`."""
        pd = _library("pandas", "to_pandas()")
        pa = _library("pyarrow", "to_pandas()")
        whole = {
            pa.uint16(): pd.UInt16Dtype(),
            pa.uint32(): pd.UInt32Dtype(),
            pa.uint64(): pd.UInt64Dtype(),
        }
        options.setdefault("types_mapper", whole.get)
        frame: pandas.DataFrame = pa.table(self).to_pandas(**options)
        return frame

    def select(self, columns: Sequence[str]) -> Table:
        """Only these columns, in this order. Nothing is copied."""
        return Table(self._rows.select([columns] if isinstance(columns, str) else list(columns)))

    def batches(self) -> Iterator[Table]:
        """The same rows in batches, each a table. Nothing is copied."""
        return (Table(rows) for rows in self._rows.batches())

    @property
    def column_names(self) -> list[str]:
        """The names of the columns."""
        return self._rows.column_names

    @property
    def num_rows(self) -> int:
        """How many rows there are."""
        return self._rows.num_rows

    @property
    def nbytes(self) -> int:
        """How many bytes of memory it takes."""
        return self._rows.nbytes

    def __len__(self) -> int:
        return self._rows.num_rows

    def __repr__(self) -> str:
        names = self.column_names
        shown = ", ".join(names[:6]) + (", …" if len(names) > 6 else "")
        return f"<Table: {len(self)} rows of {len(names)} columns: {shown}>"

    def _repr_html_(self) -> str:
        """The first rows for a notebook, if pandas is there to show them."""
        try:
            head = next(self.batches(), self)
            shown: str = head.to_pandas().head(20).to_html(max_cols=20, notebook=True)
        except ModuleNotFoundError:
            return f"<code>{html.escape(repr(self))}</code>"
        return f"{shown}<p>{len(self)} rows × {len(self.column_names)} columns</p>"
