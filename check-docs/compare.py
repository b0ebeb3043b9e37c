# SPDX-License-Identifier: GPL-2.0
"""Whether a command has printed what a page says, and where it has not.

"..." stands for any text in a line, alone on a line for any number of lines.
Blanks at the end of a line cannot be seen on a page, and do not count.
"""
import difflib
import re

ANY_LINES = "..."


def lines_of(text):
    if not text:
        return []
    return [line.rstrip() for line in text.removesuffix("\n").split("\n")]


def pattern_of_line(line):
    return ".*".join(re.escape(part) for part in line.split("..."))


def matches(expected, printed):
    """Whether the lines printed are those expected, from first to last."""
    pattern = "".join("(?:.*\n)*" if line.strip() == ANY_LINES
                      else pattern_of_line(line) + "\n" for line in expected)
    text = "".join(line + "\n" for line in printed)
    return re.fullmatch(pattern, text) is not None


def differences(expected, printed):
    """The two as a diff, in which a line that is as expected is the same."""
    patterns = {line: re.compile(pattern_of_line(line)) for line in expected
                if line.strip() != ANY_LINES}
    same = [next((line for line, pattern in patterns.items()
                  if pattern.fullmatch(text)), text) for text in printed]
    diff = difflib.unified_diff(expected, same, n=1000, lineterm="")
    return ["--- expected", "+++ printed", *list(diff)[3:]]


def faults_of(command, printed, status):
    """What is wrong with how a command ended: a line, and what shows it. An
    installation may print what it likes where the page shows nothing."""
    if command.output or command.place != "check-install":
        found = faults_of_output(command, printed)
        if found:
            return found
    if status != command.status:
        return [f"ends with status {status}, not {command.status}", *printed]
    return []


def faults_of_output(command, printed):
    prompts = [line for line in printed if command.prompt().fullmatch(line)]
    if prompts:
        return ["prints a line that looks like a prompt; filter it", *prompts]
    if not matches(command.output, printed):
        what = "prints something else" if printed else "prints nothing"
        if not command.output:
            what = "prints something, and nothing is expected"
        return [what, *differences(command.output, printed)]
    return []
