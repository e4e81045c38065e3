"""The documentation says what the code does: tables, links, commands, examples."""

import re
import types

import pytest

from docs import render
from engine import QuoteSheet, Strategy, View, cli
from engine.assemble import assemble, load_strategy
from engine.config import load
from strategies import _template
from tests.tidy.sources import ROOT, tracked

PAGES = [path for path in tracked(ROOT) if path.suffix == ".md"]
CONFIGS = sorted((ROOT / "configs").glob("*.toml"))
CHANGE_KINDS = ["Breaking", "Added", "Changed", "Fixed", "Safety", "Performance"]

ROW = {
    "instrument_name": "BTC-PERPETUAL",
    "kind": "future",
    "instrument_type": "reversed",
    "base_currency": "BTC",
    "quote_currency": "USD",
    "settlement_currency": "BTC",
    "tick_size": 0.5,
    "min_trade_amount": 10,
    "contract_size": 10,
    "maker_commission": 0.0,
    "taker_commission": 0.0005,
}


def code_blocks(page, language):
    pattern = rf"^ *```{language}\n(.*?)^ *```$"
    return re.findall(pattern, page.read_text(), re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("page", render.pages(), ids=lambda page: page.name)
def test_generated_parts_are_current(page):
    text = page.read_text()
    assert render.rendered(text) == text, "run: make docs"


@pytest.mark.parametrize("file", render.PICTURES, ids=lambda file: file.name)
def test_pictures_are_current(file):
    assert file.read_text() == render.PICTURES[file](), "run: make docs"


def test_every_part_is_used():
    used = "".join(page.read_text() for page in render.pages())
    assert all(f"made by make docs: {part} -->" in used for part in render.PARTS)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_relative_links_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
        if "://" in target:
            continue
        file, _, anchor = target.partition("#")
        path = (page.parent / file) if file else page
        assert path.exists(), target
        if anchor:
            titles = re.findall(r"^#+ (.*)$", path.read_text(), re.MULTILINE)
            anchors = [
                re.sub(r"[^\w -]", "", t).lower().replace(" ", "-") for t in titles
            ]
            assert anchor in anchors, target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_and_targets_exist(page):
    text = page.read_text()
    makefile = (ROOT / "Makefile").read_text()
    for target in re.findall(r"(?:^|`)make ([a-z][a-z0-9-]*)", text, re.MULTILINE):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
    typed = re.findall(
        r"(?:^ *|`)(?:\S*/)?halfspread ([a-z][\w-]*)", text, re.MULTILINE
    )
    assert set(typed) <= set(cli.COMMANDS) | {"engine"}


def test_make_alone_lists_every_target():
    makefile = (ROOT / "Makefile").read_text().replace("\\\n", " ")
    targets = re.search(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)[1].split()
    told = re.search(r"^help:\n((?:\t.*\n)+)", makefile, re.MULTILINE)[1]
    assert [name for name in targets if not re.search(rf"\b{name}\b", told)] == ["help"]


def test_what_ci_runs_can_be_run():
    assert (ROOT / ".ci" / "run").stat().st_mode & 0o100


def test_every_command_is_in_the_readme():
    text = (ROOT / "README.md").read_text()
    assert all(f"`halfspread {name}" in text for name in cli.COMMANDS)


def test_alerts_and_pages_name_metrics_that_exist():
    known = {name for name, *_ in render.metric_rows()}
    pages = [*PAGES, ROOT / "deploy" / "alerts.yml"]
    for page in pages:
        for name in re.findall(r"\bhalfspread_[a-z0-9_]*[a-z0-9]\b", page.read_text()):
            base = re.sub(r"_(bucket|count|sum)$", "", name)
            assert name in known or base in known or "process" in name, (page, name)


def test_the_readme_strategy_is_short_and_quotes():
    block = code_blocks(ROOT / "README.md", "python")[0]
    assert len(block.splitlines()) <= 20
    module = types.ModuleType("readme")
    exec(compile(block, "README.md", "exec"), module.__dict__)
    view = View.for_test(ROW, [(130_000, 50)], [(130_004, 50)], inventory_lots=20)
    sheet = QuoteSheet.for_test(view)
    assert issubclass(module.Mine, Strategy)
    module.Mine(qty_lots=4).quote(view, sheet)
    assert sheet.bids == [(129_998, 4)]
    assert sheet.asks == [(130_004, 4)]


def test_the_readme_configuration_can_be_used(tmp_path):
    (tmp_path / "mine.toml").write_text(
        code_blocks(ROOT / "README.md", "toml")[0].replace(
            "strategies.mine:Mine", "strategies._template:Template"
        )
    )
    assert load_strategy(load(tmp_path / "mine.toml"), 0)


def test_the_example_of_the_strategy_guide_runs(capsys):
    block = code_blocks(ROOT / "docs" / "strategies.md", "python")[0]
    block = block.replace(
        "strategies.mine import Mine", "strategies._template import *"
    )
    exec(block, {"Mine": _template.Template})
    printed = capsys.readouterr().out
    assert re.fullmatch(r"\[\(\d+, 1\)\] \[\(\d+, 1\)\]\n", printed)


def test_the_example_of_the_ledger_prints_what_it_says(capsys):
    page = ROOT / "docs" / "ledger.md"
    exec(code_blocks(page, "python")[0], {})
    assert capsys.readouterr().out == code_blocks(page, "text")[0]


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_example_configurations_can_be_used(path):
    config = load(path)
    assert config.environment == path.stem.partition("-")[0]
    assemble(config, run_id=1)


def test_there_is_an_example_for_each_environment():
    plain = [path.stem for path in CONFIGS if "-" not in path.stem]
    assert plain == ["production", "simulation", "testnet"]


def test_the_changelog_uses_its_own_words():
    text = (ROOT / "CHANGELOG.md").read_text()
    for version in text.split("\n## ")[1:]:
        kinds = re.findall(r"^### (.*)$", version, re.MULTILINE)
        assert kinds == sorted(set(kinds), key=CHANGE_KINDS.index)


def test_decisions_are_numbered_and_complete():
    for number, path in enumerate(sorted((ROOT / "docs" / "adr").glob("*.md")), 1):
        text = path.read_text()
        assert path.name.startswith(f"{number:04}-")
        assert text.startswith(f"# {number}. ")
        for part in ("Context", "Decision", "Alternatives", "Consequences"):
            assert f"**{part}.**" in text, (path.name, part)
        assert path.name in (ROOT / "docs" / "index.md").read_text()
