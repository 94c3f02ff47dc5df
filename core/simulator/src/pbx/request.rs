//! What clients ask for: a frame's text, read once into a typed request.

use callfold_engine::{ConferenceId, PhoneNumber};
use serde_json::{Map, Value};

use super::agent::Presence;
use super::station::{First, Pickup};

/// A request as it came: its method, its id, what it asks.
#[derive(Clone, Debug)]
pub(super) struct Request {
    pub(super) method: String,
    pub(super) qid: Value,
    pub(super) ask: Ask,
}

/// What is asked.
#[derive(Clone, Debug)]
pub(super) enum Ask {
    Ping,
    Login(Login),
    Logout,
    Subscribe(Vec<String>),
    Version,
    MyInfo,
    LunchTypes,
    UserState,
    RedirectRules,
    PbxNumbers,
    UserNumbers,
    Photos,
    LinePicture,
    Queue,
    /// Of no conference, where the client is in none.
    ConferenceInfo(Option<ConferenceId>),
    Competitors(ConferenceId),
    ConferenceEvents {
        conference: ConferenceId,
        wanted: bool,
    },
    SetState(SetState),
    CallCentre(bool),
    Autocall {
        number: PhoneNumber,
        first: First,
        pickup: Pickup,
    },
    AutocallAbort,
    Answer,
    Abort,
    Decline,
    Flash(FlashMode),
    Transfer(PhoneNumber),
    BuildConference,
    CreateConference(NewConference),
    Invite {
        conference: ConferenceId,
        invitees: Vec<Invitee>,
    },
    CanGather,
    Gather,
    PutOut {
        conference: ConferenceId,
        competitor: String,
    },
    ExitConference(ConferenceId),
    /// The id of the user whose talk is to be joined.
    AttachAsGhost(String),
    GhostMode {
        conference: ConferenceId,
        mode: GhostMode,
    },
    GhostHelp {
        conference: ConferenceId,
        competitor: String,
        help: bool,
    },
    SaveRule {
        id: String,
        destination: PhoneNumber,
        whole: Value,
    },
    DeleteRules(Vec<String>),
    Procedure(String),
    CustomEvent(CustomEvent),
    HttpPassword,
    Journal(String),
    /// The parameters do not say what the method needs.
    Unclear,
    /// No such method.
    Unknown,
}

/// What a login says. Never printed.
#[derive(Clone)]
pub(super) struct Login {
    pub(super) login: String,
    pub(super) proof: Proof,
}

impl std::fmt::Debug for Login {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Login").field("login", &self.login).finish_non_exhaustive()
    }
}

#[derive(Clone, PartialEq, Eq)]
pub(super) enum Proof {
    /// The digest of the password (`Password`).
    Password(String),
    Session(String),
    Nothing,
}

/// What of a user state is set; the rest stays.
#[derive(Clone, Debug, Default)]
pub(super) struct SetState {
    pub(super) presence: Option<Presence>,
    pub(super) call_centre: Option<bool>,
    pub(super) manual: Option<bool>,
    pub(super) redirect: Option<bool>,
    pub(super) reason: Option<Value>,
}

/// How the hold key is pressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FlashMode {
    Switch,
    Abort,
}

/// How a ghost takes part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum GhostMode {
    Monitor,
    Help,
    Conference,
}

impl GhostMode {
    fn from_wire(name: &str) -> Option<Self> {
        Some(match name {
            "monitor" => Self::Monitor,
            "help" => Self::Help,
            "conference" => Self::Conference,
            _ => return None,
        })
    }

    pub(super) const fn wire(self) -> &'static str {
        match self {
            Self::Monitor => "monitor",
            Self::Help => "help",
            Self::Conference => "conference",
        }
    }
}

/// A conference as the client wants it.
#[derive(Clone, Debug)]
pub(super) struct NewConference {
    pub(super) id: ConferenceId,
    pub(super) room: i64,
    pub(super) name: String,
    pub(super) invitees: Vec<Invitee>,
}

/// Who is invited.
#[derive(Clone, Debug)]
pub(super) enum Invitee {
    Number(PhoneNumber),
    User(String),
    Login(String),
}

/// An event that a client passes on to others.
#[derive(Clone, Debug)]
pub(super) struct CustomEvent {
    pub(super) name: String,
    pub(super) parameter: Value,
    /// Logins or user ids; none for everybody.
    pub(super) recipients: Option<Vec<String>>,
    pub(super) send_back: bool,
}

/// A body, read leniently: numbers may be texts, flags may be numbers.
struct Body<'a>(&'a Map<String, Value>);

impl Body<'_> {
    fn text(&self, name: &str) -> Option<String> {
        text(self.0.get(name)?).filter(|text| !text.is_empty())
    }

    fn number(&self, name: &str) -> Option<PhoneNumber> {
        self.text(name).map(|text| PhoneNumber::from(text.as_str()))
    }

    fn int(&self, name: &str) -> Option<i64> {
        self.text(name)?.parse().ok()
    }

    fn flag(&self, name: &str) -> Option<bool> {
        self.0.get(name).and_then(flag)
    }

    fn conference(&self) -> Option<ConferenceId> {
        self.text("conferenceid").map(|id| ConferenceId::from(id.as_str()))
    }

    fn inner(&self, name: &str) -> Option<Body<'_>> {
        self.0.get(name)?.as_object().map(Body)
    }

    fn list(&self, name: &str) -> Option<&Vec<Value>> {
        self.0.get(name)?.as_array()
    }
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

fn flag(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(flag) => Some(*flag),
        Value::Number(number) => Some(number.as_i64() != Some(0)),
        Value::String(text) => Some(matches!(text.as_str(), "1" | "true")),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

fn texts(list: &[Value]) -> Vec<String> {
    list.iter().filter_map(text).collect()
}

impl Request {
    /// Reads a frame: a list of a name and a body. Anything else is no request.
    pub(super) fn read(frame: &str) -> Option<Self> {
        let frame: Value = serde_json::from_str(frame).ok()?;
        let [method, body] = frame.as_array()?.as_slice() else { return None };
        let (method, body) = (method.as_str()?.to_owned(), body.as_object()?);
        let qid = body.get("qid").cloned().unwrap_or_default();
        let ask = Ask::read(&method, &Body(body)).unwrap_or(Ask::Unclear);
        Some(Self { method, qid, ask })
    }
}

impl Ask {
    /// None if the parameters lack what the method needs.
    fn read(method: &str, body: &Body<'_>) -> Option<Self> {
        Some(match method {
            "ping" => Self::Ping,
            "login" => Self::Login(Login {
                login: body.text("userlogin")?,
                proof: match (body.text("Password"), body.text("sessionid")) {
                    (Some(digest), _) => Proof::Password(digest),
                    (None, Some(session)) => Proof::Session(session),
                    (None, None) => Proof::Nothing,
                },
            }),
            "logout" => Self::Logout,
            "subscribeevent" => Self::Subscribe(texts(body.list("eventmethod")?)),
            "getversion" => Self::Version,
            "getmyuserinfo" => Self::MyInfo,
            "cc_getlunchtypes" => Self::LunchTypes,
            "getuserstate" => Self::UserState,
            "getredirectrules" => Self::RedirectRules,
            "getpbxnumbers" => Self::PbxNumbers,
            "getallusernumbers" => Self::UserNumbers,
            "getalluserphotolink" => Self::Photos,
            "getextendedlineinfo" => Self::LinePicture,
            "getcurrentqueue" => Self::Queue,
            "getconferenceinfo" => Self::ConferenceInfo(body.conference()),
            "getconferencecompetitors" => Self::Competitors(body.conference()?),
            "confhandleevent" => {
                Self::ConferenceEvents { conference: body.conference()?, wanted: body.flag("handle")? }
            }
            "setuserstate" => Self::SetState(SetState {
                presence: match body.int("userstateid") {
                    Some(id) => Some(Presence::from_id(id)?),
                    None => None,
                },
                call_centre: body.flag("oncallcenter"),
                manual: body.flag("onccmanual"),
                redirect: body.flag("onredirect"),
                reason: body.0.get("lunchreasonid").or_else(|| body.0.get("lunchreasonmsg")).cloned(),
            }),
            "entercallcenter" => Self::CallCentre(true),
            "exitcallcenter" => Self::CallCentre(false),
            "pbxautocallstart" => Self::Autocall {
                number: body.number("number")?,
                first: if body.text("sequence").as_deref() == Some("abonent") {
                    First::Called
                } else {
                    First::Caller
                },
                pickup: if body.flag("intercom") == Some(true) { Pickup::ByItself } else { Pickup::ByHand },
            },
            "pbxautocallabort" => Self::AutocallAbort,
            "pbxanswercall" => Self::Answer,
            "pbxabortcall" => Self::Abort,
            "pbxdeclinecall" => Self::Decline,
            "pbxmakeflash" => Self::Flash(match body.text("mode")?.as_str() {
                "switch" => FlashMode::Switch,
                "abort" => FlashMode::Abort,
                _ => return None,
            }),
            "pbxmaketransfer" => Self::Transfer(body.number("transferto")?),
            "buildconferencefromcommutation" => Self::BuildConference,
            "createnewconference" => {
                let conference = body.inner("conference")?;
                Self::CreateConference(NewConference {
                    id: ConferenceId::from(conference.text("id")?.as_str()),
                    room: conference.int("room").unwrap_or_default(),
                    name: conference.text("name").unwrap_or_default(),
                    invitees: invitees(body)?,
                })
            }
            "invitetoconference" => {
                Self::Invite { conference: body.conference()?, invitees: invitees(body)? }
            }
            "checkcanconnecttogathertoconference" => Self::CanGather,
            "connecttogathertoconference" => Self::Gather,
            "confdisconnectcompetitor" => Self::PutOut {
                conference: body.conference()?,
                competitor: body.inner("competitor")?.text("competitorid")?,
            },
            "exitconference" => Self::ExitConference(body.conference()?),
            "attachasghost" => Self::AttachAsGhost(body.text("ghostedid")?),
            "confsetghostmode" => Self::GhostMode {
                conference: body.conference()?,
                mode: GhostMode::from_wire(&body.text("ghostmode")?)?,
            },
            "confsetvoiceparams" => {
                let competitor = body.inner("competitor")?;
                Self::GhostHelp {
                    conference: body.conference()?,
                    competitor: competitor.text("competitorid")?,
                    help: competitor.flag("ghosthelp")?,
                }
            }
            "saveredirectrules" => {
                let rule = body.inner("redirectrule")?;
                Self::SaveRule {
                    id: rule.text("id")?,
                    destination: rule.number("destinationnumber")?,
                    whole: Value::Object(rule.0.clone()),
                }
            }
            "deleteredirectrules" => Self::DeleteRules(texts(body.list("ids")?)),
            "execpredefineddbstoredproc" => Self::Procedure(body.text("procedure")?.to_lowercase()),
            "triggercustomevent" => Self::CustomEvent(CustomEvent {
                name: body.text("eventname")?,
                parameter: body.0.get("eventparam").cloned().unwrap_or_default(),
                recipients: body.list("recipients").map(|list| texts(list)),
                send_back: body.flag("sendback") == Some(true),
            }),
            "gettemphttppass" => Self::HttpPassword,
            "getpbxcalljournal" => Self::Journal(body.inner("filter")?.text("idchain")?),
            _ => Self::Unknown,
        })
    }
}

fn invitees(body: &Body<'_>) -> Option<Vec<Invitee>> {
    let one = |value: &Value| {
        let invitee = Body(value.as_object()?);
        let number = invitee.number("number").or_else(|| invitee.number("intnumber"));
        number
            .map(Invitee::Number)
            .or_else(|| invitee.text("userid").map(Invitee::User))
            .or_else(|| invitee.text("userlogin").map(Invitee::Login))
    };
    Some(body.list("competitors")?.iter().filter_map(one).collect())
}

/// Since which server a method is known (spec part 1).
pub(super) fn since(method: &str) -> i64 {
    match method {
        // `getversion` is younger than some servers, too, but clients could not ask how old they are: all answer it.
        "getextendedlineinfo" | "getflashedabonentinfo" => 120_112,
        "getmyuserinfo" => 120_327,
        "pbxmakeflash"
        | "saveredirectrules"
        | "deleteredirectrules"
        | "getredirectrules"
        | "pbxmaketransfer"
        | "triggercustomevent" => 120_725,
        "getallusernumbers" => 120_920,
        "cc_getlunchtypes" => 130_101,
        "pbxanswercall" => 131_218,
        _ => 0,
    }
}
