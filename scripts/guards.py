"""Takes guards away and sees their tests fail; scripts/guards.sh says how to call it.

Every guard of scripts/guards.toml has a name, the tests that are about it, and edits: a text that stands exactly once in
its file, and what stands there instead. In it, OFF is true while the guard is away. All edits are made in one copy of the
checkout, so that it is compiled once; the environment variable CUREX_OFF names the guard that is away.

Ends with 1 if a test passes without its guard, with 2 if nothing could be tried: a text that is not found (any more) or
found twice, a test that does not exist or fails anyway, tables in docs/abuse-cases that name other guards, a build that fails.
"""

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TARGET = Path(os.environ["CARGO_TARGET_DIR"])
COPY = TARGET / "guards"
SWITCH = """
/// Whether a guard is away.
#[cfg(feature = "std")]
pub fn is_off(guard: &str) -> bool {
	std::env::var("CUREX_OFF").is_ok_and(|off| off == guard)
}
"""
# For a test without its guard. One that has not ended by then counts as one that passed: on a slow machine nobody could
# tell it from one that would.
PATIENCE_S = 3600


def stop(reason):
    print(f"guards: {reason}", file=sys.stderr)
    sys.exit(2)


def read(arguments):
    """The guards that were asked for, and the profile to build with."""
    guards = tomllib.loads((ROOT / "scripts/guards.toml").read_text())["guard"]
    names = [guard["name"] for guard in guards]
    if len(set(names)) != len(names):
        stop("two guards have the same name")
    dev, packages, chosen, asked = False, [], [], guards
    arguments = list(arguments)
    while arguments:
        argument = arguments.pop(0)
        if argument == "--dev":
            dev = True
        elif argument == "--package":
            packages.append(arguments.pop(0) if arguments else stop("--package needs a name"))
        elif argument in names:
            chosen.append(argument)
        else:
            stop(f"there is no guard {argument!r}; scripts/guards.toml lists them")
    if packages:
        asked = [
            guard | {"tests": [test for test in guard["tests"] if test.split()[0] in packages]} for guard in guards
        ]
    asked = [guard for guard in asked if (not chosen or guard["name"] in chosen) and guard["tests"]]
    if not asked:
        stop(f"no guard has a test in {' or '.join(packages)}")
    return guards, asked, dev


def compare_tables(guards):
    """In the column "guard taken away" of docs/abuse-cases every guard stands beside one of its tests, and no other does."""
    rows = []
    for page in sorted((ROOT / "docs/abuse-cases").glob("*.md")):
        about_guards = False
        for line in page.read_text().splitlines():
            if not line.startswith("|"):
                about_guards = False
                continue
            *cells, last = line.strip().strip("|").split("|")
            if last.strip() == "guard taken away":
                about_guards = True
            elif about_guards:
                rows.append((set(re.findall(r"\w+", " ".join(cells))), set(re.findall(r"`([^`]+)`", last))))
    shown = {guard for _, column in rows for guard in column}
    wrong = [f"{name} stands in a table and not in scripts/guards.toml" for name in shown - {guard["name"] for guard in guards}]
    for guard in guards:
        tests = {test.split("::")[-1].split()[-1] for test in guard["tests"]}
        if not any(guard["name"] in column and tests & words for words, column in rows):
            wrong.append(f"{guard['name']} stands in no row that names one of its tests")
    if wrong:
        stop("scripts/guards.toml does not fit docs/abuse-cases:\n  " + "\n  ".join(sorted(wrong)))


def edited(guards):
    """The files with every edit made, by path."""
    edits, wrong = {}, []
    for guard in guards:
        for edit in guard["edits"]:
            there = ROOT / edit["file"]
            text = there.read_text() if there.is_file() else ""
            count = text.count(edit["find"])
            if count != 1:
                wrong.append(f"{guard['name']}: found {count} times in {edit['file']}: {edit['find']}")
                continue
            at = text.index(edit["find"])
            crate = "crate" if edit["file"].startswith("primitives/") else "curex_primitives"
            off, switches = re.subn(r"\bOFF\b", f'{crate}::is_off("{guard["name"]}")', edit["off"])
            if not switches and guard["edits"][0] is edit:
                wrong.append(f"{guard['name']}: its first edit has no OFF")
            edits.setdefault(edit["file"], []).append((at, at + len(edit["find"]), off, guard["name"]))
    files = {}
    for path, found in edits.items():
        text, end = (ROOT / path).read_text(), None
        for start, stop_at, off, name in sorted(found, reverse=True):
            if end is not None and stop_at > end:
                wrong.append(f"{name}: its text overlaps that of another guard in {path}")
            text, end = text[:start] + off + text[stop_at:], start
        files[path] = text
    if wrong:
        stop("scripts/guards.toml does not fit the code:\n  " + "\n  ".join(wrong))
    library = "primitives/src/lib.rs"
    files[library] = files.get(library, (ROOT / library).read_text()) + SWITCH
    return files


def copy(files):
    """Brings the copy up to date; what did not change keeps its time, so that it is not compiled again."""
    listed = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, check=True, capture_output=True)
    paths = [path for path in listed.stdout.decode().split("\0") if path and (ROOT / path).is_file()]
    for path in paths:
        content = files[path].encode() if path in files else (ROOT / path).read_bytes()
        there = COPY / path
        if not there.is_file() or there.read_bytes() != content:
            there.parent.mkdir(parents=True, exist_ok=True)
            there.write_bytes(content)
            there.chmod((ROOT / path).stat().st_mode)
    for there in [there for there in COPY.rglob("*.rs") if str(there.relative_to(COPY)) not in paths]:
        there.unlink()


def build(packages, dev):
    """The test programs, by package."""
    command = ["cargo", "test", "--no-run", "--locked", "--message-format=json-render-diagnostics"]
    command += [] if dev else ["--release"]
    for package in packages:
        command += ["-p", package]
    environment = os.environ | {"WASM_BUILD_WORKSPACE_HINT": str(COPY)}
    built = subprocess.run(command, cwd=COPY, stdout=subprocess.PIPE, env=environment)
    if built.returncode:
        stop("the copy with the switches does not compile; the reason stands above")
    programs = {}
    for line in built.stdout.splitlines():
        message = json.loads(line)
        if message.get("executable") and message["profile"]["test"]:
            folder = Path(message["manifest_path"]).parent
            programs.setdefault(folder.relative_to(COPY), []).append(message["executable"])
    return programs


def run(program, folder, tests, off=None):
    """Whether these tests of a program pass, and what they said."""
    environment = {key: value for key, value in os.environ.items() if key != "CUREX_OFF"}
    if off:
        environment["CUREX_OFF"] = off
    try:
        ended = subprocess.run(
            [program, "--exact", *tests], cwd=folder, env=environment, timeout=PATIENCE_S if off else None,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )
    except subprocess.TimeoutExpired:
        return True, ""
    return ended.returncode == 0, ended.stdout.decode(errors="replace")


def find_tests(asked, programs):
    """Where each named test is: program, folder, whole name."""
    known = {}
    for folder, executables in programs.items():
        manifest = tomllib.loads((COPY / folder / "Cargo.toml").read_text())
        for program in executables:
            listed = subprocess.run([program, "--list"], cwd=COPY / folder, check=True, capture_output=True)
            for line in listed.stdout.decode().splitlines():
                if line.endswith(": test"):
                    place = (program, COPY / folder, line.removesuffix(": test"))
                    known.setdefault(manifest["package"]["name"], []).append(place)
    places, wrong = {}, []
    for spec in {test for guard in asked for test in guard["tests"]}:
        package, test = spec.split()
        found = [place for place in known.get(package, []) if f"::{place[2]}".endswith(f"::{test}")]
        if len(found) == 1:
            places[spec] = found[0]
        else:
            wrong.append(f"{len(found)} tests are called {test} in {package}")
    if wrong:
        stop("scripts/guards.toml does not fit the tests:\n  " + "\n  ".join(sorted(wrong)))
    return places


def main():
    guards, asked, dev = read(sys.argv[1:])
    compare_tables(guards)
    copy(edited(guards))
    packages = sorted({test.split()[0] for guard in asked for test in guard["tests"]})
    print(f"guards: building the tests of {', '.join(packages)}", file=sys.stderr)
    places = find_tests(asked, build(packages, dev))

    together = {}
    for program, folder, name in places.values():
        together.setdefault((program, folder), []).append(name)
    for (program, folder), names in together.items():
        passed, output = run(program, folder, names)
        if not passed:
            stop(f"tests fail although every guard is there:\n{output}")

    missed = tried = 0
    for guard in asked:
        for test in guard["tests"]:
            passed, _ = run(*places[test][:2], [places[test][2]], off=guard["name"])
            print(f"{'PASSES WITHOUT' if passed else 'fails without'} {guard['name']}: {test}", flush=True)
            missed, tried = missed + passed, tried + 1
    print(f"{len(asked)} guards taken away, {tried} tests run, {missed} passed without their guard")
    sys.exit(1 if missed else 0)


main()
