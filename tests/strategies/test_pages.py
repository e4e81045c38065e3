"""A page for every strategy, complete, with an example the engine accepts."""

import re
from pathlib import Path

import pytest

import strategies
from engine import Strategy
from engine.assemble import assemble
from engine.config import load
from tests.strategies.scenes import FILES, classes

PAGES = Path(strategies.__file__).parents[1] / "docs" / "strategies"
SHOWN = [name for name in FILES if not name.startswith("_")]
HEADINGS = [
    "Idea",
    "Equations",
    "Parameters",
    "What kills it",
    "Worst leg risk",
    "Example",
]
VENUE = """
environment = "simulation"
[venue]
urls = ["ws://127.0.0.1:8765/ws/api/v2"]
"""


def page(name):
    return (PAGES / f"{name}.md").read_text()


def section(name, heading):
    """Return the text under a heading of a page."""
    return re.split(r"^## ", page(name).split(f"\n## {heading}\n")[1], flags=re.M)[0]


def config_of(name, folder):
    """Return the configuration of a page's example."""
    (block,) = re.findall(r"```toml\n(.*?)```", section(name, "Example"), re.S)
    path = folder / "example.toml"
    path.write_text(VENUE + block)
    return load(path)


def own_params(name, folder):
    """Return the class of a file and the parameters its page gives it."""
    (found,) = classes(name)
    path = f"strategies.{name}:{found.__name__}"
    quotes = [q for q in config_of(name, folder).quote if q.strategy == path]
    assert quotes, f"the example does not use {path}"
    return found, quotes[0].params


def told(name):
    """Return the parameters the page's table tells."""
    return re.findall(r"^\| `(\w+)` \|", section(name, "Parameters"), re.M)


@pytest.mark.parametrize("name", SHOWN)
def test_a_page_says_everything(name):
    assert re.findall(r"^## (.+)$", page(name), re.M) == HEADINGS
    assert f"](../../strategies/{name}.py)" in page(name)
    assert all(section(name, heading).strip() for heading in HEADINGS)
    assert f"]({name}.md)" in (PAGES / "index.md").read_text()


@pytest.mark.parametrize("name", SHOWN)
def test_the_example_can_be_run(name, tmp_path):
    """Loaded, checked and built as `halfspread run` would."""
    core = assemble(config_of(name, tmp_path), run_id=1)
    assert core.snapshot()["halted"] == ""
    found, _ = own_params(name, tmp_path)
    assert issubclass(found, Strategy)


@pytest.mark.parametrize("name", SHOWN)
def test_the_table_tells_parameters_the_strategy_has(name, tmp_path):
    found, params = own_params(name, tmp_path)
    known = told(name)
    assert len(known) == len(set(known))
    assert set(params) <= set(known)
    for one in known:
        try:
            found(**{**params, one: params.get(one, object())})
        except TypeError as error:
            assert "unexpected keyword" not in str(error), f"{name} has no {one}"
        except ValueError as error:
            assert one in str(error)


def test_no_page_without_a_strategy():
    pages = {path.stem for path in PAGES.glob("*.md")} - {"index"}
    assert pages == set(SHOWN)
