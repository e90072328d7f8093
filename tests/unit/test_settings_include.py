"""Sections of the policy in other files."""

from pathlib import Path

import pytest

from maildaemon.errors import ConfigError
from maildaemon.settings import Settings, load_settings, show
from tests.unit.test_settings import MINIMAL, read

RULES = """\
rules:
  - name: damaged
    when: {any: [damaged]}
    set: {priority: urgent}
"""


@pytest.fixture
def main(tmp_path: Path) -> Path:
    return tmp_path / "maildaemon.yaml"


def write(main: Path, text: str, **files: str) -> None:
    main.write_text(MINIMAL + text)
    for name, content in files.items():
        path = main.parent / "rules" / f"{name}.yaml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(content)


def problems(main: Path) -> list[str]:
    with pytest.raises(ConfigError) as refused:
        load_settings(main)
    return [str(problem).replace(f"{main.parent}/", "") for problem in refused.value.problems]


def test_rules_may_stand_in_a_file_of_their_own(main: Path) -> None:
    write(main, "include: [rules/shop.yaml]\n", shop=RULES)

    settings = load_settings(main)

    assert [rule.name for rule in settings.rules] == ["damaged"]
    assert settings.include == (main.parent / "rules/shop.yaml",)


def test_an_included_file_may_include_others_beside_it(main: Path) -> None:
    write(main, "include: [rules/a.yaml]\n", a="include: [b.yaml]\nlimits: {burst: 3}\n", b=RULES)

    settings = load_settings(main)

    assert (settings.limits.burst, settings.rules[0].name) == (3, "damaged")


def test_mistakes_of_an_included_file_are_named_there_after_those_of_the_main_file(
    main: Path,
) -> None:
    write(
        main,
        "include: [rules/a.yaml]\nlimits: {burts: 3}\n",
        a="rules:\n  - name: damaged\n    when: {any: ['/(/']}\n    sett: {}\nlangauges: {}\n",
    )

    assert problems(main) == [
        "maildaemon.yaml:9:10: limits.burts: unknown option `burts`; did you mean `burst`?",
        (
            "rules/a.yaml:3:18: rules[0].when.any[0]: `/(/` is no regular expression: missing ), "
            "unterminated subpattern at position 0"
        ),
        "rules/a.yaml:4:5: rules[0].sett: unknown option `sett`; did you mean `set`?",
        "rules/a.yaml:5:1: langauges: unknown option `langauges`; did you mean `languages`?",
    ]


def test_an_included_file_is_read_as_strictly(main: Path) -> None:
    write(
        main,
        "include: [rules/a.yaml, rules/b.yaml]\n",
        a="rules:\n\t- name: x\n",
        b="limits: &l {burst: 3}\nhours: *l\nlimits: {}\n",
    )

    found = problems(main)

    assert [one.partition(": ")[0] for one in found] == [
        "rules/a.yaml:2:1",
        "rules/b.yaml:1:9",
        "rules/b.yaml:2:8",
        "rules/b.yaml:3:1",
    ]
    assert "a tab stands where YAML wants spaces" in found[0]
    assert "`limits` is already given in line 1; keep one" in found[3]


def test_a_section_stands_in_one_file(main: Path) -> None:
    write(
        main,
        "limits: {burst: 3}\ninclude: [rules/a.yaml, rules/b.yaml]\n",
        a=RULES,
        b=f"limits: {{burst: 4}}\n{RULES}",
    )

    assert problems(main) == [
        "rules/b.yaml:1:1: limits: `limits` is already given in maildaemon.yaml:8; keep one",
        "rules/b.yaml:2:1: rules: `rules` is already given in rules/a.yaml:1; keep one",
    ]


def test_what_there_is_one_of_stands_in_the_main_file(main: Path) -> None:
    write(main, "include: [rules/a.yaml]\n", a="service: {mode: live}\nmailboxes: []\nalerts: {}\n")

    assert problems(main) == [
        "rules/a.yaml:1:1: service: `service` stands in the main file only; move it there",
        "rules/a.yaml:2:1: mailboxes: `mailboxes` stands in the main file only; move it there",
        "rules/a.yaml:3:1: alerts: `alerts` stands in the main file only; move it there",
    ]


def test_files_that_include_each_other_are_named(main: Path) -> None:
    write(
        main,
        "include: [rules/a.yaml]\n",
        a="include: [b.yaml]\n",
        b="include: [../maildaemon.yaml, ../rules/a.yaml]\n",
    )

    (first, second) = problems(main)

    assert first.startswith("rules/b.yaml:1:11: include[0]: ")
    assert second.startswith("rules/b.yaml:1:31: include[1]: ")
    assert first.endswith("maildaemon.yaml includes itself in the end; take one of the lines out")
    assert second.endswith("a.yaml includes itself in the end; take one of the lines out")


def test_a_file_that_is_not_there_is_named_where_it_is_asked_for(main: Path) -> None:
    write(main, "include:\n  - absent.yaml\n  - rules\n  - rules/a.yaml\n", a="include: [x]\n")

    found = problems(main)

    assert [one.partition(": ")[0] for one in found] == [
        "maildaemon.yaml:9:5",
        "maildaemon.yaml:10:5",
        "rules/a.yaml:1:11",
    ]
    assert found[0].endswith(
        "include[0]: absent.yaml: there is no such file; write it, or take this out"
    )
    assert found[1].endswith("include[1]: rules: this is a folder; name the file in it")


def test_an_included_file_that_is_no_text_is_named(main: Path) -> None:
    write(main, "include: [rules/a.yaml]\n", a="")
    (main.parent / "rules" / "a.yaml").write_bytes(b"rules:\n  - \xff")

    (problem,) = problems(main)

    assert problem == (
        "maildaemon.yaml:8:11: include[0]: rules/a.yaml: this is not UTF-8 text; "
        "save the file as UTF-8"
    )


def test_an_included_file_of_which_all_is_commented_out_changes_nothing(main: Path) -> None:
    write(main, "include: [rules/a.yaml, rules/b.yaml]\n", a="", b="# rules:\n#  - name: x\n\n")

    assert load_settings(main).rules == ()


def test_include_is_a_list_of_paths(main: Path) -> None:
    write(main, "include: rules/a.yaml\n")
    assert problems(main)[0].endswith("expected a list such as `[one, two]`, found a text")

    write(main, "include: [~/rules.yaml, {a: b}, ]\n")
    home, block = problems(main)
    assert home.endswith("include[0]: `~` is not read here; write the whole path")
    assert block.endswith("include[1]: expected one value, found a block of options")


def test_include_is_a_list_of_paths_in_an_included_file_too(main: Path) -> None:
    write(
        main, "include: [rules/a.yaml, rules/b.yaml]\n", a="include: b.yaml\n", b="include: [~]\n"
    )

    assert problems(main) == [
        "rules/a.yaml:1:10: include: expected a list such as `[one, two]`, found a text",
        "rules/b.yaml:1:11: include[0]: write the whole path of a file",
    ]


def test_what_is_shown_has_the_included_sections_in_it(main: Path) -> None:
    write(main, "include: [rules/a.yaml]\n", a="limits: {burst: 3}\n")

    shown = show(load_settings(main))

    assert "include" not in shown
    again: Settings = read(shown)
    assert again.limits.burst == 3


def test_a_warning_about_an_included_section_names_its_file(main: Path) -> None:
    write(main, "include: [rules/a.yaml]\n", a="feedback: {after: 1 business day}\n")

    (warning,) = load_settings(main).warnings

    assert str(warning) == (
        f"{main.parent}/rules/a.yaml:1:1: feedback: without `hours` every Monday to Friday counts as "
        "a business day, all day, in UTC; give them, at least `hours: {timezone: Europe/Rome}`"
    )
