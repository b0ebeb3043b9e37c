# SPDX-License-Identifier: GPL-2.0
"""The machine: what has to be after a page as it was before, and how to make
it so again.

A state is a set of (kind, name, value). A module that the kernel has loaded on
demand may stay, as on any machine; it is unloaded here, so that all pages
begin alike. One that a command of the page has loaded has to go.
"""
import glob
import os
import pathlib
import signal
import subprocess
import time

from page import TREE

ON_DEMAND = pathlib.Path("/run/modules-on-demand")
MODPROBE = TREE / "check-docs/modprobe-on-demand.sh"
WATCHED_DIRECTORIES = ["/tmp", "/root", "/sys/fs/bpf", str(TREE)]
TRACING = [f"/sys/kernel/tracing/{name}" for name in
           ("current_tracer", "kprobe_events", "set_event", "tracing_on")]
# What was in a namespace is gone a moment after it, on a slow machine too.
SETTLE_SECONDS = 10


def refuse_real_machines():
    """All processes that a page leaves are killed: only in guests of vm.sh."""
    if not os.path.exists("/run/host/environment"):
        raise SystemExit("check-docs: not in a throw-away machine:"
                         " make check-docs")


def prepare():
    pathlib.Path("/proc/sys/kernel/modprobe").write_text(str(MODPROBE))
    ON_DEMAND.write_text("")


def run(*words):
    return subprocess.run(words, stdout=subprocess.PIPE, text=True,
                          stderr=subprocess.STDOUT, check=False).stdout


def read(path):
    """What is in a file, if it can be read: some are for writing only."""
    try:
        return pathlib.Path(path).read_text(errors="replace").strip()
    except OSError:
        return None


# --- what there is -----------------------------------------------------------

def links():
    for line in run("ip", "-brief", "address", "show").splitlines():
        name, *rest = line.split()
        yield "link", name.split("@")[0], " ".join(rest)


def namespaces():
    for path in glob.glob("/run/netns/*"):
        yield "namespace", os.path.basename(path), ""


def modules():
    for path in glob.glob("/sys/module/*/initstate"):
        yield "module", path.split("/")[3], ""


def processes():
    """Those that are alive, and no threads of the kernel."""
    for path in glob.glob("/proc/[0-9]*"):
        state, parent = (read(path + "/stat") or ") Z 0").rpartition(
            ")")[2].split()[:2]
        command = (read(path + "/cmdline") or "").replace("\0", " ")
        if state not in "ZX" and parent != "2" and command:
            yield "process", os.path.basename(path), command.strip()


def files():
    for top in WATCHED_DIRECTORIES:
        for directory, subdirectories, names in os.walk(top):
            for name in subdirectories + names:
                yield "file", os.path.join(directory, name), ""


def settings(paths):
    for path in paths:
        value = read(path)
        if value is not None:
            yield "setting", path, value


def setting_paths():
    for directory, _, names in os.walk("/proc/sys/net"):
        yield from (os.path.join(directory, name) for name in names)
    yield from TRACING


def things():
    """All but settings, of which there are a thousand."""
    state = {*links(), *namespaces(), *modules(), *files()}
    # The last, for those above start some.
    return state | set(processes())


def whole_state():
    return things() | set(settings(setting_paths()))


# --- what has changed --------------------------------------------------------

def on_demand():
    """What the kernel has brought itself, as (kind, name)."""
    found = set()
    for path in (read(ON_DEMAND) or "").split():
        parts = path.split("/")
        found.add(("module" if parts[2] == "module" else "link",
                   parts[3] if parts[2] == "module" else parts[4]))
    return found


def state_like(before):
    """Now, with the settings that there were before."""
    paths = [name for kind, name, _ in before if kind == "setting"]
    return things() | set(settings(paths))


def changes(before, now):
    """What is there now and was not, and the other way round."""
    excused = on_demand()
    left = {thing for thing in now - before if thing[:2] not in excused}
    gone = {thing[:2] for thing in before} - {thing[:2] for thing in now}
    lost = {thing for thing in before - now
            if thing[0] != "setting" or thing[:2] not in gone}
    return left, lost


def settled_changes(before):
    """The changes, when they have had time to vanish by themselves."""
    before_things = {thing for thing in before if thing[0] != "setting"}
    deadline = time.monotonic() + SETTLE_SECONDS
    while any(changes(before_things, things())):
        if time.monotonic() > deadline:
            break
        time.sleep(0.2)
    return changes(before, state_like(before))


def describe(left, lost):
    """A line for each change."""
    old = {thing[:2]: thing[2] for thing in lost}
    new = {thing[:2]: thing[2] for thing in left}
    lines = []
    for thing in sorted({*old, *new}):
        name = " ".join(thing)
        if thing not in old:
            lines.append(f"left: {name} {new[thing]}".rstrip())
        elif thing not in new:
            lines.append(f"lost: {name} {old[thing]}".rstrip())
        else:
            lines.append(f"changed: {name} from {old[thing]} to {new[thing]}")
    return lines


# --- as it was ---------------------------------------------------------------

def end_process(name):
    try:
        os.kill(int(name), signal.SIGKILL)
    except ProcessLookupError:
        pass


def remove_file(name):
    remove = os.rmdir if os.path.isdir(name) else os.unlink
    try:
        remove(name)
    except OSError:
        pass


def write_setting(name, value):
    try:
        pathlib.Path(name).write_text(value + "\n")
    except OSError:
        pass


def change_link(name, value):
    """Give a link that is still there the state and addresses that it had."""
    state, *addresses = value.split()
    _, *found = next((thing[2] for thing in links() if thing[1] == name),
                     "").split() or [""]
    for address in set(found) - set(addresses):
        run("ip", "address", "del", address, "dev", name)
    run("ip", "link", "set", "dev", name, "down" if state == "DOWN" else "up")
    for address in set(addresses) - set(found):
        run("ip", "address", "add", address, "dev", name)


REMOVE = {
    "process": end_process,
    "namespace": lambda name: run("ip", "netns", "del", name),
    "link": lambda name: run("ip", "link", "del", "dev", name),
    "module": lambda name: run("modprobe", "-r", name),
    "file": remove_file,
}
PUT_BACK = {
    "link": change_link,
    "module": lambda name, value: run("modprobe", name),
    "setting": write_setting,
}


def restore(before):
    """Undo what can be undone, in the order of REMOVE; return what cannot."""
    left, lost = changes(before, state_like(before))
    known = {thing[:2] for thing in before}
    for wanted, remove in REMOVE.items():
        # What is in a directory goes before it.
        for kind, name, _ in sorted(left, reverse=True):
            if kind == wanted and (kind, name) not in known:
                remove(name)
    for kind, name, value in sorted(lost):
        if kind in PUT_BACK:
            PUT_BACK[kind](name, value)
    unload_on_demand(before)
    return describe(*settled_changes(before))


def unload_on_demand(before):
    """Unused ones may be of no use to any other: as long as some go."""
    ours = {name for kind, name in on_demand() if kind == "module"}
    ours -= {name for kind, name, _ in before if kind == "module"}
    loaded = len(ours) + 1
    while loaded > len(ours):
        loaded = len(ours)
        for name in ours:
            run("modprobe", "-q", "-r", name)
        ours &= {name for _, name, _ in modules()}
    # What is still used is a leftover. The others have no way to be unloaded.
    kept = {name for name in ours if read(f"/sys/module/{name}/refcnt") == "0"}
    ON_DEMAND.write_text("".join(f"/sys/module/{name}/initstate\n"
                                 for name in kept))
