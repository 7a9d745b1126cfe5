"""What a client keeps between two messages of a round: where the round began, and its models since.

Flower starts a new process for each message. Small models are kept in the context's state; Flower gives a process five
seconds to hand that back and then loses it in silence, so models from 32 MiB on go to files of this node.
"""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from flwr.app import ArrayRecord, ConfigRecord, Context, MetricRecord, RecordDict
from flwr.common.serde import recorddict_from_proto, recorddict_to_proto
from flwr.proto.recorddict_pb2 import RecordDict as Packed
from google.protobuf.message import DecodeError

Records = Mapping[str, ArrayRecord | MetricRecord | ConfigRecord]

SPILL = 32 * 2**20  # bytes
PLACE, MARK = "fda/", "fda-kept"
STATE_FOLDER = "FDA_FLOWER_STATE"


class LostState(Exception):
    """The client does not have what the order goes on from."""


def keep(context: Context, run: int, round: int, epoch: int, records: Records) -> None:
    """Replaces what was kept by `records`, which hold the round after `epoch` local epochs.

    Raises OSError where they are large and cannot be written.
    """
    forget(context)
    size = sum(record.count_bytes() for record in records.values())
    files = len(records) if size > SPILL else 0
    context.state[MARK] = ConfigRecord({"run": run, "round": round, "epoch": epoch, "files": files})
    if files:
        folder = folder_of(context, run)
        folder.mkdir(parents=True, exist_ok=True)
        for number, (name, record) in enumerate(records.items()):  # each by itself: a message has 2 GiB at most
            data = recorddict_to_proto(RecordDict({name: record})).SerializeToString()
            (folder / f"{round}-{epoch}-{number}").write_bytes(data)
    else:
        for name, record in records.items():
            context.state[PLACE + name] = record


def kept(context: Context, run: int, round: int, epoch: int) -> RecordDict:
    """What `keep` was given for just this moment of the run. Raises `LostState`."""
    mark = context.state.get(MARK)
    found = (mark["run"], mark["round"], mark["epoch"]) if isinstance(mark, ConfigRecord) else None
    if not isinstance(mark, ConfigRecord) or found != (run, round, epoch):
        raise LostState(
            f"This client has no state of run {run}, round {round}, epoch {epoch}; it has {found}. "
            "It takes part again in the next round."
        )
    if files := int(str(mark["files"])):
        try:
            return read(folder_of(context, run), f"{round}-{epoch}", files)
        except (OSError, DecodeError) as error:
            raise LostState(f"What this client kept of round {round} cannot be read: {error}.") from None
    state = context.state
    return RecordDict({name.removeprefix(PLACE): state[name] for name in state if name.startswith(PLACE)})


def read(folder: Path, stem: str, count: int) -> RecordDict:
    """The `count` records that `keep` wrote under this name. Raises OSError and protobuf's `DecodeError`."""
    found = RecordDict()
    for file in sorted(folder.glob(f"{stem}-*")):
        found.update(recorddict_from_proto(Packed.FromString(file.read_bytes())))
    if len(found) != count:  # an empty file holds no record either
        raise FileNotFoundError(f"{folder} holds {len(found)} of its {count} records")
    return found


def forget(context: Context) -> None:
    """Nothing is kept any more."""
    mark = context.state.pop(MARK, None)
    if isinstance(mark, ConfigRecord) and mark["files"]:
        shutil.rmtree(folder_of(context, int(str(mark["run"]))), ignore_errors=True)
    for name in [name for name in context.state if name.startswith(PLACE)]:
        del context.state[name]


def folder_of(context: Context, run: int) -> Path:
    """Of one node in one run: in FDA_FLOWER_STATE, or in Flower's own home."""
    home = os.environ.get(STATE_FOLDER) or Path(os.environ.get("FLWR_HOME") or Path.home() / ".flwr") / "fda-state"
    return Path(home) / str(run) / str(context.node_id)
