//! Conferences and ghosts.

use callfold_simulator::{Faults, PbxBuilder};
use serde_json::json;

use super::*;
use crate::stage::Step::{Calls, Command, Does, Leaves, Told};

pub(super) const STORIES: &[Story] = &[
    story(
        "conference-created",
        &[
            Command,
            Told("connect"),
            Command,
            Told("talkStart"),
            Does(|simulator| {
                simulator.with(|pbx, now| {
                    pbx.answer(now, "102").unwrap();
                    pbx.answer(now, "103").unwrap();
                });
            }),
            Told("abonentsChange"),
            Command,
            Told("conferenceAbonentLeave"),
            Command,
            Told("readyStart"),
        ],
    ),
    story(
        "conference-from-talk",
        &[
            Command,
            Told("connect"),
            Calls(CUSTOMER),
            Told("ringStart"),
            AGENT_ANSWERS,
            Told("talkStart"),
            Command,
            Told("conference"),
            COLLEAGUE_ANSWERS,
            Told("conferenceAbonentEnter"),
            Leaves(CUSTOMER),
            Told("conferenceAbonentLeave"),
            Command,
            Told("readyStart"),
        ],
    ),
    Story {
        faults: || instead("getconferenceinfo", json!({ "result": 0 })),
        ..story(
            "conference-info-refused",
            &[
                Command,
                Told("connect"),
                WITH_COLLEAGUE,
                Told("talkStart"),
                AGENT_HANGS_UP,
                Told("readyStart"),
            ],
        )
    },
    story(
        "competitor-told-alone",
        &[
            Command,
            Told("connect"),
            WITH_COLLEAGUE,
            Told("talkStart"),
            Does(|simulator| {
                simulator.with(|pbx, now| {
                    pbx.invite(now, "101", CLIENT).unwrap();
                    let client = pbx.find_outside(CLIENT).unwrap();
                    pbx.answer(now, client).unwrap();
                });
            }),
            Told("conferenceAbonentEnter"),
            COLLEAGUE_HANGS_UP,
            Told("conferenceAbonentLeave"),
            // One who is busy is invited in vain.
            Does(|simulator| {
                simulator.dial("103", CUSTOMER).unwrap();
                simulator.with(|pbx, now| pbx.invite(now, "101", "103")).unwrap();
            }),
            AGENT_HANGS_UP,
            Told("readyStart"),
        ],
    ),
    story(
        "invite-from-hold",
        &[
            Command,
            Told("connect"),
            // A conference is opened while a customer is on hold. How the customer got there is not told.
            Does(|simulator| {
                let silent =
                    ["phoneevent_ringstarted".to_owned(), "phoneevent_ringstopped".to_owned()].into();
                simulator.set_faults(Faults { silent, ..Faults::default() });
                simulator.with(|pbx, now| {
                    pbx.external_call(now, CUSTOMER, "101");
                    pbx.answer(now, "101").unwrap();
                    pbx.hold(now, "101").unwrap();
                    pbx.conference(now, "101", &["102"]).unwrap();
                });
            }),
            Told("talkStart"),
            Command,
            Told("conferenceAbonentEnter"),
            Told("holdStateChange"),
            Command,
            Told("conference"),
            AGENT_HANGS_UP,
            Told("readyStart"),
        ],
    ),
    Story {
        layout: with_subordinate,
        ..story(
            "ghost",
            &[
                Command,
                Told("connect"),
                Does(|simulator| {
                    simulator.dial("103", CUSTOMER).unwrap();
                    simulator.answer(find(simulator, CUSTOMER)).unwrap();
                }),
                Command,
                Told("talkStart"),
                Command,
                Command,
                Command,
                Command,
                Told("ghostHelp"),
                AGENT_HANGS_UP,
                Told("readyStart"),
            ],
        )
    },
    Story {
        layout: without_rights,
        ..story(
            "ghost-refused",
            &[
                Command,
                Told("connect"),
                Command,
                Told("ghostListen"),
                Does(|simulator| {
                    simulator.set_faults(instead("attachasghost", json!({ "result": 0, "error": 1 })));
                }),
                Command,
                Told("ghostHelp"),
                Calls(CUSTOMER),
                Told("ringStart"),
                Command,
                Told("ghostListen"),
                Leaves(CUSTOMER),
                Told("readyStart"),
            ],
        )
    },
];

const WITH_COLLEAGUE: Step = Does(|simulator| {
    simulator.with(|pbx, now| pbx.conference(now, "101", &["102"])).unwrap();
});

fn with_subordinate() -> PbxBuilder {
    outsiders().user(agent()).user(sidorov().subordinate_of("ivanov")).spare_number("102")
}

fn without_rights() -> PbxBuilder {
    outsiders().user(agent()).user(sidorov()).spare_number("102")
}
