"""Flower's arrays as one long vector, the way the method looks at a model."""

from collections.abc import Mapping

import numpy as np
from flwr.app import Array, ArrayRecord, RecordDict


def floats(arrays: ArrayRecord) -> list[str]:
    """Names of the arrays that a model moves by training; counters and the like have no drift.

    Raises `ValueError` where there are none.
    """
    names = [name for name, array in arrays.items() if np.issubdtype(np.dtype(array.dtype), np.floating)]
    if not names:
        raise ValueError("FDA needs a model: among the arrays of this message none holds floating-point numbers.")
    return names


def flat(arrays: ArrayRecord) -> np.ndarray:
    """The model's numbers end to end, [d] float32, in the order of the record."""
    return np.concatenate([arrays[name].numpy().ravel().astype(np.float32, copy=False) for name in floats(arrays)])


def shaped(vector: np.ndarray, like: ArrayRecord) -> ArrayRecord:
    """Undoes `flat`: arrays with the names, shapes and types of `like`, whose other arrays are kept."""
    result, start = ArrayRecord(dict(like.items())), 0
    for name in floats(like):
        old = like[name].numpy()
        result[name] = Array(vector[start : start + old.size].reshape(old.shape).astype(old.dtype))
        start += old.size
    return result


def model_of(content: RecordDict) -> tuple[str, ArrayRecord]:
    """The one record of arrays in a message, and what it is called. Raises `ValueError` for none or several."""
    records = content.array_records
    if len(records) != 1:
        raise ValueError(f"FDA needs one ArrayRecord in a message, the model: this one has {len(records)}.")
    return next(iter(records.items()))


def types_of(content: RecordDict) -> dict[str, np.dtype]:
    """Of a message's arrays, by their names."""
    return {name: np.dtype(array.dtype) for record in content.array_records.values() for name, array in record.items()}


def retyped(content: RecordDict, types: Mapping[str, np.dtype]) -> RecordDict:
    """The records, those arrays that have become float64 in their former type again."""
    records = dict(content.items())
    for record, arrays in content.array_records.items():
        if wide := [name for name, array in arrays.items() if widened(array, types.get(name))]:
            narrow = {name: Array(arrays[name].numpy().astype(types[name])) for name in wide}
            records[record] = ArrayRecord(dict(arrays.items()) | narrow)
    return RecordDict(records)


def widened(array: Array, before: np.dtype | None) -> bool:
    """Whether it is float64 now and was not."""
    return before is not None and before != np.float64 and np.dtype(array.dtype) == np.float64
