"""A text with its units colored by their effects: pieces for the page, which escapes them."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from kabosu.explanation import Explanation
from kabosu.report.words import number

STRONGEST = 0.5  # opacity at which ink still has a contrast of 7 on both grounds
FAINTEST = 0.04  # of the largest effect: less is left plain


@dataclass(frozen=True)
class Piece:
    """Some of the text.

    kind : "p" raises, "n" lowers, "" neither.  strength : opacity of the color.  effect : in words.
    """

    text: str
    kind: str = ""
    strength: float = 0.0
    effect: str = ""


def marked(e: Explanation, t: int) -> dict[str, Any]:
    """The text in pieces, one for each unit that has an effect and one between them."""
    coef = e.coef_scaled[:, t]
    most = float(np.abs(coef).max(initial=0.0))
    spans = sorted((a, b, j) for j, own in enumerate(e.layout.spans) for a, b in own if most and abs(coef[j]) >= FAINTEST * most)
    text, pieces, at = e.layout.text, [], 0
    for a, b, j in spans:
        pieces.append(Piece(text[at:a]))
        share = abs(float(coef[j])) / most
        verb = "raises by" if coef[j] > 0 else "lowers by"
        pieces.append(Piece(text[a:b], "p" if coef[j] > 0 else "n", round(STRONGEST * (0.16 + 0.84 * share), 2), f"{verb} {number(abs(float(coef[j])), 2)}"))
        at = b
    pieces.append(Piece(text[at:]))
    return {"template": "text.html", "pieces": [p for p in pieces if p.text], "most": number(most, 2)}
