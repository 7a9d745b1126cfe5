"""What an FDA run on Flower is told."""

from dataclasses import dataclass

from fda_core.algorithm.policies import Rule, make_rule
from fda_core.settings.methods import RULES, RuleKind


@dataclass(frozen=True, kw_only=True)
class Fda:
    """When the models travel, and how the server asks.

    rule: `adaptive` is FDA-OPT (arXiv 2505.04535), `fixed` FDA with a Θ of yours (2405.20988), `smoothed` and
    `tapered` ours (the latter needs the training loss that clients report), and `schedule` FedOpt with E local epochs,
    to compare with. max_epochs: M, the most local epochs of a round; epochs: E;
    theta: Θ. look_ahead: local epochs that clients train before they ask; more of them make fewer exchanges, and some
    epochs are thrown away. weighted_by: the metric that weighs clients, as the strategy does; None for equal shares.
    deadline: seconds of one exchange, after which the round goes on without who has not answered; None for the
    strategy's timeout. seed: of the sketch.

    Raises `ValueError` for what is not allowed.
    """

    rule: str = "adaptive"
    max_epochs: int = 10
    epochs: int = 1
    theta: float | None = None
    look_ahead: int = 1
    weighted_by: str | None = "num-examples"
    deadline: float | None = None
    seed: int = 0
    every_step: bool = False  # Flower's messages are a local epoch apart

    def __post_init__(self) -> None:
        if self.rule not in RULES or self.kind.method not in ("fda", "fedopt"):
            raise ValueError(f"rule = {self.rule!r} is not one of adaptive, fixed, smoothed, tapered, schedule.")
        if (self.theta is not None) != ("theta" in self.kind.needs):
            raise ValueError("theta goes with rule='fixed', and with no other.")
        if self.every_step:
            raise ValueError("every_step: Flower's messages are a local epoch apart.")
        for name in ("max_epochs", "epochs", "look_ahead"):
            if not isinstance(value := getattr(self, name), int) or value < 1:
                raise ValueError(f"{name} = {value!r} is not a whole number from 1.")
        if self.deadline is not None and not self.deadline > 0:
            raise ValueError(f"deadline = {self.deadline!r} is not a number of seconds above 0.")

    @property
    def kind(self) -> RuleKind:
        """The rule's row in the table of methods."""
        return RULES[self.rule]

    @property
    def most(self) -> int:
        """Local epochs that a round cannot exceed."""
        return self.max_epochs if "max_epochs" in self.kind.needs else self.epochs

    def make_rule(self) -> Rule:
        """The rule, with nothing learnt yet."""
        return make_rule(self)
