"""What a record calls the clients: numbers from 0, each of one client.

Flower's nodes have 64-bit ids, drawn anew for every run; a client's own name comes with its first answer. A node that
has never answered has a number for the time being, which it gives up for the client that turns out to own it.
"""

from collections.abc import Sequence

from fda_flower.rounds import Told


class Numbers:
    """Of `count` clients, over all rounds and lanes of a run."""

    def __init__(self, count: int):
        self.all = [str(number) for number in range(count)]
        self.nodes: dict[int, str] = {}  # names
        self.owned: dict[str, str] = {}  # numbers by name, for good
        self.lent: dict[int, str] = {}  # numbers by node, until its name is known

    def of(self, clients: Sequence[Told]) -> dict[int, str]:
        """The numbers of one round's nodes.

        A node that failed has none where its client is here under another node, started anew, or where all are taken.
        Raises `ValueError` for one that answered and finds none left.
        """
        self.nodes |= {client.node: client.name for client in clients if client.name}
        found: dict[int, str] = {}
        for client in sorted(clients, key=self.claim):
            number = self.number(client, set(found.values()))
            if number is not None:
                found[client.node] = number
            elif not client.problem:
                raise ValueError(f"The record was told of {len(self.all)} clients, and more take part.")
        return found

    def claim(self, client: Told) -> tuple[bool, bool]:
        """Who chooses first: clients that are known, and of two nodes of one name the one that answered."""
        return client.node not in self.nodes, bool(client.problem)

    def number(self, client: Told, taken: set[str]) -> str | None:
        """One that nobody has in this round; None where there is none, or its owner has it."""
        name = self.nodes.get(client.node)
        if name is None:
            return self.lend(client.node, taken)
        number = self.own(name, client.node)
        if number is not None and number not in taken:
            return number
        # Two live nodes of one name are two clients: an app need not give them names of their own.
        return None if client.problem else self.lend(client.node, taken)

    def own(self, name: str, node: int) -> str | None:
        """The number of a name: the same, where it is one, or the one that its node was lent, or the next."""
        if name not in self.owned:
            free = [number for number in self.all if number not in self.owned.values()]
            wishes = [str(int(name)) if name.isdecimal() else "", self.lent.pop(node, ""), *free]
            if (number := next((wish for wish in wishes if wish in free), None)) is None:
                return None
            self.owned[name] = number
        return self.owned[name]

    def lend(self, node: int, taken: set[str]) -> str | None:
        """The one it had, if that has no owner by now; else rather one that is nobody's than another's."""
        owned, others = set(self.owned.values()), {each for other, each in self.lent.items() if other != node}
        free = [number for number in self.all if number not in taken]
        number = min(free, key=lambda n: (n in owned, n != self.lent.get(node), n in others, int(n)), default=None)
        if number is not None:
            self.lent[node] = number
        return number
