# SPDX-License-Identifier: GPL-2.0
"""check_docs.py [OPTION] PAGE...

Run the blocks of each page on the running kernel and compare what they print;
KTAP, a result a page, and in the last line "N passed, N failed, N skipped".

--lint: whether the pages have the form, without a machine; list the blocks
that are run elsewhere, or not at all.
--selftest: whether each command with an output is missed when `true` runs
instead, and whether each page of check-docs/pages has the fault that it names.
--list=PLACE, --list=PLACE=NAME: print what is run there, or is the block of
that name, for whoever does it: "PAGE:LINE", how many lines stand below, and
the command, with tabs between, and a null character.
--compare=PAGE:LINE:STATUS: whether the command in that line might print what
comes from stdin, and end so.
"""
import copy
import os
import re
import sys

import compare
import machine
import shell
from page import TREE, Page, supported_kernels

SELFTEST_PAGES = TREE / "check-docs/pages"
NAMED_FAULT = re.compile(r"<!-- fault:(.*) -->")
# A command of ours that hangs on purpose need not do so for long.
NAMED_TIME_LIMIT = re.compile(r"<!-- time limit:(\d+) -->")


class Fault(Exception):
    """What is wrong with a page: a line that says where, and what shows it."""

    def __init__(self, *lines):
        super().__init__(lines[0])
        self.lines = list(lines)


class Mismatch(Fault):
    """A command has not printed what it should, or not ended so."""


# --- a page ------------------------------------------------------------------

def running_kernel():
    return re.match(r"\d+\.\d+", os.uname().release)[0]


def run_command(shells, page, command):
    where = f"{page.name}:{command.line}"
    first_line = command.text.split("\n")[0]
    its_shell = shells.of(command)
    try:
        output = its_shell.run(command.text)
    except shell.ShellFault as fault:
        raise Fault(f"{where}: '{first_line}' {fault}",
                    *compare.lines_of(fault.output)) from None
    shells.end_stale()
    printed = compare.lines_of(output)
    found = compare.faults_of(command, printed, its_shell.status)
    if found:
        raise Mismatch(f"{where}: '{first_line}' {found[0]}", *found[1:])


def replaced(command):
    """The same command, but that nothing is run."""
    sham = copy.copy(command)
    sham.text = "true"
    return sham


def must_be_missed(shells, page, command):
    """Run `true` in the place of a command with an output: such a page is run
    as this one is up to here, and must fail here. Nothing has happened then,
    so that this page can go on."""
    its_shell = shells.of(command)
    status = its_shell.status
    try:
        run_command(shells, page, replaced(command))
    except Mismatch:
        its_shell.set_status(status)
        return
    raise Fault(f"{page.name}:{command.line}: nobody misses '{command.text}'")


def run_commands(page, selftest):
    """Run the page from top to bottom; the first fault ends it."""
    shells = shell.Shells(TREE)
    try:
        for block in page.blocks_on(running_kernel()):
            for command in block.commands:
                if selftest and command.output:
                    must_be_missed(shells, page, command)
                run_command(shells, page, command)
    finally:
        shells.end()


def faults_of_page(page, selftest=False):
    """The lines that say what is wrong. The machine is as before then."""
    if page.faults:
        return page.faults
    before = machine.whole_state()
    faults = []
    try:
        run_commands(page, selftest)
        faults = machine.describe(*machine.settled_changes(before))
        faults = [f"{page.name}: {fault}" for fault in faults]
    except Fault as fault:
        faults = fault.lines
    faults += [f"{page.name}: cannot be undone: {fault}"
               for fault in machine.restore(before)]
    return faults


# --- results -----------------------------------------------------------------

class Results:
    """KTAP on stdout."""

    def __init__(self, planned):
        self.passed = self.failed = self.skipped = 0
        print("KTAP version 1")
        print(f"1..{planned}", flush=True)

    def say(self, result, name):
        number = self.passed + self.failed + self.skipped
        print(f"{result} {number} {name}", flush=True)

    def add(self, name, faults):
        for line in faults:
            print(f"# {line}")
        if faults:
            self.failed += 1
        else:
            self.passed += 1
        self.say("not ok" if faults else "ok", name)

    def skip(self, name, why):
        self.skipped += 1
        self.say("ok", f"{name} # SKIP {why}")

    def finish(self):
        print(f"{self.passed} passed, {self.failed} failed,"
              f" {self.skipped} skipped")
        return self.failed > 0


def counted(number, what):
    return f"{number} {what}{'s' if number != 1 else ''}"


def size_of(page):
    blocks = page.blocks_on(running_kernel())
    commands = sum(len(block.commands) for block in blocks)
    return f"{counted(len(blocks), 'block')}, {counted(commands, 'command')}"


def check(pages):
    pages = [page for page in pages if page.blocks or page.faults]
    results = Results(len(pages))
    for page in pages:
        if page.faults or page.blocks_on(running_kernel()):
            results.add(f"{page.name}: {size_of(page)}", faults_of_page(page))
        else:
            results.skip(page.name, f"no block for {running_kernel()}")
    return results.finish()


# --- the test of this program ------------------------------------------------

def commands_with_output(page):
    return [command for block in page.blocks_on(running_kernel())
            for command in block.commands if command.output]


def faults_of_replacing(page):
    """Each command with an output, one after the other, in one run of the
    page. And one from its middle as it would really be: the page ends there.
    """
    faults = faults_of_page(page, selftest=True)
    commands = commands_with_output(page)
    if faults or not commands:
        return faults
    command = commands[len(commands) // 2]
    text, command.text = command.text, "true"
    found = faults_of_page(page)
    command.text = text
    where = f"{page.name}:{command.line}: 'true' prints nothing"
    if len(found) > 1 and found[0] == where and not undone(found):
        return []
    return [f"instead of '{where}':", *found]


def undone(faults):
    return [fault for fault in faults if "cannot be undone" in fault]


def faults_of_faulty(page):
    """A page of our own must have the fault that its comment names, and no
    other before it; one without such a comment has none."""
    found = faults_of_page(page) or ["no fault"]
    named = NAMED_FAULT.search(page.text)
    wanted = f"{page.name}:{named[1]}" if named else "no fault"
    if undone(found) or not compare.matches([wanted], found[:1]):
        return [f"instead of '{wanted}':", *found]
    return []


def pages_of_our_own():
    return [Page(str(path.relative_to(TREE)))
            for path in sorted(SELFTEST_PAGES.glob("*.md"))
            if path.name != "README.md"]


def selftest(pages):
    own = pages_of_our_own()
    pages = [page for page in pages if page.blocks_on(running_kernel())]
    results = Results(len(own) + len(pages))
    usual = shell.TIME_LIMIT
    for page in own:
        named = NAMED_TIME_LIMIT.search(page.text)
        shell.TIME_LIMIT = int(named[1]) if named else usual
        results.add(page.name, faults_of_faulty(page))
    shell.TIME_LIMIT = usual
    for page in pages:
        commands = counted(len(commands_with_output(page)), "command")
        results.add(f"{page.name}: {commands} replaced by true",
                    faults_of_replacing(page))
    return results.finish()


# --- without a machine -------------------------------------------------------

def faults_of_form(page):
    """And each page with a block for machines has one for each kernel."""
    blocks = [block for block in page.blocks if block.place == "machine"]
    kernels = supported_kernels()
    if blocks and not any(all(block.runs_on(kernel) for kernel in kernels)
                          for block in blocks):
        return page.faults + [f"{page.name}: no block runs on each kernel"]
    return page.faults


def lint(pages):
    faults = [fault for page in pages for fault in faults_of_form(page)]
    for page in pages:
        for block in page.blocks:
            if block.place != "machine" and block.commands:
                print(f"# {page.name}:{block.line}: {block.place}:"
                      f" {block.commands[0].text}")
    for fault in faults:
        print(fault)
    return len(faults) > 0


# --- for those who run commands elsewhere ------------------------------------

def list_commands(pages, wanted):
    place, _, name = wanted.partition("=")
    for page in pages:
        for block in page.blocks:
            if block.place != place or name not in ("", block.name):
                continue
            for command in block.commands:
                print(f"{page.name}:{command.line}", len(command.output),
                      command.text, sep="\t", end="\0")


def compare_output(name, line, status):
    command = next(command for block in Page(name).blocks
                   for command in block.commands if command.line == int(line))
    printed = compare.lines_of(sys.stdin.read())
    found = compare.faults_of(command, printed, int(status))
    for line in found:
        print(f"# {line}")
    return len(found) > 0


def main(words):
    mode, _, value = (words.pop(0) if words and words[0].startswith("--")
                      else "").partition("=")
    pages = [Page(name) for name in words]
    if mode == "--lint":
        return lint(pages)
    if mode == "--list":
        return list_commands(pages, value)
    if mode == "--compare":
        return compare_output(*value.rsplit(":", 2))
    machine.refuse_real_machines()
    machine.prepare()
    return selftest(pages) if mode == "--selftest" else check(pages)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
