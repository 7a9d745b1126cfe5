"""The tasks of GLUE as the paper uses them: columns, sizes, the split that is tested on, measure and target."""

from dataclasses import dataclass
from typing import Any

REPO = "nyu-mll/glue"
MOST_TRAIN, MOST_TEST = 4000, 1000  # unless told otherwise; the paper takes all


@dataclass(frozen=True)
class Task:
    """name: as it is written. pair: None for single sentences. train, test: examples of the splits. goal: the paper's
    higher target."""

    name: str
    text: str
    pair: str | None
    train: int
    test: int
    goal: float
    metric: str = "accuracy"
    test_split: str = "validation"
    labels: int = 2


# Goals are shares of published scores of the fully trained model: 95 %, for SST-2 99 %, for MNLI 90 %.
TASKS = {
    "sst2": Task("SST-2", "sentence", None, 67_349, 872, 0.939),
    "mrpc": Task("MRPC", "sentence1", "sentence2", 3_668, 408, 0.857),
    "rte": Task("RTE", "sentence1", "sentence2", 2_490, 277, 0.75),
    "cola": Task("CoLA", "sentence", None, 8_551, 1_043, 0.604, "mcc"),
    "qnli": Task("QNLI", "question", "sentence", 104_743, 5_463, 0.882),
    "mnli": Task("MNLI", "premise", "hypothesis", 392_702, 9_815, 0.815, test_split="validation_matched", labels=3),
}


def task_of(dataset: object) -> Task | None:
    """The task that a dataset's name means, if it is one."""
    return TASKS.get(str(dataset).removeprefix("glue/")) if str(dataset).startswith("glue/") else None


def defaults(dataset: object) -> dict[str, Any]:
    """What a run on the task takes where nobody says otherwise; nothing for another dataset."""
    if (task := task_of(dataset)) is None:
        return {}
    return {
        "train_examples": min(MOST_TRAIN, task.train), "test_examples": min(MOST_TEST, task.test),
        "target": {"metric": task.metric, "value": task.goal},
    }  # fmt: skip
