# SPDX-License-Identifier: PostgreSQL
"""The kinds of role that are probed, in each mode of identity, and what each is to the two persons."""
import base64
import dataclasses
import hashlib
import hmac
import json

MODES = ("role", "claims", "token")
KEY = "0123456789abcdef" * 4
KEY_FILE = "pgg_probes_key"
SUBJECTS = ("alice", "bob")
# What somebody can be to a person, beside nothing ("none"): the columns of decided.TABLES.
STANDINGS = ("view", "record", "manage", "owner", "steward reads", "steward", "keeper")


@dataclasses.dataclass(frozen=True)
class Kind:
    """Who asks: the role, with which grants; in the modes claims and token, the role of a gateway that asks for somebody."""
    name: str
    mode: str
    role: str
    identity: str | None
    grants: str
    standings: tuple
    about: tuple

    def standing(self, subject):
        return dict(self.standings).get(subject, "none")

    def sees(self, subject):
        return self.standing(subject) not in ("none", "keeper")

    def before_role(self):
        """Statements of a superuser that come before SET ROLE."""
        if self.mode == "claims" and self.identity:
            return ["SET LOCAL request.jwt.claims = '" + json.dumps({"sub": self.identity}) + "'"]
        # Nobody has logged in: not even whose claims, as of another mode, are there.
        if self.mode == "token" and not self.identity:
            return ["SET LOCAL request.jwt.claims = '{\"sub\": \"alice\"}'"]
        return [self.login()] if self.mode == "token" and self.grants == "none" else []

    def after_role(self):
        return [self.login()] if self.mode == "token" and self.identity and self.grants != "none" else []

    def login(self):
        return f"SELECT glucose.login('{token(self.identity)}')"


def token(identity, key=KEY):
    """A JSON Web Token that lets the identity in for long."""
    def part(content):
        return base64.urlsafe_b64encode(content).rstrip(b"=")
    signed = part(b'{"alg":"HS256"}') + b"." + part(
        json.dumps({"sub": identity, "aud": "pg_glucose", "exp": 4102444800}).encode())
    return (signed + b"." + part(hmac.new(key.encode(), signed, hashlib.sha256).digest())).decode()


# Name, identity (and the role's name, when roles are identities), grants, what it is to alice and to bob.
# "ghost" is a role whose name is bound to one that is gone: nobody. Alice has shared her rows with that one.
WHO = (
    ("no grants", "stranger", "none", "none", "none"),
    ("no identity", "ghost", "write", "none", "none"),
    ("app without persons", "newcomer", "write", "none", "none"),
    ("owner", "alice", "write", "owner", "none"),
    ("owner of another person", "bob", "write", "none", "owner"),
    ("view", "viewer", "write", "view", "none"),
    ("record", "recorder", "write", "record", "none"),
    ("manage", "manager", "write", "manage", "none"),
    ("analyst, nothing shared", "reader", "read", "none", "none"),
    ("analyst, shared", "analyst", "read", "view", "none"),
    ("steward, read", "auditor", "read", "steward reads", "steward reads"),
    ("steward, manage", "second", "steward", "steward", "steward"),
    ("owner of the tables", "keeper", "keeper", "keeper", "keeper"),
)


def kinds(mode):
    """About Alice each kind is asked; about Bob those who are something to Alice, for whom he is somebody else."""
    for name, identity, grants, *standings in WHO:
        role = identity if mode == "role" or grants != "write" else "web"
        if mode != "role" and name == "no identity":
            identity = None
        # Whoever may do nothing at all stays so with the claims of somebody who may.
        if mode != "role" and name == "no grants":
            identity = "alice"
        of_some = standings[0] not in ("none", standings[1])
        yield Kind(name, mode, role, identity, grants, tuple(zip(SUBJECTS, standings)), SUBJECTS if of_some else SUBJECTS[:1])
