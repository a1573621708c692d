"""The scheduler: chance decides which partition of which stage goes next."""

from random import Random

from prefstream.agents.driver.consumer import Consumer
from prefstream.agents.driver.lane import Lane


class Scheduler:
    """Lanes that may have something to do, picked by chance until none has."""

    def __init__(self, chance: Random) -> None:
        """Begin with nothing to do.

        Args:
            chance: The run's only source of chance.
        """
        self._chance = chance
        self._awake: list[tuple[Consumer, Lane]] = []
        self._known: set[int] = set()
        self._straying: list[Consumer] = []

    def wake(self, consumer: Consumer, lane: Lane) -> None:
        """Note that a lane may have something to do."""
        if id(lane) not in self._known:
            self._known.add(id(lane))
            self._awake.append((consumer, lane))

    def wake_all(self, consumer: Consumer) -> None:
        """Note that every lane of a stage may have something to do."""
        consumer.stirred = False
        for lane in consumer.lanes.values():
            self.wake(consumer, lane)

    def stray(self, consumer: Consumer) -> None:
        """Note that an old owner of this stage may still append."""
        self._straying.extend([consumer] * (len(consumer.strays) - self._straying.count(consumer)))

    def run(self, steps: int | None = None) -> bool:
        """Go on for some steps, or to the end, and return whether anything may be left to do."""
        while (self._awake or self._straying) and (steps is None or steps > 0):
            self._step()
            steps = None if steps is None else steps - 1
        return bool(self._awake or self._straying)

    def _step(self) -> None:
        place = int(self._chance.random() * (len(self._awake) + len(self._straying)))
        if place >= len(self._awake):
            self._straying.pop(place - len(self._awake)).append_stray()
            return
        consumer, lane = self._awake[place]
        if not consumer.step(lane):
            self._awake[place] = self._awake[-1]
            self._awake.pop()
            self._known.discard(id(lane))
        if consumer.stirred:
            self.wake_all(consumer)
