"""A configuration that pydantic refuses, as an error of ours: field = value, and what is allowed."""

from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from fda_core.support.errors import ConfigError
from fda_core.support.messages import Message

BOUNDS = ("gt", "ge", "lt", "le")


def refusal(error: ValidationError, root: type[BaseModel]) -> ConfigError:
    """The first problem of a validation error; root: the model that was validated."""
    first = error.errors(include_url=False)[0]
    name = ".".join(str(part) for part in first["loc"])
    limits = first.get("ctx", {})
    kind = first["type"]
    if kind == "value_error":
        return limits["error"]  # of a validator of the model
    if kind == "extra_forbidden":
        shown = name if name.isprintable() else ascii(name)
        return ConfigError("settings.unknown", name=shown, settings=", ".join(_owner(root, name).model_fields))
    if kind == "missing":
        return ConfigError("settings.missing", name=name)
    allowed = _allowed(root, name, kind, limits) or first["msg"][0].lower() + first["msg"][1:]
    return ConfigError("settings.not_allowed", name=name, value=first["input"], allowed=allowed)


def _allowed(root: type[BaseModel], name: str, kind: str, limits: dict) -> Message | None:
    """What may stand there; None where only pydantic can say."""
    if kind == "literal_error":
        choices, either, last = limits["expected"].rpartition(" or ")
        if either:
            return Message("allowed.one_of_or", choices=choices, last=last)
        return Message("allowed.one_of", choices=last)
    if kind in ("model_type", "model_attributes_type"):
        return Message("allowed.assignments", name=name)
    if kind == "tuple_type":
        return Message("allowed.list")
    if kind == "too_short":
        return Message("allowed.list_of_one")
    if name == "table.sha256":
        return Message("allowed.digest")
    if kind in ("string_pattern_mismatch", "string_type"):
        return Message("allowed.name")
    field = _field(root, name)
    bounds = {key: getattr(m, key) for m in field.metadata for key in BOUNDS if hasattr(m, key)} if field else {}
    return _between("int" in str(field.annotation), **bounds) if field and bounds else _own_words(kind, limits)


def _between(
    whole: bool, gt: float | None = None, ge: float | None = None, lt: float | None = None, le: float | None = None
) -> Message:
    """A number between bounds: `gt` or `ge` below, `lt`, `le` or none above."""
    begins = "from" if gt is None else "above"
    ends = "below" if lt is not None else "upwards" if le is None else "to"
    low, high = ge if gt is None else gt, le if lt is None else lt
    return Message(f"allowed.{'whole' if whole else 'number'}_{begins}_{ends}", low=low, high=high)


def _own_words(kind: str, limits: dict) -> Message | None:
    """What pydantic says of lengths, and of a truth value (`_no_truth_value`)."""
    match kind:
        case "string_too_long":
            return Message("allowed.string_too_long", most=limits["max_length"])
        case "string_too_short":
            return Message("allowed.string_too_short", fewest=limits["min_length"])
        case "too_long":
            return Message("allowed.too_long", most=limits["max_length"], count=limits["actual_length"])
        case "truth_value":
            return Message("allowed.no_truth_value")
    return None


def _field(root: type[BaseModel], path: str) -> FieldInfo | None:
    """The declared field behind a dotted path such as `link.rtt_ms` or `lanes.0.epochs`."""
    return _owner(root, path).model_fields.get([part for part in path.split(".") if not part.isdigit()][-1])


def _owner(root: type[BaseModel], path: str) -> type[BaseModel]:
    """The model that a dotted path's last name belongs to: `root`, or that of one of its fields."""
    head, *rest = [part for part in path.split(".") if not part.isdigit()] or [path]
    field = root.model_fields.get(head) if rest else None
    return (field and _part(field.annotation)) or root


def _part(annotation: Any) -> type[BaseModel] | None:
    """The model in a field's type: itself, or that of an optional one or of a list."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next(filter(None, map(_part, get_args(annotation))), None)
