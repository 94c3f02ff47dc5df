# %% [markdown]
# # A floor's calls, from a store to tables
#
#     python examples/floor.py STORE [--out FOLDER]
#
# Cells as in a notebook: editors that know `# %%` run them one by one. It needs `pip install callfold[polars]`.

# %%
from __future__ import annotations

import argparse
from pathlib import Path

import polars as pl

import callfold
from callfold import IrregularityKind, Outcome, TimeKind

arguments = argparse.ArgumentParser(description="A floor's calls, from a store to tables.")
arguments.add_argument("store", help="a store, or a log that was exported")
arguments.add_argument("--out", type=Path, default=Path(), help="where the picture of a call goes")
given = arguments.parse_args()

log = callfold.open(given.store)
print(log)

# %% [markdown]
# ## Is it whole?
# Before anything is read from it: its chain, and whether today's rules still decide the same.

# %%
report = log.verify(rerun=True)
print("good" if report else "look at it:", [stream.stream for stream in report.streams if not stream.is_good])

# %% [markdown]
# ## The agents' day
# Every microsecond between login and logout is in exactly one kind, so the columns of a row add up.

# %%
day = (
    log.time(by=("agent", "day"))
    .to_polars()
    .with_columns(pl.col("agent", "kind").cast(pl.String))
    .pivot("kind", index=["agent", "day"], values="length", aggregate_function="sum")
    .sort("agent", "day")
)
print(day)

# %%
time = log.time(by="agent").to_polars().with_columns(pl.col("agent", "kind").cast(pl.String))
unknown = time.filter(pl.col("kind") == TimeKind.UNKNOWN)["length"].sum()
print(f"of {time['length'].sum()} nobody knows what was done in {unknown}: the connection was down")

# %% [markdown]
# ## Abandoned calls
# Callers who gave up before anybody answered, and how long they waited.

# %%
calls = log.calls().to_polars().with_columns(pl.col("outcome", "direction", "stream", "agent").cast(pl.String))
abandoned = calls.filter(pl.col("outcome") == Outcome.ABANDONED).sort("waited", descending=True)
print(abandoned.select("began", "number", "waited", "agent").head(10))
incoming = calls.filter(pl.col("direction") == "incoming")
print(f"{len(abandoned)} of {len(incoming)} incoming calls were abandoned")

# %% [markdown]
# ## The longest holds

# %%
with_holds = calls.filter(pl.col("holds") > 0).select("stream", "call").unique()
held = [call for stream, id in with_holds.iter_rows() for call in log.find(id, stream)]
holds = [(hold.length, hold, call) for call in held for hold in call.holds if hold.length is not None]
holds.sort(key=lambda found: found[0], reverse=True)
for length, hold, call in holds[:5]:
    print(f"{length}  {hold.reason}, {hold.end}  {call.stream}  {call.id}")

# %% [markdown]
# ## What does not fit
# A linter for calls: what the log says, and what it should have said as well.

# %%
odd = calls.explode("irregularities").drop_nulls("irregularities")
print(odd.group_by("irregularities").len().sort("len", descending=True))
print("talk without ring:", len(odd.filter(pl.col("irregularities") == IrregularityKind.TALK_WITHOUT_RING)))

# %% [markdown]
# ## One call, as a picture
# In a notebook, `call` alone shows it. Each line of the text names the record that proves it.

# %%
_, longest, call = holds[0]
print(call.timeline())
picture = given.out / "call.svg"
picture.write_text(call.timeline().svg(), encoding="utf-8")
print(f"the picture is in {picture}")

# %%
# What the line was doing when that hold began.
then = log.at(longest.from_.at, call.stream)
print(then.line, "while someone is held:", then.held is not None)

log.close()
