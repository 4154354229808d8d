"""The digest of settings: places are left out, everything that decides is in."""

from live.settings.digest import settings_sha256, snapshot
from live.settings.model import Settings


def settings(**sections: object) -> Settings:
    return Settings.model_validate(sections)


def test_the_hash_ignores_places_and_sees_everything_else() -> None:
    base = settings()
    moved = settings(
        paths={"signals": "/elsewhere"}, data={"store": "/bars"}, broker={"schwab": {"token_file": "/t"}}
    )

    assert settings_sha256(base) == settings_sha256(moved)
    assert settings_sha256(base) != settings_sha256(settings(execution={"min_cash_pct": 6}))


def test_the_name_of_an_account_is_no_setting() -> None:
    """An installation that was one account before keeps its digests when the account gets a name."""
    named = settings(account="ira")
    assert settings_sha256(named) == settings_sha256(settings())
    assert snapshot(named) == snapshot(settings())
    assert "account" not in named.model_dump()


def test_a_setting_that_came_later_changes_no_digest() -> None:
    """Files that exist have this digest, of nothing set: a new setting belongs to `_ADDED`."""
    before = "91df8cfece257fc432d5024e0843c21ab3f2fac9181cf3e492df6049022695cd"
    assert settings_sha256(settings()) == before
    assert settings_sha256(settings(dashboard={"url": "https://box.example"})) != before
