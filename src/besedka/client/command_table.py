"""Every command of the line client, by what people want to do: the one table of them."""

from __future__ import annotations

from enum import Enum

import msgspec

from besedka.chat.refusals import N_


class Group(Enum):
    """What people want to do; the value is how `/help` calls it."""

    TALKING = "talking"
    ROOMS = "rooms"
    GOVERNING = "governing"
    PEOPLE = "people"
    MYSELF = "myself"
    PROGRAM = "program"


GROUPS = {
    Group.TALKING: N_("answer somebody, mend what you said, read back"),
    Group.ROOMS: N_("find, make and enter rooms, and bring people in"),
    Group.GOVERNING: N_("keep order in a room that you moderate"),
    Group.PEOPLE: N_("who is here, and whom you would rather not hear"),
    Group.MYSELF: N_("being away, what you have not read, your devices"),
    Group.PROGRAM: N_("this help, and the way out"),
}
"""By group, in the order of `/help`."""


class Command(msgspec.Struct, frozen=True, kw_only=True):
    """One command as people type and read it."""

    group: Group
    usage: str
    """As it is typed; what stands in brackets may be left out."""
    summary: str
    details: tuple[str, ...] = ()
    """Sentences about what the summary leaves open."""
    example: str
    also: tuple[str, ...] = ()
    """Other words for it that people bring from elsewhere."""
    words_min: int = 0
    """So many words must follow."""
    mends: bool = False
    """Whether it may be about what was said just before, which must have a number first."""

    @property
    def word(self) -> str:
        """What stands after the slash."""
        return self.usage[1:].partition(" ")[0]


_WHICH = N_(
    "Which message: 12 or #12 by its number (/numbers shows them), or @bob for what bob said last on your screen."
)
_HOW_LONG = N_("How long: 10m, 2h, 3d or 1w; without it, for ever. Whoever is listed is told why, so give a reason.")
_MASK = N_("MASK is a name, an address, a network such as 10.1.0.0/16, or name!user@host with * and ? for anything.")

_TALKING = (
    Command(
        group=Group.TALKING, usage="/me TEXT", words_min=1, summary=N_("say what you do"), example="/me pours the tea"
    ),
    Command(
        group=Group.TALKING, usage="/msg NAME TEXT", also=("m", "query", "tell"), words_min=2,
        summary=N_("say something to one person"), example="/msg bob do you have a minute?",
        details=(N_("To go on without repeating it, look at the conversation: /room @bob."),),
    ),
    Command(
        group=Group.TALKING, usage="/reply MESSAGE TEXT", also=("r",), words_min=2, mends=True,
        summary=N_("answer one message"), details=(_WHICH,), example="/reply @bob yes, at five",
    ),
    Command(
        group=Group.TALKING, usage="/edit [#N] TEXT", words_min=1, mends=True,
        summary=N_("let your last message, or message N, say something else"), example="/edit see you at six",
        details=(
            N_("Others see the new text, and that it was edited. Moderators can edit what others said."),
            N_("A number without # is part of the text."),
        ),
    ),
    Command(
        group=Group.TALKING, usage="/redact [MESSAGE] [REASON]", also=("delete",), mends=True,
        summary=N_("take away your last message, or another"), details=(_WHICH,), example="/redact #12 wrong room",
    ),
    Command(
        group=Group.TALKING, usage="/react MESSAGE EMOJI", words_min=2, mends=True,
        summary=N_("put a reaction to a message"), details=(_WHICH,), example="/react @bob 👍",
    ),
    Command(
        group=Group.TALKING, usage="/unreact MESSAGE EMOJI", words_min=2, mends=True,
        summary=N_("take a reaction back"), details=(_WHICH,), example="/unreact @bob 👍",
    ),
    Command(
        group=Group.TALKING, usage="/paste", summary=N_("say several lines as one message, just as they are typed"),
        details=(N_("Everything up to a line with a single . is the message, also lines that begin with /."),),
        example="/paste",
    ),
    Command(
        group=Group.TALKING, usage="/history [N] [MESSAGE | [before|after] MESSAGE|DAY]", example="/history 50",
        summary=N_("show N earlier entries, further back each time, or those about a message or a day"),
        details=(
            N_("/history #12 shows what surrounds message 12; tea#12, as /search says it, is one of another room."),
            N_("/history after #12, before #12, after 2026-11-22, before yesterday: from there on, or up to there."),
            N_("/history 2026-11-22 and /history 2026-11-22T18:30 show what was said then."),
        ),
    ),
    Command(
        group=Group.TALKING, usage="/search WORDS", also=("find",), words_min=1, example='/search "green tea" from:bob',
        summary=N_("find messages in all your rooms, the newest first"),
        details=(
            N_('All words must be there; "green tea" side by side, tea* at the beginning of a word.'),
            N_("from:bob from:me in:tea in:@bob before:2026-11-22 after:yesterday has:link say more."),
            N_("Each is shown as tea#12: /history tea#12 shows what surrounds it. /more shows older ones."),
        ),
    ),
    Command(
        group=Group.TALKING, usage="/more", summary=N_("show older messages that the last /search finds"),
        example="/more",
    ),
    Command(
        group=Group.TALKING, usage="/numbers", summary=N_("show the number of each message, or no longer"),
        details=(N_("The last ten are shown again at once. /reply, /edit, /redact and /react take these numbers."),),
        example="/numbers",
    ),
)  # fmt: skip

_ROOMS = (
    Command(
        group=Group.ROOMS, usage="/rooms", also=("list",), summary=N_("the rooms there are; * marks yours"),
        example="/rooms",
    ),
    Command(
        group=Group.ROOMS, usage="/join ROOM [KEY]", also=("j",), words_min=1,
        summary=N_("enter a room, or make it; what you type goes there"),
        details=(N_("KEY is the room's key, or an invite code that somebody gave you."),), example="/join tea",
    ),
    Command(
        group=Group.ROOMS, usage="/make ROOM [private] [TOPIC]", words_min=1,
        summary=N_("make a room that is yours; a private one is entered by invitation"),
        example="/make plans private our next trip",
    ),
    Command(
        group=Group.ROOMS, usage="/room ROOM", words_min=1,
        summary=N_("what you type goes to this room from now on; @NAME for a person"), example="/room @bob",
    ),
    Command(
        group=Group.ROOMS, usage="/leave [ROOM] [REASON]", also=("part",), summary=N_("leave a room for good"),
        example="/leave tea it is getting late",
    ),
    Command(
        group=Group.ROOMS, usage="/topic [TEXT]", summary=N_("show or set the room's topic"),
        example="/topic tea at five",
    ),
    Command(
        group=Group.ROOMS, usage="/invite NAME [ROOM]", words_min=1,
        summary=N_("let somebody in who could not come otherwise, and tell them"), example="/invite eve plans",
    ),
    Command(
        group=Group.ROOMS, usage="/uninvite NAME [ROOM]", words_min=1, summary=N_("withdraw an invitation"),
        example="/uninvite eve",
    ),
    Command(
        group=Group.ROOMS, usage="/code [DAYS]",
        summary=N_("make a code that lets in whoever has it, for 7 days or as many"),
        details=(N_("A new code takes the place of the one before."),), example="/code 1",
    ),
    Command(
        group=Group.ROOMS, usage="/settings [NAME on|off|VALUE]", also=("set",),
        summary=N_("show how the room is set, or change it"), example="/settings slow 30s",
        details=(
            N_("invite-only: entered by invitation, or with a code."),
            N_("hidden: whoever is outside does not learn that it is there."),
            N_("members-only: only those inside speak."),
            N_("topic-locked: only moderators set the topic."),
            N_("moderated: only moderators speak, and those with a voice."),
            N_("no-ctcp: no queries between programs."),
            N_("key WORD: asked of whoever joins."),
            N_("limit N: so many members at most."),
            N_("slow TIME: so long between two messages of one person."),
        ),
    ),
    Command(
        group=Group.ROOMS, usage="/rename NAME", words_min=1, summary=N_("call this room something else"),
        details=(N_("Its owner may; the old name still leads to it."),), example="/rename teahouse",
    ),
)  # fmt: skip

_GOVERNING = (
    Command(
        group=Group.GOVERNING, usage="/kick NAME [REASON]", words_min=1,
        summary=N_("put somebody out; they may come back"), example="/kick eve that was enough",
    ),
    Command(
        group=Group.GOVERNING, usage="/ban MASK [TIME] [REASON]", words_min=1,
        summary=N_("put somebody out and keep them out"), details=(_MASK, _HOW_LONG),
        example="/ban eve 2h come back calmer",
    ),
    Command(
        group=Group.GOVERNING, usage="/unban MASK", words_min=1, summary=N_("lift a ban"), details=(_MASK,),
        example="/unban eve",
    ),
    Command(
        group=Group.GOVERNING, usage="/mute MASK [TIME] [REASON]", words_min=1,
        summary=N_("let somebody listen but not speak"), details=(_MASK, _HOW_LONG), example="/mute eve 10m",
    ),
    Command(
        group=Group.GOVERNING, usage="/unmute MASK", words_min=1, summary=N_("lift a mute"), details=(_MASK,),
        example="/unmute eve",
    ),
    Command(
        group=Group.GOVERNING, usage="/except MASK [TIME] [REASON]", words_min=1,
        summary=N_("let no ban or mute be about somebody"), details=(_MASK,), example="/except ann",
    ),
    Command(
        group=Group.GOVERNING, usage="/unexcept MASK", words_min=1, summary=N_("take an exception back"),
        example="/unexcept ann",
    ),
    Command(
        group=Group.GOVERNING, usage="/welcome MASK [TIME] [REASON]", words_min=1,
        summary=N_("let somebody join without an invitation"), details=(_MASK,), example="/welcome *!*@*.office.ip",
    ),
    Command(
        group=Group.GOVERNING, usage="/unwelcome MASK", words_min=1, summary=N_("ask them for one again"),
        example="/unwelcome *!*@*.office.ip",
    ),
    Command(group=Group.GOVERNING, usage="/bans", summary=N_("who is banned, by whom and why"), example="/bans"),
    Command(group=Group.GOVERNING, usage="/mutes", summary=N_("who is muted, by whom and why"), example="/mutes"),
    Command(
        group=Group.GOVERNING, usage="/exceptions", summary=N_("who is excepted from bans, or from invitations"),
        example="/exceptions",
    ),
    Command(
        group=Group.GOVERNING, usage="/voice NAME", words_min=1,
        summary=N_("let somebody speak where only some may"), example="/voice bob",
        details=(N_("Turn on /settings moderated, and only moderators and those with a voice are heard."),),
    ),
    Command(
        group=Group.GOVERNING, usage="/unvoice NAME", words_min=1, summary=N_("take somebody's voice"),
        example="/unvoice bob",
    ),
    Command(
        group=Group.GOVERNING, usage="/moderator NAME", also=("mod", "op"), words_min=1,
        summary=N_("let somebody keep order here"), example="/moderator bob",
    ),
    Command(
        group=Group.GOVERNING, usage="/unmoderator NAME", also=("unmod", "deop"), words_min=1,
        summary=N_("make a moderator a member like others"), example="/unmoderator bob",
    ),
    Command(
        group=Group.GOVERNING, usage="/owner NAME", words_min=1,
        summary=N_("give the room to somebody; you stay a moderator"), example="/owner bob",
    ),
)  # fmt: skip

_PEOPLE = (
    Command(
        group=Group.PEOPLE, usage="/who [ROOM]", also=("names",), example="/who",
        summary=N_("who is in a room, what they may do there, and who is away"),
    ),
    Command(
        group=Group.PEOPLE, usage="/whois NAME", words_min=1, summary=N_("who somebody is"), example="/whois bob",
        details=(N_("Nobody is shown another's address. What stands for it is always the same, so it can be banned."),),
    ),
    Command(
        group=Group.PEOPLE, usage="/whowas NAME", words_min=1, summary=N_("who bore a name until lately"),
        example="/whowas eve",
    ),
    Command(
        group=Group.PEOPLE, usage="/ignore NAME", words_min=1, summary=N_("do not show what somebody says, anywhere"),
        details=(N_("They are not told. What they do as moderators is still shown."),), example="/ignore eve",
    ),
    Command(
        group=Group.PEOPLE, usage="/unignore NAME", words_min=1, summary=N_("show it again"), example="/unignore eve"
    ),
    Command(group=Group.PEOPLE, usage="/ignored", summary=N_("whom you ignore"), example="/ignored"),
)  # fmt: skip

_MYSELF = (
    Command(
        group=Group.MYSELF, usage="/away [TEXT]", summary=N_("tell others that you are not at the keyboard"),
        example="/away lunch",
    ),
    Command(group=Group.MYSELF, usage="/back", summary=N_("tell them that you are"), example="/back"),
    Command(
        group=Group.MYSELF, usage="/unread", summary=N_("your rooms, with what you have not read there"),
        details=(N_("What your screen has shown counts as read, on all your devices."),), example="/unread",
    ),
    Command(
        group=Group.MYSELF, usage="/notify [ROOM] all|mentions|none", words_min=1,
        summary=N_("how loud a room is for you"), example="/notify lobby mentions",
        details=(N_("With none the bell stays silent even when you are called by name."),),
    ),
    Command(
        group=Group.MYSELF, usage="/profile [name TEXT | bot|invisible|unlisted|accounts-only on|off]",
        summary=N_("what others see when they ask who you are"), example="/profile name Ann of the Green Gate",
    ),
    Command(
        group=Group.MYSELF, usage="/data [@NAME | room] [KEY [VALUE]]",
        summary=N_("small values about you, about the room, or about somebody"), example="/data pronouns she/her",
        details=(N_("Without KEY it shows them; KEY without VALUE takes it away."),),
    ),
    Command(
        group=Group.MYSELF, usage="/sessions", also=("devices",), summary=N_("your devices, where and when last used"),
        example="/sessions",
    ),
    Command(
        group=Group.MYSELF, usage="/revoke HANDLE|others", words_min=1,
        summary=N_("log one of your devices out, or all but this"),
        details=(N_("/sessions shows the handles."),), example="/revoke others",
    ),
    Command(
        group=Group.MYSELF, usage="/password", summary=N_("change your password; it is asked for, not typed here"),
        details=(N_("Your other devices must log in again."),), example="/password",
    ),
    Command(
        group=Group.MYSELF, usage="/export [FILE]", summary=N_("write down all that the server knows of you, as JSON"),
        details=(N_("FILE must not be there yet; only you can read it."),), example="/export me.json",
    ),
    Command(
        group=Group.MYSELF, usage="/remove-account [NAME [redact]]", example="/remove-account ann redact",
        summary=N_("end your account for ever; your password is asked for, not typed here"),
        details=(
            N_("Without your NAME it only says what would happen."),
            N_("What you said stays, as if said by nobody; with redact it is taken back."),
        ),
    ),
    Command(
        group=Group.MYSELF, usage="/nick", summary=N_("your name is your account's and stays"), example="/nick",
    ),
)  # fmt: skip

EXIT = Command(
    group=Group.PROGRAM, usage="/quit", also=("exit",), example="exit",
    summary=N_("leave the chat; so do exit alone on a line and Ctrl-D"),
)  # fmt: skip

_PROGRAM = (
    Command(
        group=Group.PROGRAM, usage="/help [WORD]", summary=N_("what you can do; with a word, more about it"),
        example="/help ban",
    ),
    EXIT,
)  # fmt: skip

COMMANDS = (*_TALKING, *_ROOMS, *_GOVERNING, *_PEOPLE, *_MYSELF, *_PROGRAM)
"""In the order of `/help`."""
