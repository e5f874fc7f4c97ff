# SPDX-License-Identifier: PostgreSQL
"""Population differencing: persons join, leave, are erased and come, versions are trained and deleted, in random order. Whatever has
happened, no two versions that are kept differ by one or a few persons, of whom their difference would tell."""
import random

import psycopg

from attack import LONG, Attack, connect

FLOOR = 3
STEPS = 300 if LONG else 60
HISTORIES = 6 if LONG else 1


class World:
    """Who shares now, and of each kept version who was in it, the erased ones too."""

    def __init__(self, superuser, dice):
        self.superuser, self.dice = superuser, dice
        self.alice, self.steward, self.n, self.versions = connect("alice"), connect("steward"), 0, {}
        self.tried = {"trained": 0, "refused": 0}

    def persons(self):
        return [row for row, in self.superuser.execute("SELECT person_id FROM glucose.person WHERE owner = 'alice' ORDER BY 1").fetchall()]

    def come(self):
        self.n += 1
        person = f"glucose.key('joins {self.dice.random()}')"
        self.alice.execute(f"INSERT INTO glucose.person (person_id, shares_data) VALUES ({person}, {self.dice.random() < 0.5})")
        self.alice.execute(f"SELECT world.live({person}, {self.n}, 3)")

    def turn(self):
        """Some join, or leave."""
        for person in self.dice.sample(self.persons(), min(len(self.persons()), self.dice.choice((1, 1, 1, 2, 3, 4)))):
            self.alice.execute("UPDATE glucose.person SET shares_data = NOT shares_data WHERE person_id = %s", [person])

    def erase(self):
        if len(self.persons()) > 4:
            person = self.dice.choice(self.persons())
            self.alice.execute("SELECT glucose.forget_person(%s, %s)", [person, str(person)])

    def train(self):
        try:
            version, = self.steward.execute("SELECT version FROM glucose.train_population_model('cgm', 'linear')").fetchone()
        except psycopg.Error as error:
            if error.sqlstate not in ("55000", "MG002"):
                raise
            self.tried["refused"] += 1
            return
        self.tried["trained"] += 1
        self.versions[version] = {row for row, in self.superuser.execute(
            "SELECT person_id FROM glucose.population_member WHERE model_type = 'cgm' AND version = %s", [version]).fetchall()}

    def delete(self):
        if self.versions:
            version = self.dice.choice(list(self.versions))
            self.superuser.execute("DELETE FROM glucose.population_model WHERE model_type = 'cgm' AND version = %s", [version])
            del self.versions[version]

    def step(self):
        self.dice.choice((self.come, self.turn, self.turn, self.turn, self.train, self.train, self.train, self.train, self.erase,
                          self.delete if self.dice.random() < 0.3 else self.train))()


def look(attack, world, what):
    """Every two versions, and each by itself."""
    kept = list(world.versions.items())
    for i, (version, members) in enumerate(kept):
        attack.check("a version has enough persons", len(members) >= FLOOR, f"{version} {len(members)}")
        for other, others in kept[:i]:
            apart = len(members ^ others)
            attack.check("two versions differ by nobody or by many", apart == 0 or apart >= FLOOR, f"{what}: {other} and {version}: {apart}")


def main():
    with Attack("joining") as attack, connect("postgres") as superuser:
        superuser.execute(f"ALTER ROLE steward SET glucose.min_population_persons = {FLOOR}")
        superuser.execute("UPDATE glucose.person SET shares_data = false")
        total = {"trained": 0, "refused": 0}
        for seed in range(HISTORIES):
            superuser.execute("DELETE FROM glucose.population_model")
            world = World(superuser, random.Random(seed))
            for _ in range(6):
                world.come()
            for n in range(STEPS // HISTORIES):
                world.step()
                look(attack, world, f"history {seed}, step {n}")
            for what, n in world.tried.items():
                total[what] += n
        attack.check("versions were trained, and others refused", total["trained"] > 5 and total["refused"] > 3, total)
        attack.figures = f" ({STEPS} steps, {total['trained']} versions trained, {total['refused']} refused)"


if __name__ == "__main__":
    main()
