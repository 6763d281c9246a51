"""The documentation agrees with the connector: generated tables, commands, links, headings."""

import json
import re
import shutil
from pathlib import Path

import pytest

from source_digitalocean_quolum.http.endpoint import Endpoint
from source_digitalocean_quolum.manifest import declared_streams
from tools import (
    dictionary,
    docs_counts,
    ready_sets,
    relations,
    reliability,
    request_table,
    stream_sets,
    streams_table,
)
from tools.openapi import SPECIFICATION

ROOT = Path(__file__).parents[1]
PAGE_OF_SETS = "docs/add-to-airbyte.md"
FOLDERS = ("docs", "deploy", "integration_tests")
PAGES = sorted([*ROOT.glob("*.md"), *(page for folder in FOLDERS for page in (ROOT / folder).rglob("*.md"))])


def page_id(page: Path) -> str:
    return str(page.relative_to(ROOT))


@pytest.fixture
def copies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The generated files, in a place where they may be changed."""
    (tmp_path / "docs").mkdir()
    for name in ("README.md", "docs/streams.md"):
        shutil.copy(ROOT / name, tmp_path / name)
    monkeypatch.setattr(streams_table, "ROOT", tmp_path)
    return tmp_path


def test_the_tables_of_streams_are_up_to_date(capsys: pytest.CaptureFixture[str]) -> None:
    assert streams_table.main(["--check"]) == 0, capsys.readouterr().err


def test_the_sets_of_streams_are_up_to_date(capsys: pytest.CaptureFixture[str]) -> None:
    assert stream_sets.main(["--check"]) == 0, capsys.readouterr().err


@pytest.mark.parametrize("name", ["README.md", "docs/streams.md"])
def test_a_stale_table_is_noticed_and_mended(copies: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    page = copies / name
    current = page.read_text(encoding="utf-8")
    page.write_text(current.replace("`droplets`", "`drops`"), encoding="utf-8")

    assert streams_table.main(["--check"]) == 1
    assert name in capsys.readouterr().err
    assert page.read_text(encoding="utf-8") != current
    assert streams_table.main([]) == 0
    assert page.read_text(encoding="utf-8") == current


def test_the_rest_of_the_readme_is_left_alone(copies: Path) -> None:
    readme = copies / "README.md"
    readme.write_text(f"Before.\n{streams_table.START}\nold\n{streams_table.END}\nAfter.\n", encoding="utf-8")

    streams_table.main([])

    text = readme.read_text(encoding="utf-8")
    assert text.startswith("Before.\n")
    assert text.endswith("\nAfter.\n")
    assert "old" not in text


def test_every_stream_stands_under_one_product() -> None:
    found = streams_table.streams()
    listed = [stream.name for _, members in streams_table.grouped(found) for stream in members]
    assert sorted(listed) == sorted(found)
    assert "Networking" in dict(streams_table.grouped(found))


def test_the_table_says_what_reading_a_stream_takes() -> None:
    found = streams_table.streams()
    assert found["account"].requests == "1"
    assert found["volumes"].requests == "1 per 200"
    assert found["droplets"].requests == "1 per 200, in 2 lists"
    assert found["project_resources"].requests == "1 per 200, for each record of `projects`"
    assert found["kubernetes_node_pools"].requests == "none beyond `kubernetes_clusters`"
    assert found["kubernetes_nodes"].requests == "none beyond `kubernetes_clusters`"
    assert found["invoice_preview"].requests == "none beyond `invoices`"
    assert found["app_bandwidth_daily"].requests == "1 for each day and 100 records of `apps`"
    usage = "1, for each 30 days and record of `genai_agents`, and for each week and day of these with something in it"
    assert found["genai_agent_usage"].requests == usage
    assert re.fullmatch(r"1 per 200, for each \d+ days", found["billing_insights"].requests)


def test_the_table_says_who_filters_and_what_a_deletion_does() -> None:
    found = streams_table.streams()
    for name in ("billing_insights", "app_bandwidth_daily", "kubernetes_status_messages", "droplet_utilization"):
        assert found[name].sync_modes.endswith("(filtered by DigitalOcean)"), name
        assert found[name].deletion == "history", name
    for name in ("projects", "invoices", "database_backups", "registry_tags"):
        assert found[name].sync_modes.endswith("(filtered by the connector)"), name
        assert found[name].deletion == "stays", name
    for name in ("actions", "invoice_items"):
        assert found[name].sync_modes.endswith("(filtered by the connector)"), name
        assert found[name].deletion == "history", name
    assert (found["droplets"].sync_modes, found["droplets"].deletion) == ("full refresh", "goes")


def test_links_to_digitaloceans_reference_are_made_of_its_own_names() -> None:
    """tools/digests/ has the operations with their tags and paths: of such names the reference makes its addresses."""
    known = {
        (operation["tags"][0].lower().replace(" ", "-"), operation["operationId"]): template
        for template, item in json.loads(SPECIFICATION.read_text(encoding="utf-8"))["paths"].items()
        for operation in item.values()
    }
    products = {page for page, _ in known} | {"insights", "microvms-public-preview"}
    endpoints = {
        name: Endpoint.from_manifest(stream["$parameters"]["api"]) for name, stream in declared_streams().items()
    }
    with_operation = 0
    for name, stream in streams_table.streams().items():
        for label, page, operation in re.findall(r"\[([^]]+)\]\(.*?/reference/([\w-]+)/(?:#(\w+))?\)", stream.api):
            assert page in products, name
            if operation:
                with_operation += 1
                assert label == operation
                parts = known[page, operation].split("/")[2:]
                asked = endpoints[name].path.split("/")
                assert len(parts) == len(asked), name
                assert all(one.startswith("{") or one == ours for one, ours in zip(parts, asked, strict=True)), name
    assert with_operation > 120
    assert {name for name, stream in streams_table.streams().items() if stream.api == "-"} == {
        "agent_sessions",
        "agent_sandbox_sizes",
    }


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_links_to_files_lead_somewhere(page: Path) -> None:
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    targets = [target.split("#")[0] for target in re.findall(r"\]\(([^)\s]+)\)", text) if ":" not in target]
    assert [target for target in targets if target and not (page.parent / target).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_links_to_headings_lead_to_one(page: Path) -> None:
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    lost = []
    for target, heading in re.findall(r"\]\(([^)\s#:]*)#([^)\s]+)\)", text):
        there = (page.parent / target) if target else page
        titles = re.findall(r"^#+ (.+)$", there.read_text(encoding="utf-8"), re.MULTILINE)
        # As GitHub makes an anchor of a heading.
        if heading not in {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}:
            lost.append(f"{target}#{heading}")
    assert lost == []


@pytest.mark.parametrize("page", [*PAGES, ROOT / ".ci/run"], ids=page_id)
def test_every_make_command_in_the_docs_exists(page: Path) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+)(?= .*:|:)", makefile, re.MULTILINE))
    named = set(re.findall(r"(?:^|`)make ([a-z-]+)", page.read_text(encoding="utf-8"), re.MULTILINE))
    assert named <= targets


def test_the_operators_page_has_airbytes_headings_in_order() -> None:
    text = (ROOT / "docs/digitalocean-quolum.md").read_text(encoding="utf-8")
    assert text.startswith("# DigitalOcean (Quolum)\n")
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == [
        "Prerequisites",
        "Setup guide",
        "Supported sync modes",
        "Supported Streams",
        "Performance considerations",
        "Limitations & Troubleshooting",
        "Data type map",
        "Changelog",
    ]


def test_the_ready_sets_are_up_to_date(capsys: pytest.CaptureFixture[str]) -> None:
    assert ready_sets.main(["--check"]) == 0, capsys.readouterr().err


def test_a_stale_set_is_noticed_and_mended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page, streams = tmp_path / "page.md", tmp_path / "streams.json"
    text = ready_sets.PAGE.read_text(encoding="utf-8")
    page.write_text(text.replace("`invoice_summaries`", "`invoices_summed`"), encoding="utf-8")
    monkeypatch.setattr(ready_sets, "ROOT", tmp_path)
    monkeypatch.setattr(ready_sets, "PAGE", page)
    monkeypatch.setattr(ready_sets, "TERRAFORM", streams)

    assert ready_sets.main(["--check"]) == 1
    assert not streams.exists()
    assert ready_sets.main([]) == 0
    assert page.read_text(encoding="utf-8") == text
    assert json.loads(streams.read_text(encoding="utf-8"))["invoices"] == "incremental_deduped_history"


def test_the_counted_requests_are_those_that_were_counted(capsys: pytest.CaptureFixture[str]) -> None:
    assert request_table.main(["--check"]) == 0, capsys.readouterr().err
    counts = request_table.kept()
    assert list(counts) == list(request_table.MODELS)
    for first, following in counts.values():
        assert first.incomplete == following.incomplete == []
        assert following.total < first.total


def test_measured_figures_come_into_their_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = tmp_path / "page.md"
    page.write_text(ready_sets.PAGE.read_text(encoding="utf-8"), encoding="utf-8")
    monkeypatch.setattr(ready_sets, "PAGE", page)
    asked: list[tuple[str, ...]] = []

    def count(model: request_table.Model, names: tuple[str, ...]) -> tuple[request_table.Count, request_table.Count]:
        asked.append(names)
        return request_table.Count({"invoices": 12_345}, 67_890), request_table.Count({"invoices": 1}, 2)

    monkeypatch.setattr(request_table, "count", count)

    assert ready_sets.main(["--measure", "M:costs and use"]) == 0

    text = page.read_text(encoding="utf-8")
    assert {len(names) for names in asked} == {len(stream_sets.recommended())}
    assert "| 12,345 requests, 129 minutes within the limits | 67,890 | 1 requests | 2 |" in text
    rows = re.findall(r"^\| (?:Costs|Everything).*\|$", text, re.MULTILINE)
    before = re.findall(r"^\| (?:Costs|Everything).*\|$", (ROOT / PAGE_OF_SETS).read_text("utf-8"), re.MULTILINE)
    assert [row for row in before if "| 200 Droplets" not in row and row not in rows] == []
    assert "## Three ways to lose a table" in text


def test_the_data_dictionary_is_up_to_date_and_knows_every_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert dictionary.main(["--check"]) == 0, capsys.readouterr().err
    text = dictionary.TARGET.read_text(encoding="utf-8")
    assert [name for name in streams_table.streams() if f"`{name}`" not in text] == []


def test_a_stale_dictionary_is_noticed_and_mended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = dictionary.TARGET.read_text(encoding="utf-8")
    monkeypatch.setattr(dictionary, "TARGET", tmp_path / "dictionary.md")
    dictionary.TARGET.write_text(text.replace("`size_gigabytes`", "`gigabytes`"), encoding="utf-8")
    assert dictionary.main(["--check"]) == 1
    assert dictionary.main([]) == 0
    assert dictionary.TARGET.read_text(encoding="utf-8") == text


def test_the_diagrams_of_the_tables_are_up_to_date(capsys: pytest.CaptureFixture[str]) -> None:
    assert relations.main(["--check"]) == 0, capsys.readouterr().err


def test_every_line_of_a_diagram_is_a_join_of_columns_that_exist() -> None:
    found = relations.relations()
    assert set(found) == set(streams_table.streams())
    for relation in (one for leading in found.values() for one in leading):
        columns = relations.kind(relation.table, relation.column), relations.kind(relation.target, relation.key)
        assert columns[0] in {columns[1], "list"} or columns == ("string", "integer"), relation
    parents = {(one.table, one.target) for leading in found.values() for one in leading if one.parent}
    for name, stream in streams_table.streams().items():
        for parent in re.findall(r"`(\w+)`", stream.parent):
            named = any({one.table, one.target} == {name, parent} for one in [*found[name], *found[parent]])
            # The open month is no invoice yet; what hangs on a Droplet only says when to ask again.
            only_read_with = parent == "account" or name in {"invoice_preview", "droplet_associated_resources"}
            assert named or only_read_with, (name, parent)
    assert ("domain_records", "domains") in parents


def test_a_diagram_is_mermaid() -> None:
    """Mermaid's grammar of entity-relationship diagrams, as far as these use it."""
    text = relations.TARGET.read_text(encoding="utf-8")
    grammar = "|".join(
        (
            "erDiagram|    direction LR|    }",
            r"    \w+ (\|\||\|o|}o)--o\{ \w+ : \"[\w= ]+\"",
            r"    \w+ \{",
            r"        [a-z_]+ \w+ (PK|FK|PK, FK)",
        )
    )
    diagrams = re.findall(r"```mermaid\n(.*?)```", text, re.DOTALL)
    assert len(diagrams) > 8
    assert [line for diagram in diagrams for line in diagram.splitlines() if not re.fullmatch(grammar, line)] == []


def test_the_counts_in_sentences_are_up_to_date() -> None:
    assert docs_counts.main(["--check"]) == 0
    marked = {
        page.name: re.findall(r"<!-- count: (\w+) -->(\d+)", page.read_text("utf-8")) for page in docs_counts.PAGES
    }
    counts = docs_counts.count()
    assert set(counts) <= {name for marks in marked.values() for name, _ in marks}
    assert counts["incremental"] + counts["full_refresh"] == counts["streams"] == len(streams_table.streams())


def test_a_stale_count_is_noticed_and_mended() -> None:
    text = "All <!-- count: streams -->12<!-- / --> of them.\n"
    assert docs_counts.fill(text, {"streams": 163}) == "All <!-- count: streams -->163<!-- / --> of them.\n"
    with pytest.raises(KeyError, match="strems"):
        docs_counts.fill(text.replace("streams", "strems"), {"streams": 163})


def test_the_messages_in_the_table_are_those_that_the_connector_says() -> None:
    page = (ROOT / "docs/add-to-airbyte.md").read_text(encoding="utf-8")
    table = page.partition("| The message says |")[2]
    quoted = re.findall(r"`([^`]+)`", " ".join(re.findall(r"^\| (`[^|]+) \|", table, re.MULTILINE)))
    code = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "source_digitalocean_quolum").rglob("*.py"))
    assert len(quoted) > 8
    assert [words for words in quoted if words not in code] == []


def test_the_table_of_faults_is_up_to_date(tmp_path: Path) -> None:
    page = tmp_path / "reliability.md"
    page.write_text(reliability.PAGE.read_text(encoding="utf-8"), encoding="utf-8")
    reliability.faults(page)
    assert page.read_text(encoding="utf-8") == reliability.PAGE.read_text(encoding="utf-8")
