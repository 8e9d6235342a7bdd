"""The draft writer against a real HTTP server: what is sent, what comes back, and one sentence for every fault."""

import gzip
import logging
import socket
import subprocess
import sys
import threading

import pytest
from endpoint_server import (
    PATIENCE,
    Endpoint,
    answers,
    breaks_off,
    endpoint,  # noqa: F401  (a fixture)
    fails,
    says,
    says_after_gate,
    says_then_hangs,
    streams,
)

from vibejam.drafts import SYSTEM_MESSAGE, Draft, EndpointWriter
from vibejam.errors import UserError

pytestmark = pytest.mark.security

KEY = "sk-sentinel-0123456789"
TEXT = "A sentinel note about the harbour in autumn."
THEIR_WORDS = "the service's own words"


def writer_at(server: Endpoint, **options) -> EndpointWriter:
    return EndpointWriter(server.url, "small-model", KEY, **options)


def sentence_of(writer: EndpointWriter, **options) -> str:
    """The one sentence this writer fails with, free of the key, the text and what the service said."""
    with pytest.raises(UserError) as caught:
        writer.write(TEXT, **options)
    sentence = str(caught.value)
    assert sentence.endswith(".") and "\n" not in sentence
    assert not any(secret in sentence for secret in (KEY, TEXT, THEIR_WORDS))
    assert caught.value.__suppress_context__ or caught.value.__context__ is None  # nor in what hangs behind it
    return sentence


def no_draft_thread_left() -> bool:
    for thread in threading.enumerate():
        if thread.name == "vibejam-draft":
            thread.join(PATIENCE)
    return not any(thread.name == "vibejam-draft" for thread in threading.enumerate())


# What is sent


def test_a_draft_says_where_it_came_from(endpoint):
    endpoint.will(says("\nThe harbour ", "is quiet", ".\n"))
    draft = writer_at(endpoint).write(TEXT)
    assert draft == Draft("The harbour is quiet.", "small-model", TEXT, endpoint.host, draft.seconds)
    assert draft.seconds > 0


def test_the_request_holds_the_instruction_and_nothing_else(endpoint):
    writer_at(endpoint).write(TEXT, max_new_tokens=123)
    (asked,) = endpoint.asked
    assert asked.path == "/v1/chat/completions"
    assert asked.body == {
        "model": "small-model",
        "messages": [{"role": "system", "content": SYSTEM_MESSAGE}, {"role": "user", "content": TEXT}],
        "max_tokens": 123,
        "stream": True,
    }



def test_a_model_that_knows_only_the_newer_limit_is_asked_again_with_it(endpoint):
    endpoint.will(fails(400, param="max_tokens"), says("Well."))
    assert writer_at(endpoint).write(TEXT, max_new_tokens=50).text == "Well."
    assert [asked.body.get("max_completion_tokens") for asked in endpoint.asked] == [None, 50]
    assert "max_tokens" not in endpoint.asked[1].body


def test_half_a_character_neither_stops_the_request_nor_reaches_the_draft(endpoint):
    endpoint.will(says("caf\u00e9 \U0001f642 ", "\ud83d."))
    assert writer_at(endpoint).write("about \ud83d caf\u00e9s").text == "caf\u00e9 \U0001f642 \ufffd."
    assert endpoint.asked[0].body["messages"][1]["content"] == "about \ufffd caf\u00e9s"


def test_nothing_is_sent_for_an_empty_instruction_or_before_the_first_piece_is_wanted(endpoint):
    writer = writer_at(endpoint)
    with pytest.raises(UserError, match="nothing to write about"):
        writer.write("  \n")
    writer.stream(TEXT)
    assert endpoint.asked == []


# Streaming, stopping, trying again


def test_pieces_arrive_while_the_rest_is_still_being_written(endpoint):
    endpoint.will(says_after_gate("First,", " then."))
    pieces = writer_at(endpoint).stream(TEXT)
    assert next(pieces) == "First,"  # the server holds the second back until here
    endpoint.gate.set()
    assert list(pieces) == [" then."]


def test_closing_the_iterator_hangs_up(endpoint):
    endpoint.will(says_then_hangs("First,"))
    pieces = writer_at(endpoint).stream(TEXT)
    assert next(pieces) == "First,"
    pieces.close()
    assert endpoint.hung_up.wait(PATIENCE)
    assert no_draft_thread_left()


@pytest.mark.parametrize("first", [(), ("First,",)])
def test_stop_hangs_up_even_while_the_service_is_silent(endpoint, first):
    endpoint.will(says_then_hangs(*first))
    draft = writer_at(endpoint).write(TEXT, stop=lambda: bool(endpoint.asked))
    assert draft.text in ("", *first)
    assert endpoint.hung_up.wait(PATIENCE)
    assert no_draft_thread_left()
    assert len(endpoint.asked) == 1  # cutting the line does not look like a fault worth another try


def test_stop_while_waiting_to_try_again_sends_nothing_more(endpoint):
    endpoint.will(fails(429, Retry_After="1"))
    list(writer_at(endpoint).stream(TEXT, stop=lambda: bool(endpoint.asked)))
    assert no_draft_thread_left()
    assert len(endpoint.asked) == 1


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_busy_service_is_asked_again(endpoint, status):
    endpoint.will(fails(status, Retry_After="0.01"), fails(status, Retry_After="0.01"), says("At last."))
    assert writer_at(endpoint, retries=2).write(TEXT).text == "At last."
    assert len(endpoint.asked) == 3


# Every fault is one sentence


@pytest.mark.parametrize(
    ("status", "says_what"),
    [
        (400, "did not accept the request for small-model"),
        (401, "did not accept the key"),
        (402, "asks for payment"),
        (403, "does not let this key use small-model"),
        (404, "knows no model called small-model"),
        (408, "gave up waiting for small-model"),
        (413, "found the instruction too long"),
        (422, "did not accept the request for small-model"),
        (429, "takes no more requests from this key for now"),
        (500, "has trouble of its own (status 500)"),
        (503, "has trouble of its own (status 503)"),
    ],
)
def test_a_refusal_is_one_sentence(endpoint, status, says_what):
    endpoint.will(fails(status, THEIR_WORDS))
    sentence = sentence_of(writer_at(endpoint, retries=0))
    assert sentence.startswith(endpoint.host) and says_what in sentence
    assert len(endpoint.asked) == 1


def test_an_error_whose_own_text_breaks_off_is_still_that_error(endpoint):
    def turn(handler):
        handler.send_response(500)
        handler.send_header("Content-Length", "1000")
        handler.end_headers()
        handler.close_connection = True

    endpoint.will(turn)
    assert "status 500" in sentence_of(writer_at(endpoint, retries=0))


def test_a_service_that_asks_for_a_long_wait_is_named_busy_when_time_is_up(endpoint):
    endpoint.will(fails(429, Retry_After="60"))
    assert "takes no more requests" in sentence_of(writer_at(endpoint, timeout=0.3))


@pytest.mark.parametrize("first", [(), ("First,",)])
def test_silence_is_a_timeout(endpoint, first):
    endpoint.will(says_then_hangs(*first))
    assert "sent nothing for 0.3 s;" in sentence_of(writer_at(endpoint, timeout=0.3))
    assert endpoint.hung_up.wait(PATIENCE)


def test_silence_after_an_error_is_silence_not_the_old_error(endpoint):
    endpoint.will(fails(500, Retry_After="0.01"), says_then_hangs())
    assert "sent nothing for 1 s;" in sentence_of(writer_at(endpoint, timeout=1))


def test_a_refused_connection_is_one_sentence():
    with socket.socket() as taken:  # bound and never listening: nothing can answer there
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        sentence = sentence_of(EndpointWriter(f"http://127.0.0.1:{port}/v1", "m", KEY, retries=0))
    assert sentence.startswith(f"There is no connection to 127.0.0.1:{port};")


def test_https_to_a_plain_server_is_one_sentence_and_sends_nothing(endpoint):
    sentence = sentence_of(EndpointWriter(endpoint.url.replace("http:", "https:"), "m", KEY, retries=0))
    assert "could not prove over https" in sentence
    assert endpoint.asked == []


def test_a_redirect_is_not_followed(endpoint):
    elsewhere = Endpoint()
    try:
        endpoint.will(fails(307, Location=f"{elsewhere.url}/chat/completions"))
        assert "wanted your text sent on to another address" in sentence_of(writer_at(endpoint))
        assert elsewhere.asked == []
    finally:
        elsewhere.close()


@pytest.mark.parametrize(
    "turn",
    [
        breaks_off("The harbour"),
        says("The harbour", finish=None),
        streams({"error": {"message": THEIR_WORDS}}),
    ],
    ids=["connection closed", "no end", "error in the stream"],
)
def test_a_broken_stream_is_one_sentence(endpoint, turn):
    endpoint.will(turn)
    assert sentence_of(writer_at(endpoint)) == f"The answer from {endpoint.host} broke off part-way; try again."


def test_what_arrived_before_the_break_was_handed_on(endpoint):
    endpoint.will(breaks_off("The harbour", " is"))
    pieces, seen = writer_at(endpoint).stream(TEXT), []
    with pytest.raises(UserError):
        for piece in pieces:
            seen.append(piece)
    assert seen == ["The harbour", " is"]


@pytest.mark.parametrize(
    "turn",
    [
        answers(b"<html>Sign in to the network</html>", Content_Type="text/html"),
        answers(b'{"choices": [{"message": {"content": "not a stream"}}]}'),
        answers(b""),
        answers(gzip.compress(b"data: {}\n\n"), Content_Type="text/event-stream", Content_Encoding="gzip"),
        streams("not json"),
        streams("[" * 100_000),
        streams({"choices": [{"delta": {"content": ["parts"]}, "finish_reason": "stop"}]}),
        streams({"choices": {"a": 1}}),
    ],
    ids=["a web page", "not streamed", "no body", "packed unasked", "not json", "nested too deep", "parts", "no list"],
)
def test_an_answer_in_another_form_is_one_sentence(endpoint, turn):
    endpoint.will(turn)
    assert "answered in a form that cannot be read" in sentence_of(writer_at(endpoint))


@pytest.mark.parametrize("pieces", [(), ("  ", "\n")])
def test_an_empty_answer_is_one_sentence(endpoint, pieces):
    endpoint.will(says(*pieces))
    assert "answered with no text" in sentence_of(writer_at(endpoint))


def test_a_model_that_only_thought_is_told_apart(endpoint):
    endpoint.will(says("", "", finish="length"))
    assert "used all 40 tokens before it wrote anything" in sentence_of(writer_at(endpoint), max_new_tokens=40)


def test_events_that_leave_things_out_are_read(endpoint):
    endpoint.will(
        streams(
            {"choices": []},
            {"choices": [{"delta": {"content": None}}]},
            {"choices": [{"delta": {"content": "Fine."}}]},
            {"choices": [{"finish_reason": "length"}]},
        )
    )
    assert writer_at(endpoint).write(TEXT).text == "Fine."



def test_no_log_holds_the_key_or_the_text(endpoint, caplog):
    caplog.set_level(logging.DEBUG)
    endpoint.will(fails(500, TEXT), says(TEXT), fails(401, TEXT))
    writer = writer_at(endpoint)
    writer.write(TEXT)
    sentence_of(writer)
    assert caplog.records, "the client logs at this level, so this test can fail"
    assert KEY not in caplog.text and TEXT not in caplog.text
    assert KEY not in repr(writer)


def test_the_client_is_imported_only_when_a_draft_is_asked_for():
    code = "import sys, vibejam.drafts; sys.exit('openai' in sys.modules or 'torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
