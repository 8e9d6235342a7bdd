"""Whose key goes where: the environment's to the environment's address, a typed one to the typed address."""

import json

import pytest
from endpoint_server import endpoint  # noqa: F401  (a fixture)

from vibejam.drafts import endpoint_for, endpoint_from_environment
from vibejam.errors import UserError

pytestmark = pytest.mark.security

KEY = "sk-sentinel-0123456789"
TEXT = "A sentinel note about the harbour in autumn."


def test_the_environment_names_a_writer_only_by_its_model(endpoint, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    assert endpoint_from_environment() is None
    monkeypatch.setenv("OPENAI_BASE_URL", endpoint.url + "/")
    monkeypatch.setenv("VIBEJAM_LLM_MODEL", "env-model")
    writer = endpoint_from_environment()
    assert (writer.model, writer.destination) == ("env-model", endpoint.host)
    writer.write(TEXT)
    assert endpoint.asked[0].headers["authorization"] == f"Bearer {KEY}"


def test_without_an_address_the_environment_means_openai(monkeypatch):
    monkeypatch.setenv("VIBEJAM_LLM_MODEL", "env-model")
    with pytest.raises(UserError, match="^There is no key for api.openai.com; "):
        endpoint_from_environment()
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    assert endpoint_from_environment().destination == "api.openai.com"


def test_a_typed_address_never_gets_the_environment_s_key(endpoint, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("OPENAI_BASE_URL", "https://llm.example/v1")
    monkeypatch.setenv("VIBEJAM_LLM_MODEL", "env-model")
    for api_key in ("", "typed-key"):
        endpoint_for(endpoint.url, "typed-model", api_key).write(TEXT)
    with pytest.raises(UserError, match="^There is no key for other.example; "):
        endpoint_for("https://other.example/v1", "m", "")
    sent = json.dumps([[asked.headers, asked.body] for asked in endpoint.asked])
    assert KEY not in sent and "env-model" not in sent
    assert endpoint.asked[1].headers["authorization"] == "Bearer typed-key"


@pytest.mark.parametrize("public", [False, True])
def test_blanks_mean_the_environment_as_a_whole(endpoint, monkeypatch, public):
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("OPENAI_BASE_URL", endpoint.url)
    monkeypatch.setenv("VIBEJAM_LLM_MODEL", "env-model")
    endpoint_for("", " ", "", public=public).write(TEXT)
    endpoint_for(endpoint.url + "/", "", "", public=public).write(TEXT)  # a field that was filled in with it
    assert [asked.headers["authorization"] for asked in endpoint.asked] == [f"Bearer {KEY}"] * 2
    assert {asked.body["model"] for asked in endpoint.asked} == {"env-model"}


def test_only_the_owner_chooses_the_model_that_the_environment_s_key_pays_for(endpoint, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("OPENAI_BASE_URL", endpoint.url)
    monkeypatch.setenv("VIBEJAM_LLM_MODEL", "env-model")
    assert endpoint_for("", "dearer-model", "").model == "dearer-model"
    with pytest.raises(UserError, match="another model"):
        endpoint_for("", "dearer-model", "", public=True)


def test_what_is_missing_is_said_before_anything_is_sent(endpoint):
    for typed, expected in [
        (("", "m", ""), "No endpoint is set up"),
        (("", "m", KEY), "the address that the key belongs to"),
        (("https://api.openai.com/v1", "m", ""), "There is no key for api.openai.com"),
        ((endpoint.url, "", KEY), "Name the model"),
        ((endpoint.url, "two\nlines", KEY), "Name the model"),
        ((endpoint.url, "m", "sk-one sk-two"), "The key holds a space"),
        ((endpoint.url, "m", "sk-\u2026"), "The key holds a space"),
        ((endpoint.url, "m", "sk-1\r\nX-Other: 1"), "The key holds a space"),
    ]:
        with pytest.raises(UserError, match=expected) as caught:
            endpoint_for(*typed)
        assert "sk-" not in str(caught.value)
    assert endpoint.asked == []


def test_strangers_cannot_type_an_address_inside():
    with pytest.raises(UserError):
        endpoint_for("http://127.0.0.1:11434/v1", "m", "", public=True)
