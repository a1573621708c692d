"""Budgets: over any interleaving, all processes together keep within what may be spent."""

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from prefstream.domain.cost import Holding, Lease, exhausted, grant, recovered, remaining

amounts = st.integers(0, 60)
holdings = st.lists(st.builds(Holding, granted=amounts, spent=amounts, ended=st.booleans()), max_size=4)


@given(limit=st.integers(0, 200), held=holdings, need=amounts, want=amounts)
def test_what_is_granted_is_there_and_is_enough(
    limit: int, held: list[Holding], need: int, want: int
) -> None:
    more = grant(limit, held, need=need, want=want)

    assert 0 <= more <= remaining(limit, held)
    assert more >= need or more == 0


@given(limit=st.integers(0, 200), held=holdings, need=st.integers(1, 60))
def test_a_budget_is_exhausted_only_when_nothing_under_way_could_make_room(
    limit: int, held: list[Holding], need: int
) -> None:
    returned = [Holding(granted=one.granted, spent=one.spent, ended=True) for one in held]

    assert exhausted(limit, held, need=need) == (grant(limit, returned, need=need, want=need) == 0)


@given(held=holdings, told=amounts, more=amounts)
def test_a_crashed_process_is_charged_what_the_journal_knows_and_nobody_told(
    held: list[Holding], told: int, more: int
) -> None:
    gone = Holding(granted=told + more, spent=told)
    journalled = told + more + sum(one.spent for one in held)

    after = recovered(gone, held, journalled=journalled)

    assert (after.spent, after.ended) == (told + more, True)
    assert recovered(gone, held, journalled=0).spent == told


class Spending(RuleBasedStateMachine):
    """Three processes that lease, reserve, settle, tell, trim, crash and are found gone, in any order."""

    LIMIT = 300
    PROCESSES = 3

    def __init__(self) -> None:
        super().__init__()
        self.leases = [Lease() for _ in range(self.PROCESSES)]
        self.table: dict[int, Holding] = {}
        self.names = list(range(self.PROCESSES))
        self.next_name = self.PROCESSES
        self.under_way: list[tuple[int, int]] = []
        self.journal = 0
        #: What calls cost beyond their estimates: the overshoot that cannot be had otherwise.
        self.beyond = 0

    processes = st.integers(0, PROCESSES - 1)

    @rule(process=processes, need=st.integers(1, 40), want=st.integers(0, 120))
    def take(self, process: int, need: int, want: int) -> None:
        lease = self.leases[process]
        if lease.free < need:
            self._tell(process)
            more = grant(self.LIMIT, self.table.values(), need=need - lease.free, want=want)
            lease = lease.extend(more)
            self.leases[process] = lease
            self._tell(process)
        if lease.free >= need:
            self.leases[process] = lease.reserve(need)
            self.under_way.append((process, need))

    @precondition(lambda self: self.under_way)
    @rule(data=st.data(), part=st.sampled_from([0, 50, 100, 130]))
    def settle(self, data: st.DataObject, part: int) -> None:
        process, need = self.under_way.pop(data.draw(st.integers(0, len(self.under_way) - 1)))
        cost = need * part // 100
        self.journal += cost
        self.beyond += max(0, cost - need)
        self.leases[process] = self.leases[process].settle(need, cost)

    @rule(process=processes, spare=st.integers(0, 40))
    def renew(self, process: int, spare: int) -> None:
        self.leases[process] = self.leases[process].trim(spare)
        self._tell(process)

    @rule(process=processes)
    def crash(self, process: int) -> None:
        """What was under way is answered to nobody; the lease is found expired by another."""
        self.under_way = [one for one in self.under_way if one[0] != process]
        name = self.names[process]
        if name in self.table:
            others = [holding for other, holding in self.table.items() if other != name]
            self.table[name] = recovered(self.table[name], others, journalled=self.journal)
        self.names[process], self.next_name = self.next_name, self.next_name + 1
        self.leases[process] = Lease()

    def _tell(self, process: int) -> None:
        lease = self.leases[process]
        self.table[self.names[process]] = Holding(granted=lease.granted, spent=lease.spent)

    @invariant()
    def spent_and_under_way_stay_within_the_budget(self) -> None:
        reserved = sum(need for _, need in self.under_way)
        assert self.journal + reserved <= self.LIMIT + self.beyond

    @invariant()
    def nothing_is_leased_twice(self) -> None:
        assert sum(one.committed for one in self.table.values()) <= self.LIMIT + self.beyond


TestSpending = Spending.TestCase
TestSpending.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
