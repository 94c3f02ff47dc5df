//! What is asked after login, each after the answer to the one before (spec part 1, "Loading").

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Turn;
use super::agent;
use super::ask::{Ask, Reply};
use super::connection::Goodbye;
use super::line::AfterPicture;
use crate::codes::{DisconnectReason, ErrorCode};
use crate::directory::DirectoryUser;
use crate::event::Event;
use crate::text::{PersonName, PhoneNumber, Text, UserId};
use crate::view::Connection;
use crate::wire::{Body, Request, Str, Subscription, body, given};

/// A step of loading.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Step {
    Version,
    MyInfo,
    LunchTypes,
    UserState,
    RedirectRules,
    PbxNumbers,
    UserNumbers,
}

impl Step {
    pub(super) const fn answer_name(self) -> &'static str {
        match self {
            Self::Version => "getversionresult",
            Self::MyInfo => "getmyuserinforesult",
            Self::LunchTypes => "cc_getlunchtypesresult",
            Self::UserState => "getuserstateresult",
            Self::RedirectRules => "getredirectrulesresult",
            Self::PbxNumbers => "getpbxnumbersresult",
            Self::UserNumbers => "getallusernumbersresult",
        }
    }

    fn request(self) -> Request {
        match self {
            Self::Version => Request::Version,
            Self::MyInfo => Request::MyInfo,
            Self::LunchTypes => Request::LunchTypes,
            Self::UserState => Request::UserState,
            Self::RedirectRules => Request::RedirectRules,
            Self::PbxNumbers => Request::PbxNumbers,
            Self::UserNumbers => Request::UserNumbers,
        }
    }

    const fn next(self) -> Option<Self> {
        Some(match self {
            Self::Version => Self::MyInfo,
            Self::MyInfo => Self::LunchTypes,
            Self::LunchTypes => Self::UserState,
            Self::UserState => Self::RedirectRules,
            Self::RedirectRules => Self::PbxNumbers,
            Self::PbxNumbers => Self::UserNumbers,
            Self::UserNumbers => return None,
        })
    }
}

/// Subscribed to when everything is loaded.
const SUBSCRIPTIONS: [Subscription; 12] = [
    Subscription::LineStateChanged,
    Subscription::FlashStateChanged,
    Subscription::ConferenceComposition,
    Subscription::ConferenceCompetitor,
    Subscription::AutocallStarted,
    Subscription::AutocallStopped,
    Subscription::RingStarted,
    Subscription::RingStopped,
    Subscription::MenuStarted,
    Subscription::CommutationStarted,
    Subscription::CommutationStopped,
    Subscription::HttpResponseCopy,
];

impl Turn<'_> {
    /// Begins to load.
    pub(super) fn load(&mut self) {
        self.ask(Step::Version.request(), Ask::Load(Step::Version));
    }

    /// A step was answered, or failed.
    pub(super) fn loaded(&mut self, step: Step, reply: Reply<'_>) {
        if self.view.connection != Connection::Loading {
            return; // the goodbye was said in between
        }
        let accepted = reply.accepted();
        match (step, reply.body().filter(|_| accepted)) {
            (Step::Version, None) => {
                let code = ErrorCode::VersionNotLoaded;
                return self.fail_connect(code, None, DisconnectReason::VersionNotLoaded, Goodbye::Logout);
            }
            (Step::MyInfo, None) => {
                let code = ErrorCode::UserInfoNotLoaded;
                return self.fail_connect(code, None, DisconnectReason::ByUser, Goodbye::Logout);
            }
            (Step::Version, Some(Body::Version(version))) => self.version_told(version),
            (Step::MyInfo, Some(Body::MyInfo(info))) => self.agent_told(info),
            (Step::LunchTypes, Some(Body::LunchTypes(types))) => self.break_reasons_told(types),
            (Step::UserState, Some(Body::UserState(state))) => self.take_user_state(state, None),
            (Step::RedirectRules, Some(Body::RedirectRules(rules))) => self.redirect_rules_told(rules),
            (Step::PbxNumbers, Some(Body::PbxNumbers(plan))) => self.number_plan_told(plan),
            (Step::UserNumbers, Some(Body::UserNumbers(users))) => self.users_told(users),
            // A refusal of any other step is passed over.
            (_, _) => {}
        }
        if step == Step::PbxNumbers {
            self.subscribe(Subscription::PbxNumberStateChanged);
        }
        match step.next() {
            Some(next) => self.ask(next.request(), Ask::Load(next)),
            None => self.ask(Request::LinePicture, Ask::Picture(AfterPicture::Loaded)),
        }
    }

    /// The last picture is read.
    pub(super) fn all_loaded(&mut self) {
        if self.view.connection != Connection::Loading {
            return;
        }
        for event in SUBSCRIPTIONS {
            self.subscribe(event);
        }
        self.connect_succeeded();
    }

    fn version_told(&mut self, told: &body::Version<'_>) {
        let version = told.version.as_ref();
        let procedures = told.alloweddbstoredprocs.as_ref().map(|keys| keys.0.as_slice()).unwrap_or_default();
        self.tell(Event::ServerVersionTold {
            dated: version.and_then(|version| version.dated).map(|dated| dated.0),
            build: version.and_then(|version| given(&version.build)).map(Text::from),
            procedures: procedures.iter().map(|name| Text::from(name.as_str().to_lowercase())).collect(),
        });
    }

    fn agent_told(&mut self, told: &body::MyInfo<'_>) {
        self.tell(Event::AgentTold {
            number: given(&told.mainpbxnumber).map(PhoneNumber::from),
            name: given(&told.username).map(PersonName::from),
            operator: told.isoperator.0,
        });
    }

    fn break_reasons_told(&mut self, told: &body::LunchTypes<'_>) {
        let reasons = told.items.iter().filter_map(|item| {
            Some((item.id?.0, Text::from(item.name.as_ref().map(Str::as_str).unwrap_or_default())))
        });
        self.tell(Event::BreakReasonsTold { reasons: reasons.collect() });
    }

    /// The redirect number is that of the rule which clients of this kind save.
    fn redirect_rules_told(&mut self, told: &body::RedirectRules<'_>) {
        let Some(ours) = self.view.agent.user.as_ref().map(agent::redirect_rule) else { return };
        let is_ours = |id: &str| id.replace('-', "").to_lowercase() == ours.as_str();
        let rule = told.redirectrules.iter().find(|rule| given(&rule.id).is_some_and(is_ours));
        let number = rule.and_then(|rule| given(&rule.destinationnumber)).map(PhoneNumber::from);
        if number != self.view.agent.redirect_number {
            self.tell(Event::RedirectNumberTold { number });
        }
    }

    fn number_plan_told(&mut self, told: &body::PbxNumbers<'_>) {
        let numbers = told.numbers.iter().filter_map(|number| {
            let state = number.state.map(|state| state.0).unwrap_or_default();
            Some((PhoneNumber::from(given(&number.number)?), state))
        });
        self.tell(Event::NumberPlanTold { numbers: numbers.collect() });
    }

    fn users_told(&mut self, told: &body::UserNumbers<'_>) {
        let users: Vec<DirectoryUser> = told
            .users
            .iter()
            .filter_map(|user| {
                Some(DirectoryUser {
                    id: UserId::from(given(&user.id)?),
                    name: given(&user.name).map(PersonName::from),
                    main: given(&user.main).map(PhoneNumber::from),
                    numbers: user
                        .nums
                        .iter()
                        .map(Str::as_str)
                        .filter(|number| !number.is_empty())
                        .map(PhoneNumber::from)
                        .collect(),
                    subordinate: user.sub.0,
                })
            })
            .collect();
        self.tell(Event::UsersTold { users: Arc::from(users) });
    }

    /// `pbxnumberstatechanged`: the states of numbers of the plan.
    pub(super) fn number_states(&mut self, told: &body::NumberStates<'_>) {
        let Some(numbers) = &told.numbers else { return };
        numbers.for_each(|number| {
            let (Some(name), Some(state)) = (given(&number.num), number.numstateid) else { return };
            let known = self.view.directory.numbers.entry(name);
            if let Some((known, _)) = known.filter(|(_, known)| *known != state.0) {
                let number = known.clone();
                self.tell(Event::NumberStateTold { number, state: state.0 });
            }
        });
    }
}
