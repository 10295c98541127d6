"""The page docs/IRC.md, made from the tables of the IRC door. `python tests/irc_page.py` writes it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from besedka.wire.irc.bodies import FLAG_MODES
from besedka.wire.irc.capabilities import Capability
from besedka.wire.irc.commands import COMMANDS
from besedka.wire.irc.numerics import Numeric

PAGE = Path(__file__).parent.parent / "docs" / "IRC.md"

CAPABILITIES = {
    Capability.ACCOUNT_NOTIFY: "ACCOUNT where a guest logs in and goes on being called so",
    Capability.ACCOUNT_REGISTRATION: "on safe ways; with `before-connect` where the operator allows it",
    Capability.ACCOUNT_TAG: "`account` on what an account says and does",
    Capability.AWAY_NOTIFY: "who is away; an account without a session is away with `offline`",
    Capability.BATCH: "for the answers to labelled lines",
    Capability.CHANNEL_RENAME: "RENAME told; others are told PART and JOIN",
    Capability.CAP_NOTIFY: "CAP NEW and DEL where a reload changes what is offered; implied by CAP LS 302",
    Capability.CHATHISTORY: "what was said before, by CHATHISTORY; nothing is played back unasked",
    Capability.ECHO_MESSAGE: "one's own messages, when they are kept: the receipt",
    Capability.EVENT_PLAYBACK: "in it what was done as well: JOIN, PART, KICK, TOPIC, MODE",
    Capability.EXTENDED_ISUPPORT: "005 in a batch, and ISUPPORT before registration",
    Capability.EXTENDED_MONITOR: "of those one follows also AWAY and SETNAME, where these were asked for",
    Capability.EXTENDED_MONITOR_DRAFT: "the same",
    Capability.PRE_AWAY: "AWAY before registration; `AWAY *` is a client that nobody sits at",
    Capability.EXTENDED_JOIN: "account and real name in JOIN",
    Capability.INVITE_NOTIFY: "INVITE told to everybody in the room",
    Capability.LABELED_RESPONSE: "an answer with the label of its line; needs `batch`",
    Capability.MESSAGE_REDACTION: "REDACT, of what one said oneself or, with `@`, of what others said",
    Capability.MESSAGE_TAGS: "`msgid` on every entry: `<room id>-<number>`; tags of clients, and TAGMSG",
    Capability.METADATA_2: "small values under keys, in the words of today's clients",
    Capability.METADATA_3: "the same in the words of the draft that follows; whoever has both speaks this one",
    Capability.MULTILINE: "messages of several lines, both ways; needs `batch`",
    Capability.MULTI_PREFIX: "all prefixes in NAMES and WHO",
    Capability.NO_IMPLICIT_NAMES: "no NAMES behind JOIN",
    Capability.NO_IMPLICIT_NAMES_DRAFT: "the same under its earlier name",
    Capability.READ_MARKER: "MARKREAD: how far one has read, the same on all devices; a guest's as long as it stays",
    Capability.SASL: "PLAIN, and SCRAM-SHA-256 where it is allowed; on safe ways only (TLS, and a true loopback)",
    Capability.SERVER_TIME: "`time` on every entry: when it was kept",
    Capability.SETNAME: "real names that change",
    Capability.STANDARD_REPLIES: "FAIL instead of 400 where there is a code",
    Capability.USERHOST_IN_NAMES: "`nick!user@host` in NAMES",
}
"""What each is here."""

TEMPLATE = """\
# IRC

Any IRC client may connect to the one port, with TLS or, from the same machine, without. A room is a channel (`lobby`
is `#lobby`), a conversation of two is a query, and people with other programs are in both. This page is for whoever
wants to know what exactly is spoken; its tables are made from the program (`python tests/irc_page.py`).

Specifications: modern.ircdocs.horse and ircv3.net. What this page does not name is answered as unknown.

## Coming in

- With an account: SASL PLAIN, SASL SCRAM-SHA-256 where the operator allows it (`accounts.scram`; an account has it from
  its next login with its password on), or `PASS name:password`. One's nick is the account's name, whatever NICK said
  (447); several clients are one person. On connecting one is back in all one's rooms.
- With `irc.nicks = "free"` the first client of an account chooses any free nick for all of them, and NICK changes it;
  its name leads to it all the same. When its last client is gone, NICK tells that it is called by its name again.
- A guest may log in later, or make an account, and stays in its rooms with its role. Called as before it is told of
  by ACCOUNT; called otherwise, it is told NICK itself, and others QUIT and JOIN. Accounts do not change (907).
- With NickServ, where a client knows nothing newer: `/msg NickServ HELP`, NS or NICKSERV; and ChanServ, CS, CHANSERV.
- As a guest, where the operator admits guests: NICK and USER; NICK changes a guest's nick at any time. Others get
  `FAIL * ACCOUNT_REQUIRED_TO_CONNECT`.
- Where the operator has set `irc.password`, whoever does not log in says it with PASS first; 464 and the end otherwise.
- `REGISTER * * password` makes an account that is called like one's nick. Where registration takes an invitation, its
  code stands in place of the e-mail address; there is no other use for one, and none is kept. `VERIFY` never has
  anything to verify. `USERNAME_EXISTS` says that a guest bears the nick.
- Whoever asks CAP LS with less than 302 is listed only what fits into one line.
- By WebSocket, on any path, where `text.ircv3.net` or `binary.ircv3.net` is offered: one line is one message. Host must
  be an address, localhost or a configured name; an Origin, which browsers send, must be the same or a configured name.
- `sts` is listed where `irc.sts_port` is set and authorities vouch for `tls.certificate` by the server's name: the port
  on ways that are not safe, a month over TLS, and nothing to whoever comes from the same machine without TLS.
- The host of somebody is a keyed hash of their address: the same for the same address, and the address to nobody.
  Whoever is not here is `u@offline`. A user name begins with `~`, as it does everywhere that nobody checks them.

## Commands

{commands}

## Capabilities

{capabilities}

## Channel modes

{modes}

`o` is an owner or a moderator, `v` a voice. A mask that is only a name means its bearer.

## User modes

| mode | what it is here |
| --- | --- |
| `B` | a bot (`BOT`) |
| `R` | no guest may begin a conversation with one (477) |
| `i` | unlisted: told to those alone who share a room with one in which rooms one is; no mask finds one |
| `o` | an administrator, by one's account or by OPER; taken off it gives back what OPER lent |
| `w` | hears WALLOPS; for this session |
| `T` | is told no CTCP question that somebody asks one alone; for this session |

`B`, `R` and `i` are of the person, on all devices; an account keeps them.

## Numerics

{numerics}

## Departures

- PRIVMSG and NOTICE are kept on disk before anybody is told. There is no id with which a client could send one again:
  what is sent twice is said twice.
- Answers come in the order of the commands, PONG included, which also comes behind all that others said before the
  PING. Whoever sends much more than is answered is cut off.
- PART ends a membership, QUIT does not: accounts without a session stay in NAMES. The last owner of a room with others
  in it cannot leave (400).
- A line that would pass 512 bytes where it is told is told from the nick alone, without user and host (which are
  optional); where that is too long as well, or the nick has a dot, the line is 417. It is never cut. What comes from
  other programs and is longer, or has several lines, is told as several messages, of which the first has the `msgid`,
  where `draft/multiline` is not negotiated; a topic or reason ends in `…`. Only PRIVMSG is told as `draft/multiline`,
  and no ACTION.
- While a `draft/multiline` batch is open, only PING, PONG and QUIT are heard beside it: anything else is
  `MULTILINE_INVALID` and ends it. What a batch was wrong in is told once, and the rest of it is passed over.
- An edit is told as a new line that begins with `* `. A redaction is told as REDACT to those who asked for that, and to
  nobody else.
- CTCP but for ACTION, `@#channel` and `+#channel`, and TAGMSG are told to who is here and are not kept; their `msgid`
  is unique, and is the id of no entry. A TAGMSG with `+draft/react` (or `+draft/unreact`) and a `+draft/reply` to a
  known message is kept as the reaction it is, without the tags beside. One with `+typing` alone is told when the server
  tells of typing, and without a `msgid`. CTCP does not tell whether somebody is here: who is not is no error.
- What is for those with a prefix (`@#channel`), and CTCP, is told to IRC sessions only.
- A nick is refused for looking like nothing that can be a name (432); another script's letters are other letters.
  Who changes it too often is told 438. A nick that was refused before registration is kept in mind: logging in as that
  account makes it possible.
- Nobody is called NickServ or ChanServ: what is said to them is a command, is not kept, and is answered by NOTICE. A
  line that looks like `IDENTIFY` with a password is told to nobody else (400).
- NOTICE is answered with errors where it has a label, and otherwise only if its line is too long.
- A line longer than any with all its tags can be (8,701 bytes) is 417, and the end of the connection.
- A key that is set is told as `*`; in 324 it is shown to those inside, on a safe way.
- `b` and `e` take `m:` (muted, and excepted from that) and, as `I` does, `a:` and an account (ACCOUNTEXTBAN); `m:a:` is
  both. Whoever is banned is not heard, unless voiced.
- An INVITE by an operator lets in despite `k`, `l` and the bans that stand by then, until it is used; a guest's is used
  up by being kicked.
- JOIN of a name that a renamed channel has left behind enters it under its new one (no CHANNEL_RENAMED).
- Settings of a room that are no modes (slow mode, and how much is kept: `keep-for`, `keep-last`) are told to nobody
  when they change. Whoever speaks too fast is told so (404), and whoever missed what is no longer kept by a NOTICE to
  the channel.
- Modes that are changed together are told in one line; a mask that is only a name is looked up, and begins another.
- A LIST has at most four masks, and as many negated ones; a channel is as old as its room.
- A hidden room (`+s`) that one may not enter is 473, whatever else is in the way.
- WHO of a mask tells no channel (`*`), and its `i` field is 255.255.255.255: addresses are told to nobody.
- WHOIS says since when somebody is here and how long silent (317) to those who share a room with them, and to
  administrators.
- OPER takes the name and password of an administrator's account; the rights are this session's, until it ends. KILL is
  no ban. REHASH does not say which file it reads. STATS knows `u`; the other letters are empty.
- Errors of PRIVMSG to a channel are 404 with the reason in words.
- A TAGMSG with `+draft/persist` is kept, and found by CHATHISTORY where `draft/event-playback` is on. REDACT takes back
  one's own reactions, and messages; of what else was kept it knows nothing.
- CHATHISTORY is for those in the channel. Its batch bears the target as it was asked for. An id that is unknown, or of
  another room, is `MESSAGE_ERROR`, for an empty batch would say that nothing is missing. A message that was edited
  stands there as it is by now, one that was redacted not at all. Long messages make a page end early, and so do some
  two thousand in a row that the one who asks cannot be shown.
- LINKS lists nothing: there is one server, and nothing that it is linked to.
- METADATA: values are of 300 bytes at most where they are set by IRC; a longer one, from another program, ends in `…`
  where it fits no line. SYNC and joining tell the values of those who are here; GET and LIST know everybody. In a
  channel of more than 500 people 774 comes in their place. The values of an invite-only or hidden channel are for
  those inside. There is no RATE_LIMITED: whoever sends too much waits, as with everything. Other sessions of one's own
  are not told what one has set: GET tells them. A guest's values, and its markers, are not those of the account that
  it makes.

## Missing

Not there yet, and answered as unknown or not offered:

- **Commands**: USERIP; SEARCH (`soju.im/search`): messages are searched by the line client and by native programs.
- **Capabilities**: chghost, for a host here stands for an address, and neither it nor a user name changes while
  one is connected; logging in as another account (907) or out.
- A guest's coming or going is a signal: a reader that is full misses the line, and its names are old until it asks.
  So is what MONITOR tells (`MONITOR S` asks), and who is away. In rooms of more than 500 nobody is told who is away.
"""


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table in Markdown."""
    lines = [head, ["---"] * len(head), *[[cell.replace("|", "\\|") for cell in row] for row in rows]]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def commands() -> str:
    """The commands, as HELP has them."""
    rows = [(f"`{f'{one.name} {one.form}'.strip()}`", one.help, one.when.value) for one in COMMANDS.values()]
    return table(("command", "what it is for", "when"), rows)


def capabilities() -> str:
    """What may be asked for."""
    return table(("capability", "what it is here"), [(f"`{one.value}`", CAPABILITIES[one]) for one in Capability])


def modes() -> str:
    """The letters, and the settings and lists that they are."""
    flags = [(f"`{letter}`", f"`{setting}`") for letter, setting in FLAG_MODES.items()]
    others = [
        ("`k <key>`", "`key`"),
        ("`l <number>`", "`members_max`"),
        ("`b <mask>`", "bans; `m:<mask>` mutes"),
        ("`e <mask>`", "exceptions from bans and mutes"),
        ("`I <mask>`", "exceptions from `i`"),
    ]
    return table(("mode", "setting or list"), [*flags, *others])


def numerics() -> str:
    """All that are ever sent."""
    return table(("numeric", "name", "words"), [(one.digits, f"`{one.name}`", one.sentence) for one in Numeric])


def page() -> str:
    """The whole page."""
    return TEMPLATE.format(commands=commands(), capabilities=capabilities(), modes=modes(), numerics=numerics())


if __name__ == "__main__":
    PAGE.write_text(page())
