"""The cloud's clock, and the loop that turns it. `clock` gives it to the engine and answers requests about it.

The clock is turned in steps. It goes to the time at which something is due next, lets it happen, waits until the engine
works on nothing any more, and goes to the next one. So everything that is due on the way happens in order.

See decision D257.
"""

import logging
import math
import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from local.engine_patches import turned_time
from local.engine_patches.due import Due, Part, Schedules
from local.engine_patches.turned_time import SECOND

logger = logging.getLogger(__name__)

SETTLE_SECONDS = 120
"""The longest that the engine may work on what was due at one time. A function may run for a minute."""

BACK_SECONDS = 15
"""The longest that a turn back waits for the engine. The page that asks for it waits 20 seconds for the answer, and the
command a minute."""

LOOK_SECONDS = 0.003
"""How often the clock looks whether the engine still works. It takes two looks in a row that find nothing."""

STEP_SECONDS = 0.2
"""A clock that runs fast takes one step in this time."""

SLEPT_SECONDS = 10
"""If a clock that runs fast was not turned for so long, the machine slept or was busy. The cloud does not catch up."""


class RefusedError(RuntimeError):
    """The clock cannot be turned, or not further. The message is for the user."""


class Clock:
    """The cloud's clock: the real time and some nanoseconds more, or a time that runs faster than the real one.

    All times are in nanoseconds since 1970. Only one thread turns the clock at a time.
    """

    def __init__(self, parts: Callable[["Clock"], Sequence[Part]], *, unsettled: Callable[[], list[str]]) -> None:
        self.rate = 1.0
        self.happened = 0
        """When something last happened in the cloud."""
        self.began = self.first = turned_time.now_ns()
        """When this engine started, and when the cloud's first engine did."""
        self.target: int | None = None
        """Where the clock is being turned to."""
        self.begun = self.ended = 0
        """How many turns have begun, and how many of them have ended."""
        self.steps = 0
        """How many times were due on the way of the last turn."""
        self.error: str | None = None
        """Why the clock did not reach the target of the last turn."""
        self.after_a_turn: Callable[[], None] = lambda: None
        self.stepping = threading.RLock()
        """The clock holds it while it goes to another time, and the engine while it looks which rules are due."""
        self._parts = parts(self)
        self._unsettled = unsettled
        self._turning, self._asking = threading.Lock(), threading.Lock()
        self._stops = self._runs = 0
        self._all_times = False
        self._missed = 0

    def note(self) -> None:
        """Notes that something happens now. The clock must not go back to before that."""
        self.happened = max(self.happened, turned_time.now_ns())

    def note_missed(self) -> None:
        """Notes that something would happen now, if nobody had stopped it."""
        self._missed = turned_time.now_ns()

    def quiet_since(self) -> float:
        """When something last happened or would have happened, or this engine started, in seconds since 1970.

        In a turn that leaves out nothing, no time counts as quiet.
        """
        if self._all_times:
            return turned_time.now_ns() / SECOND
        return max(self.happened, self.began, self._missed) / SECOND

    def next(self) -> Due | None:
        """What is due next, if nobody turns the clock.

        No part gets the time at which another one is due, because a rule would then leave out times.
        """
        now = turned_time.now_ns() / SECOND
        return min((one for part in self._parts if (one := part.next(now, math.inf))), default=None)

    def begin(self, target: int, *, to_real: bool = False, all_times: bool = False) -> None:
        """Begins a turn to a later time, in a thread of its own. `to_real`: from then on, the clock has the real time.

        `all_times`: rules start at all of their times, also if nothing else happens. Raises RefusedError if a turn is
        under way, or if the target is too far ahead.
        """
        if target > turned_time.LATEST:
            raise RefusedError(f"{_text(target)} is too far ahead: the clock goes to {_text(turned_time.LATEST)}")
        with self._asking:
            if self.target is not None:
                raise RefusedError("the clock is being turned already. Wait until it stands, or stop it on the page")
            self.begun += 1
            # Before the target is seen, so that no later stop is taken for an earlier one.
            stops = self._stops
            self.target, self.error, self.steps, self._all_times = target, None, 0, all_times
        arguments = (target, stops, to_real)
        threading.Thread(target=self._turn_and_tell, args=arguments, name="clock", daemon=True).start()

    def _turn_and_tell(self, target: int, stops: int, to_real: bool) -> None:
        try:
            self.turn(target, stops=stops)
            if to_real:
                # Real time has passed during the turn.
                self.turn(turned_time.real_ns(), stops=stops)
                with self._turning:
                    if self._stops == stops:
                        self._refuse_to_go_back(turned_time.real_ns())
                        self._set_real()
            self.after_a_turn()
        except RefusedError as error:
            self.error = str(error)
            logger.warning("%s", error)
        except Exception as error:
            self.error = f"the clock was not turned: {error}. `laptop logs` shows more"
            logger.exception("The clock was not turned")
        finally:
            self._all_times = False
            # As long as there is a target, nobody begins another turn.
            self.ended = self.begun
            self.target = None

    def turn(self, target: int, *, stops: int | None = None, run: int | None = None) -> None:
        """Turns the clock to a later time, and lets everything on the way happen. Raises RefusedError.

        If somebody stops it, or if it raises, the clock stands at the last time at which something was due. `stops` is
        the number of stops before somebody asked for this turn. `run` is the run of a fast clock that needs it.
        """
        stops = self._stops if stops is None else stops
        with self._turning:
            if run not in (None, self._runs):
                return
            self._settle(stops=stops)
            while self._stops == stops:
                # While the engine worked, the time of a rule may have passed.
                if self._catch_up():
                    self._settle(stops=stops)
                    continue
                if not (found := self._next(target / SECOND)):
                    break
                # The real time also passes meanwhile.
                self._set(max(math.ceil(found.at * 1_000_000) * 1000, turned_time.now_ns()))
                self.steps += 1
                self._settle(stops=stops)
            if self._stops == stops and target > turned_time.now_ns():
                self._set(target)
                self._settle(stops=stops)

    def turn_back(self, target: int, *, to_real: bool = False) -> None:
        """Turns the clock back, if nothing has happened since. Stops a turn under way. Raises RefusedError.

        `to_real`: from then on, the clock has the real time and its speed.
        """
        self._refuse_to_go_back(target)
        self.stop()
        with self._turning:
            # A call of a function must not see that the time goes back. The clock stays after everything that it does.
            self._settle(within=BACK_SECONDS)
            target = turned_time.real_ns() if to_real else target
            self._refuse_to_go_back(target)
            if to_real:
                self._set_real()
            else:
                self._set(target)
            # A clock that runs fast would go on from its later time.
            self.run(1 if to_real else None)
            self.error = None
            self.after_a_turn()

    def _refuse_to_go_back(self, target: int) -> None:
        begin_again = "Wait until then, or begin again: `laptop down --forget`, then `laptop up`"
        if target < self.happened:
            raise RefusedError(
                f"something has happened in this cloud at {_text(self.happened)}, so its clock cannot go back to "
                f"{_text(target)}. {begin_again}"
            )
        if target < self.first:
            raise RefusedError(
                f"this cloud began at {_text(self.first)}, so its clock cannot go back to {_text(target)}"
            )

    def to_real_time(self) -> None:
        """Gives the cloud the real time and its speed. Raises RefusedError, and then changes nothing."""
        real = turned_time.real_ns()
        if turned_time.ahead() > 0:
            self.turn_back(real, to_real=True)
            return
        if turned_time.ahead() < 0:
            self.begin(real, to_real=True)
        else:
            self.stop()
        self.run(1)

    def stop(self) -> None:
        """Stops the turn under way. What is due at the clock's time has begun, and may still go on."""
        self._stops += 1

    def run(self, rate: float | None) -> None:
        """Lets the clock run `rate` times as fast as the real time, from its time now. None: as fast as before."""
        with self._asking:
            self.rate = self.rate if rate is None else rate
            self._runs += 1
            if self.rate != 1:
                arguments = (self._runs, self.rate)
                threading.Thread(target=self._run, args=arguments, name="clock", daemon=True).start()

    def state(self) -> dict[str, Any]:
        """What is saved with the state of the services."""
        return {"ahead": turned_time.ahead(), "rate": self.rate, "happened": self.happened, "first": self.first}

    def _next(self, until: float) -> Due | None:
        now = turned_time.now_ns() / SECOND
        found: Due | None = None
        for part in self._parts:
            if one := part.next(now, min(until, found.at if found else until)):
                found = one
        return found

    def _catch_up(self) -> bool:
        """Starts what became due while the clock was not turned. Only rules and schedules need it."""
        with self.stepping:
            return any([part.catch_up() for part in self._parts if isinstance(part, Schedules)])

    def _set(self, target: int) -> None:
        # The engine looks at its rules every ten seconds. Before a look at this time, the parts leave out times.
        with self.stepping:
            moved = target - turned_time.now_ns()
            turned_time.turn(target - turned_time.real_ns())
            for part in self._parts:
                part.happen(moved / SECOND)

    def _set_real(self) -> None:
        with self.stepping:
            self._set(turned_time.real_ns())
            turned_time.turn(0)

    def _settle(self, *, stops: int | None = None, within: float | None = None) -> None:
        """Waits until the engine works on nothing any more. Raises RefusedError if it takes longer than `within`.

        With `stops`, it also ends when somebody stops the clock.
        """
        deadline, quiet = time.monotonic() + (SETTLE_SECONDS if within is None else within), 0
        while quiet < 2 and stops in (None, self._stops):
            if works_on := self._unsettled():
                quiet = 0
                if time.monotonic() > deadline:
                    raise RefusedError(
                        f"the clock stands at {_text(turned_time.now_ns())}, because the cloud still works on: "
                        f"{'; '.join(works_on[:3])}. `laptop logs` and `laptop executions` show more"
                    )
            else:
                quiet += 1
            time.sleep(LOOK_SECONDS)

    def _run(self, run: int, rate: float) -> None:
        real, cloud = turned_time.real_ns(), turned_time.now_ns()
        while True:
            time.sleep(STEP_SECONDS)
            if self._runs != run:
                return
            now = turned_time.real_ns()
            passed = now - real
            cloud += round(passed * rate) if passed < SLEPT_SECONDS * SECOND else 0
            # Somebody may have turned it meanwhile.
            cloud = max(cloud, turned_time.now_ns())
            real = now
            if cloud > turned_time.LATEST:
                self.run(1)
                return
            try:
                self.turn(cloud, run=run)
            except RefusedError as error:
                logger.warning("The clock runs on: %s", error)
            except Exception:
                logger.exception("The clock runs on")


def _text(nanoseconds: int) -> str:
    try:
        return f"{datetime.fromtimestamp(nanoseconds / SECOND, UTC):%Y-%m-%dT%H:%M:%SZ}"
    except (ValueError, OverflowError, OSError):
        return "this time"
