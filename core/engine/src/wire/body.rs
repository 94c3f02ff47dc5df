//! What the messages say, typed. Field names are the wire's own; fields that no rule reads are skipped
//! (the raw frame stays in the log).

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::fill::{Fields, Filling, Slot, fill_items, filled};
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
    ($(#[$doc:meta])* $name:ident { $($field:ident $([$wire:literal])?: $type:ty,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Default)]
        #[non_exhaustive]
        pub struct $name<'a> {
            qid: Option<Str<'a>>,
            result: Option<Flag>,
            error: Option<Str<'a>>,
            errorcode: Option<Str<'a>>,
            errormsg: Option<Str<'a>>,
            $(#[doc = concat!("`", stringify!($field), "`")] pub $field: $type,)*
        }

        filled!($name { qid, result, error, errorcode, errormsg, $($field $([$wire])?,)* });

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
    ($(#[$doc:meta])* $name:ident { $($field:ident: $type:ty,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Default)]
        #[non_exhaustive]
        pub struct $name<'a> {
            $(#[doc = concat!("`", stringify!($field), "`")] pub $field: $type,)*
        }

        filled!($name { $($field,)* });
    };
}

body!(
    /// A message of which only the fact matters.
    Plain {}
);

body!(
    /// Answer to `login`. The session id and the SIP password are not fields: they never come this far.
    Login {
        userid: Option<Str<'a>>,
    }
);

body!(
    /// Answer to `getversion`.
    Version {
        version: Option<Object<VersionInfo<'a>>>,
        alloweddbstoredprocs: Option<Keys<'a>>,
    }
);

part!(
    /// The server's version.
    VersionInfo {
        dated: Option<Int>,
        build: Option<Str<'a>>,
    }
);

body!(
    /// Answer to `getmyuserinfo`.
    MyInfo {
        mainpbxnumber: Option<Str<'a>>,
        username: Option<Str<'a>>,
        linenumber: Option<Str<'a>>,
        isoperator: Flag,
        hasline: Flag,
    }
);

body!(
    /// Answer to `cc_getlunchtypes`.
    LunchTypes {
        items: Vec<Object<LunchType<'a>>>,
    }
);

part!(
    /// A reason for a break.
    LunchType {
        id: Option<Int>,
        name: Option<Str<'a>>,
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
        lunchreasonid: Option<Scalar<'a>>,
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
        redirectrules: Vec<Object<RedirectRule<'a>>>,
    }
);

part!(
    /// A rule that redirects calls.
    RedirectRule {
        id: Option<Str<'a>>,
        destinationnumber: Option<Str<'a>>,
    }
);

body!(
    /// Answer to `getpbxnumbers`.
    PbxNumbers {
        numbers: Vec<Object<PbxNumber<'a>>>,
    }
);

part!(
    /// A number of the number plan.
    PbxNumber {
        number: Option<Str<'a>>,
        caption: Option<Str<'a>>,
        state: Option<Int>,
    }
);

body!(
    /// Answer to `getallusernumbers`.
    UserNumbers {
        users: Vec<Object<User<'a>>>,
    }
);

part!(
    /// A user of the PBX and the numbers they have.
    User {
        id: Option<Str<'a>>,
        name: Option<Str<'a>>,
        main: Option<Str<'a>>,
        nums: Vec<Str<'a>>,
        sub: Flag,
    }
);

body!(
    /// Answer to `getextendedlineinfo`: the line picture (spec part 2).
    Picture {
        linestatestr: Option<Str<'a>>,
        chainid: Option<Str<'a>>,
        calledid: Option<Str<'a>>,
        timertalklensec: Option<Int>,
        isflashing: Flag,
        flashed: Option<Object<Abonent<'a>>>,
        abonent: Option<Object<Abonent<'a>>>,
    }
);

part!(
    /// The wire's *abonent*: the other side of a line, someone held, queued, or in a conference.
    Abonent {
        competitorid: Option<Str<'a>>,
        number: Option<Str<'a>>,
        userid: Option<Str<'a>>,
        callerid: Option<Str<'a>>,
        chainid: Option<Str<'a>>,
        conferenceid: Option<Str<'a>>,
        conferencename: Option<Str<'a>>,
        conferenceroom: Option<Int>,
        simplename: Option<Str<'a>>,
        username: Option<Str<'a>>,
        name: Option<Str<'a>>,
        caption: Option<Str<'a>>,
        userlogin: Option<Str<'a>>,
        ivrname: Option<Str<'a>>,
        comment: Option<Str<'a>>,
        direction: Option<Str<'a>>,
        extline: Option<Str<'a>>,
        confstatestr: Option<Str<'a>>,
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
        queue: Option<List<'a, Abonent<'a>>>,
    }
);

body!(
    /// Answer to `getconferenceinfo`.
    ConferenceInfo {
        conference: Option<Object<ConferenceMark<'a>>>,
        competitors: Option<Vec<Object<Abonent<'a>>>>,
    }
);

body!(
    /// Answer to `getconferencecompetitors`.
    Competitors {
        competitorlist: Vec<Object<Abonent<'a>>>,
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
        id: Option<Str<'a>>,
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
        numbers: Option<List<'a, NumberState<'a>>>,
    }
);

part!(
    /// The new state of a number.
    NumberState {
        num: Option<Str<'a>>,
        numstateid: Option<Int>,
    }
);

body!(
    /// `confcompositionchanged`.
    Composition {
        eventinfo: Option<Object<CompositionInfo<'a>>>,
    }
);

part!(
    /// Who is in a conference now.
    CompositionInfo {
        conferenceid: Option<Str<'a>>,
        competitorlist: Option<Vec<Object<Abonent<'a>>>>,
    }
);

body!(
    /// `confcompetitorstatechanged`.
    CompetitorState {
        eventinfo: Option<Object<CompetitorInfo<'a>>>,
    }
);

part!(
    /// One competitor of a conference.
    CompetitorInfo {
        conference: Option<Object<ConferenceMark<'a>>>,
        competitor: Option<Object<Abonent<'a>>>,
    }
);

body!(
    /// Any `phoneevent_…`.
    Phone {
        chainid: Option<Str<'a>>,
        commutationid: Option<Str<'a>>,
        confid: Option<Str<'a>>,
        callerid: Option<Str<'a>>,
        callername: Option<Str<'a>>,
        callerdirection: Option<Str<'a>>,
        isextline: Flag,
        isconference: Flag,
        isroutingivr: Flag,
    }
);

body!(
    /// `customevent`.
    Custom {
        eventname: Option<Str<'a>>,
        eventparam: Option<&'a RawValue>,
    }
);

body!(
    /// `multipart`: a piece of a long message.
    Multipart {
        message_id ["message-id"]: Option<Str<'a>>,
        packetcount: Option<Int>,
        packetnumber: Option<Int>,
        encoding ["content-transfer-encoding"]: Option<Str<'a>>,
        content: Option<Str<'a>>,
    }
);

body!(
    /// Answer to `execpredefineddbstoredproc`.
    Datasets {
        dataset: Option<&'a RawValue>,
    }
);

/// A list of which only the first items are held typed: however long one a server sends, it makes us hold little more
/// than its text. Every item was found readable when the frame was decoded.
#[derive(Debug, Default)]
pub struct List<'a, T> {
    first: Vec<T>,
    rest: Vec<&'a RawValue>,
}

/// How many items of a list are held typed.
const HELD: usize = 64;

impl<'a, T: Fields<'a>> List<'a, T> {
    /// Calls `each` with every item, in order.
    pub fn for_each(&self, mut each: impl FnMut(&T)) {
        self.first.iter().for_each(&mut each);
        for item in &self.rest {
            // The same text was read once already, so there is no error to tell.
            let _ = read_item(item, &mut each);
        }
    }
}

fn read_item<'a, T: Fields<'a>>(item: &'a RawValue, each: impl FnOnce(&T)) -> serde_json::Result<()> {
    let mut filled = T::default();
    Filling(&mut filled).deserialize(&mut serde_json::Deserializer::from_str(item.get()))?;
    each(&filled);
    Ok(())
}

impl<'de, T: Fields<'de>> Slot<'de> for Option<List<'de, T>> {
    fn fill<D: Deserializer<'de>>(&mut self, from: D) -> Result<(), D::Error> {
        struct Items<'de, T>(List<'de, T>);

        impl<'de, T: Fields<'de>> Visitor<'de> for Items<'de, T> {
            type Value = Option<List<'de, T>>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a list")
            }

            fn visit_none<E: Error>(self) -> Result<Self::Value, E> {
                Ok(None)
            }

            fn visit_some<D: Deserializer<'de>>(self, from: D) -> Result<Self::Value, D::Error> {
                from.deserialize_seq(self)
            }

            fn visit_seq<A: SeqAccess<'de>>(mut self, mut items: A) -> Result<Self::Value, A::Error> {
                let list = &mut self.0;
                if fill_items(&mut list.first, HELD, &mut items)? {
                    while let Some(item) = items.next_element::<&RawValue>()? {
                        read_item::<T>(item, |_| ()).map_err(A::Error::custom)?;
                        list.rest.push(item);
                    }
                }
                Ok(Some(self.0))
            }
        }

        *self = from.deserialize_option(Items(List { first: Vec::new(), rest: Vec::new() }))?;
        Ok(())
    }
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
