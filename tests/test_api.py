"""The four calls as a program makes them, over HTTP with gradio_client: named, documented, and refusing in a sentence."""

import re
from types import SimpleNamespace

import pytest
from app_hands import ME, ROOT, give_writing, nothing_left_running, trained  # noqa: F401
from endpoint_server import endpoint, says  # noqa: F401
from tiny_base import lay_tiny_base

import app
from pages import api, state
from vibejam import local_writer
from vibejam.workspace import Workspace

CALLS = ("/sample", "/draft", "/rewrite", "/score")
DRAFT = "The boiler of Morgan does not work. It broke at nine, and nobody came."


@pytest.fixture(scope="module")
def client():
    from gradio_client import Client

    blocks = app.build_app()
    port = app.free_port("127.0.0.1", None)
    app.launch(blocks, "127.0.0.1", port)
    yield Client(f"http://127.0.0.1:{port}", verbose=False)
    blocks.close(verbose=False)


def refused(client, sentence: str, *args, **named) -> None:
    with pytest.raises(Exception, match=sentence) as error:
        client.predict(*args, **named)
    assert "Traceback" not in str(error.value) and str(ROOT) not in str(error.value)


def test_each_call_is_named_and_says_what_it_does(client):
    found = client.view_api(return_format="dict")["named_endpoints"]
    assert set(found) == set(CALLS)
    for name, about in found.items():
        assert len(about["description"].split()) > 5, name
        assert [p["parameter_name"] for p in about["parameters"]] == list(getattr(api, name[1:]).__annotations__)[:-1]
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert set(re.findall(r'api_name="(/\w+)"', readme)) == set(CALLS)


def test_a_rewrite_is_the_engine_s_and_the_dial_counts(client):
    name = trained()
    engine = state.engine(Workspace(ME).run(name))
    assert client.predict(DRAFT, api_name="/rewrite") == engine.rewrite(DRAFT).text
    assert client.predict(DRAFT, name, strength=0.0, api_name="/rewrite")
    refused(client, "between 0 and 1", DRAFT, strength=3, api_name="/rewrite")
    refused(client, "nothing to rewrite", "  ", api_name="/rewrite")
    refused(client, "no longer here", DRAFT, "../../etc", api_name="/rewrite")
    refused(client, "send less", "a " * 200_000, api_name="/rewrite")


def test_a_score_says_what_was_kept_and_how_near_it_is(client):
    trained()
    found = client.predict(DRAFT, DRAFT, api_name="/score")
    assert found["meaning"] == 1 and found["draft_distance"] == found["rewrite_distance"] is not None
    assert found["numbers_kept"] and found["names_kept"] and found["negations_kept"]
    lost = client.predict(DRAFT, "The boiler works. Somebody came.", api_name="/score")
    assert lost["meaning"] < 1 and not (lost["numbers_kept"] or lost["names_kept"] or lost["negations_kept"])
    assert {"unit", "draft", "rewrite", "own"} == set(lost["habits"]["words a sentence"])
    refused(client, "at least one sentence", DRAFT, " ", api_name="/score")


def test_a_score_without_any_writing_measures_no_style(client, home):
    found = client.predict(DRAFT, DRAFT, api_name="/score")
    assert found["rewrite_distance"] is None and found["meaning"] == 1


def test_a_draft_is_written_here_unless_the_call_says_to_send_it(client, endpoint, monkeypatch):  # noqa: F811
    refused(client, "fetch-base", "Write to Morgan.", api_name="/draft")
    lay_tiny_base()
    local_writer._loaded.cache_clear()
    monkeypatch.setenv("VIBEJAM_LLM_MODEL", "some-model")
    monkeypatch.setenv("OPENAI_BASE_URL", endpoint.url)
    client.predict("Write to Morgan.", api_name="/draft")
    assert not endpoint.asked, "a key that lies in the environment sends nothing by itself"
    endpoint.will(says("The boiler is broken."))
    assert client.predict("Complain.", "service", api_name="/draft") == "The boiler is broken."
    assert endpoint.asked[0].body["messages"][-1]["content"] == "Complain."
    refused(client, 'is "local" or "service"', "Complain.", "http://elsewhere.example", api_name="/draft")
    monkeypatch.delenv("VIBEJAM_LLM_MODEL")
    refused(client, "No service is set up", "Complain.", "service", api_name="/draft")
    assert len(endpoint.asked) == 1
    local_writer._loaded.cache_clear()


@pytest.mark.parametrize("call", [api.sample, api.draft, api.rewrite, api.score])
@pytest.mark.parametrize("sent", [None, 7, ["a"], {"a": 1}, SimpleNamespace()])
def test_what_is_no_text_is_one_sentence(call, sent):
    trained()
    with pytest.raises(Exception) as error:
        call(sent, "") if call is api.score else call(sent)
    assert type(error.value).__name__ == "Error" and "\n" not in str(error.value)
