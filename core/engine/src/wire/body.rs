//! What the messages say, typed. Field names are the wire's own; fields that no rule reads are skipped
//! (the raw frame stays in the log).

use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{Deserializer, Error, IgnoredAny, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::lenient::{Flag, Int, Object, Str, given};

/// What every message may have: the id of the request it answers and how that request fared.
#[derive(Clone, Copy, Debug)]
pub struct Head<'f> {
    /// Id of the request answered; an event has one too, which answers nothing.
    pub qid: Option<&'f str>,
    /// `result`; an answer without one counts as 1.
    pub accepted: bool,
    /// `error`, else `errorcode`.
    pub error: Option<&'f str>,
    /// `errormsg`.
    pub message: Option<&'f str>,
}

/// Defines a body: the fields every message may have, and its own.
macro_rules! body {
    ($(#[$doc:meta])* $name:ident { $($(#[$attr:meta])* $field:ident: $type:ty,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Deserialize)]
        #[non_exhaustive]
        pub struct $name<'a> {
            #[serde(borrow, default)]
            qid: Option<Str<'a>>,
            #[serde(default)]
            result: Option<Flag>,
            #[serde(borrow, default)]
            error: Option<Str<'a>>,
            #[serde(borrow, default)]
            errorcode: Option<Str<'a>>,
            #[serde(borrow, default)]
            errormsg: Option<Str<'a>>,
            $($(#[$attr])* #[serde(default)] #[doc = concat!("`", stringify!($field), "`")] pub $field: $type,)*
        }

        impl $name<'_> {
            /// Request id and outcome.
            #[must_use]
            pub fn head(&self) -> Head<'_> {
                Head {
                    qid: self.qid.as_ref().map(Str::as_str),
                    accepted: self.result.is_none_or(|result| result.0),
                    error: given(&self.error).or(given(&self.errorcode)),
                    message: given(&self.errormsg),
                }
            }
        }
    };
}

/// Defines a part of a body.
macro_rules! part {
    ($(#[$doc:meta])* $name:ident { $($(#[$attr:meta])* $field:ident: $type:ty,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Deserialize)]
        #[non_exhaustive]
        pub struct $name<'a> {
            $($(#[$attr])* #[serde(default)] #[doc = concat!("`", stringify!($field), "`")] pub $field: $type,)*
        }
    };
}

body!(
    /// A message of which only the fact matters.
    Plain {}
);

body!(
    /// Answer to `login`. The session id and the SIP password are not fields: they never come this far.
    Login {
        #[serde(borrow)] userid: Option<Str<'a>>,
    }
);

body!(
    /// Answer to `getversion`.
    Version {
        #[serde(borrow)] version: Option<Object<VersionInfo<'a>>>,
        #[serde(borrow)] alloweddbstoredprocs: Option<Keys<'a>>,
    }
);

part!(
    /// The server's version.
    VersionInfo {
        dated: Option<Int>,
        #[serde(borrow)] build: Option<Str<'a>>,
    }
);

body!(
    /// Answer to `getmyuserinfo`.
    MyInfo {
        #[serde(borrow)] mainpbxnumber: Option<Str<'a>>,
        #[serde(borrow)] username: Option<Str<'a>>,
        #[serde(borrow)] linenumber: Option<Str<'a>>,
        isoperator: Flag,
        hasline: Flag,
    }
);

body!(
    /// Answer to `cc_getlunchtypes`.
    LunchTypes {
        #[serde(borrow)] items: Vec<Object<LunchType<'a>>>,
    }
);

part!(
    /// A reason for a break.
    LunchType {
        id: Option<Int>,
        #[serde(borrow)] name: Option<Str<'a>>,
    }
);

body!(
    /// Answer to `getuserstate` and `setuserstate`, and the event `userstatechanged`.
    UserState {
        userstateid: Option<Int>,
        userstate: Option<Int>,
        oncallcenter: Option<Flag>,
        onccmanual: Option<Flag>,
        onlunch: Option<Flag>,
        onredirect: Option<Flag>,
        ontask: Option<Flag>,
        #[serde(borrow)] lunchreasonid: Option<Scalar<'a>>,
    }
);

/// A number or a text, kept apart: a break reason is told as it came.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub enum Scalar<'a> {
    /// A number.
    Int(i64),
    /// A text.
    #[serde(borrow)]
    Text(Str<'a>),
}

body!(
    /// Answer to `getredirectrules`.
    RedirectRules {
        #[serde(borrow)] redirectrules: Vec<Object<RedirectRule<'a>>>,
    }
);

part!(
    /// A rule that redirects calls.
    RedirectRule {
        #[serde(borrow)] id: Option<Str<'a>>,
        #[serde(borrow)] destinationnumber: Option<Str<'a>>,
    }
);

body!(
    /// Answer to `getpbxnumbers`.
    PbxNumbers {
        #[serde(borrow)] numbers: Vec<Object<PbxNumber<'a>>>,
    }
);

part!(
    /// A number of the number plan.
    PbxNumber {
        #[serde(borrow)] number: Option<Str<'a>>,
        #[serde(borrow)] caption: Option<Str<'a>>,
        state: Option<Int>,
    }
);

body!(
    /// Answer to `getallusernumbers`.
    UserNumbers {
        #[serde(borrow)] users: Vec<Object<User<'a>>>,
    }
);

part!(
    /// A user of the PBX and the numbers they have.
    User {
        #[serde(borrow)] id: Option<Str<'a>>,
        #[serde(borrow)] name: Option<Str<'a>>,
        #[serde(borrow)] main: Option<Str<'a>>,
        #[serde(borrow)] nums: Vec<Str<'a>>,
        sub: Flag,
    }
);

body!(
    /// Answer to `getextendedlineinfo`: the line picture (spec part 2).
    Picture {
        #[serde(borrow)] linestatestr: Option<Str<'a>>,
        #[serde(borrow)] chainid: Option<Str<'a>>,
        #[serde(borrow)] calledid: Option<Str<'a>>,
        timertalklensec: Option<Int>,
        isflashing: Flag,
        #[serde(borrow)] flashed: Option<Object<Abonent<'a>>>,
        #[serde(borrow)] abonent: Option<Object<Abonent<'a>>>,
    }
);

part!(
    /// The wire's *abonent*: the other side of a line, someone held, queued, or in a conference.
    Abonent {
        #[serde(borrow)] competitorid: Option<Str<'a>>,
        #[serde(borrow)] number: Option<Str<'a>>,
        #[serde(borrow)] userid: Option<Str<'a>>,
        #[serde(borrow)] callerid: Option<Str<'a>>,
        #[serde(borrow)] chainid: Option<Str<'a>>,
        #[serde(borrow)] conferenceid: Option<Str<'a>>,
        #[serde(borrow)] conferencename: Option<Str<'a>>,
        conferenceroom: Option<Int>,
        #[serde(borrow)] simplename: Option<Str<'a>>,
        #[serde(borrow)] username: Option<Str<'a>>,
        #[serde(borrow)] name: Option<Str<'a>>,
        #[serde(borrow)] caption: Option<Str<'a>>,
        #[serde(borrow)] userlogin: Option<Str<'a>>,
        #[serde(borrow)] ivrname: Option<Str<'a>>,
        #[serde(borrow)] comment: Option<Str<'a>>,
        #[serde(borrow)] direction: Option<Str<'a>>,
        #[serde(borrow)] extline: Option<Str<'a>>,
        #[serde(borrow)] confstatestr: Option<Str<'a>>,
        isautocall: Flag,
        isringing: Flag,
        iscommutated: Flag,
        iswaitinginflash: Flag,
        iswaitingforanswer: Flag,
        isconference: Flag,
        isivr: Flag,
        isextline: Flag,
        iscreator: Flag,
        isdirector: Flag,
        isghost: Flag,
        isghostmajor: Flag,
        ishidden: Flag,
    }
);

body!(
    /// Answer to `getcurrentqueue`.
    Queue {
        #[serde(borrow)] queue: Option<List<'a, Object<Abonent<'a>>>>,
    }
);

body!(
    /// Answer to `getconferenceinfo`.
    ConferenceInfo {
        #[serde(borrow)] conference: Option<Object<ConferenceMark<'a>>>,
        #[serde(borrow)] competitors: Option<Vec<Object<Abonent<'a>>>>,
    }
);

body!(
    /// Answer to `getconferencecompetitors`.
    Competitors {
        #[serde(borrow)] competitorlist: Vec<Object<Abonent<'a>>>,
    }
);

body!(
    /// Answer to `checkcanconnecttogathertoconference`.
    CanConnect {
        canconnecttogather: Flag,
    }
);

part!(
    /// What is said of a conference.
    ConferenceMark {
        #[serde(borrow)] id: Option<Str<'a>>,
        isghost: Flag,
    }
);

body!(
    /// `flashstatechanged`.
    Flash {
        flashtypeid: Option<Int>,
    }
);

body!(
    /// `pbxnumberstatechanged`.
    NumberStates {
        #[serde(borrow)] numbers: Option<List<'a, Object<NumberState<'a>>>>,
    }
);

part!(
    /// The new state of a number.
    NumberState {
        #[serde(borrow)] num: Option<Str<'a>>,
        numstateid: Option<Int>,
    }
);

body!(
    /// `confcompositionchanged`.
    Composition {
        #[serde(borrow)] eventinfo: Option<Object<CompositionInfo<'a>>>,
    }
);

part!(
    /// Who is in a conference now.
    CompositionInfo {
        #[serde(borrow)] conferenceid: Option<Str<'a>>,
        #[serde(borrow)] competitorlist: Option<Vec<Object<Abonent<'a>>>>,
    }
);

body!(
    /// `confcompetitorstatechanged`.
    CompetitorState {
        #[serde(borrow)] eventinfo: Option<Object<CompetitorInfo<'a>>>,
    }
);

part!(
    /// One competitor of a conference.
    CompetitorInfo {
        #[serde(borrow)] conference: Option<Object<ConferenceMark<'a>>>,
        #[serde(borrow)] competitor: Option<Object<Abonent<'a>>>,
    }
);

body!(
    /// Any `phoneevent_…`.
    Phone {
        #[serde(borrow)] chainid: Option<Str<'a>>,
        #[serde(borrow)] commutationid: Option<Str<'a>>,
        #[serde(borrow)] confid: Option<Str<'a>>,
        #[serde(borrow)] callerid: Option<Str<'a>>,
        #[serde(borrow)] callername: Option<Str<'a>>,
        #[serde(borrow)] callerdirection: Option<Str<'a>>,
        isextline: Flag,
        isconference: Flag,
        isroutingivr: Flag,
    }
);

body!(
    /// `customevent`.
    Custom {
        #[serde(borrow)] eventname: Option<Str<'a>>,
        #[serde(borrow)] eventparam: Option<&'a RawValue>,
    }
);

body!(
    /// `multipart`: a piece of a long message.
    Multipart {
        #[serde(borrow, rename = "message-id")] message_id: Option<Str<'a>>,
        packetcount: Option<Int>,
        packetnumber: Option<Int>,
        #[serde(borrow, rename = "content-transfer-encoding")] encoding: Option<Str<'a>>,
        #[serde(borrow)] content: Option<Str<'a>>,
    }
);

body!(
    /// Answer to `execpredefineddbstoredproc`.
    Datasets {
        #[serde(borrow)] dataset: Option<&'a RawValue>,
    }
);

/// A list that is read item by item, so that reading one that changes nothing allocates nothing.
/// Every item was found readable when the frame was decoded.
#[derive(Debug)]
pub struct List<'a, T> {
    raw: &'a RawValue,
    items: PhantomData<fn() -> T>,
}

impl<'a, T: Deserialize<'a>> List<'a, T> {
    /// Calls `each` with every item, in order.
    pub fn for_each(&self, each: impl FnMut(T)) {
        // The same text was read once already, so there is no error to tell.
        let _ = read_items(self.raw.get(), each);
    }
}

impl<'de: 'a, 'a, T: Deserialize<'de>> Deserialize<'de> for List<'a, T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&RawValue>::deserialize(deserializer)?;
        read_items::<T>(raw.get(), drop).map_err(D::Error::custom)?;
        Ok(Self { raw, items: PhantomData })
    }
}

fn read_items<'de, T: Deserialize<'de>>(json: &'de str, each: impl FnMut(T)) -> serde_json::Result<()> {
    struct Items<T, F>(F, PhantomData<T>);

    impl<'de, T: Deserialize<'de>, F: FnMut(T)> Visitor<'de> for Items<T, F> {
        type Value = ();

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("a list")
        }

        fn visit_seq<A: SeqAccess<'de>>(mut self, mut items: A) -> Result<(), A::Error> {
            while let Some(item) = items.next_element()? {
                (self.0)(item);
            }
            Ok(())
        }
    }

    serde_json::Deserializer::from_str(json).deserialize_seq(Items(each, PhantomData))
}

/// The keys of an object; their values are not looked at.
#[derive(Debug)]
pub struct Keys<'a>(pub Vec<Str<'a>>);

impl<'de: 'a, 'a> Deserialize<'de> for Keys<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct KeyVisitor;

        impl<'de> Visitor<'de> for KeyVisitor {
            type Value = Keys<'de>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Keys<'de>, A::Error> {
                let mut keys = Vec::new();
                while let Some((key, IgnoredAny)) = map.next_entry()? {
                    keys.push(key);
                }
                Ok(Keys(keys))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Keys<'de>, A::Error> {
                // An empty object of a PHP-minded server is an empty list.
                while items.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Keys(Vec::new()))
            }
        }

        deserializer.deserialize_any(KeyVisitor)
    }
}
