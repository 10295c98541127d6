"""A room as somebody would keep it on paper, who has read what rooms promise and not a line of the code.

Plain dictionaries and sets. Each question is answered by the set of reasons why something is refused, empty where it
is allowed, because a person who is told one good reason has not been told wrongly.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network

from besedka.chat.refusals import Code

OUTSIDE, PLAIN, VOICED, MODERATES, OWNS, ADMINISTERS = range(6)
STANDS = {"member": PLAIN, "moderator": MODERATES, "owner": OWNS}


@dataclass(frozen=True)
class Someone:
    """A person, with what masks see of them."""

    id: int
    name: str
    address: str
    host: str
    admin: bool = False

    @property
    def guest(self) -> bool:
        return self.id < 0


@dataclass
class Standing:
    """What somebody in a room may do there."""

    role: str = "member"
    voice: bool = False


@dataclass
class Line:
    """One line of a list."""

    mask: str
    whose: int | None
    until: int | None
    reason: str = ""
    since: int = field(default=0, compare=False)
    """The number of the entry that set it."""


EXCEPTIONS = {"ban": ("ban-exception",), "mute": ("ban-exception", "mute-exception")}


@dataclass
class Paper:
    """A room."""

    name: str
    kind: str
    owner: int | None
    settings: dict[str, object]
    length: int = 1
    topic: str = ""
    archived: bool = False
    members: dict[int, Standing] = field(default_factory=dict)
    guests: dict[int, Standing] = field(default_factory=dict)
    """Guests who are, or were, more than members."""
    here: set[int] = field(default_factory=set)
    """Guests who are here."""
    stays: dict[int, tuple[int, int | None]] = field(default_factory=dict)
    """From which entry on somebody could read if it is a closed room, and up to which."""
    lists: dict[str, dict[str, Line]] = field(default_factory=dict)
    invited: set[int] = field(default_factory=set)
    excused: dict[int, int] = field(default_factory=dict)
    """Whom moderators invited, and by which entry: neither key nor limit nor an older ban keeps them out."""
    code: str = ""
    code_until: int = 0
    former_names: list[str] = field(default_factory=list)
    said: dict[int, tuple[int, str]] = field(default_factory=dict)
    """Whose each message is, and what it says now; nothing where it is redacted."""
    reactions: dict[int, set[tuple[int, str]]] = field(default_factory=dict)
    spoke: dict[int, int] = field(default_factory=dict)

    def inside(self, who: Someone) -> bool:
        return who.id in self.members or who.id in self.here

    def standing(self, who: int) -> Standing:
        return self.members.get(who) or self.guests.get(who) or Standing()

    def stands(self, who: int) -> int:
        """How much somebody here is, whatever they are on the server."""
        standing = self.standing(who)
        if standing.role == "moderator" and self.owner is None:
            return OWNS
        return max(STANDS[standing.role], VOICED if standing.voice else PLAIN)

    def rank(self, who: Someone) -> int:
        if self.kind == "direct":
            return PLAIN if self.inside(who) else OUTSIDE
        if who.admin and (self.inside(who) or not self.settings["hidden"]):
            return ADMINISTERS
        return self.stands(who.id) if self.inside(who) else OUTSIDE

    def knows(self, who: Someone) -> bool:
        """Whether somebody may know that there is such a room."""
        if self.archived:
            return False
        return not self.settings["hidden"] or self.inside(who) or who.id in self.invited or who.id in self.stays

    def reads(self, who: Someone, number: int) -> bool:
        if who.id in self.here:
            return self.kind == "public"
        if who.id not in self.stays:
            return False
        first, last = self.stays[who.id]
        return (self.kind == "public" or number >= first) and (last is None or number <= last)

    # Lists ------------------------------------------------------------------------------------------------------

    def listed(self, listing: str, who: Someone, now: int, *, after: int = -1) -> bool:
        lines = [line for line in self.lists.get(listing, {}).values() if line.since > after]
        return any(fits(line, who) for line in lines if line.until is None or now < line.until)

    def barred(self, listing: str, who: Someone, now: int, *, after: int = -1) -> bool:
        excepted = any(self.listed(one, who, now) for one in EXCEPTIONS[listing])
        return self.listed(listing, who, now, after=after) and not excepted

    def welcome(self, who: int, *, excused: bool) -> bool:
        """Whether inviting somebody (once more) would change nothing."""
        if who not in self.invited or not excused:
            return who in self.invited
        bans = self.lists.get("ban", {}).values()
        return who in self.excused and all(line.since < self.excused[who] for line in bans)

    def uninvite(self, who: int) -> None:
        self.invited.discard(who)
        self.excused.pop(who, None)

    # Who may ----------------------------------------------------------------------------------------------------

    def strangeness(self, who: Someone) -> set[Code]:
        """Why somebody may not act in it at all."""
        if not self.knows(who):
            return {Code.NO_SUCH_ROOM}
        return set() if self.inside(who) else {Code.NOT_A_MEMBER}

    def governing(self, who: Someone, least: int) -> set[Code]:
        """Why somebody may not do what takes so much; administrators need not be inside."""
        if not self.knows(who):
            return {Code.NO_SUCH_ROOM}
        if not self.inside(who) and self.rank(who) < ADMINISTERS:
            return {Code.NOT_A_MEMBER}
        if self.kind == "direct":
            return {Code.DIRECT_ONLY_TALK}
        return {Code.NOT_ALLOWED} if self.rank(who) < least else set()

    def hearing(self, who: Someone, now: int, *, silenced: bool) -> set[Code]:
        """Why somebody is not heard."""
        if not self.knows(who):
            return {Code.NO_SUCH_ROOM}
        if not self.inside(who) and self.settings["members_only"]:
            return {Code.NOT_A_MEMBER}
        reasons = {Code.MUTED} if silenced else set()
        if self.rank(who) < VOICED:
            reasons |= {Code.MUTED_HERE} if self.barred("mute", who, now) else set()
            reasons |= {Code.BANNED_HERE} if self.barred("ban", who, now) else set()
            reasons |= {Code.MODERATED} if self.settings["moderated"] else set()
        return reasons

    def hurrying(self, who: Someone, now: int) -> set[Code]:
        slow = self.settings["slow_seconds"]
        assert isinstance(slow, int)
        waits = slow and who.id in self.spoke and now < self.spoke[who.id] + slow * 1000
        return {Code.SLOW_MODE} if waits and self.rank(who) < VOICED else set()

    def entering(self, who: Someone, now: int, *, key: str, code: str, members_max: int) -> set[Code]:
        """Why somebody may not join. Of a hidden room nobody who is not asked in learns which of these it is."""
        asked = who.id in self.invited or self.listed("invite-exception", who, now)
        asked = asked or (self.code != "" and code == self.code and now < self.code_until)
        reasons = {Code.ACCOUNT_NEEDED} if who.guest and self.kind != "public" else set()
        many = len(self.members) + len(self.here)
        if who.id != self.owner and self.rank(who) < ADMINISTERS:
            excused = who.id in self.excused
            after = self.excused.get(who.id, -1)
            reasons |= {Code.BANNED_HERE} if self.barred("ban", who, now, after=after) else set()
            reasons |= {Code.INVITATION_ONLY} if self.settings["invite_only"] and not asked else set()
            reasons |= {Code.WRONG_KEY} if not excused and self.settings["key"] not in ("", key) else set()
            limit = self.settings["members_max"]
            assert isinstance(limit, int)
            reasons |= {Code.ROOM_FULL} if not excused and limit and many >= limit else set()
        reasons |= {Code.ROOM_FULL} if many >= members_max else set()
        secret = self.settings["hidden"] and not asked and who.id != self.owner
        return {Code.ROOM_NAME_TAKEN} if reasons and secret else reasons

    def owners(self) -> set[int]:
        return {who for who, standing in self.members.items() if standing.role == "owner"}

    def orphaned(self, going: set[int], *, stay: bool = False) -> set[Code]:
        """Whether these may not all go, or be owners no longer."""
        if self.owner == 0 or not self.owners() & going or self.owners() - going:
            return set()
        return {Code.LAST_OWNER} if stay or set(self.members) - going else set()

    # What becomes of it -----------------------------------------------------------------------------------------

    def enter(self, who: int) -> None:
        self.length += 1
        self.members[who] = Standing("owner" if who == self.owner else "member")
        self.stays[who] = (self.stays.get(who, (self.length, None))[0], None)
        self.uninvite(who)

    def go(self, people: set[int]) -> None:
        self.length += 1
        for who in people:
            if who in self.members:
                del self.members[who]
                self.stays[who] = (self.stays[who][0], self.length)
            self.here.discard(who)
            if who < 0:
                self.guests.pop(who, None)
                self.spoke.pop(who, None)
                self.uninvite(who)
        if self.members:
            self.inherit()

    def stand(self, who: int, role: str | None, voice: bool | None) -> None:
        before = self.standing(who)
        after = Standing(role or before.role, before.voice if voice is None else voice)
        (self.members if who in self.members else self.guests)[who] = after

    def inherit(self) -> None:
        """Whose it is, once somebody has gone or become more or less."""
        if self.owners() and self.owner != 0 and self.owner not in self.owners():
            self.owner = min(self.owners(), key=lambda one: (self.stays[one][0], one))


def fits(line: Line, who: Someone) -> bool:
    """Whether a line of a list is about somebody."""
    if line.whose is not None and (line.whose > 0 or line.whose == who.id):
        return line.whose == who.id
    try:
        return ip_address(who.address) in ip_network(line.mask)
    except ValueError:
        pass
    name, _, rest = line.mask.partition("!")
    user, _, host = rest.partition("@")
    pairs = [(name, who.name), (user, ""), (host, who.host)]
    return all(matches(pattern.lower() or "*", text.lower()) for pattern, text in pairs)


def matches(pattern: str, text: str) -> bool:
    """Whether a text is as a pattern has it, by trying everything."""
    if not pattern:
        return not text
    if pattern[0] == "*":
        return any(matches(pattern[1:], text[cut:]) for cut in range(len(text) + 1))
    return bool(text) and pattern[0] in ("?", text[0]) and matches(pattern[1:], text[1:])


def wrong_words(text: str, paper: Paper | None) -> set[Code]:
    """Why nobody could say this, in a room of this kind or in none yet."""
    if not text.strip():
        return {Code.EMPTY_TEXT}
    if len(text) > 4096:
        return {Code.TEXT_LONG}
    asks = text.startswith("\x01") and not text.startswith("\x01ACTION")
    return {Code.NO_CTCP} if asks and paper is not None and paper.settings["no_ctcp"] else set()
