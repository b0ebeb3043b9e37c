# SPDX-License-Identifier: GPL-2.0
"""The shells of a page: one for each prompt, from its first command to the the
end of the page, so that variables, directories and jobs are what they were.

The shell of "NAME# " is one that `ip netns exec NAME` starts. It ends when
that namespace is deleted, which it would keep alive otherwise.
"""
import os
import re
import select
import subprocess
import time

# Whatever is slow on an emulated processor; longer is a command that hangs.
TIME_LIMIT = 120
# More than a page could show
SIZE_LIMIT = 1 << 20
LAST_WORDS = 4096

# Reads commands from a descriptor that they do not see, and says when one has
# ended, and how. $? is the status of the page's command before.
LOOP = r"""
exec 3<&0 </dev/null
_ended() { return "$1"; }
_status=0
while IFS= read -rd '' -u 3 _command; do
    _ended "$_status"
    eval "$_command" 3<&-
    _status=$?
    printf '%s %d\n' MARK "$_status"
done
"""


class ShellFault(Exception):
    """A command has no end, or was the end of the shell; what it printed."""

    def __init__(self, what, output):
        super().__init__(what)
        self.output = output


class Shell:
    """One shell, in a network namespace if it has a name."""

    def __init__(self, namespace, directory):
        self.namespace = namespace
        self.mark = os.urandom(16).hex()
        self.buffer = b""
        self.status = 0
        where = ["ip", "netns", "exec", namespace] if namespace else []
        self.process = subprocess.Popen(
            [*where, "bash", "--norc", "-c", LOOP.replace("MARK", self.mark),
             "bash"],
            cwd=directory, start_new_session=True, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def run(self, text):
        """Run a command; return what it printed, and set its status."""
        try:
            self.process.stdin.write(text.encode() + b"\0")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass
        end = re.compile(self.mark.encode() + rb" (\d+)\n")
        deadline = time.monotonic() + TIME_LIMIT
        while not (found := end.search(self.buffer)):
            self.read_more(deadline)
        output = self.buffer[:found.start()]
        self.buffer = self.buffer[found.end():]
        self.status = int(found[1])
        return readable(output)

    def read_more(self, deadline):
        """Read what has been printed, as soon as there is something. A shell
        may have ended while its jobs go on."""
        while not select.select([self.process.stdout], [], [], 1)[0]:
            if self.process.poll() is not None:
                self.fail("has ended its shell")
            if time.monotonic() > deadline:
                self.fail(f"does not end within {TIME_LIMIT} s")
        chunk = os.read(self.process.stdout.fileno(), 65536)
        if not chunk:
            self.fail("has ended its shell")
        self.buffer += chunk
        if len(self.buffer) > SIZE_LIMIT:
            self.fail(f"prints more than {SIZE_LIMIT} bytes")

    def fail(self, what):
        raise ShellFault(what, readable(self.buffer[:LAST_WORDS]))

    def set_status(self, status):
        """What $? is for the next command."""
        if self.status != status:
            self.run(f"(exit {status})")

    def is_stale(self):
        """Whether its namespace has been deleted."""
        if not self.namespace:
            return False
        try:
            return not os.path.samefile(f"/run/netns/{self.namespace}",
                                        f"/proc/{self.process.pid}/ns/net")
        except OSError:
            return True

    def end(self):
        """End the shell, and none of its jobs."""
        try:
            self.process.stdin.close()
            self.process.wait(5)
        except (BrokenPipeError, subprocess.TimeoutExpired):
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()


def readable(output):
    """As a terminal would show it: there bash names no line before a fault."""
    text = output.decode(errors="replace")
    return re.sub(r"(?m)^bash: line \d+: ", "bash: ", text)


class Shells:
    """Those of one page."""

    def __init__(self, directory):
        self.directory = directory
        self.shells = {}

    def of(self, command):
        if command.namespace not in self.shells:
            self.shells[command.namespace] = Shell(command.namespace,
                                                   self.directory)
        return self.shells[command.namespace]

    def end_stale(self):
        for namespace, shell in list(self.shells.items()):
            if shell.is_stale():
                shell.end()
                del self.shells[namespace]

    def end(self):
        for shell in self.shells.values():
            shell.end()
        self.shells.clear()
