"""The messages of a page: what it can ask for, checked, and what it is told once.

A page sends JSON objects, `{"do": "change", "setting": 0, "name": "clip", "value": 0.1}`.
"""

import json
from typing import Any

from jaxgan import checks
from jaxgan.engine.surface import MARGIN
from jaxgan.errors import UserError, unknown
from jaxgan.play.data import DRAWN, LARGEST_DRAWING, POINTS
from jaxgan.play.examples import EXAMPLES
from jaxgan.play.options import GROUPS, LIMITS
from jaxgan.play.setting import POINTS as N_POINTS

MOST_SETTINGS = 4
SEEDS_IN_ALL = 16  # over all settings
ITERATIONS = (1, 200)  # a picture
PICTURES = (1, 30)  # a second


def limits() -> dict[str, Any]:
    """What a page needs to know once."""
    return {
        "is": "limits", "distributions": list(POINTS), "drawn": DRAWN, "settings": MOST_SETTINGS, "seeds": LIMITS["replicas"],
        "iterations": ITERATIONS, "pictures": PICTURES, "points": N_POINTS, "drawing": LARGEST_DRAWING, "reach": MARGIN,
        "groups": list(GROUPS), "examples": [{"name": name, "title": example.title, "look_at": example.look_at} for name, example in EXAMPLES.items()],
    }  # fmt: skip


WISHES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "change": (("setting", "name"), ("value",)),
    "add": ((), ("like",)),
    "remove": (("setting",), ()),
    "try": (("name",), ()),
    "data": (("name",), ()),
    "draw": (("points",), ("spread",)),
    "seeds": (("value",), ()),
    "seed": (("value",), ()),
    "speed": (("iterations", "pictures"), ()),
    "start": ((), ()),
    "pause": ((), ()),
    "step": ((), ()),
    "restart": ((), ()),
    "drawn": (("picture",), ()),
}  # what a page can ask for: the fields that must be there, and those that may


def read_message(message: str) -> dict[str, Any]:
    """The wish in a message of the page.

    Raises:
        UserError: no JSON object, a wish that is none of `WISHES`, or fields that it does not take.
    """
    try:
        wish = json.loads(message)
    except (ValueError, RecursionError):
        raise UserError("a message of the page must be JSON") from None
    if not isinstance(wish, dict) or not isinstance(wish.get("do"), str):
        raise UserError('a message of the page must be an object with "do"')
    if wish["do"] not in WISHES:
        raise unknown("wish", wish["do"], WISHES)
    needed, optional = WISHES[wish["do"]]
    fields = wish.keys() - {"do"}
    if not {*needed} <= fields or not fields <= {*needed, *optional}:
        raise UserError(
            f"{wish['do']} takes {', '.join((*needed, *optional)) or 'nothing'}; got {', '.join(sorted(fields)) or 'nothing'}"
        )
    return wish


def within(name: str, value: Any, bounds: tuple[int, int]) -> int:
    """The value as a whole number within its bounds; raises UserError for any other."""
    value = checks.whole_number(name, value)
    if not bounds[0] <= value <= bounds[1]:
        raise UserError(f"{name} {value}: must be from {bounds[0]} to {bounds[1]}")
    return value
