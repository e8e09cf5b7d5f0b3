"""The pictures of the dashboards show what the templates have."""

from pathlib import Path
from typing import Any

from tools import plots
from tools.dashboards import picture

GRAPH = {
    "title": "Requests",
    "metrics": [["AWS/A", "B", {"stat": "Sum", "label": "requests"}], ["AWS/A", "C", {"id": "c"}]],
}


def a_body(*properties: dict[str, Any]) -> dict[str, Any]:
    return {"widgets": [{"properties": one} for one in properties]}


def test_a_picture_says_which_widgets_and_lines_it_has() -> None:
    body = a_body(
        {"title": "Alarms", "alarms": ["arn"]}, {"markdown": "## Row"}, GRAPH, {"title": "Last", "query": "x"}
    )

    assert picture.shows(body) == [{"Alarms": []}, "## Row", {"Requests": ["requests"]}, {"Last": []}]


def test_an_old_picture_is_noticed(tmp_path: Path) -> None:
    class Figure:
        def savefig(self, file: Path, *, metadata: dict[str, Any], **_: Any) -> None:
            file.write_text(f"<svg><dc:description>{metadata['Description']}</dc:description></svg>")

    file = tmp_path / "a.svg"
    plots.save(Figure(), file, shows={"shows": picture.shows(a_body(GRAPH))})

    assert picture.is_current(file, a_body(GRAPH))
    assert not picture.is_current(file, a_body({**GRAPH, "title": "Other"}))
