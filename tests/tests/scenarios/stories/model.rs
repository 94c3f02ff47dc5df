//! The CTI model on top of the line.

use serde_json::json;

use super::*;
use crate::stage::Step::{Calls, Command, Does, Leaves, Starts, Told};

pub(super) const STORIES: &[Story] = &[
    story(
        "seed-incoming-consult-connect",
        &[
            Command,
            Told("connect"),
            Calls(CUSTOMER),
            Told("ringStart"),
            AGENT_ANSWERS,
            Told("talkStart"),
            Command,
            Told("callStart"),
            COLLEAGUE_ANSWERS,
            Told("talkStart"),
            Command,
            Told("readyStart"),
        ],
    ),
    story(
        "seed-outgoing-hold-unhold-end",
        &[
            Command,
            Told("connect"),
            Command,
            Told("backRingStart"),
            AGENT_ANSWERS,
            Told("callStart"),
            CUSTOMER_ANSWERS,
            Told("talkStart"),
            Command,
            Told("readyStart"),
            Command,
            Told("talkStart"),
            Command,
            Told("readyStart"),
        ],
    ),
    Story {
        // The server says yes, and the agent stays in the call centre.
        faults: || instead("exitcallcenter", json!({ "result": 1 })),
        ..story(
            "cti-agent-states",
            &[Command, Told("connect"), Command, Command, Command, Command, Command, Command],
        )
    },
    story(
        "cti-blind-transfer",
        &[
            Command,
            Told("connect"),
            Calls(CLIENT),
            Told("ringStart"),
            AGENT_ANSWERS,
            Told("talkStart"),
            Command,
            Told("readyStart"),
        ],
    ),
    Story {
        layout: layout_by_hand,
        ..story(
            "cti-commands-refused",
            &[
                // Both colleagues are busy, with each other.
                Does(|simulator| {
                    simulator.dial("102", "103").unwrap();
                    simulator.answer("103").unwrap();
                }),
                Command,
                Told("connect"),
                Command,
                Told("error"),
                Command,
                Command,
                Command,
                Calls(CLIENT),
                Told("ringStart"),
                Command,
                Told("error"),
                AGENT_ANSWERS,
                Told("talkStart"),
                Command,
                Command,
                Command,
                Command,
                Leaves(CLIENT),
                Told("readyStart"),
            ],
        )
    },
    story(
        "cti-consult-cancelled",
        &[
            Command,
            Told("connect"),
            Calls(CUSTOMER),
            Told("ringStart"),
            AGENT_ANSWERS,
            Told("talkStart"),
            Command,
            Told("callStart"),
            COLLEAGUE_ANSWERS,
            Told("talkStart"),
            Command,
            Told("talkStart"),
            Leaves(CUSTOMER),
            Told("readyStart"),
        ],
    ),
    story(
        "cti-held-party-leaves",
        &[
            Command,
            Told("connect"),
            COLLEAGUE_CALLS,
            Told("ringStart"),
            AGENT_ANSWERS,
            Told("talkStart"),
            Command,
            Told("readyStart"),
            COLLEAGUE_HANGS_UP,
            Told("holdStateChange"),
        ],
    ),
    story(
        "cti-incoming-abandoned",
        &[Command, Told("connect"), Calls(CUSTOMER), Told("ringStart"), Leaves(CUSTOMER), Told("readyStart")],
    ),
    Story {
        layout: other_password,
        ..story(
            "cti-login-refused",
            &[Command, Told("connectError"), Told("disconnect"), Told("connectError"), Told("disconnect")],
        )
    },
    Story {
        server: Server::Away,
        ..story(
            "cti-server-away",
            &[Command, Told("connectError"), Told("connectError"), Starts, Told("connect")],
        )
    },
];
