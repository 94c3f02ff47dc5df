"""The words of callfold: enumerations whose values stand in tables and exports, and the protocol's codes."""

from __future__ import annotations

import enum

__all__ = [
    "AgentState",
    "Answering",
    "Bound",
    "CallState",
    "Change",
    "Code",
    "CommandName",
    "Connection",
    "CtiErrorKind",
    "CtiErrorSource",
    "Direction",
    "DisconnectReason",
    "EndedBy",
    "ErrorCode",
    "Features",
    "GivenBy",
    "HoldEnd",
    "HoldReason",
    "IrregularityKind",
    "LineState",
    "LinkKind",
    "Misuse",
    "NativeName",
    "OddityKind",
    "Outcome",
    "PhoneEvent",
    "RefusedPart",
    "RequestFate",
    "Side",
    "SpellKind",
    "TimeKind",
    "TransferKind",
    "UnreadableReason",
    "WebStatus",
    "Word",
]


class Word(str, enum.Enum):
    """One of a few words. It is also its text: `Outcome.ABANDONED == "abandoned"`, as tables have it."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}.{self.name}"

    def __str__(self) -> str:
        return str(self.value)

    def __format__(self, spec: str) -> str:
        return format(str(self.value), spec)


class Code(enum.IntEnum):
    """A number of the protocol with its text. It is also its number."""

    text: str
    """The protocol's text, spelling included: clients match on it."""

    def __new__(cls, number: int, text: str = "") -> Code:
        self = int.__new__(cls, number)
        self._value_ = number
        self.text = text
        return self

    def __repr__(self) -> str:
        return f"{type(self).__name__}.{self.name}"

    def __str__(self) -> str:
        return f"{int(self)} {self.text}"


class Features(enum.IntFlag):
    """What can be done with a call of the CTI model now: bits, as the seed numbers them."""

    RECALL = 0x1
    """Call the last number again."""
    DIAL = 0x2
    """Call a number."""
    ANSWER = 0x4
    """Answer."""
    DROP = 0x8
    """End the call."""
    HOLD = 0x10
    """Put on hold."""
    UNHOLD = 0x20
    """Take back from hold."""
    SETUP_TRANSFER = 0x40
    """Prepare a transfer."""
    COMPLETE_TRANSFER = 0x80
    """Connect the two others."""
    BLIND_TRANSFER = 0x100
    """Pass the call on without consulting."""
    MAKE_CONSULT_CALL = 0x200
    """Consult someone."""
    DTMF = 0x400
    """Send tones."""
    VIDEO = 0x800
    """Video."""
    MUTE = 0x1000
    """Mute."""
    CANCEL_COMPLETE_TRANSFER = 0x2000
    """Undo a transfer."""


class Connection(Word):
    """How far a connection is."""

    OFFLINE = "offline"
    """There is none."""
    DIALLING = "dialling"
    """Sockets are dialled, or the login is awaited."""
    LOADING = "loading"
    """Logged in, loading."""
    CONNECTED = "connected"
    """Logged in, loaded."""
    LEAVING = "leaving"
    """The goodbye was said."""


class LineState(Word):
    """The state of a line (spec part 2)."""

    UNKNOWN = "unknown"
    """No picture was read yet."""
    DISCONNECTED = "disconnected"
    """No phone."""
    READY = "ready"
    """Nothing goes on."""
    RING = "ring"
    """An incoming call rings."""
    BACK_RING = "backring"
    """The agent's own phone rings, for a callback."""
    CALL = "call"
    """An outgoing call is under way."""
    BACK_CALL = "backcall"
    """A callback is under way."""
    TALK = "talk"
    """Conversation."""


class Answering(Word):
    """Whether the phone can be answered from the application."""

    UNTRIED = "untried"
    """It was not tried yet."""
    LOOKING = "looking"
    """It was looked at after an answer, and did not talk yet."""
    SUPPORTED = "supported"
    """It can."""
    NOT_SUPPORTED = "not supported"
    """It cannot."""


class WebStatus(Word):
    """The web status: what the agent chose, the older way."""

    READY = "ready"
    BREAK = "break"
    DO_NOT_DISTURB = "dnd"
    REDIRECT = "redirect"


class AgentState(Word):
    """User state and user status: what the agent does, and what the agent has chosen."""

    DISCONNECTED = "disconnected"
    READY = "ready"
    READY_IN_CALL_CENTRE = "readyCC"
    """`readyCC`: in the call centre."""
    READY_BY_HAND = "readyCCManual"
    """`readyCCManual`: in the call centre, calls taken by hand."""
    BREAK = "break"
    DO_NOT_DISTURB = "dnd"
    BUSY = "busy"
    BUSY_THEN_BREAK = "busyBreak"
    """`busyBreak`: busy, on break after it."""
    NO_PHONE = "noPhone"
    REDIRECT = "redirect"


class Direction(Word):
    """Who called whom."""

    IN = "incoming"
    """The other side called."""
    OUT = "outgoing"
    """The agent called."""
    UNKNOWN = "unknown"
    """Not known."""


class Outcome(Word):
    """What became of a call."""

    OPEN = "open"
    """It goes on."""
    ANSWERED = "answered"
    """It was talked on."""
    TRANSFERRED = "transferred"
    """It was talked on, and passed on by the agent."""
    ABANDONED = "abandoned"
    """The caller gave up before it was answered."""
    DECLINED = "declined"
    """The agent declined it."""
    NOT_ANSWERED = "not answered"
    """Nobody answered the agent's call."""
    BUSY = "busy"
    """The number was busy."""
    FAILED = "failed"
    """It could not be made or answered: the agent's phone went away."""
    LOST = "lost"
    """What became of it is not known: it was gone when the connection came back, or the connection never did before the log ended."""
    UNKNOWN = "unknown"
    """The log does not say."""


class EndedBy(Word):
    """Who ended a call."""

    AGENT = "agent"
    """The agent, by a command."""
    OTHER_SIDE = "other side"
    """The other side."""


class SpellKind(Word):
    """What goes on on a call."""

    RING = "ring"
    """It rings at the agent."""
    DIAL = "dial"
    """It is dialled."""
    TALK = "talk"
    """Conversation."""
    CONFERENCE = "conference"
    """Conversation in a conference."""
    HOLD = "hold"
    """On hold."""
    GAP = "gap"
    """The connection is down."""


class LinkKind(Word):
    """What a call may have to do with another call of the line."""

    CONSULTS_FOR = "consults for"
    """It is a consultation for the other call."""
    CONSULTS = "consults"
    """It is on hold for a consultation: the other call."""
    CONNECTED_TO = "connected to"
    """Who was on it and who was on the other call were connected to each other."""
    GOES_ON_IN = "goes on in"
    """Who was on it goes on in the other call, a conference."""


class HoldReason(Word):
    """Why a call was put on hold."""

    PUT_BY_US = "put by us"
    """The agent put it on hold."""
    CONSULTATION = "consultation"
    """The agent consults someone."""
    FOUND_HELD = "found held"
    """It was on hold when it was first seen."""


class HoldEnd(Word):
    """How a hold ended."""

    RETURNED = "returned"
    """The agent took the call back."""
    LEFT = "left"
    """The held party left."""
    CONNECTED = "connected"
    """The held party was connected to another."""
    CONFERENCED = "conferenced"
    """The held party was brought into a conference."""
    LOST = "lost"
    """It was gone when the connection came back."""
    UNKNOWN = "unknown"
    """The log does not say how."""


class TransferKind(Word):
    """Kinds of transfer."""

    BLIND = "blind"
    """The agent passed it on without speaking to the other first."""
    ATTENDED = "attended"
    """The agent connected it to someone consulted."""
    TO_US = "to us"
    """Someone passed a party on to the agent."""


class IrregularityKind(Word):
    """What may not fit about a call."""

    TALK_WITHOUT_RING = "talk without ring"
    """Talk began and nothing rang or was dialled before."""
    HOLD_WITHOUT_TALK = "hold without talk"
    """Someone was on hold who was never on the line."""
    UNHOLD_WITHOUT_HOLD = "unhold without hold"
    """A hold was told to end and there was none."""
    END_WITHOUT_BEGINNING = "end without beginning"
    """A call was told to end and there was none."""
    REPLACED_WITHOUT_END = "replaced without end"
    """Another call took its place, and its end was not told."""
    NEVER_ENDED = "never ended"
    """The log ended before the call did."""
    FACTS_LEFT_OUT = "more facts than are kept"
    """More happened than is kept of one call (1,000 facts of a kind)."""


class TimeKind(Word):
    """What an agent's time is spent on."""

    IDLE = "idle"
    """Ready, and nothing goes on."""
    RING = "ring"
    """A call rings."""
    DIAL = "dial"
    """A call is dialled."""
    TALK = "talk"
    """Conversation."""
    HOLD = "hold"
    """Someone is on hold, and the line is free."""
    CONSULT = "consult"
    """Someone is on hold, and the agent dials or talks to another."""
    CONFERENCE = "conference"
    """Conversation in a conference."""
    WRAP_UP = "wrap-up"
    """Work after a call."""
    BREAK = "break"
    """On break."""
    AWAY = "away"
    """Not to be disturbed, without a phone, or redirected."""
    UNKNOWN = "unknown"
    """Not known: the connection was down."""


class RequestFate(Word):
    """What became of a request."""

    WAITING = "waiting"
    """It waits."""
    ACCEPTED = "accepted"
    """The server agreed."""
    REFUSED = "refused"
    """The server refused."""


class GivenBy(Word):
    """Whose command it is."""

    APPLICATION = "application"
    """The application gave it."""
    ENGINE = "engine"
    """The engine gave it itself: a timer of the CTI model, or a rule that another command or a message set off."""


class Change(Word):
    """A change that a command may lead to."""

    HOLD = "hold"
    """Somebody is on hold who was not."""
    TAKEN_BACK = "taken back"
    """Who was on hold is on the line again, and nobody is on hold."""
    EXCHANGED = "exchanged"
    """Who was on hold is on the line again, and somebody else is on hold."""
    HOLD_ENDED = "hold ended"
    """Nobody is on hold any more, and who was is not on the line."""
    PARTIES = "parties"
    """Somebody else is at the other end."""
    CAME = "somebody came"
    """Somebody came to those at the other end."""
    GONE = "somebody left"
    """Somebody left of those at the other end."""
    CONFERENCE = "conference"
    """A conference is ours that was not."""
    CONFERENCE_LEFT = "conference left"
    """No conference is ours any more."""
    AGENT = "agent"
    """The agent's state or status."""
    CALL_CENTRE = "call centre"
    """The agent entered or left the call centre."""
    REDIRECT = "redirect"
    """The number that calls are redirected to."""
    CONNECTION = "connection"
    """The connection was made or ended."""


class Bound(Word):
    """A bound on what a server can make us hold."""

    CONFERENCE = "1,000 parties of a conference"
    QUEUE = "1,000 parties of a queue"
    REQUESTS = "256 requests that wait for an answer"


class NativeName(Word):
    """An event of the wire that is known but has no facts of its own in the log."""

    LINE_STATE_CHANGED = "linestatechanged"
    USER_STATE_CHANGED = "userstatechanged"
    PBX_NUMBER_STATE_CHANGED = "pbxnumberstatechanged"
    CONFERENCE_COMPOSITION = "confcompositionchanged"
    CONFERENCE_COMPETITOR = "confcompetitorstatechanged"
    HTTP_RESPONSE_COPY = "httpresponsecopy"
    REDIRECT = "websocketredirect"
    """`websocketredirect`, where it is not obeyed."""


class Misuse(Word):
    """
    How a command of the CTI model was misused. The application gets an exception of this name.
    """

    ARGUMENT_NULL_OR_EMPTY = "ArgumentNullOrEmpty"
    """A number is needed."""
    INVALID_OPERATION = "InvalidOperation"
    """There is no call to do it with."""


class PhoneEvent(Word):
    """What a `phoneevent_…` reports."""

    RING_STARTED = "phoneevent_ringstarted"
    RING_STOPPED = "phoneevent_ringstopped"
    COMMUTATION_STARTED = "phoneevent_commstarted"
    COMMUTATION_STOPPED = "phoneevent_commstopped"
    MENU_STARTED = "phoneevent_ivrstarted"
    MENU_STOPPED = "phoneevent_ivrstopped"
    AUTOCALL_STARTED = "phoneevent_acmcallstarted"
    AUTOCALL_STOPPED = "phoneevent_acmcallstopped"
    FAX_STARTED = "phoneevent_faxstarted"
    FAX_STOPPED = "phoneevent_faxstopped"
    FAX_RECEIVED = "phoneevent_faxreceived"


class UnreadableReason(Word):
    """Why a frame could not be read."""

    NOT_JSON = "not JSON"
    """Not JSON."""
    CUT_SHORT = "cut short"
    """It ends in the middle."""
    NOT_A_PAIR = "not a pair"
    """JSON, but not a list of a name and a body."""
    WRONG_TYPE = "a field of the wrong type"
    """A field is of a type that its meaning does not allow."""
    DUPLICATE_KEY = "a field stands twice"
    """A field that is read stands twice: which one is meant cannot be known."""
    TOO_DEEP = "nested too deep"
    """Nested deeper than is read (128 levels)."""
    OUT_OF_RANGE = "out of range"
    """A number that is not whole or does not fit 64 bits."""
    TOO_LONG = "longer than 4 MiB"
    """Longer than `MAX_MESSAGE_BYTES`."""
    BINARY = "a binary message"
    """A binary message: the protocol is text."""
    NOT_UTF8 = "not UTF-8"
    """A joined multipart message that is not UTF-8."""


class RefusedPart(Word):
    """Why a piece, and with it its message, was refused."""

    INCOMPLETE = "a piece without a fit message id, number or content"
    """It has no message id (or one of over 256 bytes), no number or no content."""
    COUNT = "no pieces, or more than 64"
    """Its message has no pieces, or more than `MAX_PARTS`."""
    NUMBER = "the number of a piece is not below their count"
    """Its number is not below the count."""
    COUNT_CHANGED = "the count of pieces changed"
    """It gives another count than the pieces before it."""
    CONTRADICTION = "a piece came twice with different content"
    """It came before, with other content."""
    ENCODING = "content that is not base64"
    """Its content is not base64."""
    BYTES = "longer than 4 MiB, or 8 MiB with the other open messages"
    """The message is longer than `MAX_BYTES`, or all open ones together than `MAX_BYTES_ALL`."""
    OPEN = "8 messages are open already"
    """`MAX_OPEN` messages are open already."""
    AGE = "not complete after 30 s"
    """The message was not complete `MAX_AGE` after its first piece."""


class CallState(Word):
    """The state of a call. The numbers are the seed's."""

    NONE = "none"
    """None yet, or none any more."""
    ALERTING = "alerting"
    """Rings, on either side."""
    CONNECTED = "connected"
    """Conversation."""
    HOLDED = "holded"
    """On hold."""
    CONFERENCED = "conferenced"
    """In a conference."""
    UNKNOWN = "unknown"
    """Not known."""
    BUSY = "busy"
    """The other side is busy."""


class CtiErrorKind(Word):
    """What kind of error the provider tells. The numbers are the seed's."""

    GENERAL = "general"
    """Anything else."""
    OPEN_CONNECTION = "open connection"
    """The connection could not be opened."""
    COMMAND = "command"
    """A command was refused."""
    CALL_CENTRE_NOT_AVAILABLE = "call centre not available"
    """The call centre is not there."""
    AUTHENTICATION = "authentication"
    """The login was refused."""
    EVENT_HANDLER = "event handler"
    """An event could not be handled."""


class CtiErrorSource(Word):
    """Where an error the provider tells comes from."""

    SERVER = "Oktell server"
    """Connecting."""
    CALL = "oktell.call"
    """`makeCall`"""
    ANSWER = "oktell.answer"
    """`answerCall`"""
    BLIND_TRANSFER = "oktell.blindTransferCall"
    """`blindTransferCall`"""


class CommandName(Word):
    """Which command, as the reference client calls it."""

    CONNECT = "connect"
    DISCONNECT = "disconnect"
    CALL = "call"
    INTERCOM = "intercom"
    ANSWER = "answer"
    END_CALL = "endCall"
    HOLD = "hold"
    TOGGLE = "toggle"
    TRANSFER = "transfer"
    COMMUTATE = "commutate"
    CONFERENCE = "conference"
    GHOST_LISTEN = "ghostListen"
    GHOST_HELP = "ghostHelp"
    GHOST_CONFERENCE = "ghostConference"
    SET_STATUS = "setStatus"
    SET_USER_STATUS = "setUserStatus"
    SET_REDIRECT_NUMBER = "setRedirectNumber"
    EXEC = "exec"
    TRIGGER_CUSTOM_EVENT = "triggerCustomEvent"
    HTTP_PASSWORD = "getHttpPassword"
    CALL_JOURNAL = "callJournal"
    DTMF = "dtmf"
    RESUME = "resume"
    MODEL_CONNECT = "model.connect"
    MODEL_MAKE_CALL = "model.makeCall"
    MODEL_ANSWER_CALL = "model.answerCall"
    MODEL_DROP_CALL = "model.dropCall"
    MODEL_HOLD_OR_UNHOLD_CALL = "model.holdOrUnholdCall"
    MODEL_MAKE_CONSULT_CALL = "model.makeConsultCall"
    MODEL_TRANSFER_CALL = "model.transferCall"
    MODEL_CANCEL_TRANSFER = "model.cancelTransfer"
    MODEL_BLIND_TRANSFER_CALL = "model.blindTransferCall"
    MODEL_SET_AGENT_STATE = "model.setAgentState"
    MODEL_SET_WRAP_UP_USER_STATE = "model.setWrapUpUserState"
    MODEL_CHANGE_CALL_CENTRE_STATE = "model.changeCallCentreState"


class OddityKind(Word):
    """What may not fit in a log, as `Log.lint` and `callfold lint` name it."""

    DAMAGED = "damaged"
    """The stream cannot be read further."""
    TALK_WITHOUT_RING = "talk-without-ring"
    """Talk began, and nothing rang or was dialled before."""
    HOLD_WITHOUT_TALK = "hold-without-talk"
    """Somebody was on hold who was never on the line."""
    UNHOLD_WITHOUT_HOLD = "unhold-without-hold"
    """A hold was told to end, and there was none."""
    HOLD_NEVER_ENDED = "hold-never-ended"
    """A hold has no end, though the call has."""
    PARTY_LEFT_TWICE = "party-left-twice"
    """Somebody who had left was told to leave again."""
    END_WITHOUT_BEGINNING = "end-without-beginning"
    """A call was told to end, and there was none."""
    REPLACED_WITHOUT_END = "replaced-without-end"
    """Another call took its place, and its end was not told."""
    CALL_NEVER_ENDED = "call-never-ended"
    """The log ends before the call does."""
    FACTS_LEFT_OUT = "facts-left-out"
    """More happened than is kept of one call."""
    REFUSED_BUT_CHANGED = "refused-but-changed"
    """A command was refused, and what it was for happened all the same."""
    COMMAND_NEVER_ANSWERED = "command-never-answered"
    """A command, or a request of it, had no answer."""
    CLOCK_STEPPED_BACK = "clock-stepped-back"
    """The clock was set back."""
    UNKNOWN_FRAME = "unknown-frame"
    """The server told an event that is not known."""
    UNREADABLE_FRAME = "unreadable-frame"
    """A message could not be read."""
    REFUSED_PIECE = "refused-piece"
    """A piece of a long message was refused."""
    BOUND_HIT = "bound-hit"
    """More was told than is held."""
    OTHER = "other"
    """Something of a call does not fit that this version has no name for."""


class Side(Word):
    """One of the two that are compared."""

    ONE = "one"
    """The first log; the log as it was told."""
    OTHER = "other"
    """The other log; the rules of today."""


class ErrorCode(Code):
    """Why a command was refused."""

    SOMETHING_GOES_WRONG = 1000, "something goes wrong"
    METHOD_NOT_SUPPORTED = 1101, "method not supported by current Oktell version"
    NO_ANSWER = 1102, "server didnt understand method or response timeout"
    METHOD_FAILED = 1103, "error execute method"
    BAD_METHOD = 1104, "bad method for execute"
    STORED_PROCEDURE_FAILED = 1105, "error execute stored procedure"
    BAD_PARAMS = 1106, "bad params"
    CANNOT_CONNECT = 1200, "cant connect to server"
    NO_CONNECTION = 1201, "error websocket connection"
    WRONG_LOGIN = 1202, "error loginpass"
    SERVER_TOO_OLD = 1203, "oktell version too old"
    DESKTOP_CLIENT_IN_USE = 1204, "using oktell desktop client"
    BAD_ADDRESS = 1205, "error url"
    VERSION_NOT_LOADED = 1206, "error loading version info"
    LINE_NOT_LOADED = 1207, "error loading phone state"
    USER_STATE_NOT_LOADED = 1209, "error loading user state"
    USER_INFO_NOT_LOADED = 1210, "error loading user info"
    LOGIN_FAILED = 1211, "login failure"
    BAD_SESSION = 1212, "error connect using session"
    NO_CREDENTIAL = 1213, "no password or session"
    LICENCE_LIMIT = 1214, "max online users count reached, license limitation"
    SERVICE_NOT_AVAILABLE = 1215, "oktell service is not available"
    USER_DISCONNECTED = 2001, "user state - disconnected"
    PHONE_NOT_CONNECTED = 2002, "phone not connected"
    HOLD_AND_TALK = 2101, "user has hold call and is talking now"
    IN_CONFERENCE = 2102, "user in conference now"
    BAD_LINE_FOR_CALL = 2103, "phone state not valid for call"
    USER_BUSY = 2104, "user state - busy"
    ALREADY_TALKING = 2105, "calling number is talking with us"
    BAD_NUMBER = 2106, "bad number"
    AUTOCALL_FAILED = 2107, "error autocall method call"
    BAD_STATE_FOR_CALL = 2108, "error user or phone state for call"
    NOBODY_TO_INVITE = 2201, "no numbers to invite"
    CANNOT_BUILD_CONFERENCE = 2202, "cant build conference from current call"
    NOBODY_TO_CONFER = 2203, "no number to create conference"
    CONFERENCE_FAILED = 2204, "error conference method call"
    BAD_STATE_FOR_CONFERENCE = 2205, "bad user or phone state for creating conference"
    CANNOT_INVITE_HELD = 2206, "cant invite hold abonent"
    INVITE_FAILED = 2207, "error inviting"
    ON_BREAK = 2208, "cant create conference while in callcenter in break"
    TRANSFER_FAILED = 2301, "error transfer method call"
    BAD_STATE_FOR_TRANSFER = 2302, "bad user or phone state for transfer"
    NOTHING_TO_TRANSFER = 2303, "nothing to transfer"
    BAD_NUMBER_FOR_TRANSFER = 2304, "bad number for transfer"
    TOGGLE_FAILED = 2401, "error toggle method executing"
    NOTHING_TO_TOGGLE = 2402, "nothing to toggle, no hold"
    NOT_IN_CONFERENCE = 2501, "not in conference"
    GHOST_FAILED = 2502, "server retunred error while enabling ghost mode"
    BAD_GHOST_MODE = 2503, "bad ghost mode"
    BAD_GHOST_TARGET = 2504, "bad userId or number"
    NO_RIGHTS = 2505, "error rigths"
    NOT_IN_GHOST = 2506, "user is not in ghost mode"
    CANNOT_GHOST = 2507, "cant change ghost mode of this user"
    BAD_FLASH_MODE = 2601, "bad flash mode"
    FLASH_FAILED = 2602, "error while exec flash method"
    QUEUE_NOT_LOADED = 2701, "error while loading user queue"
    WRONG_OLD_PASSWORD = 2801, "wrong old password"
    BAD_NEW_PASSWORD = 2802, "incorrect new password"
    CHANGE_PASSWORD_FAILED = 2803, "error while exec changepassword method on server"
    INCORRECT_STATE = 2901, "incorrect state"
    ANSWER_NOT_SUPPORTED = 2902, "phone probably does not support intercom calls"
    UNKNOWN_USER_STATUS = 4001, "incorrect user status"
    UNSETTABLE_USER_STATUS = 4002, "not settable user status"
    NO_REDIRECT_NUMBER = 4003, "number for redirect not defined"


class DisconnectReason(Code):
    """Why a connection ended. Told with a space at the end of the text, as the protocol does."""

    CRITICAL_METHOD_MISSING = 10, "critical ws method not supported by this version of Oktell server"
    VERSION_NOT_LOADED = 11, "error loading version info"
    CONNECTION_CLOSED = 12, "websocket connection closed"
    BY_USER = 13, "disconnected by user"
    CANNOT_LOGIN = 14, "can't login using oktell.connect"
