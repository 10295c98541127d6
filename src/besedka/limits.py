"""Every limit of the server, as one value with its units and reasons.

A `Limits` is made once from the configuration and passed to whoever needs it; nobody imports a constant. The
relations that the rest of the code relies on are asserted when it is made, so a configuration that breaks one
never starts.
"""

from __future__ import annotations

import msgspec

_NEVER_ZERO = frozenset(
    {
        "message_bytes_max",
        "name_characters_max",
        "room_name_characters_max",
        "password_bytes_max",
        "buffer_bytes_max",
        "page_entries_max",
        "turn_requests_max",
        "turn_requests_per_session_max",
        "sessions_max",
        "connections_per_address_max",
        "sessions_per_account_max",
        "rooms_per_account_max",
        "rooms_open_max",
        "rooms_max",
        "members_max",
        "requests_per_second",
        "requests_burst",
        "searches_per_second",
        "searches_burst",
        "searches_at_once_max",
        "searches_waiting_max",
        "searches_waiting_each_max",
        "nick_changes_per_minute",
        "nick_changes_burst",
        "accepts_per_second",
        "hash_parallel_max",
        "login_attempts_max",
        "log_bytes_max",
    }
)
"""Limits that let nobody in, or nothing through, at zero. The others merely switch something off."""


class LimitsBroken(ValueError):
    """Some relations between limits do not hold."""

    def __init__(self, relations: tuple[str, ...]) -> None:
        super().__init__("limits: this must hold: " + "; ".join(relations))
        self.relations = relations
        """Each broken relation, naming the limits it is about."""


class Limits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How much of everything there may be. Bytes are of UTF-8; seconds are of the monotonic clock."""

    flood: bool = True
    """False lifts every limit of rate, login and connections, for load tests; sizes stay limited."""

    # What people write (DESIGN §7).
    message_bytes_max: int = 4096
    """A long letter; four times what fits a terminal screen."""
    multiline_lines_max: int = 32
    """Lines of one message as an IRC client sends them, pieces of long ones counted: a terminal's screen."""
    topic_bytes_max: int = 512
    """A topic is one line; ten times a terminal's status bar."""
    name_characters_max: int = 32
    """So that a column of names leaves room for what they say."""
    name_bytes_max: int = 64
    """So that an IRC prefix made of it always fits a line."""
    room_name_characters_max: int = 50
    """The longest channel name common IRC clients complete."""
    password_characters_min: int = 8
    """Where people register themselves (NIST SP 800-63B)."""
    password_bytes_max: int = 1024
    """Hashing costs grow with it; refused before hashing."""
    invitation_bytes_max: int = 64
    """An invitation code is 16 letters; the rest is for what people paste around it."""

    reason_bytes_max: int = 300
    """Why somebody was kicked, left, or is away: one line."""
    reaction_bytes_max: int = 64
    """An emoji with all its modifiers, or a short word."""
    tags_bytes_max: int = 4094
    """What programs attach to a message (IRCv3 message-tags: client-only tag data)."""
    mentions_max: int = 32
    """People one message may call by name; further names are only text."""
    real_name_bytes_max: int = 150
    """A name with its titles."""
    data_key_bytes_max: int = 64
    """The name of a small value of a person or a room."""
    data_value_bytes_max: int = 480
    """The value, so that one fits an IRC line."""

    # Bytes on the wire.
    frame_bytes_max: int = 65_536
    """The longest frame a logged-in client may send: sync of every room it may be in fits."""
    frame_bytes_before_login_max: int = 4096
    """A password fits; a stranger's memory claim does not (a STUN packet looks like 196,616 bytes)."""
    line_bytes_max: int = 8192
    """A text line: the longest message, doubled for what people paste by accident."""
    run_bytes_max: int = 262_144
    """A page or run handed to one reader at once, so a slow reader costs at most this plus `buffer_bytes_max`."""
    buffer_bytes_max: int = 65_536
    """Unsent bytes after which a session is full: it gets nothing more and is not read from until it drains."""
    page_entries_max: int = 200
    """Entries in one page of history: some screens, and one short read transaction."""
    search_characters_max: int = 512
    """What somebody looks for, as it is typed: a long sentence, with all that can be said of it."""
    search_words_max: int = 64
    """Words, names and rooms in it: each costs the index a look. A sentence in Japanese has one for each letter."""
    search_hits_max: int = 50
    """Messages in one answer to a search: some screens, a quarter of a page of history."""
    search_spans_max: int = 64
    """Places that are shown in one message for what was looked for; further ones are only text."""
    tail_entries_max: int = 512
    """Entries of an open room kept in memory for readers a little behind: two turns."""

    # The turn.
    turn_requests_max: int = 256
    """Writes in one commit: past this a larger batch no longer lowers the cost of one."""
    turn_bytes_max: int = 262_144
    """Bytes of requests in one commit, so that a run stays within `run_bytes_max` in order of magnitude."""
    turn_requests_per_session_max: int = 64
    """So that one busy session leaves places for three others in every turn."""
    pending_requests_max: int = 128
    """Requests of one session read from its socket but not yet taken: two turns' worth."""

    # Tables.
    sessions_max: int = 10_000
    """What one process holds (DESIGN §8)."""
    connections_per_address_max: int = 256
    """A household or an office behind one address; not a botnet."""
    sessions_per_account_max: int = 64
    """One per device, with scripts."""
    rooms_per_account_max: int = 1000
    """So that a sync of all of them fits one frame."""
    rooms_open_max: int = 4096
    """Rooms held in memory; the one least lately written to is put away first."""
    rooms_max: int = 1_000_000
    """Logs ever made, people's inboxes and rooms that have ended among them."""
    members_max: int = 20_000
    """Members of one room; its state is held in memory."""
    marks_max: int = 200
    """Masks on one list of a room: every message is held against them."""
    invited_max: int = 1000
    """Invitations to one room that nobody has used yet."""
    markers_max: int = 3000
    """Read markers of one account: one for each room it may be in, and names beside."""
    ignored_max: int = 1000
    """People one account ignores."""
    data_keys_max: int = 20
    """Small values of one person or one room."""
    reactions_per_message_max: int = 500
    """Reactions put to one message by everybody together."""
    reactions_listed_max: int = 2000
    """Reactions in one page of history: ten different ones to each of its messages."""
    slow_seconds_max: int = 21_600
    """A quarter of a day between two messages is slow enough."""
    keep_seconds_max: int = 3_153_600_000
    """What a room keeps, it keeps for a hundred years at most, or else for ever."""
    keep_messages_max: int = 1_000_000_000
    """Or so many messages: past this a limit is none."""
    code_seconds_max: int = 2_592_000
    """An invite code lasts thirty days at most."""
    whowas_max: int = 500
    """People who have left that the server remembers."""
    followed_max: int = 100
    """People of whom one session is told when they come and go; what common IRC servers allow."""
    rooms_listed_max: int = 1000
    """Rooms in one answer to `rooms`."""
    people_listed_max: int = 1000
    """People in one answer to `who`; the count is always of all."""
    rooms_opened_at_sync_max: int = 32
    """Rooms opened in memory when somebody comes, so that the others there can be told."""
    presence_room_max: int = 500
    """In a larger room nobody is told who comes and goes: the cost is quadratic."""
    moves_room_max: int = 100
    """With more readers than this, guests' moves are told together: each turn's would cost a write to everybody."""

    # Rates (lifted by `flood = false`).
    requests_per_second: float = 20.0
    """Sustained, of one session; what is sent faster waits, nothing is dropped."""
    requests_burst: int = 60
    """A pasted page goes through at once."""
    searches_per_second: float = 2.0
    """Sustained, of one person on all devices; further ones wait. A search takes some milliseconds of a thread."""
    searches_burst: int = 10
    """Somebody tries other words, and turns pages."""
    searches_at_once_max: int = 4
    """Of everybody: one thread looks them up, some 10 ms each, and is to have the next when it has done with one."""
    searches_waiting_max: int = 64
    """Beyond them, of everybody: half a second's, or ten of those that look through all there is."""
    searches_waiting_each_max: int = 4
    """Of these, one person's, on all devices: whoever looks for something looks at one answer at a time."""
    searches_patience_seconds: float = 5.0
    """How long a search waits for its turn before it is told that the server is busy; people repeat it sooner."""
    nick_changes_per_minute: float = 6.0
    """Sustained, of one person: everybody who shares a room with them is told each time."""
    nick_changes_burst: int = 5
    """Somebody may look for a free one."""
    accepts_per_second: float = 500.0
    """New connections over all; past it they wait in the kernel's queue."""

    # Login.
    hash_parallel_max: int = 1
    """Password hashes computed at once: one leaves a core to the chat on the smallest machine."""
    gate_waiting_max: int = 20
    """Logins waiting for a hash; at 22 ms each the last waits half a second, on a busy core under two."""
    gate_patience_seconds: float = 2.0
    """How long a login waits for another of the same address: some eighty hashes, or ten on a busy core."""
    gate_known_waiting_max: int = 20
    """The same for those whose address has logged in to that account before: a flood of strangers leaves them room."""
    login_attempts_max: int = 3
    """Attempts on one connection before it is closed."""
    login_free_failures: int = 3
    """Wrong passwords for an account, or from an address, that cost no delay: people mistype."""
    login_delay_seconds_max: float = 30.0
    """The delay doubles from one second to this."""
    login_failures_remembered_max: int = 20_000
    """Accounts, addresses and pairs of them whose failures are remembered; the oldest is forgotten first."""
    login_failures_seconds: float = 3600.0
    """After this long without a failure the count starts anew."""
    login_known_max: int = 20_000
    """(account, address) pairs remembered as having succeeded."""
    token_days: int = 90
    """A session token unused for this long is dead."""
    exports_per_hour: int = 5
    """Exports that one person begins: each reads all the logs once, which takes a second for a million entries."""
    removed_name_days: int = 30
    """How long nobody may take the name of somebody removed: until those who knew them have noticed."""
    tokens_per_account_max: int = 64
    """One per device; the oldest goes first."""

    # Time.
    first_byte_seconds: float = 2.0
    """Silence after which the text prompt is sent (DESIGN §5)."""
    login_seconds_max: float = 120.0
    """From connecting to being logged in: a person looks up a password in this time."""
    ping_seconds: float = 60.0
    """Silence after which a native session is pinged."""
    pong_seconds_max: float = 60.0
    """Silence after a ping before the session is taken for lost."""
    idle_text_seconds_max: float = 86_400.0
    """A text session cannot be pinged; TCP keep-alive finds the dead ones, this the forgotten ones."""
    full_seconds_max: float = 120.0
    """A reader that has taken nothing for this long is closed; it resumes from its place."""
    http_idle_seconds_max: float = 30.0
    """A browser that asks nothing for this long, or takes this long to ask, opens another connection."""
    retention_look_seconds: float = 600.0
    """How long what is no longer to be kept may be there still: each look reads something of every room."""
    grace_seconds: float = 10.0
    """How long a lost account may take to come back before others are told it is gone."""
    moves_seconds: float = 0.05
    """How long guests' moves in a crowd wait to be told together: twenty times a second is soon enough for eyes."""
    shutdown_seconds_max: float = 0.5
    """From the order to stop to closing what will not drain; the process needs the rest of its second to end."""
    store_retry_seconds: float = 1.0
    """Between attempts to read again after the store failed."""
    store_retry_seconds_max: float = 60.0
    """A room that cannot be read is tried after waits that double up to this: it may be damaged for good."""

    # The log file.
    log_bytes_max: int = 4_194_304
    """`server.log` is rotated here; some 40,000 lines."""
    log_files_max: int = 5
    """Rotated files kept."""
    log_connections_per_minute_max: int = 120
    """Connection lines; past it they are counted and the count is written."""

    def __post_init__(self) -> None:
        """Check the relations others rely on; a broken one is the configuration's fault (`LimitsBroken`)."""
        broken = [relation for relation, holds in _relations(self) if not holds]
        for name, value in msgspec.structs.asdict(self).items():
            if value < 0:
                broken.append(f"{name} >= 0")
            elif value == 0 and name in _NEVER_ZERO:
                broken.append(f"{name} > 0")
        if broken:
            raise LimitsBroken(tuple(broken))


def _relations(limits: Limits) -> tuple[tuple[str, bool], ...]:
    """What others rely on, each in words and whether it holds."""
    return (
        (
            "frame_bytes_before_login_max <= frame_bytes_max",
            limits.frame_bytes_before_login_max <= limits.frame_bytes_max,
        ),
        ("frame_bytes_max < 16 MiB (the first byte of a frame is 0x00)", limits.frame_bytes_max < 1 << 24),
        (
            "(message_bytes_max + tags_bytes_max) * 6 < frame_bytes_max (JSON escapes)",
            (limits.message_bytes_max + limits.tags_bytes_max) * 6 < limits.frame_bytes_max,
        ),
        ("message_bytes_max < line_bytes_max", limits.message_bytes_max < limits.line_bytes_max),
        (
            "(message_bytes_max + tags_bytes_max) * 8 <= run_bytes_max",
            (limits.message_bytes_max + limits.tags_bytes_max) * 8 <= limits.run_bytes_max,
        ),
        (
            "password_bytes_max * 3 <= frame_bytes_before_login_max",
            limits.password_bytes_max * 3 <= limits.frame_bytes_before_login_max,
        ),
        (
            "rooms_per_account_max * 40 <= frame_bytes_max (sync)",
            limits.rooms_per_account_max * 40 <= limits.frame_bytes_max,
        ),
        (
            "turn_requests_per_session_max <= turn_requests_max",
            limits.turn_requests_per_session_max <= limits.turn_requests_max,
        ),
        (
            "turn_requests_per_session_max <= pending_requests_max",
            limits.turn_requests_per_session_max <= limits.pending_requests_max,
        ),
        (
            "store_retry_seconds <= store_retry_seconds_max",
            limits.store_retry_seconds <= limits.store_retry_seconds_max,
        ),
        ("frame_bytes_max <= turn_bytes_max", limits.frame_bytes_max <= limits.turn_bytes_max),
        (
            "line_bytes_max * 2 <= frame_bytes_max (lines that wait are bounded as a frame is)",
            limits.line_bytes_max * 2 <= limits.frame_bytes_max,
        ),
        (
            "run_bytes_max * 8 + search_hits_max * (search_spans_max * 12 + 4096) < 16 MiB (found)",
            limits.run_bytes_max * 8 + limits.search_hits_max * (limits.search_spans_max * 12 + 4096) < 1 << 24,
        ),
        *_fitting_one_frame(limits),
    )


def _fitting_one_frame(limits: Limits) -> tuple[tuple[str, bool], ...]:
    """That no unit is longer than a frame can be: what people wrote takes up to six times as much in JSON."""
    most = 1 << 24
    room = limits.topic_bytes_max * 6 + 2048
    person = limits.reason_bytes_max * 6 + 1024
    return (
        (
            "rooms_listed_max * (topic_bytes_max * 6 + 2048) < 16 MiB (rooms)",
            limits.rooms_listed_max * room < most,
        ),
        (
            "rooms_per_account_max * (topic_bytes_max * 6 + 2048) < 16 MiB (overview, whois)",
            limits.rooms_per_account_max * room < most,
        ),
        (
            "people_listed_max * (reason_bytes_max * 6 + 1024) * 2 < 16 MiB (who; presence: came and away)",
            limits.people_listed_max * person * 2 < most,
        ),
        ("marks_max * (reason_bytes_max * 6 + 2048) < 16 MiB (marks)", limits.marks_max * (person + 1024) < most),
        (
            "whowas_max * (real_name_bytes_max * 6 + 1024) < 16 MiB (whowas)",
            limits.whowas_max * (limits.real_name_bytes_max * 6 + 1024) < most,
        ),
        (
            "data_keys_max * (data_key_bytes_max + data_value_bytes_max * 6 + 64) < 16 MiB (get-data)",
            limits.data_keys_max * (limits.data_key_bytes_max + limits.data_value_bytes_max * 6 + 64) < most,
        ),
        (
            "markers_max * 1024 + ignored_max * 512"
            " + data_keys_max * (data_key_bytes_max + data_value_bytes_max * 6 + 64) < 15 MiB (room: an inbox)",
            limits.markers_max * 1024
            + limits.ignored_max * 512
            + limits.data_keys_max * (limits.data_key_bytes_max + limits.data_value_bytes_max * 6 + 64)
            < 15 << 20,  # A MiB for what is not bounded by a limit: a hundred invitations.
        ),
        (
            "(sessions_per_account_max + tokens_per_account_max) * 8192 < 16 MiB (sessions)",
            (limits.sessions_per_account_max + limits.tokens_per_account_max) * 8192 < most,
        ),
        (
            "run_bytes_max * 8 + reactions_listed_max * (reaction_bytes_max * 6 + 128) < 16 MiB (page)",
            limits.run_bytes_max * 8 + limits.reactions_listed_max * (limits.reaction_bytes_max * 6 + 128) < most,
        ),
        (
            "turn_bytes_max * 8 + members_max * 256 < 16 MiB (a turn that puts everybody out)",
            limits.turn_bytes_max * 8 + limits.members_max * 256 < most,
        ),
    )
