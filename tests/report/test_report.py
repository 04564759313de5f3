"""The report: the same content as HTML, Markdown and data; nothing unescaped, nothing loaded, nothing secret."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from importlib.resources import files
from itertools import pairwise

import pytest
from tests.report.reportcase import NOW, SMALL, dag, many, planned, reviewed, small
from tests.report.test_pages import same_as

from astroferry.advice.dependencies import dependencies
from astroferry.advice.suggest import problems
from astroferry.faces.headless.report import written
from astroferry.model.finding import Finding
from astroferry.model.inventory import Coverage
from astroferry.model.plan import Decisions, Plan
from astroferry.model.prices import Prices
from astroferry.report.assessment import WaveSeen, assessment
from astroferry.report.compose import SECTIONS, compose
from astroferry.report.dependency_picture import FAMILIES, dependency_picture
from astroferry.report.html import html, worded
from astroferry.report.markup import Html, tag
from astroferry.report.review import review
from astroferry.report.waves_picture import waves_picture

KEYS = "verdict inventory decisions waves dependencies dags findings network manual effort cost".split()  # noqa: SIM905
HOSTILE = '<script>alert("x")</script>&amp;|*_`'
VOID = {"meta", "br", "hr", "img", "link", "input"}
STYLE = files("astroferry.report").joinpath("style.css").read_text("utf-8")


class Page(HTMLParser):
    """Reads a page strictly: every element is closed, in order; keeps what tests ask for."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open, tag
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.words.append(data)

    def all(self, name: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.tags if tag == name]


def test_markdown_and_data_as_reviewed() -> None:
    same_as("report.md", written(reviewed(), ".md").rstrip("\n"), folder="reports")
    same_as("report.json", written(reviewed(), ".json").rstrip("\n"), folder="reports")


def test_what_two_rules_see_is_told_once_as_on_the_review() -> None:
    told = Finding("SRC-import-errors", "warn", "1 DAG file cannot be parsed.", "legacy.py")
    found = replace(SMALL, findings=(told,))
    plan = planned(found, decisions=Decisions(runtime="3.3-8", cluster="standard", networking="public"))
    codes = [item.code for item in assessment(plan, found, NOW).findings]
    assert {"NET-002", "VER-043"} <= set(codes)
    assert not {"NET-004", "SRC-import-errors"} & set(codes)
    held = problems(plan, found)
    assert "SRC-import-errors" not in "\n".join(review(plan, found, (), held=held))
    assert "SRC-import-errors" in "\n".join(review(plan, found, ())), "where nothing else tells it"


def test_every_section_stands_in_the_page_and_can_be_reached() -> None:
    page = Page(html(compose(small())))
    assert [attributes["id"] for attributes in page.all("section")] == KEYS
    links = [attributes["href"] for attributes in page.all("a")]
    assert links == ["#main", *(f"#{key}" for key in KEYS)]
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))


def test_the_page_is_accessible() -> None:
    page = Page(html(compose(small())))
    assert page.all("html")[0]["lang"] == "en"
    assert len(page.all("h1")) == 1
    levels = [int(name[1]) for name, _ in page.tags if re.fullmatch(r"h[1-6]", name)]
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert len(page.all("table")) == len(page.all("caption"))
    assert all(attributes.get("scope") in {"col", "row"} for attributes in page.all("th"))
    assert all(attributes.get("role") == "img" and attributes.get("aria-label") for attributes in page.all("svg"))


def test_nothing_is_loaded_and_nothing_runs() -> None:
    text = html(compose(small()))
    page = Page(text)
    assert not {"script", "link", "img", "iframe", "object", "form"} & {name for name, _ in page.tags}
    for _, attributes in page.tags:
        for name, value in attributes.items():
            assert not name.startswith("on")
            assert name not in {"src", "srcset", "action", "data", "xlink:href"}
            assert name != "href" or str(value).startswith("#")
    assert not re.search(r"url\(|@import|https?://", STYLE)
    policy = next(item for item in page.all("meta") if item.get("http-equiv") == "Content-Security-Policy")
    assert policy["content"] == "default-src 'none'; style-src 'unsafe-inline'"


def test_hostile_names_stay_names() -> None:
    nasty = replace(
        SMALL,
        url=f"https://{HOSTILE}",
        dags=(*SMALL.dags, dag(HOSTILE, triggers=("crew_mail",)), dag("z", waits_for=(HOSTILE,))),
        coverage=(Coverage(HOSTILE, "failed", None, HOSTILE),),
    )
    plan = planned(nasty, name=HOSTILE)
    it = assessment(plan, nasty, NOW)
    page = Page(html(compose(it)))
    assert "script" not in {name for name, _ in page.tags}
    assert any(HOSTILE.partition("`")[0] in words for words in page.words)
    marked = written(it, ".md")
    assert "<script>" not in marked
    rows = [line for line in marked.splitlines() if line.startswith("|")]
    assert rows, "a pipe in a name adds no column"
    for line in rows:
        bars = len(re.findall(r"(?<!\\)\|", line))
        assert bars >= 3
    assert json.loads(written(it, ".json"))["name"] == HOSTILE


def test_sections_appear_as_their_stages_exist() -> None:
    bare = Plan("new", planned(SMALL).source, NOW)
    keys = [section.key for section in compose(assessment(bare, SMALL, NOW)).sections]
    assert keys == ["verdict", "inventory", "dependencies", "dags", "findings", "network", "manual"]
    empty = replace(
        SMALL, dags=(), places=(), coverage=(), import_errors=(), plugins=(), connections=(), variables=()
    )
    keys = [section.key for section in compose(assessment(bare, empty, NOW)).sections]
    assert not {"dags", "dependencies", "waves", "network"} & set(keys)
    assert len(SECTIONS) == len(KEYS) + 3, "and those of a backend, of roles, and of a cutover, once there is one"


def test_what_the_plan_needs_is_on_the_page_and_in_the_data() -> None:
    it = reviewed()
    keys = [section.key for section in compose(it).sections]
    assert {"secrets", "access"} <= set(keys)
    page = html(compose(it))
    assert "Allow secretsmanager:GetSecretValue" in page
    assert "erp_readers" in page
    assert "failed 60 times in 30 days of about 720" in page
    data = json.loads(written(it, ".json"))
    assert [line[:2] for line in data["needs"]["network"][:2]] == ["1.", "2."]
    assert [role["people"] for role in data["roles"]] == [2, 9, 3]
    assert data["environment"]["told_by"] == "airflow.env"
    agents = compose(small(decisions=replace(planned(SMALL).decisions, execution="remote")))
    assert "your agents" in html(agents)


def test_cost_without_prices_is_words_only() -> None:
    text = written(small(prices=Prices()), ".md")
    assert "No price is assumed" in text
    assert "EUR" not in text
    assert "1,241 EUR" not in text


def test_a_thousand_dags_are_summed_up() -> None:
    inventory = many(1000)
    it = assessment(planned(inventory), inventory, NOW)
    text = html(compose(it))
    Page(text)
    assert len(text) < 400_000
    assert len(json.loads(written(it, ".json"))["dags"]) == 1000


def test_few_links_are_drawn_one_by_one_and_many_as_families() -> None:
    links = dependencies(SMALL.dags)
    picture = dependency_picture(SMALL.dags, links, {"orders_load": "pilot"})
    assert picture is not None
    drawn = Page(picture.svg)
    assert len(drawn.all("rect")) == len(links.linked())
    assert [attributes["class"] for attributes in drawn.all("path")] == [
        "edge waits",
        "edge triggers",
        "edge dataset",
    ]
    assert any("orders_load, wave pilot" in words for words in drawn.words)
    assert picture.words == "5 DAGs are linked to others; 6 DAGs stand alone."
    dags = many(1000).dags
    large = dependency_picture(dags, dependencies(dags), {})
    assert large is not None
    rows = [attributes for attributes in Page(large.svg).all("rect") if attributes["class"] == "bar"]
    assert len(rows) == FAMILIES + 1
    assert dependency_picture((dag("a"), dag("b")), dependencies((dag("a"), dag("b"))), {}) is None


def test_a_circle_and_a_long_chain_can_be_drawn() -> None:
    circle = (dag("a", triggers=("b",)), dag("b", triggers=("c",)), dag("c", triggers=("a",)))
    assert dependency_picture(circle, dependencies(circle), {}) is not None
    chain = tuple(dag(f"x{number}_a", triggers=(f"x{number + 1}_a",)) for number in range(20))
    long = dependency_picture(chain, dependencies(chain), {})
    assert long is not None
    assert "families" in long.words


def colours(scheme: str) -> dict[str, str]:
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{3,6})", scheme))


def contrast(one: str, other: str) -> float:
    """WCAG 2: (lighter + 0.05) / (darker + 0.05) of the relative luminances."""

    def luminance(colour: str) -> float:
        text = colour[1:] if len(colour) == 7 else "".join(letter * 2 for letter in colour[1:])
        parts = [int(text[place : place + 2], 16) / 255 for place in (0, 2, 4)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("number", [0, 1, 2], ids=["light", "dark", "print"])
def test_texts_stand_out_from_their_ground(number: int) -> None:
    found = colours(re.findall(r":root \{(.*?)\}", STYLE, re.DOTALL)[number])
    for text, ground in (
        ("ink", "paper"),
        ("quiet", "paper"),
        ("accent", "paper"),
        ("ink", "wash"),
        *((kind, f"{kind}-wash") for kind in ("good", "fair", "bad", "unknown")),
        *(("ink", f"{kind}-wash") for kind in ("good", "fair", "bad", "unknown")),
    ):
        assert contrast(found[text], found[ground]) >= 4.5, (text, ground)
    for bar in ("good-bar", "fair-bar", "bad-bar", "unknown-bar"):
        assert contrast(found[bar], found["paper"]) >= 2, bar


def test_markup_escapes_all_but_its_own() -> None:
    assert tag("p", "<b>", tag("i", "&"), data_x='"', class_="y", hidden=None) == (
        '<p data-x="&quot;" class="y">&lt;b&gt;<i>&amp;</i></p>'
    )
    assert tag("br") == Html("<br>")
    assert tag("rect", x=1, y=2.5) == '<rect x="1" y="2.5"></rect>'
    assert worded("say `a<b` so") == "say <code>a&lt;b</code> so"
    assert worded("one ` alone") == "one ` alone"


def test_waves_of_several_workspaces_go_side_by_side() -> None:
    def seen(name: str, step: int) -> WaveSeen:
        return WaveSeen(name, "planned", "t", "p", (name,), (1, 0, 0), step)

    together = waves_picture((seen("wave-01 a", 0), seen("wave-01 b", 0), seen("wave-02 a", 1)), 3)
    assert together is not None
    assert "3 waves, side by side in 2 weeks, and a week in which the source stands by." in str(together.svg)
    apart = waves_picture((seen("one", 0), seen("two", 1)), 2)
    assert apart is not None
    assert "2 waves, a week each" in str(apart.svg)
