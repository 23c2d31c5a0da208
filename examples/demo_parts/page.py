"""What a section of the page is, and how the page is written. Pictures are saved twice, for light and for dark screens."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")  # files, never windows

import matplotlib.pyplot as plt

THEMES = {
    "light": {"text.color": "#1f2328", "axes.labelcolor": "#1f2328", "axes.edgecolor": "#8c959f", "xtick.color": "#424a53", "ytick.color": "#424a53", "figure.facecolor": "#ffffff", "axes.facecolor": "#ffffff", "grid.color": "#d0d7de", "savefig.facecolor": "#ffffff"},
    "dark": {"text.color": "#e6edf3", "axes.labelcolor": "#e6edf3", "axes.edgecolor": "#6e7681", "xtick.color": "#c9d1d9", "ytick.color": "#c9d1d9", "figure.facecolor": "#161b22", "axes.facecolor": "#161b22", "grid.color": "#30363d", "savefig.facecolor": "#161b22"},
}


@dataclass(frozen=True)
class Picture:
    """A picture that lies in out/ as NAME-light.png and NAME-dark.png.

    words : what it shows and what to see in it, for someone new.  alt : the same in short, for someone who cannot see it.
    """

    name: str
    title: str
    words: str
    alt: str
    width: int
    height: int
    wide: bool = False


@dataclass(frozen=True)
class Section:
    """One part of the page.

    said : what ``describe`` says, a sentence a line.  facts : (what, how much) measured in this run.  table : rows of cells, the first one the head.  links : (file, words).
    """

    anchor: str
    title: str
    intro: tuple[str, ...]
    pictures: tuple[Picture, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    table: tuple[tuple[str, ...], ...] = ()
    code: str = ""
    said: str = ""
    links: tuple[tuple[str, str], ...] = ()
    outro: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True)
class Progress:
    """One line that says what is going on; on a terminal it is rewritten in place."""

    began: float = field(default_factory=time.monotonic)

    def __call__(self, words: str, *, last: bool = False) -> None:
        line = f"[{time.monotonic() - self.began:4.0f} s] {words}"
        terminal = sys.stderr.isatty()
        sys.stderr.write(f"\r\033[K{line}" + ("\n" if last else "") if terminal else line + "\n")
        sys.stderr.flush()

    @property
    def seconds(self) -> float:
        """Since the beginning."""
        return time.monotonic() - self.began


def signed(x: float, digits: int) -> str:
    """With its sign, a true minus."""
    return f"{x:+.{digits}f}".replace("-", "\N{MINUS SIGN}")


def picture(out: Path, name: str, title: str, words: str, alt: str, draw: Callable[[Any], Any], size: tuple[float, float] = (4.8, 3.9), *, wide: bool = False) -> Picture:
    """Draw on an empty figure, once a theme, and save both."""
    for theme, colors in THEMES.items():
        with mpl.rc_context({"font.size": 10, "axes.spines.top": False, "axes.spines.right": False, **colors}):
            figure = plt.figure(figsize=size, layout="constrained")
            draw(figure)
            figure.savefig(out / f"{name}-{theme}.png", dpi=200)
            plt.close(figure)
    return Picture(name, title, words, alt, round(size[0] * 100), round(size[1] * 100), wide)


def write(path: Path, sections: list[Section], facts: list[tuple[str, str]]) -> Path:
    """The page, from the template beside this file; everything in it is escaped."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    path.write_text(environment.get_template("index.html.j2").render(sections=sections, facts=facts), encoding="utf-8")
    return path
