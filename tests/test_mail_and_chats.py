"""E-mail, chats and tables: only what the person typed, whoever else is in the file."""

import json

import pytest
from reading import reason_of, text_of

from vibejam.readers import Document, read_bytes

# --- mail


def letter(body: str, head: str = "From: Sam <sam@example.org>\nSubject: x\n") -> str:
    return f"{head}Content-Type: text/plain; charset=utf-8\n\n{body}"


@pytest.mark.parametrize(
    ("body", "own"),
    [
        ("Yes.\n\nOn Mon, 3 Mar 2021 at 10:00, Aled\n<a@b.example> wrote:\n> Red?", "Yes."),
        ("Hi,\n\nOn Monday Aled wrote:\n> Red?\n\nYes.\n\n> Blue?\n\nNo.", "Hi,\n\nYes.\n\nNo."),
        ("Yes.\n\n-----Original Message-----\nFrom: Aled\nSent: Monday\nTo: Sam\n\nRed?", "Yes."),
        ("Yes.\n\nFrom: Aled <a@b.example>\nSent: Monday\nTo: Sam\nSubject: nail\n\nRed?", "Yes."),
        ("Gerne.\n\nAm 3. März 2021 um 10:00 schrieb Aled <a@b.example>:\n> rot?", "Gerne."),
        ("Yes.\n\nBest regards,\nSam\nManager of Sheds\n01632 960123", "Yes.\n\nBest regards,\nSam"),
        (
            "Thanks, Aled, that was kind of you.\n\nI was in the shed.\n\nSam",
            "Thanks, Aled, that was kind of you.\n\nI was in the shed.\n\nSam",
        ),
        ("To buy:\n- paint\n- a coat\n\nSent from my iPhone", "To buy:\n- paint\n- a coat"),
        ("On the whole I agree: from here to there is far.", "On the whole I agree: from here to there is far."),
    ],
)
def test_only_the_senders_words_are_kept(body, own):
    assert text_of("a.eml", letter(body)) == own


def test_mail_in_html_only_and_mail_without_own_words():
    page = "<p>Yes.</p><div class=gmail_quote>On Monday Aled wrote:<blockquote>Red?</blockquote></div>"
    assert text_of("a.eml", letter(page).replace("text/plain", "text/html")) == "Yes."
    assert "own" in reason_of("a.eml", letter("> Red?\n"))
    assert "headers" in reason_of("a.eml", "just words")


def test_flowed_mail_is_joined():
    body = letter("I painted it red and \nthen I went in.\n-- \nSam").replace("utf-8", "utf-8; format=flowed")
    assert text_of("a.eml", body) == "I painted it red and then I went in."


def test_a_mailbox_belongs_to_its_commonest_sender():
    mails = [
        ("sam@a.example", "Mine."),
        ("aled@b.example", "His."),
        ("Sam <SAM@a.example>", "Mine\n\n>From habit."),
        ("sam@a.example", "> x"),
    ]
    box = "".join(
        f"From x Sat Mar  6 10:11:12 2021\n{letter(body, f'From: {who}{chr(10)}')}\n\n" for who, body in mails
    )
    results = read_bytes("in.mbox", box.encode())
    assert [(r.source, r.text) for r in results if isinstance(r, Document)] == [
        ("in.mbox, message 1", "Mine."),
        ("in.mbox, message 3", "Mine\n\nFrom habit."),
    ]
    assert "1 message by other people" in results[-1].reason and "1 without words" in results[-1].reason


# --- exports


def chatgpt(*turns: tuple[str, str], current: bool = True) -> dict:
    mapping = {"root": {"id": "root", "message": None, "parent": None, "children": ["0"]}}
    for number, (role, text) in enumerate(turns):
        message = {"author": {"role": role}, "content": {"content_type": "text", "parts": [text]}}
        mapping[str(number)] = {
            "message": message,
            "parent": str(number - 1) if number else "root",
            "children": [str(number + 1)],
        }
    return {"title": "A title", "mapping": mapping} | ({"current_node": str(len(turns) - 1)} if current else {})


@pytest.mark.parametrize("current", [True, False])
def test_chatgpt_export_gives_the_users_turns_of_each_conversation(current):
    first = chatgpt(
        ("system", "Be kind."),
        ("user", "hello there"),
        ("assistant", "Certainly!"),
        ("user", "no thanks"),
        current=current,
    )
    second = chatgpt(("user", "another one"), ("assistant", "Of course!"))
    results = read_bytes("conversations.json", json.dumps([first, second]).encode())
    assert [(r.source, r.text) for r in results] == [
        ("conversations.json, chat 1", "hello there\n\nno thanks"),
        ("conversations.json, chat 2", "another one"),
    ]


@pytest.mark.parametrize(
    "export",
    [
        {"messages": [{"role": "user", "content": "mine"}, {"role": "assistant", "content": "its"}]},
        [{"messages": [{"role": "user", "content": [{"type": "text", "text": "mine"}]}]}],
        [{"chat_messages": [{"sender": "human", "text": "mine"}, {"sender": "assistant", "text": "its"}]}],
        [{"conversations": [{"from": "human", "value": "mine"}, {"from": "gpt", "value": "its"}]}],
        {
            "name": "Aled",
            "messages": [{"from": "Sam", "text": "mine"}, {"from": "Sam", "text": ""}, {"action": "joined"}],
        },
    ],
)
def test_other_chat_exports(export):
    assert text_of("chat.json", json.dumps(export)) == "mine"


def test_json_lines_and_json_that_is_no_chat():
    lines = "\n".join(
        json.dumps({"messages": [{"role": "user", "content": text}, {"role": "assistant", "content": "its"}]})
        for text in "ab"
    )
    assert [r.text for r in read_bytes("a.jsonl", lines.encode())] == ["a", "b"]
    for other in ('{"a": 1}', "[1, 2]", '"words"', "[]", '[{"role": "assistant", "content": "its"}]'):
        assert "not a chat" in reason_of("a.json", other)
    for broken in ('[{"role": "user", "cont', "[" * 100_000):
        assert "JSON" in reason_of("a.json", broken)


def test_a_whatsapp_export_gives_whoever_wrote_most():
    export = (
        "12/03/2021, 10:11 - Messages are end-to-end encrypted\n12/03/2021, 10:11 - Sam: hi there\nand more\n"
        "12/03/2021, 10:12 - Aled: hello: you\n"
        "[12/03/2021, 10:13:01 PM] Sam: bye\n12/03/2021, 10:14 - Sam: <Media omitted>\n"
    )
    (document,) = read_bytes("WhatsApp Chat with Aled.txt", export.encode())
    assert document.text == "hi there\nand more\n\nbye" and any("Sam" in warning for warning in document.warnings)


@pytest.mark.parametrize(
    ("name", "source", "expected"),
    [
        ("a.csv", "id;body;n\n1;Rain again, it says.;2\n2;And snow; 3\n", "Rain again, it says.\n\nAnd snow"),
        ("a.tsv", "date\tnote\n2020\tI went out to see it\n", "I went out to see it"),
        (
            "a.csv",
            "2020-01-01,I went out to see it\n2020-01-02,It was not there at all\n",
            "I went out to see it\n\nIt was not there at all",
        ),
        ("a.csv", 'text\n"one ""two""\nthree four"\n', 'one "two"\nthree four'),
    ],
)
def test_a_table_gives_its_column_of_prose(name, source, expected):
    assert text_of(name, source) == expected


def test_a_table_of_numbers_gives_nothing():
    assert "prose" in reason_of("a.csv", "a,b\n1,2\n3,4\n")
