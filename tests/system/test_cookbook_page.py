"""docs/cookbook.md: each recipe is written into the configuration of the page, and does what it shows."""

import shutil
import sqlite3
from contextlib import closing
from itertools import groupby
from pathlib import Path

import pytest
import yaml

from tests.pages import ROOT, blocks_of
from tests.system.installation import Installation
from tests.system.reader import Reader

PAGE = ROOT / "docs" / "cookbook.md"
SHOP = ROOT / "docs" / "cookbook" / "shop.yaml"
_BASIS, *_BLOCKS = blocks_of(PAGE)
RECIPES = {name: tuple(blocks) for name, blocks in groupby(_BLOCKS, lambda one: one.heading)}


def test_the_page_begins_with_the_configuration_of_its_folder() -> None:
    written, shown = (yaml.load(one, yaml.BaseLoader) for one in (SHOP.read_text(), _BASIS.text))
    assert written == shown
    assert len(RECIPES) >= 13


@pytest.mark.parametrize("name", RECIPES)
def test_the_recipe_does_what_it_shows(name: str, tmp_path: Path) -> None:
    assert [one.kind for one in RECIPES[name]] == ["yaml", "sh", ""]
    shutil.copytree(ROOT / "docs" / "cookbook", tmp_path / "docs" / "cookbook")
    orders = tmp_path / "orders.db"
    with closing(sqlite3.connect(orders)) as database, database:
        database.execute("CREATE TABLE orders (number TEXT)")
        database.execute("INSERT INTO orders VALUES ('123456')")
    here = Installation(tmp_path, {"ORDERS_DATABASE": f"sqlite:///{orders}"})
    shutil.copy(SHOP, here.config)

    Reader(here).follow(*RECIPES[name])
