# SPDX-License-Identifier: GPL-2.0
"""Pages: which commands a Markdown file has, and what each has to print.

The form is described in README.md beside this file.
"""
import pathlib
import re
from dataclasses import dataclass, field

TREE = pathlib.Path(__file__).resolve().parent.parent
KERNELS = TREE / "vm/kernels.tsv"

FENCE = re.compile(r"([ \t]*)(`{3,}(?=[^`]*$)|~{3,})(.*)")
# Where it runs says what the prompt of a block is: on the reader's own machine
# nobody is in a namespace, and our own demo prints such prompts there.
ROOT_PROMPT = re.compile(r"([A-Za-z0-9][\w.-]*)?# (.*)")
USER_PROMPT = re.compile(r"()\$ (.*)")
ANY_PROMPT = re.compile(r"([A-Za-z0-9][\w.-]*(?=#))?[#$] (.*)")
PROMPTS = {"machine": ROOT_PROMPT, "host": USER_PROMPT,
           "check-install": ANY_PROMPT, "not-run": ANY_PROMPT}
# Who runs a block in several steps calls it by a name.
ELSEWHERE = re.compile("host|not-run|check-install=[a-z-]+")


def supported_kernels():
    """The series that are tested by default, in the order of their list."""
    lines = (line.split("#")[0] for line in KERNELS.open())
    return [line.split()[0] for line in lines if line.strip()]


@dataclass
class Command:
    """One command: in which namespace, and how it has to end."""
    line: int
    namespace: str
    text: str
    place: str = "machine"
    output: list = field(default_factory=list)
    status: int = 0

    def is_continued(self):
        return self.text.endswith("\\")

    def prompt(self):
        """What none of its lines may look like."""
        return USER_PROMPT if self.place == "host" else ANY_PROMPT


@dataclass
class Block:
    """One block: where and on which kernels it runs, and its commands."""
    line: int
    kernels: list = field(default_factory=list)
    place: str = "machine"
    name: str = ""
    commands: list = field(default_factory=list)

    def runs_on(self, kernel):
        return self.place == "machine" and (
            not self.kernels or kernel in self.kernels)


class Page:
    """One Markdown file: its blocks, and where they have not the form."""

    def __init__(self, name):
        self.name = name
        self.text = (TREE / name).read_text(encoding="utf-8")
        self.blocks = []
        self.faults = []
        self.lines = self.text.split("\n")
        for number, info, content in self.fenced():
            words = info.split()
            if words[:1] == ["console"]:
                self.add_block(number, words[1:], content)

    def fault(self, line, what):
        self.faults.append(f"{self.name}:{line}: {what}")

    def blocks_on(self, kernel):
        return [block for block in self.blocks if block.runs_on(kernel)]

    def fenced(self):
        """Yield (line number, info string, content) of each fenced block."""
        opened = None
        for number, line in enumerate(self.lines, 1):
            fence = FENCE.fullmatch(line)
            if opened is None:
                if fence:
                    start, opened, content = number, fence, []
            elif fence and self.closes(fence, opened):
                yield start, opened[3], content
                opened = None
            else:
                content.append(line.removeprefix(opened[1]))
        if opened:
            self.fault(start, "a block without an end")

    @staticmethod
    def closes(fence, opened):
        return fence[2].startswith(opened[2]) and not fence[3].strip()

    def add_block(self, number, words, content):
        block = Block(number)
        status = self.read_words(block, words)
        self.read_content(block, content)
        if block.commands:
            block.commands[-1].status = status
        else:
            self.fault(number, "a block without a command")
        if block.place == "not-run" and not self.reason_before(number):
            self.fault(number, "not-run, and no reason in the text before it")
        self.blocks.append(block)

    def read_words(self, block, words):
        """The words behind "console"; return the status that they name."""
        status = 0
        for word in words:
            if word in supported_kernels():
                block.kernels.append(word)
            elif re.fullmatch(r"status=\d+", word):
                status = int(word.split("=")[1])
            elif ELSEWHERE.fullmatch(word) and block.place == "machine":
                block.place, _, block.name = word.partition("=")
            else:
                self.fault(block.line, f"unknown word '{word}'")
        return status

    def read_content(self, block, content):
        command = None
        for number, line in enumerate(content, block.line + 1):
            prompt = PROMPTS[block.place].fullmatch(line)
            if command and command.is_continued():
                self.continue_command(command, number, line)
            elif prompt:
                command = Command(number, prompt[1] or "", prompt[2],
                                  block.place)
                block.commands.append(command)
            elif command:
                command.output.append(line.rstrip())
            else:
                self.fault(number, "no prompt, and no command above it")
        for command in block.commands:
            self.check_command(command)

    def continue_command(self, command, number, line):
        if not re.match("> |>$", line):
            self.fault(number, "no '> ' before the rest of a command")
        command.text += "\n" + line[2:]

    def check_command(self, command):
        if not command.text.strip() or command.is_continued():
            self.fault(command.line, "no whole command behind a prompt")
        if says_nothing(command.output):
            self.fault(command.line, "an output of nothing but '...'")
        if any(map(command.prompt().fullmatch, command.output)):
            self.fault(command.line, "an output that looks like a prompt")

    def reason_before(self, number):
        """The paragraph right above a line, if it is one."""
        above = "\n".join(self.lines[:number - 1]).rstrip()
        paragraph = above.split("\n\n")[-1]
        if re.match("#|```|~~~|<!--", paragraph.split("\n")[-1].strip()):
            return ""
        return paragraph.strip()


def says_nothing(output):
    text = "".join(output)
    return "..." in text and not text.replace("...", "").strip()
