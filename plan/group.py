# SPDX-License-Identifier: BSD-3-Clause
"""A group: a primary and its secondaries. Who runs them says how one is started."""

from plan.outcome import expect


def roles(secondaries):
    """How the members of a group are called: "primary", "secondary 1", ..."""
    return ("primary", *(f"secondary {n + 1}" for n in range(secondaries)))


class Group:
    """A primary and its secondaries. start(role) of a class below starts one process."""

    def launch(self, secondaries, **kwargs):
        """Start them all, the primary first."""
        self.secondaries = []
        self.primary = self.start("primary", **kwargs, wait=False)
        try:
            self.primary.wait_prompt()
            for _ in range(secondaries):
                self.secondaries.append(self.start("secondary", **kwargs, wait=False))
            for secondary in self.secondaries:
                secondary.wait_prompt()
        except BaseException:
            self.close()
            raise

    def start(self, role, **kwargs):
        raise NotImplementedError

    def close(self):
        raise NotImplementedError

    def member(self, role):
        """The process in one of roles()."""
        if role == "primary":
            return self.primary
        return self.secondaries[int(role.split()[1]) - 1]

    def by_role(self):
        """{role: process} of all processes that run."""
        names = roles(len(self.secondaries))
        return {name: self.member(name) for name in names if self.member(name).alive()}

    def members(self):
        """All processes that run."""
        return [*self.by_role().values()]

    def assert_lists(self, expected):
        """Every process lists these ports, [(id, name)], and no others."""
        lists = {role: process.list() for role, process in self.by_role().items()}
        wrong = [f"{role} lists {ports}" for role, ports in lists.items() if ports != expected]
        expect(not wrong, f"every process has to list {expected}; {'; '.join(wrong)}")

    def detach_all(self):
        """The primary detaches whatever there is."""
        for _, name in self.primary.list():
            answer = self.primary.cmd(f"detach {name}")
            expect("fail" not in answer, f"primary: detach {name}: {answer}")
        self.assert_lists([])
