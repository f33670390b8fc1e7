"""What one open page plays with: its settings, trained in a thread of the session's own, and the pictures that it is sent.

Each of the page's messages (`messages.py`) is carried out, or refused in one line. It is sent JSON texts (`"is"` says what each is) and
pictures (`picture.py`), of which it says when it has drawn them.
"""

import dataclasses
import json
import math
import queue
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from jaxgan import checks
from jaxgan.data import Dataset
from jaxgan.errors import UserError, first_line, unknown
from jaxgan.metrics import wasserstein1
from jaxgan.play.data import SEED, SPREAD, drawn_points, load_points, modes_of, real_points
from jaxgan.play.examples import EXAMPLES
from jaxgan.play.messages import ITERATIONS, MOST_SETTINGS, PICTURES, SEEDS_IN_ALL, limits, read_message, within
from jaxgan.play.options import GOES_ON, LIMITS, check_choice, check_limit
from jaxgan.play.picture import Arrays, packed
from jaxgan.play.setting import POINTS as N_POINTS
from jaxgan.play.setting import Setting, Shown

MEASURE_EVERY = 5  # pictures, for every four distances that are to be computed
PAIRS = 4  # sets of real points that are held against those shown
LONGEST = 1.0  # seconds of training for one picture, so that a page is answered
AHEAD = 2  # pictures that may be on their way
SECONDS = 600.0  # that a page may take to draw one

Send = Callable[[str | bytes], None]


class Session:
    """One page's state. `take` may be called from any thread; all else happens in the session's own.

    Args:
        send: takes texts and pictures, from the session's thread.
    """

    def __init__(self, send: Send):
        self._send_raw = send
        self._inbox: queue.Queue[str | None] = queue.Queue()
        self._closed = threading.Event()
        self._thread = threading.Thread(
            target=self._run, name="play", daemon=False
        )  # waited for: XLA must not be cut off in its work
        self.dataset: Dataset = load_points("ring8")
        self.seed, self.replicas = 0, 1
        self.iterations, self.pictures = 5, 25
        self.running = False
        self.settings: list[Setting] = []
        self._sent = self._drawn = 0
        self._seconds = 1e-9  # that an iteration of all settings took last

    def start(self) -> None:
        """Begins to answer."""
        self._thread.start()

    def take(self, message: str) -> None:
        """A message of the page."""
        self._inbox.put(message)

    def close(self) -> None:
        """Ends the session; what is being computed is finished first and goes nowhere."""
        self._closed.set()
        self._inbox.put(None)

    def join(self, timeout: float | None = None) -> None:
        """Waits until the session's thread has ended."""
        self._thread.join(timeout)

    # The thread

    def _run(self) -> None:
        try:
            self._begin()
            while not self._closed.is_set():
                began = time.monotonic()
                if self.running and self._sent - self._drawn < AHEAD:
                    self._make_picture(self.iterations)
                    self._answer_until(began + 1 / self.pictures)
                else:
                    self._answer_until(began + SECONDS, first=True)
        except Exception as error:
            if self._closed.is_set():  # at the end of the process much fails that nobody waits for
                return
            traceback.print_exc()
            self._send({"is": "ended", "why": first_line(error)})

    def _answer_until(self, end: float, first: bool = False) -> None:
        """Carries out messages until then; `first`: until one has come."""
        while not self._closed.is_set():
            try:
                message = self._inbox.get(timeout=max(0.0, end - time.monotonic()))
            except queue.Empty:
                return
            if message is not None:
                self._answer(message)
            if first:
                return

    def _begin(self) -> None:
        self._send(limits())
        self._send({"is": "compiling", "setting": None})
        self.settings = [Setting({}, self.dataset, self.seed, self.replicas)]
        self._send_data()
        self._send_state()
        self._show()

    def _answer(self, message: str) -> None:
        """Carries one message out, or says why not."""
        try:
            wish = read_message(message)
            getattr(self, "_do_" + wish.pop("do"))(**wish)
        except UserError as error:
            self._send({"is": "compiled"})
            self._send({"is": "refused", "why": str(error)})
            self._send_state()  # the page shows again what holds

    def _send(self, message: Mapping[str, Any]) -> None:
        self._send_any(json.dumps(message, allow_nan=False))

    def _send_any(self, message: str | bytes) -> None:
        if not self._closed.is_set():
            self._send_raw(message)

    # What a page can ask for

    def _do_change(self, setting: Any, name: Any, value: Any = None) -> None:
        i = self._index(setting)
        old = self.settings[i]
        value = check_choice(name, value)
        if not old.is_live(name):
            self._send({"is": "compiling", "setting": i})
        new = old.change(name, value)
        self.settings[i] = new
        if new is not old and name not in GOES_ON:  # all begin together
            self._begin_anew()
        self._changed()

    def _do_add(self, like: Any = 0) -> None:
        if len(self.settings) == MOST_SETTINGS:
            raise UserError(f"there are {MOST_SETTINGS} settings: at most as many are trained side by side")
        self._check_seeds(self.replicas, len(self.settings) + 1)
        model = self.settings[self._index(like)]
        self._send({"is": "compiling", "setting": None})
        self.settings.append(Setting(model.given, self.dataset, self.seed, self.replicas))
        self._begin_anew()
        self._changed()

    def _do_try(self, name: Any) -> None:
        if not isinstance(name, str) or name not in EXAMPLES:
            raise unknown("example", name, EXAMPLES)
        example = EXAMPLES[name]
        self.running = False
        self._rebuild(given=example.settings, dataset=load_points(example.data), replicas=example.seeds)
        self._send_data()

    def _do_remove(self, setting: Any) -> None:
        if len(self.settings) == 1:
            raise UserError("this is the only setting: change it")
        del self.settings[self._index(setting)]
        self._changed()

    def _do_data(self, name: Any) -> None:
        self._use(load_points(name))

    def _do_draw(self, points: Any, spread: Any = SPREAD) -> None:
        self._use(drawn_points(points, spread))

    def _do_seeds(self, value: Any) -> None:
        value = checks.whole_number("seeds", value)
        check_limit("replicas", value)
        self._check_seeds(value, len(self.settings))
        self._rebuild(replicas=value)

    def _do_seed(self, value: Any) -> None:
        value = checks.whole_number("seed", value, at_least=0)
        if value > 2**31 - 1 - LIMITS["replicas"]:
            raise UserError(f"seed {value}: must be at most {2**31 - 1 - LIMITS['replicas']} on this page")
        self._rebuild(seed=value)

    def _do_speed(self, iterations: Any, pictures: Any) -> None:
        self.iterations = within("iterations a picture", iterations, ITERATIONS)
        self.pictures = within("pictures a second", pictures, PICTURES)
        self._send_state()

    def _do_start(self) -> None:
        self._set_running(True)

    def _do_pause(self) -> None:
        self._set_running(False)

    def _do_step(self) -> None:
        self.running = False
        self._make_picture(1)
        self._send_state()

    def _do_restart(self) -> None:
        self._begin_anew()
        self._send_state()
        self._make_picture(0)

    def _do_drawn(self, picture: Any) -> None:
        self._drawn = max(self._drawn, min(self._sent, checks.whole_number("picture", picture, at_least=0)))

    # Settings

    def _index(self, setting: Any) -> int:
        index = checks.whole_number("setting", setting, at_least=0)
        if index >= len(self.settings):
            raise UserError(f"setting {index}: there are {len(self.settings)}, from 0 on")
        return index

    def _check_seeds(self, replicas: int, settings: int) -> None:
        if replicas * settings > SEEDS_IN_ALL:
            raise UserError(
                f"{settings} settings with {replicas} seeds each: at most {SEEDS_IN_ALL} are trained at once on this page"
            )

    def _use(self, dataset: Dataset) -> None:
        self._rebuild(dataset=dataset)
        self._send_data()

    def _rebuild(self, **new: Any) -> None:
        """The same settings on other data, or with other seeds; nothing changes where one of them cannot be."""
        self._send({"is": "compiling", "setting": None})
        given = new.pop("given", [setting.given for setting in self.settings])
        parts = {"dataset": self.dataset, "seed": self.seed, "replicas": self.replicas, **new}
        settings = [Setting(chosen, **parts) for chosen in given]
        self.dataset, self.seed, self.replicas = parts["dataset"], parts["seed"], parts["replicas"]
        self.settings = settings
        self._begin_anew()
        self._changed()

    def _begin_anew(self) -> None:
        for setting in self.settings:
            setting.begin()

    def _changed(self) -> None:
        self._send_state()
        self._show()

    def _set_running(self, running: bool) -> None:
        self.running = running
        self._send_state()

    def _show(self) -> None:
        """Compiles what is not, which the page says meanwhile, and shows the settings as they are."""
        for i, setting in enumerate(self.settings):
            if not setting.is_compiled and not self._closed.is_set():
                self._send({"is": "compiling", "setting": i})
                setting.compile()
        self._make_picture(0)
        self._send({"is": "compiled"})

    # What a page is sent

    def _make_picture(self, iterations: int) -> None:
        """Trains all settings by as many iterations, and sends what they are then."""
        arrays, shown, began = Arrays(), [], time.monotonic()
        iterations = min(iterations, max(1, int(LONGEST / self._seconds))) if iterations else 0
        for setting in self.settings:
            if self._closed.is_set():
                return
            if iterations and not all(setting.diverged):
                setting.advance(iterations)
            if setting.state is None:
                setting.compile()
            shown.append(setting.look())
        if iterations:
            self._seconds = (time.monotonic() - began) / iterations
        self._measure(shown, iterations == 0)
        parts = [self._part(setting, seen, arrays) for setting, seen in zip(self.settings, shown, strict=True)]
        self._sent += 1
        self._send_any(packed({"picture": self._sent, "settings": parts}, arrays))
        if self.running and all(all(setting.diverged) for setting in self.settings):
            self._set_running(False)

    def _measure(self, shown: list[Shown], now: bool) -> None:
        every = MEASURE_EVERY * max(1, math.ceil(len(shown) * self.replicas / 4))
        if now or self._sent % every == 0 or not self.running:
            for setting, seen in zip(self.settings, shown, strict=True):
                setting.measure(seen.points)

    def _part(self, setting: Setting, seen: Shown, arrays: Arrays) -> dict[str, Any]:
        measured = setting.measured
        return {
            "iteration": setting.iteration,
            "diverged": setting.diverged,
            "metrics": {name: setting.metrics.get(name) for name in ("critic_loss", "generator_loss")},
            "measured": None if measured is None else dataclasses.asdict(measured),
            "score_gap": _numbers(seen.score_gap),
            "steepest": _numbers(seen.steepest),
            "points": arrays.add(seen.points),
            "arrows": arrays.add(seen.arrows),
            "surface": arrays.add(seen.surface),
        }

    def _send_state(self) -> None:
        settings = [
            {"title": setting.title, "iteration": setting.iteration, "fields": [dataclasses.asdict(f) for f in setting.fields]}
            for setting in self.settings
        ]
        self._send(
            {
                "is": "state", "data": self.dataset.name, "seed": self.seed, "seeds": self.replicas, "running": self.running,
                "iterations": self.iterations, "pictures": self.pictures, "settings": settings,
            }
        )  # fmt: skip

    def _send_data(self) -> None:
        """Real points to draw, the modes, and the mean W1 between these and other real points, as many."""
        points, modes, law = real_points(self.dataset, N_POINTS), modes_of(self.dataset), self.dataset.distribution
        assert law is not None
        others = [real_points(self.dataset, N_POINTS, SEED + 1 + i) for i in range(PAIRS)]
        self._send(
            {
                "is": "data", "name": self.dataset.name, "points": np.round(points.astype(float), 4).tolist(),
                "floor": float(np.mean([wasserstein1(points, other) for other in others])),
                "modes": None if modes is None else np.asarray(law.to_model(modes.centres)).tolist(),
                "radius": None if modes is None else (3 * modes.std * law.scale).tolist(),
            }
        )  # fmt: skip


def _numbers(values: np.ndarray | None) -> list[float | None] | None:
    return None if values is None else [float(value) if math.isfinite(value) else None for value in values]
