//! Hold, toggle, and the two connected.

use super::*;
use crate::stage::Step::{Calls, Command, Does, Leaves, Told};

pub(super) const STORIES: &[Story] = &[
    story(
        "hold-and-back",
        &[
            Command,
            Told("connect"),
            Calls(CUSTOMER),
            Told("ringStart"),
            AGENT_ANSWERS,
            Told("talkStart"),
            Command,
            Told("readyStart"),
            Command,
            Told("talkStart"),
            Leaves(CUSTOMER),
            Told("readyStart"),
        ],
    ),
    story(
        "held-party-leaves",
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
        "toggle-two",
        &[
            Command,
            Told("connect"),
            Calls(CUSTOMER),
            Told("ringStart"),
            AGENT_ANSWERS,
            Told("talkStart"),
            Does(|simulator| simulator.dial("101", "102").unwrap()),
            Told("callStart"),
            COLLEAGUE_ANSWERS,
            Told("talkStart"),
            Command,
            Told("abonentsChange"),
            Command,
            Told("abonentsChange"),
            Command,
            Told("readyStart"),
        ],
    ),
];
