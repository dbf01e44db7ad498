#!/usr/bin/env python3
"""Runs the shell blocks of documents, in the order in which they stand, as a reader would.

    t/documents.py --pingauge PROGRAM DOCUMENT...

A block opens with ```sh and is run whole; it must succeed. One that opens with ```sh foreground keeps the terminal: it is run
beside what follows, once it listens, and interrupted at the next heading. What a document starts it ends: nothing listens behind its last block. In a block that opens with ```console, lines with "$ " are run and must
print what stands below them; "..." there stands for any lines. All blocks of a document share one shell.

Each document has a world of its own: a copy of the repository's files, an empty home, a network of nothing but loopback, and processes that
end with it. Nothing is downloaded or built: "cargo install" puts PROGRAM in place, and of systemctl there is as much as starts what a unit
names. With --verbatim nothing stands in for anything: that is for a fresh account on a machine with Rust (t/newcomer).
"""

import argparse
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
# What a reader has: the files of the repository, but not what was built of them.
LEFT_OUT = {"target", ".git"}
NOBODY = 65534


def blocks(text):
    """The shell blocks of a document: kind, lines, number of the first line; and its headings."""
    found, lines = [], text.split("\n")
    number = 0
    while number < len(lines):
        if lines[number].startswith("#"):
            found.append(("heading", [], number))
        opening = re.match(r"^( *)```(\S*) *(.*)$", lines[number])
        number += 1
        if not opening:
            continue
        indent, language, rest = opening.groups()
        start = number
        while number < len(lines) and lines[number].strip() != "```":
            number += 1
        inner = [line.removeprefix(indent) for line in lines[start:number]]
        number += 1
        if language in ("sh", "bash", "shell", "console"):
            found.append((f"{language} {rest}".strip(), inner, start))
    return found


class Script:
    """A shell script made of the blocks of a document."""

    def __init__(self, folder, document):
        self.folder = folder
        self.document = document
        self.parts = [
            "set -eu",
            "exec 9>&2",
            "listening() { cat /proc/net/tcp /proc/net/tcp6 | grep -c ' 0A ' || true; }",
            f"trap 'cat $got >&9; echo \"{document}: line $line: failed\" >&9' EXIT",
            "line=0 got=/dev/null first=$(listening)",
        ]
        self.count = 0

    def add(self, kind, lines, start):
        self.parts.append(f"line={start + 1}")
        if kind == "sh":
            self.parts += lines
        elif kind == "sh foreground":
            self.parts += [
                "before=$(listening)",
                "exec_last() { exec \"$@\"; }",
                *lines[:-1],
                "exec_last " + lines[-1] + " &",
                "beside=$!",
                "for _ in $(seq 300); do [ $(listening) -le $before ] || break; kill -0 $beside; sleep 0.1; done",
                "[ $(listening) -gt $before ]",
            ]
        elif kind == "heading":
            self.parts += ["if [ -n \"${beside:-}\" ]; then kill -TERM $beside; wait $beside; beside=; fi"]
        elif kind == "console":
            self.console(lines, start)
        else:
            raise SystemExit(f"{self.document}:{start}: a block of an unknown kind: {kind}")

    def console(self, lines, start):
        for number, line in enumerate(lines):
            if not line.startswith("$ "):
                continue
            end = number + 1
            while end < len(lines) and not lines[end].startswith("$ "):
                end += 1
            name = os.path.join(self.folder, f"expected{self.count}")
            self.count += 1
            with open(name, "w", encoding="utf-8") as file:
                file.write("\n".join(lines[number + 1 : end]).strip("\n"))
            self.parts += [
                f"line={start + number + 1}",
                f"got={name}.got",
                "{ " + line[2:] + "\n} > $got 2>&1",
                f"python3 -I {shlex.quote(os.path.abspath(__file__))} --compare {name} $got",
                "got=/dev/null",
            ]

    def text(self):
        over = [
            "line=end; if [ -n \"${beside:-}\" ]; then kill -TERM $beside; wait $beside; fi",
            "for _ in $(seq 100); do [ $(listening) -gt $first ] || break; sleep 0.1; done",
            "if [ $(listening) -gt $first ]; then echo 'a server that the document starts still runs' >&9; false; fi",
        ]
        return "\n".join([*self.parts, *over, "trap - EXIT", ""])


def compare(expected, got):
    """Ends with an error unless what was printed is what a document says."""
    with open(expected, encoding="utf-8") as file:
        pattern = file.read()
    with open(got, encoding="utf-8", errors="replace") as file:
        printed = "\n".join(line.rstrip() for line in file.read().split("\n")).strip("\n")
    pattern = "\n".join(line.rstrip() for line in pattern.split("\n"))
    pieces = [re.escape(piece) for piece in re.split(r"(?m)^\.\.\.$", pattern)]
    if not re.fullmatch("[\\s\\S]*?".join(pieces), printed):
        sys.exit(f"the document says:\n{pattern}\nit printed:\n{printed}")


STUBS = {
    # What is built already is only put in place.
    "cargo": """#!/bin/sh
[ "$1" = install ] || { echo "cargo $*: not expected in a document" >&2; exit 1; }
mkdir -p "$HOME/.cargo/bin"
cp "$PINGAUGE" "$HOME/.cargo/bin/pingauge"
""",
    "systemctl": """#!/bin/sh
unit=/etc/systemd/system/pingauge.service
field() { sed -n "s/^$1=//p" $unit; }
case "$1" in
daemon-reload) ;;
enable)
    eval "$(field ExecStart)" &
    for _ in $(seq 300); do [ -e /run/pingauge.pid ] && exit; sleep 0.1; done
    exit 1 ;;
reload) MAINPID=$(cat /run/pingauge.pid); eval "$(field ExecReload)" ;;
stop) MAINPID=$(cat /run/pingauge.pid); kill -QUIT "$MAINPID" ;;
*) echo "systemctl $*: not expected" >&2; exit 1 ;;
esac
""",
}


def world(folder, document, program):
    """A reader's files; gives the environment."""
    home, stubs = os.path.join(folder, "home"), os.path.join(folder, "stubs")
    installed = os.path.join(home, ".cargo/bin")
    os.makedirs(installed if document != "README.md" else home)
    if document != "README.md":
        # That is read first.
        shutil.copy(program, os.path.join(installed, "pingauge"))
    os.makedirs(stubs)
    for name, text in STUBS.items():
        with open(os.path.join(stubs, name), "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(os.path.join(stubs, name), 0o755)
    copy = os.path.join(folder, "pingauge")
    shutil.copytree(HERE, copy, symlinks=True, ignore=lambda _, names: LEFT_OUT & set(names))
    environment = {
        "HOME": home,
        "LANG": "C.UTF-8",
        "TERM": "dumb",
        "PATH": f"{stubs}:{installed}:{os.environ['PATH']}",
        "PINGAUGE": shutil.copy(program, os.path.join(folder, "program")),
    }
    return environment, copy


def run(document, program, verbatim):
    """Runs a document; whether it did what it says."""
    with open(os.path.join(HERE, document), encoding="utf-8") as file:
        found = blocks(file.read())
    count = sum(kind != "heading" for kind, _, _ in found)
    if count == 0:
        print(f"{document}: no block")
        return True
    as_root = document.endswith("service.md")
    if as_root and os.geteuid() != 0:
        print(f"{document}: skipped, it is for root")
        return True
    folder = tempfile.mkdtemp(prefix="pingauge-document-")
    try:
        if verbatim:
            path = os.path.expanduser("~/.cargo/bin") + ":" + os.environ["PATH"]
            environment, copy = {**os.environ, "PATH": path}, HERE
        else:
            environment, copy = world(folder, document, program)
        script = Script(folder, document)
        for block in found:
            script.add(*block)
        path = os.path.join(folder, "script")
        with open(path, "w", encoding="utf-8") as file:
            file.write(script.text())
        command = apart(path, folder, as_root, verbatim)
        done = subprocess.run(command, cwd=copy, env=environment, stdin=subprocess.DEVNULL, check=False, timeout=None if verbatim else 300)
        if done.returncode != 0:
            print(f"{document}: ended with {done.returncode}", flush=True)
        print(f"{document}: {count} blocks, {'as they say' if done.returncode == 0 else 'NOT as they say'}", flush=True)
        return done.returncode == 0
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def apart(script, folder, as_root, verbatim):
    """The command that runs a script in a world of its own, without rights unless it is for root."""
    if verbatim:
        return ["bash", script]
    inside = f"bash {script}"
    if os.geteuid() == 0:
        if as_root:
            etc = os.path.join(folder, "etc")
            for name in ("upper", "work"):
                os.makedirs(os.path.join(etc, name))
            over = f"lowerdir=/etc,upperdir={etc}/upper,workdir={etc}/work"
            mounts = f"mount -t tmpfs none {etc} && mkdir {etc}/upper {etc}/work && mount -t overlay overlay -o {over} /etc"
            folders = "/usr/local/bin /run /var/log /var/lib"
            inside = f"{mounts} && for one in {folders}; do mount -t tmpfs none $one; done && {inside}"
        else:
            for top, names, files in os.walk(folder):
                for name in names + files:
                    os.chown(os.path.join(top, name), NOBODY, NOBODY, follow_symlinks=False)
            os.chown(folder, NOBODY, NOBODY)
            inside = f"exec setpriv --reuid={NOBODY} --regid={NOBODY} --clear-groups {inside}"
        options = []
    else:
        options = ["--map-current-user", "--keep-caps"]
        inside = f"exec setpriv --inh-caps=-all --ambient-caps=-all {inside}"
    # Processes end with the first of them, whoever started them.
    options += ["--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
    return ["unshare", *options, "sh", "-c", f"ip link set lo up && {inside}"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("documents", nargs="*")
    parser.add_argument("--pingauge", metavar="PROGRAM")
    parser.add_argument("--verbatim", action="store_true")
    parser.add_argument("--list", action="store_true", help="print how many shell blocks each document has")
    parser.add_argument("--compare", nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.compare:
        return compare(*arguments.compare)
    if arguments.list:
        for document in arguments.documents:
            with open(os.path.join(HERE, document), encoding="utf-8") as file:
                count = sum(kind != "heading" for kind, _, _ in blocks(file.read()))
                print(f"{document} {count}")
        return None
    results = [run(document, arguments.pingauge, arguments.verbatim) for document in arguments.documents]
    sys.exit(0 if all(results) else 1)


main()
