//! Calls: incoming, outgoing, called back, answered, declined, refused.

use callfold::Span;
use callfold_simulator::{AgentState, Chance, Faults, PbxBuilder, Presence};

use super::*;
use crate::stage::Step::{Calls, Command, Does, Leaves, Told};

pub(super) const STORIES: &[Story] = &[
    story(
        "incoming-answered",
        &[
            Command,
            Told("connect"),
            Calls(CUSTOMER),
            Told("ringStart"),
            AGENT_ANSWERS,
            Told("talkStart"),
            Leaves(CUSTOMER),
            Told("readyStart"),
        ],
    ),
    story(
        "incoming-abandoned",
        &[Command, Told("connect"), Calls(CLIENT), Told("ringStart"), Leaves(CLIENT), Told("readyStart")],
    ),
    story(
        "incoming-declined",
        &[Command, Told("connect"), Calls(CUSTOMER), Told("ringStart"), Command, Told("readyStart")],
    ),
    story(
        "incoming-internal-ended-by-api",
        &[
            Command,
            Told("connect"),
            COLLEAGUE_CALLS,
            Told("ringStart"),
            AGENT_ANSWERS,
            Told("talkStart"),
            Command,
            Told("readyStart"),
        ],
    ),
    story(
        "answer-from-application",
        &[
            Command,
            Told("connect"),
            Calls(CUSTOMER),
            Told("ringStart"),
            Command,
            Told("talkStart"),
            Told("answer"),
            Leaves(CUSTOMER),
            Told("readyStart"),
        ],
    ),
    Story {
        layout: layout_by_hand,
        ..story(
            "answer-not-supported",
            &[
                Command,
                Told("connect"),
                Calls(CUSTOMER),
                Told("ringStart"),
                Command,
                Told("answer"),
                Command,
                Told("answer"),
                Leaves(CUSTOMER),
                Told("readyStart"),
                Command,
            ],
        )
    },
    story(
        "call-errors",
        &[
            Command,
            Told("connect"),
            Command,
            Does(|simulator| set_agent(simulator, Presence::Busy)),
            Told("userStateChange"),
            Command,
            Does(|simulator| set_agent(simulator, Presence::Ready)),
            Told("userStateChange"),
            Calls(CUSTOMER),
            Told("ringStart"),
            Command,
            AGENT_ANSWERS,
            Told("talkStart"),
            Command,
            Command,
            Command,
            // A colleague who answers at once, dialled at the phone: the customer is on hold.
            Does(|simulator| {
                simulator.with(|pbx, now| {
                    pbx.dial(now, "101", "102").unwrap();
                    pbx.answer(now, "102").unwrap();
                });
            }),
            Told("holdStateChange"),
            Told("abonentsChange"),
            Command,
            AGENT_HANGS_UP,
            Told("readyStart"),
            Command,
            Command,
            // The phone goes away, and the server does not tell that the agent has none.
            Does(|simulator| {
                let silent = ["userstatechanged".to_owned()].into();
                simulator.set_faults(Faults { silent, ..Faults::default() });
                simulator.unplug("101").unwrap();
            }),
            Told("readyStop"),
            Command,
        ],
    ),
    story(
        "callback-talk",
        &[
            Command,
            Told("connect"),
            Command,
            Told("callStart"),
            Told("backRingStart"),
            AGENT_ANSWERS,
            Told("callStart"),
            CUSTOMER_ANSWERS,
            Told("talkStart"),
            Command,
            Told("readyStart"),
        ],
    ),
    Story {
        layout: slow_callback,
        ..story("callback-aborted", &[Command, Told("connect"), Command, Told("callStart"), Command])
    },
    story(
        "outgoing-from-phone",
        &[
            Command,
            Told("connect"),
            Does(|simulator| simulator.dial("101", CUSTOMER).unwrap()),
            Told("callStart"),
            CUSTOMER_ANSWERS,
            Told("talkStart"),
            Leaves(CUSTOMER),
            Told("readyStart"),
        ],
    ),
    story(
        "outgoing-not-answered",
        &[
            Command,
            Told("connect"),
            Does(|simulator| simulator.dial("101", "103").unwrap()),
            Told("callStart"),
            AGENT_HANGS_UP,
            Told("readyStart"),
        ],
    ),
    Story {
        layout: with_menu,
        ..story(
            "ivr",
            &[
                Command,
                Told("connect"),
                Does(|simulator| simulator.dial("101", MENU).unwrap()),
                Told("talkStart"),
                Does(|simulator| {
                    simulator.with(|pbx, now| {
                        pbx.choose(now, "101", "102").unwrap();
                        pbx.answer(now, "102").unwrap();
                    });
                }),
                Told("abonentsChange"),
                COLLEAGUE_HANGS_UP,
                Told("readyStart"),
            ],
        )
    },
    story(
        "transfer-done",
        &[
            Command,
            Told("connect"),
            Calls(CLIENT),
            Told("ringStart"),
            AGENT_ANSWERS,
            Told("talkStart"),
            Command,
            Told("readyStart"),
            // Taken while a colleague is called, who waits then.
            Calls(CUSTOMER),
            Told("ringStart"),
            Does(|simulator| {
                simulator.with(|pbx, now| {
                    pbx.answer(now, "101").unwrap();
                    pbx.dial(now, "101", "102").unwrap();
                    pbx.answer(now, "102").unwrap();
                    pbx.hold(now, "101").unwrap();
                });
            }),
            Told("talkStart"),
            Command,
            Told("readyStart"),
        ],
    ),
    story(
        "phone-formats",
        &[
            Command,
            Told("connect"),
            Calls("12345"),
            Told("ringStart"),
            Leaves("12345"),
            Told("readyStart"),
            Calls("123456"),
            Told("ringStart"),
            Leaves("123456"),
            Told("readyStart"),
            Calls("1234567"),
            Told("ringStart"),
            Leaves("1234567"),
            Told("readyStart"),
            Calls("12345678"),
            Told("ringStart"),
            Leaves("12345678"),
            Told("readyStart"),
            Calls("123456789"),
            Told("ringStart"),
            Leaves("123456789"),
            Told("readyStart"),
            Calls("4951112233"),
            Told("ringStart"),
            Leaves("4951112233"),
            Told("readyStart"),
            Calls("89161234567"),
            Told("ringStart"),
            Leaves("89161234567"),
            Told("readyStart"),
            Calls("375291234567"),
            Told("ringStart"),
            Leaves("375291234567"),
            Told("readyStart"),
            Calls("9991234567890"),
            Told("ringStart"),
            Leaves("9991234567890"),
            Told("readyStart"),
            Calls("12345678901234"),
            Told("ringStart"),
            Leaves("12345678901234"),
            Told("readyStart"),
            Calls("7 (495) 123-45-67"),
            Told("ringStart"),
            Leaves("7 (495) 123-45-67"),
            Told("readyStart"),
            Calls("8(495)1234567 доб 12"),
            Told("ringStart"),
            Leaves("8(495)1234567 доб 12"),
            Told("readyStart"),
            Calls("7 916 123 45 67"),
            Told("ringStart"),
            Leaves("7 916 123 45 67"),
            Told("readyStart"),
            Calls("8 800 555-35-35 доб 1"),
            Told("ringStart"),
            Leaves("8 800 555-35-35 доб 1"),
            Told("readyStart"),
            Calls("1001, 1002"),
            Told("ringStart"),
            Leaves("1001, 1002"),
            Told("readyStart"),
            Calls("sip-42"),
            Told("ringStart"),
            Leaves("sip-42"),
            Told("readyStart"),
        ],
    ),
    Story {
        faults: everything_twice,
        ..story(
            "duplicates",
            &[
                Command,
                Told("connect"),
                Calls(CUSTOMER),
                Told("ringStart"),
                AGENT_ANSWERS,
                Told("talkStart"),
                Does(|simulator| again(simulator, "phoneevent_ringstopped")),
                Leaves(CUSTOMER),
                Told("readyStart"),
                Does(|simulator| again(simulator, "phoneevent_commstopped")),
                Does(|simulator| again(simulator, "phoneevent_ringstarted")),
            ],
        )
    },
    Story {
        layout: in_pieces,
        ..story(
            "multipart",
            &[
                Command,
                Told("connect"),
                Calls(CUSTOMER),
                Told("ringStart"),
                AGENT_ANSWERS,
                Told("talkStart"),
                Leaves(CUSTOMER),
                Told("readyStart"),
            ],
        )
    },
];

const MENU: &str = "800";

fn with_menu() -> PbxBuilder {
    layout().menu(MENU, "Меню")
}

fn slow_callback() -> PbxBuilder {
    layout().callback_after(Span::from_secs(600))
}

/// Pieces of 64 bytes: cuts fall into letters.
fn in_pieces() -> PbxBuilder {
    layout().longest_frame(64)
}

fn everything_twice() -> Faults {
    Faults { duplicates: Chance::OneIn(1), ..Faults::default() }
}

fn set_agent(simulator: &Simulator, presence: Presence) {
    simulator.with(|pbx, now| pbx.set_agent(now, "101", AgentState::new(presence))).unwrap();
}

fn again(simulator: &Simulator, event: &str) {
    assert!(simulator.with(|pbx, now| pbx.tell_again(now, "101", event)));
}
