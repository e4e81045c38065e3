"""Every fault code has a name a log reader can look up."""

import re
from pathlib import Path

import engine
from engine._core.base.check import FAULT_NAMES, fault_name

PAGE = Path(engine.__file__).parent / "_core" / "base" / "check.pxd"


def test_every_code_of_the_interface_page_has_its_name() -> None:
    codes = re.findall(r"FAULT_(\w+) = (\d+)", PAGE.read_text())
    assert {int(code): name.lower() for name, code in codes} == FAULT_NAMES


def test_a_code_without_a_name_is_still_printed() -> None:
    assert fault_name(999) == "fault_999"
