"""What pyproject.toml cannot say: the page's packages, the tools for development, plotly's script in the wheel."""

import runpy
from pathlib import Path

from setuptools import find_packages, setup
from setuptools.command.build_py import build_py

# The list that CI installs is the only one; its first line brings requirements.txt, which every install has anyway.
tools = [line for line in Path("requirements-dev.txt").read_text().splitlines() if line and line[0] not in "-#"]


class BuildApp(build_py):
    def find_package_modules(self, package: str, folder: str) -> list:
        """Of the checkout's own folder app.py alone; classroom.py is `fda-opt-lab classroom` where it is installed."""
        found = super().find_package_modules(package, folder)
        return [module for module in found if package != "fda_opt_lab" or module[1] == "app"]

    def run(self) -> None:
        """An installed copy may be read-only: what the app would put into `static` when it starts is there already."""
        super().run()
        if not self.editable_mode:
            publish = runpy.run_path("ui/components/live_chart/plotly_js.py")["publish"]
            publish(Path(self.build_lib) / "fda_opt_lab" / "static")


setup(
    packages=[
        *find_packages(include=["fda_core", "fda_core.*"]),
        "fda_opt_lab",
        *(f"fda_opt_lab.{name}" for name in find_packages(include=["ui", "ui.*"])),
    ],
    extras_require={"dev": tools},
    cmdclass={"build_py": BuildApp},
)
