"""Whatever happens in whatever order: no live token in a revoked grant, and one chain per grant."""

import sqlite3
from typing import Any, Final

import attrs
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, multiple, rule

from onecgw.oauth.secrets import OAuthSecrets, pkce_challenge
from onecgw.oauth.storage.grants import (
    delete_expired,
    find_grant,
    insert_grant,
    revoke_grant,
)
from onecgw.oauth.storage.tokens import (
    Code,
    confirm_access,
    find_access,
    insert_code,
    revoke_token,
)
from onecgw.oauth.token_grants import (
    GRACE_SECONDS,
    LOST_SECONDS,
    CodeExchange,
    IssuedTokens,
    RefreshRequest,
    TokenLifetimes,
    TokenRefusal,
    exchange_code,
    refresh_tokens,
)
from onecgw.storage.schema import MIGRATIONS
from tests.builders.grant_records import GRANT, VERIFIER

LIFETIMES: Final = TokenLifetimes(access=3600, refresh=10 * 86_400, grant=30 * 86_400)
SECRETS: Final = OAuthSecrets(pepper=b"p" * 32, signing=b"s" * 32, encryption=b"e" * 32)
SCOPES: Final = GRANT.scopes


class Families(RuleBasedStateMachine):
    """Clients log in, refresh, repeat, lose answers, use stolen tokens; administrators revoke."""

    codes: Bundle[tuple[str, str]] = Bundle("codes")
    refreshes: Bundle[tuple[str, str]] = Bundle("refreshes")

    def __init__(self) -> None:
        super().__init__()
        self.db = sqlite3.connect(":memory:", isolation_level=None)
        self.db.row_factory = sqlite3.Row
        self.db.execute("PRAGMA foreign_keys = ON")
        for statements in MIGRATIONS:
            for statement in statements:
                self.db.execute(statement)
        self.now = 1_800_000_000
        self.number = 0
        self.revoked: set[str] = set()

    def teardown(self) -> None:
        self.db.close()

    def _hash(self, token: str) -> bytes:
        return SECRETS.hash(token, "refresh token")  # one kind will do: no two of them are equal

    @rule(target=codes)
    def log_in(self) -> tuple[str, str]:
        self.number += 1
        grant_id, code = f"g{self.number}", f"code-{self.number}"
        grant = attrs.evolve(GRANT, id=grant_id, expires_at=self.now + 60)
        insert_grant(self.db, grant, created_at=self.now)
        insert_code(
            self.db,
            Code(
                hash=self._hash(code),
                grant_id=grant_id,
                redirect_uri="http://127.0.0.1/cb",
                challenge=pkce_challenge(VERIFIER),
                expires_at=self.now + 60,
            ),
        )
        return grant_id, code

    @rule(target=refreshes, code=codes, client=st.sampled_from(["c1", "c1", "c1", "thief"]))
    def redeem_code(self, code: tuple[str, str], client: str) -> Any:
        self.number += 1
        access, first = f"access-{self.number}", f"refresh-{self.number}"
        request = CodeExchange(
            code_hash=self._hash(code[1]),
            client_id=client,
            redirect_uri=None,
            resource=None,
            verifier=VERIFIER,
            access_hash=self._hash(access),
            refresh_hash=self._hash(first),
        )
        outcome = exchange_code(self.db, request, LIFETIMES, now=self.now)
        self._note(outcome)
        if isinstance(outcome, TokenRefusal):
            return multiple()
        assert client == "c1"
        return code[0], first

    @rule(
        target=refreshes,
        token=refreshes,
        client=st.sampled_from(["c1", "c1", "c1", "thief"]),
        narrowed=st.booleans(),
        uses=st.booleans(),
    )
    def refresh_token(
        self, token: tuple[str, str], client: str, *, narrowed: bool, uses: bool
    ) -> Any:
        self.number += 1
        access = f"access-{self.number}"

        def derive_next(salt: bytes) -> tuple[str, bytes]:
            next_token = SECRETS.next_refresh_token(token[1], salt)
            return next_token, self._hash(next_token)

        request = RefreshRequest(
            token_hash=self._hash(token[1]),
            client_id=client,
            resource=None,
            scopes=frozenset({"mcp:resolve"}) if narrowed else None,
            access_hash=self._hash(access),
            derive_next=derive_next,
        )
        outcome = refresh_tokens(self.db, request, LIFETIMES, now=self.now)
        self._note(outcome)
        if isinstance(outcome, TokenRefusal):
            return multiple()
        assert client == "c1"
        assert outcome.scopes <= SCOPES
        found = find_access(self.db, self._hash(access), now=self.now)
        assert found is not None
        assert found.scopes == outcome.scopes
        if uses:
            confirm_access(self.db, self._hash(access), now=self.now)
        return token[0], outcome.refresh_token

    def _note(self, outcome: IssuedTokens | TokenRefusal) -> None:
        if isinstance(outcome, TokenRefusal) and outcome.event in ("code.replayed", "token.reuse"):
            assert outcome.grant is not None
            self.revoked.add(outcome.grant.id)

    @rule(token=refreshes)
    def revoke_by_client(self, token: tuple[str, str]) -> None:
        if revoke_token(self.db, self._hash(token[1]), "c1", now=self.now) is not None:
            self.revoked.add(token[0])

    @rule(code=codes)
    def revoke_by_administrator(self, code: tuple[str, str]) -> None:
        revoke_grant(self.db, code[0], now=self.now, why="test")
        self.revoked.add(code[0])

    @rule(
        seconds=st.sampled_from(
            [1, 30, 59, GRACE_SECONDS, 3600, LOST_SECONDS, 10 * 86_400, 31 * 86_400]
        )
    )
    def wait(self, seconds: int) -> None:
        self.now += seconds

    @rule()
    def delete_expired(self) -> None:
        delete_expired(self.db, now=self.now)

    @invariant()
    def nothing_lives_in_a_revoked_grant(self) -> None:
        for grant_id in self.revoked:
            assert find_grant(self.db, grant_id) is None
        orphans = self.db.execute(
            "SELECT count(*) FROM tokens JOIN grants ON grants.id = grant_id"
            " WHERE revoked_at IS NOT NULL"
        ).fetchone()[0]
        assert orphans == 0
        boxes = self.db.execute(
            "SELECT count(*) FROM grants WHERE revoked_at IS NOT NULL AND key_box <> x''"
        ).fetchone()[0]
        assert boxes == 0

    @invariant()
    def a_grant_has_one_refresh_token_that_was_not_used(self) -> None:
        chains = self.db.execute(
            "SELECT count(*) AS unused FROM tokens WHERE kind = 'refresh' AND rotated_at IS NULL"
            " GROUP BY grant_id"
        ).fetchall()
        assert all(chain["unused"] == 1 for chain in chains)

    @invariant()
    def no_token_outlives_its_grant(self) -> None:
        late = self.db.execute(
            "SELECT count(*) FROM tokens JOIN grants ON grants.id = grant_id"
            " WHERE tokens.expires_at > grants.expires_at"
        ).fetchone()[0]
        assert late == 0


TestFamilies = Families.TestCase
TestFamilies.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
