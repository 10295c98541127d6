"""The shapes of the native protocol, as its decoders need them: everything asked, everything told."""

from __future__ import annotations

from besedka.chat.answers import (
    DataList,
    DataTold,
    ExportPart,
    InviteCode,
    MarkList,
    OverviewTold,
    PersonTold,
    SearchPage,
    SessionList,
    WhowasList,
)
from besedka.chat.own_requests import (
    Away,
    ChangeNick,
    ChangePassword,
    EndSessions,
    Export,
    GetData,
    Ignore,
    ListSessions,
    MoveMarker,
    Overview,
    RemoveAccount,
    SetNotify,
    SetProfile,
    Typing,
    WatchData,
    Whois,
    Whowas,
)
from besedka.chat.requests import (
    ComeAsGuest,
    Edit,
    Exit,
    Hello,
    History,
    Join,
    Leave,
    ListRooms,
    Login,
    Ping,
    Pong,
    React,
    Redact,
    Register,
    Resume,
    Say,
    Search,
    SetTopic,
    Sync,
    Tell,
    Who,
)
from besedka.chat.room_requests import (
    ChangeSettings,
    Invite,
    Kick,
    LiftMark,
    ListMarks,
    MakeCode,
    Open,
    Rename,
    SetData,
    SetMark,
    SetRole,
    Transfer,
    Uninvite,
)
from besedka.chat.told import (
    Called,
    Done,
    Entries,
    Farewell,
    Kept,
    Page,
    People,
    Pinged,
    Presence,
    Refused,
    RoomList,
    RoomTold,
    Synced,
    TypingTold,
    Unreadable,
    Welcome,
    You,
)

AnyRequest = (
    Hello
    | Login
    | Register
    | ComeAsGuest
    | Resume
    | Sync
    | Say
    | Tell
    | Edit
    | Redact
    | React
    | Open
    | Join
    | Leave
    | SetTopic
    | ChangeSettings
    | Rename
    | Kick
    | SetMark
    | LiftMark
    | SetRole
    | Transfer
    | Invite
    | Uninvite
    | MakeCode
    | SetData
    | MoveMarker
    | Ignore
    | SetNotify
    | SetProfile
    | Typing
    | Away
    | ChangeNick
    | History
    | Search
    | ListRooms
    | Who
    | ListMarks
    | Whois
    | Whowas
    | GetData
    | WatchData
    | Overview
    | ListSessions
    | EndSessions
    | ChangePassword
    | Export
    | RemoveAccount
    | Ping
    | Pong
    | Exit
)
"""What the native server's decoder accepts."""

AnyUnit = (
    Welcome
    | You
    | Synced
    | RoomTold
    | Entries
    | Kept
    | Done
    | Refused
    | Page
    | SearchPage
    | RoomList
    | People
    | Presence
    | Called
    | TypingTold
    | InviteCode
    | MarkList
    | PersonTold
    | WhowasList
    | DataList
    | DataTold
    | OverviewTold
    | SessionList
    | ExportPart
    | Unreadable
    | Pinged
    | Farewell
)
"""What the native client's decoder accepts."""
