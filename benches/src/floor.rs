//! The least that can be done to decode a frame with serde_json: one pass, a visitor written by hand for the pair,
//! borrowed fields of one type each. No field may come in another type, none may stand for another, nothing is bounded.
//! What the engine's decoder does besides is what its time is compared for.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer as _, Error as _, IgnoredAny, SeqAccess, Visitor};

/// A frame, borrowed from its text.
#[derive(Debug)]
#[allow(clippy::large_enum_variant, missing_docs)]
pub enum Frame<'a> {
    Picture(Picture<'a>),
    Queue(Queue<'a>),
    UserState(UserState<'a>),
    Numbers(Numbers<'a>),
    ConferenceInfo(ConferenceInfo<'a>),
    Composition(Composition<'a>),
    Competitor(Competitor<'a>),
    Flash(Flash<'a>),
    Phone(&'a str, Phone<'a>),
    Other(&'a str, Plain<'a>),
}

macro_rules! parts {
    ($($name:ident { $($(#[$attr:meta])* $field:ident: $type:ty,)* })*) => {$(
        #[doc = concat!("What a frame says: ", stringify!($name), ".")]
        #[derive(Debug, Default, Deserialize)]
        #[serde(default)]
        #[allow(missing_docs)]
        pub struct $name<'a> {
            #[serde(borrow)] pub qid: Option<&'a str>,
            pub result: Option<i64>,
            $($(#[$attr])* pub $field: $type,)*
        }
    )*};
}

parts! {
    Plain {}
    Picture {
        #[serde(borrow)] linestatestr: Option<&'a str>,
        #[serde(borrow)] chainid: Option<&'a str>,
        #[serde(borrow)] calledid: Option<&'a str>,
        timertalklensec: Option<i64>,
        isflashing: bool,
        #[serde(borrow)] flashed: Option<Abonent<'a>>,
        #[serde(borrow)] abonent: Option<Abonent<'a>>,
    }
    Queue {
        #[serde(borrow)] queue: Vec<Abonent<'a>>,
    }
    UserState {
        userstateid: Option<i64>,
        userstate: Option<i64>,
        oncallcenter: Option<bool>,
        onccmanual: Option<bool>,
        onlunch: Option<bool>,
        onredirect: Option<bool>,
        ontask: Option<bool>,
        lunchreasonid: Option<i64>,
    }
    Numbers {
        #[serde(borrow)] numbers: Vec<NumberState<'a>>,
    }
    ConferenceInfo {
        #[serde(borrow)] conference: Option<Mark<'a>>,
        #[serde(borrow)] competitors: Vec<Abonent<'a>>,
    }
    Composition {
        #[serde(borrow)] eventinfo: Option<CompositionInfo<'a>>,
    }
    CompositionInfo {
        #[serde(borrow)] conferenceid: Option<&'a str>,
        #[serde(borrow)] competitorlist: Vec<Abonent<'a>>,
    }
    Competitor {
        #[serde(borrow)] eventinfo: Option<CompetitorInfo<'a>>,
    }
    CompetitorInfo {
        #[serde(borrow)] conference: Option<Mark<'a>>,
        #[serde(borrow)] competitor: Option<Abonent<'a>>,
    }
    Mark {
        #[serde(borrow)] id: Option<&'a str>,
        isghost: bool,
    }
    Flash {
        flashtypeid: Option<i64>,
    }
    NumberState {
        #[serde(borrow)] num: Option<&'a str>,
        numstateid: Option<i64>,
    }
    Phone {
        #[serde(borrow)] chainid: Option<&'a str>,
        #[serde(borrow)] commutationid: Option<&'a str>,
        #[serde(borrow)] confid: Option<&'a str>,
        #[serde(borrow)] callerid: Option<&'a str>,
        #[serde(borrow)] callername: Option<&'a str>,
        #[serde(borrow)] callerdirection: Option<&'a str>,
        isextline: bool,
        isconference: bool,
        isroutingivr: bool,
    }
    Abonent {
        #[serde(borrow)] competitorid: Option<&'a str>,
        #[serde(borrow)] number: Option<&'a str>,
        #[serde(borrow)] userid: Option<&'a str>,
        #[serde(borrow)] callerid: Option<&'a str>,
        #[serde(borrow)] chainid: Option<&'a str>,
        #[serde(borrow)] conferenceid: Option<&'a str>,
        #[serde(borrow)] conferencename: Option<&'a str>,
        conferenceroom: Option<i64>,
        #[serde(borrow)] simplename: Option<&'a str>,
        #[serde(borrow)] username: Option<&'a str>,
        #[serde(borrow)] name: Option<&'a str>,
        #[serde(borrow)] caption: Option<&'a str>,
        #[serde(borrow)] userlogin: Option<&'a str>,
        #[serde(borrow)] ivrname: Option<&'a str>,
        #[serde(borrow)] comment: Option<&'a str>,
        #[serde(borrow)] direction: Option<&'a str>,
        #[serde(borrow)] extline: Option<&'a str>,
        #[serde(borrow)] confstatestr: Option<&'a str>,
        isautocall: bool,
        isringing: bool,
        iscommutated: bool,
        iswaitinginflash: bool,
        iswaitingforanswer: bool,
        isconference: bool,
        isivr: bool,
        isextline: bool,
        iscreator: bool,
        isdirector: bool,
        isghost: bool,
        isghostmajor: bool,
        ishidden: bool,
    }
}

/// Decodes one frame.
///
/// # Errors
/// Those of serde_json.
pub fn decode(text: &str) -> serde_json::Result<Frame<'_>> {
    let mut json = serde_json::Deserializer::from_str(text);
    let frame = json.deserialize_seq(Pair)?;
    json.end()?;
    Ok(frame)
}

struct Pair;

impl<'de> Visitor<'de> for Pair {
    type Value = Frame<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name and a body")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut pair: A) -> Result<Frame<'de>, A::Error> {
        let missing = || A::Error::custom("a pair of two");
        let name: &str = pair.next_element()?.ok_or_else(missing)?;
        let body = match name {
            "getextendedlineinforesult" => pair.next_element()?.map(Frame::Picture),
            "getcurrentqueueresult" => pair.next_element()?.map(Frame::Queue),
            "userstatechanged" => pair.next_element()?.map(Frame::UserState),
            "pbxnumberstatechanged" => pair.next_element()?.map(Frame::Numbers),
            "getconferenceinforesult" => pair.next_element()?.map(Frame::ConferenceInfo),
            "confcompositionchanged" => pair.next_element()?.map(Frame::Composition),
            "confcompetitorstatechanged" => pair.next_element()?.map(Frame::Competitor),
            "flashstatechanged" => pair.next_element()?.map(Frame::Flash),
            _ if name.starts_with("phoneevent_") => pair.next_element()?.map(|body| Frame::Phone(name, body)),
            _ => pair.next_element()?.map(|body| Frame::Other(name, body)),
        };
        let frame = body.ok_or_else(missing)?;
        match pair.next_element::<IgnoredAny>()? {
            None => Ok(frame),
            Some(IgnoredAny) => Err(missing()),
        }
    }
}
