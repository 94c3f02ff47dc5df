//! What the client asks of the server, and how it is written (spec parts 1 and 4).

use serde_json::{Map, Value, json};

use super::secret::LoginSecret;
use crate::command::{CallSequence, GhostMode};
use crate::text::{ChainId, ConferenceId, JsonText, PhoneNumber, Text, UserId};
use crate::view::BreakReason;

/// What a client subscribes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[allow(missing_docs)] // named as the wire names them
pub enum Subscription {
    CustomEvent,
    UserStateChanged,
    PbxNumberStateChanged,
    LineStateChanged,
    FlashStateChanged,
    ConferenceComposition,
    ConferenceCompetitor,
    AutocallStarted,
    AutocallStopped,
    RingStarted,
    RingStopped,
    MenuStarted,
    CommutationStarted,
    CommutationStopped,
    HttpResponseCopy,
}

impl Subscription {
    /// The wire's name of the event.
    #[must_use]
    pub const fn method(self) -> &'static str {
        match self {
            Self::CustomEvent => "customevent",
            Self::UserStateChanged => "userstatechanged",
            Self::PbxNumberStateChanged => "pbxnumberstatechanged",
            Self::LineStateChanged => "linestatechanged",
            Self::FlashStateChanged => "flashstatechanged",
            Self::ConferenceComposition => "confcompositionchanged",
            Self::ConferenceCompetitor => "confcompetitorstatechanged",
            Self::AutocallStarted => "phoneevent_acmcallstarted",
            Self::AutocallStopped => "phoneevent_acmcallstopped",
            Self::RingStarted => "phoneevent_ringstarted",
            Self::RingStopped => "phoneevent_ringstopped",
            Self::MenuStarted => "phoneevent_ivrstarted",
            Self::CommutationStarted => "phoneevent_commstarted",
            Self::CommutationStopped => "phoneevent_commstopped",
            Self::HttpResponseCopy => "httpresponsecopy",
        }
    }
}

/// `pbxmakeflash`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlashMode {
    /// Put on hold, take back, or change between the two.
    Switch,
    /// End the call that is held.
    Abort,
}

/// Who is asked into a conference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CompetitorRef {
    /// `userlogin`
    Login(Text),
    /// `userid`
    User(UserId),
    /// `number`
    Number(PhoneNumber),
    /// `intnumber`, as servers dated before 140929 want it.
    InternalNumber(PhoneNumber),
}

impl CompetitorRef {
    fn json(&self) -> Value {
        match self {
            Self::Login(login) => json!({ "userlogin": login.as_str() }),
            Self::User(id) => json!({ "userid": id.as_str() }),
            Self::Number(number) => json!({ "number": number.as_str() }),
            Self::InternalNumber(number) => json!({ "intnumber": number.as_str() }),
        }
    }
}

/// `setuserstate`: what is left out stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)] // named as the wire names them
pub struct SetUserState {
    pub userstateid: Option<i64>,
    pub oncallcenter: Option<bool>,
    pub onccmanual: Option<bool>,
    pub onredirect: Option<bool>,
    pub lunchreasonid: Option<BreakReason>,
    pub lunchreasonmsg: Option<BreakReason>,
}

/// `createnewconference`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateConference {
    /// Drawn by the caller, with the command.
    pub id: ConferenceId,
    /// 0 to 9999, drawn by the caller, with the command.
    pub room: u16,
    /// Who is asked, the agent first.
    pub competitors: Vec<CompetitorRef>,
}

/// A request. Its id and the agent's login are added when it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[allow(missing_docs)] // named as the wire's methods
pub enum Request {
    Ping,
    /// The one request that needs a [`LoginSecret`] to be written.
    Login {
        workplace: Option<Text>,
        expires: Option<i64>,
    },
    Logout,
    Subscribe(Subscription),
    Version,
    MyInfo,
    LunchTypes,
    UserState,
    RedirectRules,
    PbxNumbers,
    UserNumbers,
    LinePicture,
    Queue,
    ConferenceInfo(ConferenceId),
    ConferenceEvents {
        conference: ConferenceId,
        handle: bool,
    },
    SetUserState(SetUserState),
    EnterCallCentre,
    ExitCallCentre,
    Autocall {
        sequence: CallSequence,
        intercom: bool,
        number: PhoneNumber,
    },
    AutocallAbort,
    AnswerCall,
    AbortCall,
    DeclineCall,
    Flash(FlashMode),
    Transfer(PhoneNumber),
    BuildConference,
    CreateConference(CreateConference),
    Invite {
        conference: ConferenceId,
        competitors: Vec<CompetitorRef>,
    },
    CanConnectHeld,
    ConnectHeld,
    Competitors(ConferenceId),
    PutOut {
        conference: ConferenceId,
        competitor: Text,
    },
    ExitConference(ConferenceId),
    AttachAsGhost(UserId),
    GhostVoice {
        conference: ConferenceId,
        competitor: Text,
        help: bool,
    },
    GhostMode {
        conference: ConferenceId,
        mode: GhostMode,
    },
    DeleteRedirect(Text),
    SaveRedirect {
        rule: Text,
        user: UserId,
        number: PhoneNumber,
    },
    StoredProcedure {
        procedure: Text,
        user: UserId,
        params: JsonText,
    },
    CustomEvent {
        user: UserId,
        name: Text,
        params: Option<JsonText>,
        recipients: Option<JsonText>,
        send_back: bool,
    },
    HttpPassword,
    CallJournal(ChainId),
    /// Any other method, as the application asked for it.
    Other {
        method: Text,
        params: Option<JsonText>,
    },
}

/// What the saved redirect rule is called, as other clients of the server know it.
const REDIRECT_CAPTION: &str = "Переадресация сохраненная из веб-октела. Действует постоянно.";

impl Request {
    /// The wire's method.
    #[must_use]
    pub fn method(&self) -> &str {
        match self {
            Self::Ping => "ping",
            Self::Login { .. } => "login",
            Self::Logout => "logout",
            Self::Subscribe(_) => "subscribeevent",
            Self::Version => "getversion",
            Self::MyInfo => "getmyuserinfo",
            Self::LunchTypes => "cc_getlunchtypes",
            Self::UserState => "getuserstate",
            Self::RedirectRules => "getredirectrules",
            Self::PbxNumbers => "getpbxnumbers",
            Self::UserNumbers => "getallusernumbers",
            Self::LinePicture => "getextendedlineinfo",
            Self::Queue => "getcurrentqueue",
            Self::ConferenceInfo(_) => "getconferenceinfo",
            Self::ConferenceEvents { .. } => "confhandleevent",
            Self::SetUserState(_) => "setuserstate",
            Self::EnterCallCentre => "entercallcenter",
            Self::ExitCallCentre => "exitcallcenter",
            Self::Autocall { .. } => "pbxautocallstart",
            Self::AutocallAbort => "pbxautocallabort",
            Self::AnswerCall => "pbxanswercall",
            Self::AbortCall => "pbxabortcall",
            Self::DeclineCall => "pbxdeclinecall",
            Self::Flash(_) => "pbxmakeflash",
            Self::Transfer(_) => "pbxmaketransfer",
            Self::BuildConference => "buildconferencefromcommutation",
            Self::CreateConference(_) => "createnewconference",
            Self::Invite { .. } => "invitetoconference",
            Self::CanConnectHeld => "checkcanconnecttogathertoconference",
            Self::ConnectHeld => "connecttogathertoconference",
            Self::Competitors(_) => "getconferencecompetitors",
            Self::PutOut { .. } => "confdisconnectcompetitor",
            Self::ExitConference(_) => "exitconference",
            Self::AttachAsGhost(_) => "attachasghost",
            Self::GhostVoice { .. } => "confsetvoiceparams",
            Self::GhostMode { .. } => "confsetghostmode",
            Self::DeleteRedirect(_) => "deleteredirectrules",
            Self::SaveRedirect { .. } => "saveredirectrules",
            Self::StoredProcedure { .. } => "execpredefineddbstoredproc",
            Self::CustomEvent { .. } => "triggercustomevent",
            Self::HttpPassword => "gettemphttppass",
            Self::CallJournal(_) => "getpbxcalljournal",
            Self::Other { method, .. } => method.as_str(),
        }
    }

    /// Since which `version.dated` servers know the method, and whether the client cannot do without it.
    pub(crate) const fn since(&self) -> Option<(i64, Critical)> {
        Some(match self {
            Self::MyInfo => (120_327, Critical::Yes),
            Self::Version | Self::LinePicture => (120_112, Critical::Yes),
            Self::Flash(_)
            | Self::SaveRedirect { .. }
            | Self::DeleteRedirect(_)
            | Self::RedirectRules
            | Self::Transfer(_)
            | Self::CustomEvent { .. } => (120_725, Critical::No),
            Self::UserNumbers => (120_920, Critical::No),
            Self::LunchTypes => (130_101, Critical::No),
            Self::AnswerCall => (131_218, Critical::No),
            Self::Ping
            | Self::Login { .. }
            | Self::Logout
            | Self::Subscribe(_)
            | Self::UserState
            | Self::PbxNumbers
            | Self::Queue
            | Self::ConferenceInfo(_)
            | Self::ConferenceEvents { .. }
            | Self::SetUserState(_)
            | Self::EnterCallCentre
            | Self::ExitCallCentre
            | Self::Autocall { .. }
            | Self::AutocallAbort
            | Self::AbortCall
            | Self::DeclineCall
            | Self::BuildConference
            | Self::CreateConference(_)
            | Self::Invite { .. }
            | Self::CanConnectHeld
            | Self::ConnectHeld
            | Self::Competitors(_)
            | Self::PutOut { .. }
            | Self::ExitConference(_)
            | Self::AttachAsGhost(_)
            | Self::GhostVoice { .. }
            | Self::GhostMode { .. }
            | Self::StoredProcedure { .. }
            | Self::HttpPassword
            | Self::CallJournal(_)
            | Self::Other { .. } => return None,
        })
    }

    /// Writes the frame. A login is written with [`Request::write_login`].
    ///
    /// # Errors
    /// [`WriteError::NeedsSecret`] for a login; [`WriteError::Params`] if parameters that the application
    /// gave are not a JSON object.
    pub fn write(&self, qid: &str, login: &str) -> Result<String, WriteError> {
        if matches!(self, Self::Login { .. }) {
            return Err(WriteError::NeedsSecret);
        }
        self.frame(qid, login, None)
    }

    /// Writes a login, at the last moment before it is sent.
    ///
    /// # Errors
    /// As [`Request::write`], but not [`WriteError::NeedsSecret`].
    pub fn write_login(&self, qid: &str, login: &str, secret: &LoginSecret) -> Result<String, WriteError> {
        self.frame(qid, login, Some(secret))
    }

    fn frame(&self, qid: &str, login: &str, secret: Option<&LoginSecret>) -> Result<String, WriteError> {
        let mut body = self.body()?;
        if let (Self::Login { .. }, Some(secret)) = (self, secret) {
            secret.write(&mut body);
        }
        if !matches!(self, Self::Ping | Self::Subscribe(_)) {
            body.insert("userlogin".to_owned(), login.into());
        }
        body.insert("qid".to_owned(), qid.into());
        Ok(json!([self.method(), body]).to_string())
    }

    fn body(&self) -> Result<Map<String, Value>, WriteError> {
        let body = match self {
            Self::Ping
            | Self::Logout
            | Self::MyInfo
            | Self::LunchTypes
            | Self::UserState
            | Self::RedirectRules
            | Self::LinePicture
            | Self::Queue
            | Self::EnterCallCentre
            | Self::ExitCallCentre
            | Self::AutocallAbort
            | Self::AnswerCall
            | Self::AbortCall
            | Self::DeclineCall
            | Self::BuildConference
            | Self::CanConnectHeld
            | Self::ConnectHeld
            | Self::HttpPassword => json!({}),
            Self::Login { workplace, expires } => {
                let mut body = Map::new();
                body.insert("showid".to_owned(), 1.into());
                body.insert("usewebrtc".to_owned(), false.into());
                if let Some(workplace) = workplace {
                    body.insert("workplace".to_owned(), workplace.as_str().into());
                }
                if let Some(expires) = expires {
                    body.insert("expires".to_owned(), (*expires).into());
                }
                return Ok(body);
            }
            Self::Subscribe(event) => json!({ "eventmethod": [event.method()] }),
            Self::Version => json!({ "showalloweddbstoredprocs": 1 }),
            Self::PbxNumbers => json!({ "mode": "full" }),
            Self::UserNumbers => json!({ "fillsubordinates": true }),
            Self::ConferenceInfo(id) | Self::Competitors(id) | Self::ExitConference(id) => {
                json!({ "conferenceid": id.as_str() })
            }
            Self::ConferenceEvents { conference, handle } => {
                json!({ "conferenceid": conference.as_str(), "eventtype": "competitors", "handle": handle })
            }
            Self::SetUserState(set) => set.json(),
            Self::Autocall { sequence, intercom: true, number } => {
                json!({ "sequence": sequence.wire(), "intercom": true, "number": number.as_str() })
            }
            Self::Autocall { sequence, intercom: false, number } => {
                json!({ "sequence": sequence.wire(), "number": number.as_str() })
            }
            Self::Flash(FlashMode::Switch) => json!({ "mode": "switch" }),
            Self::Flash(FlashMode::Abort) => json!({ "mode": "abort" }),
            Self::Transfer(number) => json!({ "transferto": number.as_str() }),
            Self::CreateConference(new) => json!({
                "conference": {
                    "id": new.id.as_str(),
                    "room": new.room,
                    "name": "",
                    "description": "",
                    "accessmode": "free",
                    "isselector": false,
                    "record": true,
                    "recordrights": "selected",
                    "everyonecaninvite": true,
                    "canvieweachother": true,
                },
                "competitors": new.competitors.iter().map(CompetitorRef::json).collect::<Vec<_>>(),
            }),
            Self::Invite { conference, competitors } => json!({
                "conferenceid": conference.as_str(),
                "competitors": competitors.iter().map(CompetitorRef::json).collect::<Vec<_>>(),
            }),
            Self::PutOut { conference, competitor } => json!({
                "conferenceid": conference.as_str(),
                "competitor": { "competitorid": competitor.as_str() },
            }),
            Self::AttachAsGhost(user) => json!({ "ghostedid": user.as_str() }),
            Self::GhostVoice { conference, competitor, help } => json!({
                "conferenceid": conference.as_str(),
                "competitor": { "competitorid": competitor.as_str(), "ghosthelp": help },
            }),
            Self::GhostMode { conference, mode } => {
                json!({ "conferenceid": conference.as_str(), "ghostmode": mode.wire() })
            }
            Self::DeleteRedirect(rule) => json!({ "ids": [rule.as_str()] }),
            Self::SaveRedirect { rule, user, number } => json!({ "redirectrule": {
                "id": rule.as_str(),
                "caption": REDIRECT_CAPTION,
                "description": REDIRECT_CAPTION,
                "priority": 1,
                "userid": user.as_str(),
                "isenabled": true,
                "allowcascade": true,
                "state": 2,
                "destinationnumber": number.as_str(),
                "onlyforredirectstate": true,
                "definesources": false,
            }}),
            Self::StoredProcedure { procedure, user, params } => json!({
                "procedure": procedure.as_str(),
                "userid": user.as_str(),
                "inputparams": value(params)?,
            }),
            Self::CustomEvent { user, name, params, recipients, send_back } => json!({
                "userid": user.as_str(),
                "eventname": name.as_str(),
                "eventparam": params.as_ref().map(value).transpose()?,
                "recipients": recipients.as_ref().map(value).transpose()?,
                "sendback": if *send_back { json!(1) } else { json!("0") },
            }),
            Self::CallJournal(chain) => {
                json!({ "filter": { "idchain": chain.as_str(), "showcallcenter": true } })
            }
            Self::Other { params, .. } => {
                params.as_ref().map(value).transpose()?.unwrap_or_else(|| json!({}))
            }
        };
        match body {
            Value::Object(body) => Ok(body),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
                Err(WriteError::Params)
            }
        }
    }
}

impl SetUserState {
    fn json(&self) -> Value {
        let mut body = Map::new();
        let mut put = |name: &str, value: Option<Value>| {
            if let Some(value) = value {
                body.insert(name.to_owned(), value);
            }
        };
        put("userstateid", self.userstateid.map(Value::from));
        put("oncallcenter", self.oncallcenter.map(Value::from));
        put("onccmanual", self.onccmanual.map(Value::from));
        put("onredirect", self.onredirect.map(Value::from));
        put("lunchreasonid", self.lunchreasonid.as_ref().map(BreakReason::json));
        put("lunchreasonmsg", self.lunchreasonmsg.as_ref().map(BreakReason::json));
        Value::Object(body)
    }
}

fn value(json: &JsonText) -> Result<Value, WriteError> {
    serde_json::from_str(json.as_str()).map_err(|_| WriteError::Params)
}

/// Whether a client can do without a method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Critical {
    Yes,
    No,
}

/// Why a request cannot be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WriteError {
    /// A login is written with [`Request::write_login`].
    #[error("a login needs its secret to be written")]
    NeedsSecret,
    /// The application's parameters are not a JSON object.
    #[error("parameters are not a JSON object")]
    Params,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_request_but_ping_and_subscribe_names_the_agent() {
        assert_eq!(Request::Ping.write("1", "ivanov").unwrap(), r#"["ping",{"qid":"1"}]"#);
        let subscribe = Request::Subscribe(Subscription::CustomEvent).write("2", "ivanov").unwrap();
        assert_eq!(subscribe, r#"["subscribeevent",{"eventmethod":["customevent"],"qid":"2"}]"#);
        assert_eq!(
            Request::Transfer("102".into()).write("3", "ivanov").unwrap(),
            r#"["pbxmaketransfer",{"transferto":"102","userlogin":"ivanov","qid":"3"}]"#
        );
    }

    #[test]
    fn a_login_is_written_only_with_its_secret() {
        let login = Request::Login { workplace: None, expires: None };
        assert_eq!(login.write("1", "ivanov"), Err(WriteError::NeedsSecret));
        let secret = LoginSecret::from_password("Secret1");
        assert_eq!(
            login.write_login("1", "ivanov", &secret).unwrap(),
            r#"["login",{"showid":1,"usewebrtc":false,"Password":"d6cb2342e44efb6dd628276f36da2359","password":"e52d98c459819a11775936d8dfbb7929","userlogin":"ivanov","qid":"1"}]"#
        );
    }

    #[test]
    fn what_setuserstate_leaves_out_is_not_sent() {
        let set = SetUserState { userstateid: Some(2), oncallcenter: Some(true), ..SetUserState::default() };
        assert_eq!(set.json().to_string(), r#"{"userstateid":2,"oncallcenter":true}"#);
    }

    #[test]
    fn params_that_are_no_object_are_refused() {
        let other = Request::Other { method: "x".into(), params: Some(JsonText::new("[1]")) };
        assert_eq!(other.write("1", "a"), Err(WriteError::Params));
    }
}
