//! Laws that hold for every session, drawn at random: see `callfold_tests::transition` for what a walk checks
//! after every step.
//!
//! A session that fails shrinks, and is printed as text; put it into `tests/regressions/NAME.session` at the
//! top of the repository, where it is run again by [`kept_sessions_hold`].

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::wildcard_enum_match_arm,
    missing_docs
)]

use callfold_engine::{
    BreakReason, CallSequence, Command, CommandId, Config, Credential, CredentialHandle, Endpoint, GhostMode,
    JsonText, Machine, NewConference, SocketId, Timer,
};
use callfold_tests::transition::{Transition, Walk, from_text, to_text};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

const ME: &str = "d8af50ea-74a6-4a57-b0d5-451962f6c042";
const ANNA: &str = "3357f4d2-b37c-4809-9a1a-e4d64808de1b";
const CONF: &str = "9f3a1f00-1111-4222-8333-444455556666";
const CONF2: &str = "9f3a1f00-2222-4222-8333-444455556666";

/// Frames of real sessions, as they came.
const REAL_FRAMES: &[&str] = &[
    r#"["userstatechanged",{"qid":"f5324ad4-0198-4bb3-a51b-b0953f2e14f6","userid":"d8af50ea-74a6-4a57-b0d5-451962f6c042","userlogin":"ivanov","userstate":5,"userstateid":5,"oncallcenter":false,"onccmanual":false,"onlunch":false,"onredirect":false}]"#,
    r#"["phoneevent_ringstarted",{"qid":"b929196b-72cd-48d2-abee-28fc2bce0532","userid":"d8af50ea-74a6-4a57-b0d5-451962f6c042","userlogin":"ivanov","chainid":"d6c8232d-4e4a-48bb-954e-c719582a4718","callerid":"+79161234567","callername":"ООО Ромашка","isextline":true,"isconference":false,"istask":false,"callerdirection":"oktell_ext"}]"#,
    r#"["phoneevent_commstarted",{"qid":"e6567985-8a37-44d7-a386-538e888a939e","userid":"d8af50ea-74a6-4a57-b0d5-451962f6c042","chainid":"d6c8232d-4e4a-48bb-954e-c719582a4718","commutationid":"3d04940b-a94b-4eb5-a69c-74293d0d01a0","callerid":"+79161234567","isextline":true,"isconference":false}]"#,
    r#"["phoneevent_commstarted",{"qid":"92e1039a-7bae-458e-a7b7-2ac8d1c684c0","isconference":true,"confid":"9f3a1f00-1111-4222-8333-444455556666","chainid":"e1f0aa10-7b3b-4e21-b0aa-1d4f3c2b9a03"}]"#,
    r#"["phoneevent_commstopped",{"qid":"1","chainid":"d6c8232d-4e4a-48bb-954e-c719582a4718"}]"#,
    r#"["phoneevent_acmcallstarted",{"qid":"2","userlogin":"ivanov"}]"#,
    r#"["linestatechanged",{"qid":"3","userid":"d8af50ea-74a6-4a57-b0d5-451962f6c042"}]"#,
    r#"["flashstatechanged",{"qid":"4","flashtypeid":1}]"#,
    r#"["websocketredirect",{"qid":"5"}]"#,
    r#"["pbxnumberstatechanged",{"qid":"6","numbers":[{"num":"102","numstateid":5},{"num":"103","numstateid":"1"}]}]"#,
    r#"["multipart",{"message-id":"m","packetcount":2,"packetnumber":0,"content-type":"text","content-transfer-encoding":"base64","content":"WyJ1c2Vyc3RhdGVjaGFuZw=="}]"#,
    r#"["multipart",{"message-id":"m","packetcount":2,"packetnumber":1,"content-type":"text","content-transfer-encoding":"base64","content":"ZWQiLHsidXNlcnN0YXRlaWQiOjV9XQ=="}]"#,
    r#"["customevent",{"qid":"7","eventname":"x","eventparam":{"a":[1,2,null]}}]"#,
    r#"["httpresponsecopy",{"qid":"8","response":"200","password":"***","content":""}]"#,
];

// ---- sensible and silly values ----

fn id() -> impl Strategy<Value = Value> {
    prop_oneof![
        6 => select(vec![json!(ME), json!(ANNA), json!("101"), json!("102"), json!("+79161234567")]),
        2 => select(vec![json!(CONF), json!(CONF2), json!("00000000-0000-0000-0000-000000000000")]),
        1 => select(vec![json!(""), json!(null), json!(0), json!(-1), json!(i64::MAX), json!("Ж\u{202e}\u{0}")]),
    ]
}

fn flag() -> impl Strategy<Value = Value> {
    select(vec![json!(true), json!(false), json!(1), json!(0), json!("1"), json!(null), json!([])])
}

fn number() -> impl Strategy<Value = Value> {
    prop_oneof![
        6 => (0_i64..9).prop_map(Value::from),
        1 => select(vec![json!("3"), json!(-1), json!(i64::MIN), json!(i64::MAX), json!("x"), json!(1.5)]),
    ]
}

/// Some of these fields, each with a value of its kind.
fn fields(
    ids: &'static [&'static str],
    flags: &'static [&'static str],
    numbers: &'static [&'static str],
) -> BoxedStrategy<Value> {
    let some = |names: &'static [&'static str], value: BoxedStrategy<Value>| {
        prop::collection::vec((select(names.to_vec()), value), 0..=4)
    };
    let ids = if ids.is_empty() { Just(Vec::new()).boxed() } else { some(ids, id().boxed()).boxed() };
    let flags = if flags.is_empty() { Just(Vec::new()).boxed() } else { some(flags, flag().boxed()).boxed() };
    let numbers =
        if numbers.is_empty() { Just(Vec::new()).boxed() } else { some(numbers, number().boxed()).boxed() };
    (ids, flags, numbers)
        .prop_map(|(ids, flags, numbers)| {
            let all = ids.into_iter().chain(flags).chain(numbers);
            Value::Object(all.map(|(name, value)| (name.to_owned(), value)).collect())
        })
        .boxed()
}

fn with(mut body: Value, name: &str, value: Value) -> Value {
    body[name] = value;
    body
}

fn abonent() -> BoxedStrategy<Value> {
    let any = fields(
        &[
            "competitorid",
            "number",
            "userid",
            "callerid",
            "chainid",
            "name",
            "username",
            "ivrname",
            "extline",
        ],
        &[
            "isautocall",
            "isringing",
            "iscommutated",
            "iswaitinginflash",
            "isconference",
            "isivr",
            "iswaitingforanswer",
            "isextline",
            "iscreator",
            "isghost",
            "isghostmajor",
        ],
        &[],
    );
    let state = select(vec!["Commutated", "Exited", "MisInviteBusy", "", "Новое"]);
    (any, prop::option::weighted(0.2, id()), state)
        .prop_map(|(abonent, conference, state)| {
            let abonent = with(abonent, "confstatestr", state.into());
            conference.map_or(abonent.clone(), |id| with(abonent, "conferenceid", id))
        })
        .boxed()
}

fn competitors() -> impl Strategy<Value = Value> {
    prop::collection::vec(abonent(), 0..5).prop_map(Value::from)
}

fn conference_id() -> impl Strategy<Value = Value> {
    prop_oneof![4 => Just(json!(CONF)), 2 => Just(json!(CONF2)), 1 => id()]
}

fn picture() -> BoxedStrategy<Value> {
    let line = select(vec!["lsConnected", "lsCommutated", "lsDisconnected", "lsReserved", "lsRinging", "?"]);
    let rest = fields(&["chainid", "calledid"], &["isflashing"], &["timertalklensec"]);
    (line, rest, prop::option::weighted(0.9, abonent()), prop::option::weighted(0.3, abonent()))
        .prop_map(|(line, rest, abonent, flashed)| {
            let mut picture = with(rest, "linestatestr", line.into());
            if let Some(abonent) = abonent {
                picture["abonent"] = abonent;
            }
            if let Some(flashed) = flashed {
                picture["flashed"] = flashed;
                picture["isflashing"] = json!(true);
            }
            picture
        })
        .boxed()
}

fn user_state() -> BoxedStrategy<Value> {
    fields(
        &[],
        &["oncallcenter", "onccmanual", "onlunch", "onredirect", "ontask"],
        &["userstateid", "lunchreasonid", "userstate"],
    )
}

fn version() -> impl Strategy<Value = Value> {
    let dated = select(vec![json!(150_601), json!(150_415), json!(120_101), json!(130_101), json!("140101")]);
    prop::option::weighted(0.9, dated)
        .prop_map(|dated| json!({ "version": { "dated": dated }, "alloweddbstoredprocs": { "proc": 1 } }))
}

fn conference_info() -> impl Strategy<Value = Value> {
    (conference_id(), flag(), competitors()).prop_map(
        |(id, ghost, list)| json!({ "conference": { "id": id, "isghost": ghost }, "competitors": list }),
    )
}

// ---- frames and answers ----

/// An answer to a method: as a server answers, refused, or with a body of another.
fn answer() -> BoxedStrategy<Transition> {
    let as_asked = |method: &'static str, body: BoxedStrategy<Value>| {
        body.prop_map(move |body| Transition::Answer(method.to_owned(), body.to_string())).boxed()
    };
    let plain = || Just(json!({})).boxed();
    let users = Just(json!({ "users": [
        { "id": ANNA, "main": "102", "nums": ["102"], "sub": true }, { "id": ME, "main": "101" },
    ] }));
    let numbers =
        Just(json!({ "numbers": [{ "number": "102", "state": 1 }, { "number": "103", "state": "5" }] }));
    let methods: Vec<BoxedStrategy<Transition>> = vec![
        as_asked("ping", plain()),
        as_asked("login", Just(json!({ "userid": ME, "sessionid": "S" })).boxed()),
        as_asked("getversion", version().boxed()),
        as_asked("getmyuserinfo", Just(json!({ "mainpbxnumber": "101", "username": "Иванов" })).boxed()),
        as_asked("cc_getlunchtypes", Just(json!({ "items": [{ "id": 2, "name": "x" }] })).boxed()),
        as_asked("getuserstate", user_state()),
        as_asked("setuserstate", user_state()),
        as_asked("getredirectrules", plain()),
        as_asked("getpbxnumbers", numbers.boxed()),
        as_asked("getallusernumbers", users.boxed()),
        as_asked("getextendedlineinfo", picture()),
        as_asked("getextendedlineinfo", picture()),
        as_asked("getextendedlineinfo", picture()),
        as_asked("getcurrentqueue", competitors().prop_map(|queue| json!({ "queue": queue })).boxed()),
        as_asked("getconferenceinfo", conference_info().boxed()),
        as_asked(
            "getconferencecompetitors",
            competitors().prop_map(|l| json!({ "competitorlist": l })).boxed(),
        ),
        as_asked(
            "checkcanconnecttogathertoconference",
            flag().prop_map(|f| json!({ "canconnecttogather": f })).boxed(),
        ),
    ];
    let any = prop_oneof![
        4 => Just(json!({ "result": 1 })),
        2 => Just(json!({ "result": 0, "error": 52_710, "errormsg": "no" })),
        1 => picture(),
        1 => Just(json!([])),
    ];
    prop_oneof![
        6 => prop::strategy::Union::new(methods),
        2 => (0_u8..4, any).prop_map(|(back, body)| Transition::AnswerAny(back, body.to_string())),
    ]
    .boxed()
}

fn event() -> BoxedStrategy<Transition> {
    let named = |name: &'static str, body: BoxedStrategy<Value>| {
        body.prop_map(move |body| Transition::Frame(json!([name, body]).to_string())).boxed()
    };
    let phone = || {
        fields(
            &["chainid", "commutationid", "confid", "callerid"],
            &["isconference", "isroutingivr", "isextline"],
            &[],
        )
    };
    let composition = (conference_id(), competitors())
        .prop_map(|(id, list)| json!({ "eventinfo": { "conferenceid": id, "competitorlist": list } }));
    let competitor = (conference_id(), abonent())
        .prop_map(|(id, one)| json!({ "eventinfo": { "conference": { "id": id }, "competitor": one } }));
    let piece =
        (0_i64..3, 0_i64..4, select(vec!["a", "b", ""]), select(vec!["QQ==", "WyJwb25nIix7fV0=", "!", ""]))
            .prop_map(|(count, number, id, content)| {
                json!({
                    "message-id": id, "packetcount": count, "packetnumber": number, "content": content,
                })
            });
    let mut events = vec![
        named("linestatechanged", Just(json!({})).boxed()),
        named("flashstatechanged", fields(&[], &[], &["flashtypeid"])),
        named("userstatechanged", user_state()),
        named("userstatechanged", user_state()),
        named(
            "pbxnumberstatechanged",
            Just(json!({ "numbers": [{ "num": "102", "numstateid": 5 }] })).boxed(),
        ),
        named("confcompositionchanged", composition.boxed()),
        named("confcompetitorstatechanged", competitor.boxed()),
        named("customevent", Just(json!({ "eventname": "x", "eventparam": [1] })).boxed()),
        named("websocketredirect", Just(json!({})).boxed()),
        named("multipart", piece.boxed()),
        named("brandnewevent", abonent()),
        named("getextendedlineinforesult", picture()),
        named("getcurrentqueueresult", competitors().prop_map(|q| json!({ "queue": q })).boxed()),
        named("getconferenceinforesult", conference_info().boxed()),
        select(REAL_FRAMES.to_vec()).prop_map(|text| Transition::Frame(text.to_owned())).boxed(),
    ];
    for name in [
        "phoneevent_ringstarted",
        "phoneevent_ringstopped",
        "phoneevent_commstarted",
        "phoneevent_commstopped",
        "phoneevent_ivrstarted",
        "phoneevent_ivrstopped",
        "phoneevent_acmcallstarted",
        "phoneevent_acmcallstopped",
        "phoneevent_faxreceived",
    ] {
        events.push(named(name, phone()));
    }
    prop::strategy::Union::new(events).boxed()
}

// ---- commands ----

fn target() -> impl Strategy<Value = &'static str> {
    select(vec!["101", "102", "103", "+79161234567", ME, ANNA, "", "999"])
}

fn endpoint() -> impl Strategy<Value = Endpoint> {
    let addresses = prop_oneof![
        6 => Just(vec!["pbx.local"]),
        2 => Just(vec!["a.local", "wss://b.local:4066"]),
        1 => select(vec![vec![], vec!["http://x"], vec!["a"; 11]]),
    ];
    let credential = prop_oneof![
        6 => Just(Credential::Password(CredentialHandle(1))),
        1 => Just(Credential::Session(CredentialHandle(2))),
        1 => Just(Credential::Missing),
    ];
    (addresses, credential).prop_map(|(addresses, credential)| Endpoint {
        addresses: addresses.into_iter().map(Into::into).collect(),
        login: "ivanov".into(),
        credential,
        workplace: None,
        expires: None,
    })
}

fn reason() -> impl Strategy<Value = Option<BreakReason>> {
    select(vec![
        None,
        Some(BreakReason::Id(2)),
        Some(BreakReason::Id(77)),
        Some(BreakReason::Text("x".into())),
    ])
}

fn command() -> BoxedStrategy<Command> {
    let sequence = select(vec![CallSequence::AgentFirst, CallSequence::PartyFirst]);
    let mode = select(vec![GhostMode::Listen, GhostMode::Help, GhostMode::Conference]);
    let status =
        || select(vec!["ready", "readyCC", "readyCCManual", "busy", "dnd", "redirect", "break", "x"]);
    let numbers = || prop::option::of(prop::collection::vec(target().prop_map(Into::into), 0..3));
    let given = prop::option::of((select(vec![CONF, CONF2]), any::<u16>()))
        .prop_map(|given| given.map(|(id, room)| NewConference { id: id.into(), room }));
    let params = select(vec![None, Some(r#"{"a":1}"#), Some("[1]"), Some("{")]);
    prop_oneof![
        3 => endpoint().prop_map(Command::Connect),
        1 => Just(Command::Disconnect),
        3 => (target(), sequence)
            .prop_map(|(number, sequence)| Command::Call { number: number.into(), sequence }),
        1 => target().prop_map(|number| Command::Intercom { number: number.into() }),
        3 => Just(Command::Answer),
        2 => numbers().prop_map(|targets| Command::EndCall { targets }),
        2 => select(vec![Command::Hold, Command::Toggle, Command::Commutate, Command::Dtmf, Command::Resume]),
        2 => prop::option::of(target())
            .prop_map(|number| Command::Transfer { number: number.map(Into::into) }),
        4 => (numbers(), given).prop_map(|(numbers, given)| Command::Conference { numbers, given }),
        3 => (mode, target()).prop_map(|(mode, target)| Command::Ghost { mode, target: target.into() }),
        2 => (status(), reason())
            .prop_map(|(status, reason)| Command::SetStatus { status: status.into(), reason }),
        3 => (status(), reason())
            .prop_map(|(status, reason)| Command::SetUserStatus { status: status.into(), reason }),
        1 => target().prop_map(|number| Command::SetRedirectNumber { number: number.into() }),
        1 => (select(vec!["getsomething", "PROC", ""]), params).prop_map(|(method, params)| Command::Exec {
            method: method.into(),
            params: params.map(JsonText::new),
        }),
        1 => Just(Command::HttpPassword),
        1 => Just(Command::CallJournal { chain: "c".into() }),
        1 => any::<bool>().prop_map(|send_back| Command::TriggerCustomEvent {
            name: "x".into(),
            recipients: None,
            data: Some(JsonText::new("{}")),
            send_back,
        }),
    ]
    .boxed()
}

// ---- sessions ----

fn stray() -> impl Strategy<Value = Timer> {
    prop_oneof![
        select(vec![
            Timer::Answer,
            Timer::KeepAlive,
            Timer::Queue,
            Timer::Picture,
            Timer::Multipart,
            Timer::Reconnect
        ]),
        (0_u64..3).prop_map(|socket| Timer::Open(SocketId(socket))),
        (0_u64..3).prop_map(|command| Timer::LookAfterAnswer(CommandId(command))),
        (0_u64..3).prop_map(|command| Timer::ConferenceBuilt(CommandId(command))),
        (0_u64..3).prop_map(|command| Timer::GhostMode(CommandId(command))),
    ]
}

fn transition() -> BoxedStrategy<Transition> {
    prop_oneof![
        3 => (0_u8..3).prop_map(Transition::Opened),
        1 => (0_u8..3).prop_map(Transition::Refused),
        1 => (0_u8..3).prop_map(Transition::Closed),
        30 => answer(),
        20 => event(),
        1 => (0_u8..4, select(REAL_FRAMES.to_vec()))
            .prop_map(|(back, text)| Transition::FrameOn(back, text.to_owned())),
        2 => prop::collection::vec(any::<u8>(), 0..40).prop_map(Transition::Bytes),
        1 => prop::collection::vec(any::<u8>(), 0..8).prop_map(Transition::Binary),
        12 => command().prop_map(Transition::Command),
        10 => select(vec![0, 1, 50, 399, 500, 700, 2_000, 5_000, 20_000, 60_000]).prop_map(Transition::Wait),
        6 => Just(Transition::NextTimer),
        1 => select(vec![-1, 1, -60_000, 60_000, 86_400_000, -31_536_000_000, 31_536_000_000])
            .prop_map(Transition::Jump),
        2 => stray().prop_map(Transition::Stray),
        1 => select(vec!["x", "1", ""]).prop_map(|name| Transition::Named(name.to_owned())),
        3 => Just(Transition::Restore),
    ]
    .boxed()
}

/// A login that gets through, so that most sessions are about calls.
fn logged_in() -> Vec<Transition> {
    let lines = format!(
        "!{}\no0\naping {{}}\nalogin {{\"userid\":\"{ME}\"}}\nagetcurrentqueue {{}}\n\
         agetversion {{\"version\":{{\"dated\":150601}},\"alloweddbstoredprocs\":{{\"proc\":1}}}}\n\
         agetmyuserinfo {{\"mainpbxnumber\":\"101\"}}\nacc_getlunchtypes {{\"items\":[{{\"id\":2}}]}}\n\
         agetuserstate {{\"userstateid\":1,\"oncallcenter\":false}}\nagetredirectrules {{}}\n\
         agetpbxnumbers {{\"numbers\":[{{\"number\":\"102\",\"state\":1}}]}}\n\
         agetallusernumbers {{\"users\":[{{\"id\":\"{ANNA}\",\"main\":\"102\",\"sub\":true}}]}}\n\
         agetextendedlineinfo {{\"linestatestr\":\"lsConnected\",\"abonent\":{{}}}}\n",
        serde_json::to_string(&Command::Connect(Endpoint {
            addresses: vec!["pbx.local".into()],
            login: "ivanov".into(),
            credential: Credential::Password(CredentialHandle(1)),
            workplace: None,
            expires: None,
        }))
        .unwrap()
    );
    from_text(lines.as_bytes()).collect()
}

fn session() -> impl Strategy<Value = Vec<Transition>> {
    (prop::bool::weighted(0.9), prop::collection::vec(transition(), 1..120)).prop_map(|(login, walk)| {
        let start = if login { logged_in() } else { Vec::new() };
        start.into_iter().chain(walk).collect()
    })
}

fn config() -> impl Strategy<Value = Config> {
    select(vec![Config::live(), Config::live(), Config::replay()])
}

fn cases(dev: u32) -> ProptestConfig {
    let kept = callfold_tests::cases(dev);
    ProptestConfig { max_shrink_iters: 20_000, ..kept }
}

proptest! {
    #![proptest_config(cases(500))]

    #[test]
    fn no_session_breaks_a_law(config in config(), session in session()) {
        let text = to_text(&session);
        let ran = std::panic::catch_unwind(|| {
            Walk::new(config.clone()).run(session.iter().cloned());
        });
        prop_assert!(ran.is_ok(), "{:?}, as a file:\n{text}", config.mode);
    }

    #[test]
    fn the_same_session_gives_the_same_bytes(config in config(), session in session()) {
        let bytes = || {
            let mut walk = Walk::new(config.clone()).storing();
            walk.run(session.iter().cloned());
            (walk.stored().to_vec(), walk.machine().snapshot())
        };
        prop_assert!(bytes() == bytes());
    }

    #[test]
    fn a_clock_set_anywhere_breaks_nothing(
        session in session(),
        clocks in prop::collection::vec(
            select(vec![i64::MIN, i64::MIN + 1, -1, 0, 1, 1_768_197_600_000_000, i64::MAX - 1, i64::MAX]),
            1..6,
        ),
        every in 1_usize..30,
    ) {
        let mut clocks = clocks.into_iter().cycle();
        let mut walk = Walk::new(Config::live());
        for (place, transition) in session.iter().enumerate() {
            if place % every == 0 {
                walk.step(&Transition::Clock(clocks.next().unwrap()));
            }
            walk.step(transition);
        }
        walk.step(&Transition::Wait(60_000));
        walk.step(&Transition::Restore);
    }

    #[test]
    fn a_session_survives_being_written_as_text(session in session()) {
        let text = to_text(&session);
        let again: Vec<Transition> = from_text(text.as_bytes()).collect();
        prop_assert_eq!(to_text(&again), text);
    }

    #[test]
    fn bytes_that_are_no_snapshot_are_refused_and_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        let _ = Machine::restore(&bytes);
        let _ = Machine::restore(&[&[1], bytes.as_slice()].concat());
    }

    #[test]
    fn a_damaged_snapshot_is_an_error_or_a_machine_and_never_panics(
        session in session(),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut walk = Walk::new(Config::live());
        walk.run(session.iter().cloned());
        let snapshot = walk.machine().snapshot();
        let mut damaged = snapshot.clone();
        for (place, byte) in damage {
            damaged[place.index(snapshot.len())] ^= byte;
        }
        callfold_tests::fuzz::snapshot(&damaged);
        let _ = Machine::restore(&snapshot[..cut.index(snapshot.len())]).unwrap_err();
        let longer = [snapshot.as_slice(), &[0]].concat();
        let _ = Machine::restore(&longer).unwrap_err();
    }
}

/// Sessions that failed once.
#[test]
fn kept_sessions_hold() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/regressions");
    let mut files = 0;
    for file in std::fs::read_dir(folder).expect("tests/regressions") {
        let path = file.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "session") {
            callfold_tests::fuzz::session(&std::fs::read(&path).unwrap());
            files += 1;
        }
    }
    assert!(files > 0, "the folder is empty");
}

// ---- floods ----

/// What a server floods with, the n-th frame of it; none has the same id as another.
type Flood = fn(u32) -> Transition;

fn frame(name: &str, body: &Value) -> Transition {
    Transition::Frame(json!([name, body]).to_string())
}

/// The snapshot's length after a flood of 20,000 frames, with the server asked and answering in between.
fn flooded(flood: Flood) -> usize {
    let mut walk = Walk::new(Config::live());
    for transition in logged_in() {
        walk.step(&transition);
    }
    let conference =
        json!({ "linestatestr": "lsCommutated", "abonent": { "conferenceid": CONF, "isconference": true } });
    walk.step(&frame("phoneevent_ringstarted", &json!({})));
    walk.step(&Transition::Answer("getextendedlineinfo".into(), conference.to_string()));
    walk.step(&Transition::Answer(
        "getconferenceinfo".into(),
        json!({ "conference": { "id": CONF } }).to_string(),
    ));
    for n in 0..20_000 {
        walk.step(&flood(n));
    }
    walk.machine().snapshot().len()
}

#[track_caller]
fn stays_bounded(flood: Flood) {
    let length = flooded(flood);
    assert!(length < 1_048_576, "{length} bytes after the flood");
}

#[test]
fn a_flood_of_competitors_is_bounded() {
    stays_bounded(|n| {
        let one = json!({ "competitorid": format!("c-{n}"), "number": n, "username": "x".repeat(100) });
        frame(
            "confcompetitorstatechanged",
            &json!({ "eventinfo": { "conference": { "id": CONF }, "competitor": one } }),
        )
    });
}

#[test]
fn a_flood_of_conferences_is_bounded() {
    stays_bounded(|n| {
        frame("phoneevent_commstarted", &json!({ "isconference": true, "confid": format!("f-{n}") }))
    });
}

#[test]
fn a_flood_of_line_events_is_bounded() {
    stays_bounded(|n| match n % 3 {
        0 => frame("linestatechanged", &json!({})),
        1 => Transition::Jump(1),
        _ => frame("phoneevent_ringstarted", &json!({ "chainid": format!("{n}") })),
    });
}

#[test]
fn a_flood_of_pieces_is_bounded() {
    stays_bounded(|n| {
        let piece = json!({
            "message-id": format!("m-{n}"), "packetcount": 64, "packetnumber": n % 64, "content": "QUFB".repeat(2_000),
        });
        frame("multipart", &piece)
    });
}

#[test]
fn a_flood_of_user_states_is_bounded() {
    stays_bounded(|n| {
        frame("userstatechanged", &json!({ "userstateid": n % 8, "lunchreasonid": n, "oncallcenter": n % 2 }))
    });
}

#[test]
fn a_flood_of_answers_to_nothing_is_bounded() {
    stays_bounded(|n| match n % 3 {
        0 => frame("getextendedlineinforesult", &json!({ "qid": n, "abonent": { "number": n } })),
        1 => frame("getcurrentqueueresult", &json!({ "qid": n, "queue": [{ "number": n }] })),
        _ => frame(&format!("unknown{n}"), &json!({ "qid": format!("x{n}") })),
    });
}

#[test]
fn a_flood_of_number_states_is_bounded() {
    stays_bounded(|n| {
        frame("pbxnumberstatechanged", &json!({ "numbers": [{ "num": format!("{n}"), "numstateid": 5 }] }))
    });
}

#[test]
fn a_flood_of_redirects_is_bounded() {
    stays_bounded(|_| frame("websocketredirect", &json!({})));
}

#[test]
fn a_flood_of_commands_without_answers_is_bounded() {
    stays_bounded(|n| {
        Transition::Command(match n % 3 {
            0 => Command::Call { number: "102".into(), sequence: CallSequence::AgentFirst },
            1 => Command::HttpPassword,
            _ => Command::Exec { method: "x".into(), params: None },
        })
    });
}
