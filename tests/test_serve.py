"""`vibejam serve` as its clients meet it: the real openai client, over HTTP, against a real (tiny) model."""

import json
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import openai
import pytest
from voice_server import DRAFT, GOOD, chat, client, engine, error_of, folder, module_engine, post, url  # noqa: F401

from vibejam.config import RewriteConfig, SampleConfig
from vibejam.serve import WAITING, ChatRequest, Served, Writing


def test_the_models_are_listed_with_the_run_they_come_from(client, engine):
    models = {model.id: model for model in client.models.list()}
    assert set(models) == {"vibejam-rewrite", "vibejam-voice", "first", "upper-1"}
    assert models["vibejam-voice"].owned_by == engine.name and models["vibejam-voice"].object == "model"


def test_the_voice_answers_as_the_engine_does_and_counts(client, engine):
    answer = chat(client, "The gate", max_tokens=12, temperature=0.5, top_p=0.9, seed=3)
    expected = engine.sample("The gate", SampleConfig(max_new_tokens=12, temperature=0.5, top_p=0.9, seed=3)).text
    choice = answer.choices[0]
    assert (
        choice.message.content == expected and choice.message.role == "assistant" and choice.finish_reason == "length"
    )
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens, answer.usage.total_tokens) == (8, 12, 20)
    assert answer.object == "chat.completion" and answer.model == "vibejam-voice"
    assert (
        chat(client, "The gate", "first", max_tokens=12, temperature=0.5, top_p=0.9, seed=3).choices[0].message.content
        == expected
    )


def test_what_is_asked_of_the_dice_is_honoured(client):
    def text(**settings):
        return chat(client, "The gate", max_tokens=40, **settings).choices[0].message.content

    assert text(seed=1, temperature=1) == text(seed=1, temperature=1) != text(seed=2, temperature=1)
    assert text(temperature=0, seed=1) == text(temperature=0, seed=2)
    assert text(top_p=1e-6, temperature=1) == text(temperature=0)
    assert len(text(max_completion_tokens=7, seed=1)) <= 7  # wins over max_tokens


def test_a_stream_says_the_same_in_pieces(client):
    settings = {"max_tokens": 30, "seed": 5}
    whole = chat(client, "The dog", **settings).choices[0].message.content
    chunks = list(chat(client, "The dog", stream=True, stream_options={"include_usage": True}, **settings))
    assert chunks[0].choices[0].delta.role == "assistant" and len({chunk.id for chunk in chunks}) == 1
    pieces = [c.choices[0].delta.content for c in chunks if c.choices and c.choices[0].delta.content]
    assert "".join(pieces) == whole and len(pieces) > 5
    assert [c.choices[0].finish_reason for c in chunks if c.choices][-1] == "length"
    assert chunks[-1].usage.completion_tokens == 30 and not chunks[-1].choices
    assert all(chunk.usage is None for chunk in chat(client, "The dog", stream=True, **settings))


def test_a_stream_is_sent_as_it_is_written(client, engine):
    engine.gate.clear()
    with ThreadPoolExecutor(1) as pool:
        stream = pool.submit(chat, client, "The dog", stream=True, max_tokens=3000, temperature=0)
        engine.began.get(timeout=20)
        engine.gate.set()
        stream = stream.result(20)
    next(stream), next(stream), next(stream)
    assert engine.ended.empty()
    stream.close()
    engine.ended.get(timeout=20)


def test_the_rewrite_is_the_engine_s(client, engine):
    for stream in (False, True):
        answer = chat(client, DRAFT, "vibejam-rewrite", seed=4, stream=stream)
        text = (
            "".join(c.choices[0].delta.content or "" for c in answer) if stream else answer.choices[0].message.content
        )
        assert text.strip() == engine.rewrite(DRAFT, RewriteConfig(seed=4)).text
    short = chat(client, DRAFT, "vibejam-rewrite", seed=4, max_tokens=5)
    assert short.usage.completion_tokens == 5 and short.choices[0].finish_reason == "length"


def test_only_the_last_user_message_is_read(client, engine):
    messages = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "one"},
        {"role": "assistant", "content": "two"},
        {"role": "user", "content": [{"type": "text", "text": "The "}, {"type": "text", "text": "gate"}]},
    ]
    client.chat.completions.create(model="vibejam-voice", messages=messages, max_tokens=2)
    assert engine.began.get_nowait() == "The gate"


def test_a_draft_writer_answers_under_its_own_name(client):
    answer = chat(client, "open the gate", "upper-1")
    assert answer.choices[0].message.content == "OPEN THE GATE " and answer.usage is None
    assert answer.choices[0].finish_reason == "stop"
    assert chat(client, "open the gate", "upper-1", max_tokens=2).choices[0].finish_reason == "length"


def test_stop_texts_end_the_answer_and_are_not_in_it(client):
    settings = {"max_tokens": 200, "seed": 6, "temperature": 1}
    whole = chat(client, "The dog", **settings).choices[0].message.content
    stop = whole[20:23]
    for given in (stop, ["never this", stop]):
        answer = chat(client, "The dog", stop=given, **settings).choices[0]
        assert answer.message.content == whole[: whole.index(stop)] and answer.finish_reason == "stop"
    until = whole.index(stop) + len(stop)  # the stop text and the limit are reached by the same token
    assert chat(client, "The dog", stop=stop, **{**settings, "max_tokens": until}).choices[0].finish_reason == "stop"
    streamed = chat(client, "The dog", stop=stop, stream=True, **settings)
    assert "".join(c.choices[0].delta.content or "" for c in streamed) == whole[: whole.index(stop)]


@pytest.mark.parametrize("stops", [["ab"], ["aab", "ba"], ["abc", "b"], ["zz"], ["a"], ["abab", "bb"]])
def test_a_stop_text_is_found_however_the_text_is_cut(stops):
    for text in ("aababcab", "abbaab", "zzaz", "xaxaxabx", "", "ab"):
        found = [text.index(stop) for stop in stops if stop in text]
        # with several, the one that is complete first ends the answer, as it would if read letter by letter
        ends = (
            {
                min(text[: i + 1].index(s) for s in stops if s in text[: i + 1])
                for i in range(len(text))
                if any(s in text[: i + 1] for s in stops)
            }
            if found
            else {len(text)}
        )
        for cut in range(1, 4):
            model = Served(lambda *_: iter([text[i : i + cut] for i in range(0, len(text), cut)]), "me", 100, len)  # noqa: B023
            asked = ChatRequest(model="m", messages=[{"role": "user", "content": "x"}], stop=stops)
            writing = Writing(model, asked, lambda: False)
            assert len("".join(writing)) in ends and not any(stop in writing.text for stop in stops)


@pytest.mark.parametrize("stream", [False, True])
def test_hanging_up_stops_the_generation(client, engine, stream):
    if stream:
        answer = chat(client, "The dog", stream=True, max_tokens=30_000, temperature=0)
        for _ in range(4):
            next(answer)
        answer.close()
    else:
        with pytest.raises(openai.APITimeoutError):
            chat(client.with_options(timeout=0.5), "The dog", max_tokens=30_000, temperature=0)
    assert engine.ended.get(timeout=30) < 30_000
    assert chat(client, "The dog", max_tokens=3).choices[0].message.content  # and the next is served


def test_who_hangs_up_while_waiting_is_never_served(url, client, engine):
    engine.gate.clear()
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(chat, client, "one", max_tokens=3)
        assert engine.began.get(timeout=20) == "one"
        with pytest.raises(openai.APITimeoutError):
            chat(client.with_options(timeout=0.5), "two", max_tokens=3)
        third = ThreadPoolExecutor(1).submit(chat, client, "three", max_tokens=3)
        for _ in range(5):  # once these are answered, the server has heard that the second hung up
            assert httpx.get(f"{url}/health", trust_env=False).status_code == 200
        engine.gate.set()
        assert first.result(20) and third.result(20)
    assert engine.began.get(timeout=20) == "three" and engine.began.empty()


def test_two_clients_at_once_get_what_each_would_alone(client, engine):
    alone = [chat(client, text, max_tokens=60, seed=9).choices[0].message.content for text in ("The dog", "The gate")]

    def streamed(text):
        return "".join(c.choices[0].delta.content or "" for c in chat(client, text, max_tokens=60, seed=9, stream=True))

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(streamed, ["The dog", "The gate"] * 3))
    assert answers == alone * 3


@pytest.mark.security
def test_a_full_queue_says_when_to_come_back(url, engine):
    engine.gate.clear()
    body = {"model": "vibejam-voice", "messages": [{"role": "user", "content": "x"}], "max_tokens": 2}
    extra = 3
    with ThreadPoolExecutor(1 + WAITING + extra) as pool:
        waiting = [pool.submit(post, url, **body) for _ in range(1 + WAITING + extra)]
        refused = []
        deadline = time.monotonic() + 30
        while len(refused) < extra and time.monotonic() < deadline:
            refused = [f.result() for f in waiting if f.done()]
            time.sleep(0.02)
        engine.gate.set()
        statuses = sorted(f.result().status_code for f in waiting)
    assert statuses == [200] * (1 + WAITING) + [429] * extra
    assert all(r.status_code == 429 and int(r.headers["retry-after"]) > 0 for r in refused)
    assert error_of(refused[0])["code"] == "rate_limit_exceeded"


def test_events_are_json_lines_that_any_client_can_read(url):
    with httpx.stream("POST", f"{url}/v1/chat/completions", json={**GOOD, "stream": True}, trust_env=False) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        lines = [line for line in response.iter_lines() if line]
    assert lines[-1] == "data: [DONE]" and all(json.loads(line.removeprefix("data: ")) for line in lines[:-1])
