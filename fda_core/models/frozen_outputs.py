"""What the frozen layers say of the texts of one set, computed when a text is first needed; threads share the work.

The numbers of a text must not depend on which texts were computed beside it, or a run would depend on what was computed
before it. So texts of one length go together, without padding, in one thread each: the rows of a matrix product do
not depend on one another then, unless there are so few that another routine takes them (`LEAST`).
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from threading import Condition
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from fda_core.models import architectures
from fda_core.models.tokens import Tokens
from fda_core.support.callbacks import Progress, Tick

if TYPE_CHECKING:  # seconds to import, for nothing but this name
    from transformers import PreTrainedModel

TOGETHER = 32  # texts
LEAST = 16  # rows of a matrix product: MKL takes another routine for up to 7 of them on AMD, up to 15 on Intel
LOOK_EVERY = 0.05  # seconds between two ticks while others compute


class FrozenOutputs:
    """`hidden` [ΣT, D] float32 in main memory, in the order of `tokens.ids`; those of texts that nobody has
    needed yet are 0. `whole` is called once, when the last text is done."""

    def __init__(
        self, encoder: "PreTrainedModel", layers: int, tokens: Tokens, hidden: Tensor | None = None,
        whole: Callable[[Tensor], None] = lambda hidden: None,
    ):  # fmt: skip
        """hidden: the outputs of all texts, if they are known."""
        stack = encoder.get_submodule(architectures.of(encoder.config).layers)
        assert isinstance(stack, nn.ModuleList), "the layers are a list in every known architecture"
        self.embeddings, self.layers = encoder.get_submodule("embeddings"), stack[:layers]
        self.device, self.tokens, self.whole = device_of(encoder), tokens, whole
        known = hidden is not None
        # Zeros, because what fills up a short batch may be a text that is not there yet: its weight is 0, and 0 times
        # whatever a new piece of memory holds may be no number.
        self.hidden = torch.zeros(len(tokens.ids), encoder.config.hidden_size) if hidden is None else hidden
        self.asked, self.done = (torch.full((len(tokens),), known) for _ in range(2))
        self.open: list[Tensor] = []  # rows of texts of one length, for whoever comes
        self.changed = Condition()

    def need(self, rows: Tensor, tick: Tick = lambda: None) -> None:
        """Returns once the outputs of these texts are there; meanwhile `tick` is called and may raise."""
        self._ask(rows)
        wanted = torch.zeros_like(self.done)
        wanted[rows] = True
        while not self.done[rows].all():
            tick()
            with self.changed:
                part = self._take(wanted)
                if part is None:
                    self.changed.wait(LOOK_EVERY)
                    continue
            self._compute(part)

    def need_all(self, rows: Tensor, progress: Progress) -> None:
        """The same with all of torch's threads; `progress(done, total)` counts these texts and may raise."""
        stopped = False

        def tick() -> None:
            if stopped:
                raise InterruptedError

        if self.done[rows].all():
            return
        self._ask(rows)
        progress(0, len(rows))
        count = torch.get_num_threads()
        with ThreadPoolExecutor(count) as threads:
            working = [threads.submit(self.need, rows, tick) for _ in range(count)]
            try:
                while wait(working, LOOK_EVERY).not_done:
                    progress(int(self.done[rows].sum()), len(rows))
                for each in working:
                    each.result()
            finally:
                stopped = True
        torch.set_num_threads(count)  # threads to come take the number that was set last
        progress(len(rows), len(rows))

    def _ask(self, rows: Tensor) -> None:
        with self.changed:
            new = rows[~self.asked[rows]].unique()
            self.asked[new] = True
            lengths = self.tokens.lengths[new]
            for length in lengths.unique():
                self.open.extend(new[lengths == length].split(TOGETHER))

    def _take(self, wanted: Tensor) -> Tensor | None:
        """An open part: one with texts of `wanted` [n] rather than what was asked for by somebody who has gone."""
        mine = (place for place, rows in enumerate(self.open) if wanted[rows].any())
        return self.open.pop(next(mine, -1)) if self.open else None

    def _compute(self, rows: Tensor) -> None:
        """One part; if that fails it is open again."""
        try:
            with one_thread(), torch.no_grad():
                places, states = self._states(rows)
                self.hidden[places] = states
        except BaseException:
            with self.changed:
                self.open.append(rows)
            raise
        with self.changed:
            self.done[rows] = True
            last = bool(self.done.all())
            self.changed.notify_all()
        if last:
            self.whole(self.hidden)

    def _states(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Where the tokens of texts of one length stand, [m, T], and the outputs [m, T, D] of the layers."""
        length = int(self.tokens.lengths[rows[0]])
        rows = rows.repeat(-(-LEAST // (len(rows) * max(length, 1))))
        places, mask = self.tokens.places(rows)
        extra = {name: tensor.to(self.device) for name, tensor in self.tokens.extra(rows).items()}
        states, seen = self.embeddings(self.tokens.ids[places].to(self.device), **extra), mask.to(self.device)
        for layer in self.layers:
            states = layer(states, seen[:, None, None, :])
        return places, states.cpu()


@contextmanager
def one_thread() -> Iterator[None]:
    """Torch's operators in this thread are not divided."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def device_of(encoder: nn.Module) -> torch.device:
    """Where its weights are."""
    return next(encoder.parameters()).device
