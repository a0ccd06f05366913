"""What grants mean together."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from identity_svc.access.grants import Grant, Narrowing, narrowed, uncovered, within

_TENANTS = ("", "a", "b")
_KEYS = ("order", "offer", "return")
_PERMISSIONS = ("jobs.get", "jobs.list", "userTasks.get", "history.tasks.get")

_patterns = st.sampled_from(("*", "jobs.*", "userTasks.*", "history.*", "history.tasks.*", *_PERMISSIONS))
_key_patterns = st.sampled_from(("*", "o*", "of*", *_KEYS))


def _some(values: st.SearchStrategy[str]) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(values, min_size=1, max_size=3, unique=True).map(tuple)


_tenants = st.none() | st.frozensets(st.sampled_from(_TENANTS), min_size=1)
_grants = st.builds(Grant, _some(_patterns), _tenants, st.none() | _some(_key_patterns), st.booleans())
_narrowings = st.builds(
    Narrowing, st.none() | _some(_patterns), _tenants, st.none() | _some(_key_patterns), st.booleans()
)


def _allowed(grant: Grant | Narrowing) -> set[tuple[str, str, str, bool]]:
    """Everything that a grant allows in a small world."""

    def matched(patterns: tuple[str, ...] | None, text: str) -> bool:
        return patterns is None or any(
            text.startswith(pattern[:-1]) if pattern.endswith("*") else text == pattern for pattern in patterns
        )

    return {
        (permission, tenant, key, involved)
        for permission in _PERMISSIONS
        for tenant in _TENANTS
        for key in _KEYS
        for involved in (True, False)
        if matched(grant.permissions, permission)
        and (grant.tenants is None or tenant in grant.tenants)
        and matched(grant.keys, key)
        and (involved or not grant.involved_only)
    }


@given(_grants, _narrowings)
def test_narrowing_leaves_what_both_allow(grant: Grant, by: Narrowing) -> None:
    left = narrowed(grant, by)
    assert (_allowed(left) if left is not None else set()) == _allowed(grant) & _allowed(by)


@given(_grants, _tenants)
def test_within_tenants_there_is_nothing_of_others(grant: Grant, tenants: frozenset[str] | None) -> None:
    left = within(grant, tenants)
    inside = {one for one in _allowed(grant) if tenants is None or one[1] in tenants}
    assert (_allowed(left) if left is not None else set()) == inside


@given(_grants, st.lists(_grants, max_size=3))
def test_what_is_covered_was_allowed_before(wanted: Grant, held: list[Grant]) -> None:
    missing = uncovered(wanted, held)
    if not missing:
        assert _allowed(wanted) <= set().union(*map(_allowed, held))
    assert set(missing) <= set(wanted.permissions)


@given(_grants)
def test_everybody_may_give_what_they_hold(grant: Grant) -> None:
    assert uncovered(grant, [grant]) == ()
    assert uncovered(grant, [Grant(("*",))]) == ()
    assert uncovered(grant, []) == grant.permissions


def test_a_name_does_not_cover_the_whole_resource() -> None:
    assert uncovered(Grant(("jobs.*",)), [Grant(("jobs.get", "jobs.list"))]) == ("jobs.*",)
    assert uncovered(Grant(("*",)), [Grant(("jobs.*",))]) == ("*",)
    assert uncovered(Grant(("jobs.get",), keys=("o*",)), [Grant(("jobs.get",), keys=("order", "offer"))]) == (
        "jobs.get",
    )
