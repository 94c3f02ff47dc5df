//! Connecting, being refused, leaving, being lost.

use super::*;
use crate::stage::Step::{Calls, Command, Does, Told};

pub(super) const STORIES: &[Story] = &[
    Story {
        layout: other_password,
        ..story("login-wrong-password", &[Command, Told("connectError"), Told("disconnect")])
    },
    story("no-password", &[Command, Told("connectError")]),
    story("session-login", &[Command, Told("connect")]),
    Story { server: Server::Away, ..story("server-refuses", &[Command, Told("connectError")]) },
    Story { server: Server::BesideOneThatHangs, ..story("two-addresses", &[Command, Told("connect")]) },
    Story {
        layout: || layout().dated(110_101),
        ..story("old-server", &[Command, Told("connectError"), Told("disconnect")])
    },
    story("disconnect-by-user", &[Command, Told("connect"), Command, Told("disconnect")]),
    story(
        "connection-lost",
        &[
            Command,
            Told("connect"),
            Calls(CUSTOMER),
            Told("ringStart"),
            AGENT_ANSWERS,
            Told("talkStart"),
            Does(|simulator| assert_eq!(simulator.cut("101"), 1)),
            Told("disconnect"),
        ],
    ),
];
