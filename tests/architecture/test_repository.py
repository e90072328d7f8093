"""What no file of the repository may contain."""

import re

from tests.architecture.source import repository_texts

# With brackets, so that this file does not name them either.
REGISTRIES = re.compile(
    r"py[p]i\.(?:org|python)|python[h]osted\.org|npm[j]s\.|proxy\.[g]olang"
    r"|https?://[^\s\"']+/(?:si[m]ple|pa[c]kages)/|--(?:extra-)?in[d]ex-url[ =]|file:/{3}[o]pt"
)
SKIPS = re.compile(r"@pytest\.mark\.(?:sk[i]p|xf[a]il)|pytest\.(?:sk[i]p|xf[a]il)\(")


def test_no_file_names_a_package_registry() -> None:
    assert _hits(REGISTRIES) == []


def test_no_test_is_skipped_or_expected_to_fail() -> None:
    assert _hits(SKIPS) == []


def test_s30_every_required_package_is_pinned_by_hash() -> None:
    requirements = {
        path.name: text for path, text in repository_texts() if path.parts[0] == "requirements"
    }
    extras = {"mariadb.txt", "postgres.txt"}
    assert {*requirements} == extras | {
        "build.txt",
        "peers.txt",
        "profile.txt",
        "runtime.txt",
        "test.txt",
        "uv.txt",
    }

    for name, text in requirements.items():
        packages = re.split(r"(?m)^(?=[A-Za-z])", text)[1:]
        assert packages, name
        for package in packages:
            assert re.match(
                r"[\w.-]+==\S+( ;.*?)? \\\n( +--hash=sha256:[0-9a-f]{64}( \\)?\n)+", package
            )


def _hits(pattern: re.Pattern[str]) -> list[str]:
    return [
        f"{path}:{number}: {line.strip()}"
        for path, text in repository_texts()
        for number, line in enumerate(text.splitlines(), 1)
        if pattern.search(line)
    ]
