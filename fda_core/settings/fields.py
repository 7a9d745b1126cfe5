"""The settings, one row each: where it stands in a configuration, how a page asks for it, what depends on it.

Types, ranges, options and defaults are the configuration's own (`config.py`) and are read from there. The page's
controls, the address, the other spellings (`assignments.py`) and the cost estimate read these rows. Keys of catalogues
are plain data here: no page is known.
"""

from dataclasses import dataclass
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from fda_core.settings.config import ExperimentConfig, LaneSpec, Registered

Widget = Literal["number", "slider", "steps", "choice", "radio", "several"]
Place = Literal["top", "threshold", "model", "more"]
Number = int | float

ALPHAS = (1000.0, 100.0, 30.0, 10.0, 3.0, 1.0, 0.3, 0.1, 0.03, 0.01)
RATES = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5)
# Eight steps a decade, equally far apart on the slider.
THETAS = tuple(round(10 ** (i / 8), 5) for i in range(-24, 17))
RANKS = (1, 2, 4, 8, 16, 32, 64)


@dataclass(frozen=True)
class Setting:
    """One setting of an experiment.

    field: its dotted name; `lanes.NAME` stands for those lanes that a page makes. measured: whether the times that the
    cost estimate needs depend on it. follows: the setting whose change brings this one another default. reads: the
    property that has its value, where the field may be left out. place and widget: where and how a page asks for it,
    None if it does not. key: the widget's. label, help: the catalogue's keys. option: of its options' labels, with {}
    for the option's name, or with a value called `key`. number: how an option that is a number is written. steps: the
    values a page offers besides the present one. typed: whether others can be typed. least, most, step: of the widget,
    where the field's range is open or wider than a page wants. engineer: whether only engineers are asked.
    """

    field: str
    measured: bool = False
    follows: str | None = None
    reads: str = ""
    place: Place | None = None
    widget: Widget | None = None
    key: str = ""
    label: str = ""
    help: str = ""
    option: str = ""
    number: str = ""
    steps: tuple[Number, ...] = ()
    typed: bool = False
    least: Number | None = None
    most: Number | None = None
    step: float | None = None
    engineer: bool = False

    @property
    def top(self) -> str:
        """The configuration's own field that it is, or is a part of."""
        return self.field.split(".")[0]

    @property
    def of_lanes(self) -> bool:
        """Whether it says something of the lanes that a page makes."""
        return self.field.startswith("lanes.")

    def value(self, config: ExperimentConfig) -> Any:
        """What a configuration says."""
        place: Any = config
        for name in (self.reads or self.field).split("."):
            place = getattr(place, name)
        return place

    @property
    def declared(self) -> FieldInfo:
        """The configuration's declaration. Raises KeyError for a setting there is not."""
        owner: type[BaseModel] = LaneSpec if self.of_lanes else ExperimentConfig
        *parents, last = self.field.removeprefix("lanes.").split(".")
        for name in parents:
            part = owner.model_fields[name].annotation
            assert isinstance(part, type) and issubclass(part, BaseModel), "what has parts is one itself"
            owner = part
        return owner.model_fields[last]

    @property
    def options(self) -> tuple[str, ...]:
        """The names to choose from, of a registry as it is now; () for what is no choice of names."""
        for part in self.declared.metadata:
            if isinstance(part, Registered):
                return tuple(part.registry)
        return next((get_args(kind) for kind in self._types if get_origin(kind) is Literal), ())

    @property
    def is_float(self) -> bool:
        """Whether it is a number with a fraction."""
        return float in self._types

    @property
    def range(self) -> tuple[Number, Number]:
        """The least and the most a page lets in. Raises TypeError for what is no number between two others."""
        bounds = {name: getattr(part, name) for part in self.declared.metadata for name in ("ge", "le")
                  if hasattr(part, name)}  # fmt: skip
        kind = float if self.is_float else int
        least: Any = bounds.get("ge") if self.least is None else self.least
        most: Any = bounds.get("le") if self.most is None else self.most
        return kind(least), kind(most)

    @property
    def _types(self) -> tuple[Any, ...]:
        """The field's type and the types that is made of."""
        return self.declared.annotation, *get_args(self.declared.annotation)


# In the order of the page.
SETTINGS = (
    Setting("preset", place="top", widget="choice", key="preset", label="settings.preset", option="settings.preset_{}"),
    Setting("clients", place="top", widget="slider", key="clients", label="settings.clients", least=2, most=200),
    Setting(
        "alpha", place="top", widget="steps", key="alpha", label="settings.alpha", help="settings.alpha_help",
        option="settings.alpha_value", steps=ALPHAS,
    ),
    Setting(
        "lanes.rule", place="threshold", widget="radio", key="mode", label="settings.threshold", option="settings.{}",
        engineer=True,
    ),
    Setting(
        "lanes.theta", place="threshold", widget="steps", key="theta", label="settings.theta", number=".3g",
        steps=THETAS, engineer=True,
    ),
    Setting(
        "model", measured=True, place="model", widget="choice", key="model", label="model.model", help="model.help",
        typed=True,
    ),
    Setting(
        "trained", measured=True, place="model", widget="choice", key="trained", label="model.trained",
        option="model.trained_{}",
    ),
    Setting(
        "lora.rank", measured=True, place="model", widget="steps", key="rank", label="model.rank", steps=RANKS,
        engineer=True,
    ),
    Setting(
        "lora.layers", measured=True, place="model", widget="number", key="lora_layers", label="model.layers",
        engineer=True,
    ),
    Setting(
        "lora.targets", measured=True, place="model", widget="several", key="targets", label="model.targets",
        option="model.target_{}", engineer=True,
    ),
    Setting(
        "trained_layers", measured=True, place="model", widget="number", key="trained_layers",
        label="model.trained_layers",
    ),
    Setting(
        "clients_per_round", reads="cohort_size", place="more", widget="number", key="cohort", label="settings.cohort",
        engineer=True,
    ),
    Setting(
        "lanes.epochs", place="more", widget="number", key="epochs", label="settings.epochs", engineer=True,
    ),
    Setting(
        "lanes.max_epochs", place="more", widget="number", key="max_epochs", label="settings.max_epochs",
        engineer=True,
    ),
    Setting(
        "lanes.check", place="more", widget="choice", key="check", label="settings.check", option="settings.check_{}",
        engineer=True,
    ),
    Setting(
        "lanes.monitor", place="more", widget="choice", key="monitor", label="settings.monitor",
        option="settings.monitor_{}", engineer=True,
    ),
    Setting("rounds", place="more", widget="number", key="rounds", label="settings.rounds", engineer=True),
    Setting(
        "client_optimizer", place="more", widget="choice", key="client_optimizer", label="settings.client_optimizer",
        option="settings.client_{}", engineer=True,
    ),
    Setting(
        "client_lr", place="more", widget="choice", key="client_lr", label="settings.client_lr", number="g",
        steps=RATES, typed=True, engineer=True,
    ),
    Setting(
        "server_optimizer", place="more", widget="choice", key="server", label="settings.server",
        option="settings.server_{}", engineer=True,
    ),
    Setting(
        "server_lr", follows="server_optimizer", place="more", widget="number", key="server_lr",
        label="settings.server_lr", number="g", least=1e-9, step=0.1, engineer=True,
    ),
    Setting(
        "sizes", place="more", widget="choice", key="sizes", label="settings.sizes", option="settings.sizes_{}",
        engineer=True,
    ),
    Setting(
        "weighting", place="more", widget="choice", key="weighting", label="settings.weighting",
        option="settings.weighting_{}", engineer=True,
    ),
    Setting(
        "client_dropout", place="more", widget="number", key="client_dropout", label="settings.client_dropout",
        number="g", most=0.99, step=0.05, engineer=True,
    ),
    Setting("seed", place="more", widget="number", key="seed", label="settings.seed", engineer=True),
    Setting(
        "link", place="more", widget="choice", key="link", label="settings.link", option="settings.link_{}",
        engineer=True,
    ),
    # Not asked for by a widget of their own.
    Setting("dataset", measured=True),
    Setting("table", measured=True),
    Setting("train_examples"),
    Setting("test_examples"),
    Setting("max_tokens", measured=True),
    Setting("partition"),
    Setting("batch_size", measured=True),
    Setting("local_epochs"),
    Setting("target"),
    Setting("after_target_rounds"),
    Setting("lanes"),
    Setting("lora", measured=True),
)  # fmt: skip


def row(key: str) -> Setting:
    """The setting that a widget asks for. Raises KeyError."""
    return {setting.key: setting for setting in SETTINGS if setting.key}[key]


def placed(*places: Place) -> list[Setting]:
    """What a page asks for there, in its order."""
    return [setting for setting in SETTINGS if setting.place in places]


def follower(setting: Setting) -> Setting | None:
    """The setting whose default a change of this one changes."""
    return next((other for other in SETTINGS if other.follows == setting.field), None)


def top_names() -> list[str]:
    """The words an address or `--set` may begin a name with."""
    return list(dict.fromkeys(setting.top for setting in SETTINGS))


def not_measured() -> set[str]:
    """Fields that no measured time depends on, or is arithmetic from: with other values nothing is measured again."""
    return set(top_names()) - {setting.top for setting in SETTINGS if setting.measured}


def for_engineers() -> list[str]:
    """The places of a page that only engineers see."""
    return [place for place in get_args(Place) if all(setting.engineer for setting in placed(place))]
