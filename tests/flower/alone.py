"""A program beside which nothing of the lab is installed but the library: the tiny app, three rounds of it.

`python alone.py` where `fda_flower` is installed; it prints where library and core are, and how far the model went.
"""

import sys
from unittest.mock import patch

OTHERS = ("torch", "pydantic", "streamlit", "transformers", "pandas")


def main() -> None:
    """The tiny app is written as anybody's is; one line of it is the library's."""
    import tiny_app
    from local_grid import LocalGrid

    import fda_core
    import fda_flower

    strategy = fda_flower.FdaAvg(min_train_nodes=3, min_available_nodes=3)
    grid = LocalGrid(tiny_app.make_app(fda_flower.fda_mod), 3)
    result = strategy.start(grid, tiny_app.initial(), 3, train_config=tiny_app.config())
    print(fda_flower.__file__, fda_core.__file__, float(abs(result.arrays["w"].numpy()).sum()), sep="\n")


if __name__ == "__main__":
    with patch.dict(sys.modules, dict.fromkeys(OTHERS)):  # importing one of them is an error
        main()
