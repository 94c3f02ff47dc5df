//! What the agent does and is; the queue; methods of the server.

use callfold_simulator::{AgentState, Faults, PbxBuilder, Presence};
use serde_json::json;

use super::*;
use crate::stage::Step::{Calls, Command, Does, Leaves, Told};

pub(super) const STORIES: &[Story] = &[
    story(
        "user-statuses",
        &[
            Command,
            Told("connect"),
            Command,
            Command,
            Command,
            Command,
            Command,
            Command,
            Command,
            Command,
            Command,
            Command,
            Command,
        ],
    ),
    story(
        "legacy-statuses",
        &[
            Command,
            Told("connect"),
            Command,
            Told("userStateChange"),
            Command,
            Told("userStateChange"),
            Calls(CUSTOMER),
            Told("ringStart"),
            AGENT_ANSWERS,
            Told("talkStart"),
            Command,
            Told("statusChange"),
            Leaves(CUSTOMER),
            Told("readyStart"),
            Command,
            Command,
            Command,
        ],
    ),
    story("redirect", &[Command, Told("connect"), Command, Command, Command, Command, Command]),
    story(
        "no-phone",
        &[
            Command,
            Told("connect"),
            Does(|simulator| simulator.unplug("101").unwrap()),
            Told("userStateChange"),
            Does(|simulator| simulator.plug_in("101").unwrap()),
            Told("readyStart"),
        ],
    ),
    Story {
        layout: || layout().dated(150_301),
        ..story(
            "old-on-task",
            &[
                Does(|simulator| in_call_centre(simulator, Presence::Ready, false, None)),
                Command,
                Told("connect"),
                Does(|simulator| in_call_centre(simulator, Presence::Busy, true, Some(2))),
                Told("userStateChange"),
                Does(|simulator| in_call_centre(simulator, Presence::Break, true, Some(1))),
                Told("userStateChange"),
                Does(|simulator| in_call_centre(simulator, Presence::Busy, false, None)),
                Told("userStateChange"),
                Does(|simulator| in_call_centre(simulator, Presence::Ready, false, None)),
            ],
        )
    },
    Story {
        layout: || layout().queue(QUEUE),
        ..story(
            "queue",
            &[
                Command,
                Told("connect"),
                Does(|simulator| queue_up(simulator, CUSTOMER)),
                Told("queueChange"),
                Does(|simulator| queue_up(simulator, CLIENT)),
                Told("queueChange"),
                Leaves(CUSTOMER),
                Told("queueChange"),
                Leaves(CLIENT),
                Told("queueChange"),
            ],
        )
    },
    Story {
        layout: with_procedure,
        ..story(
            "exec",
            &[
                Command,
                Told("connect"),
                Command,
                Command,
                Command,
                Told("exec"),
                Does(|simulator| {
                    let refused = json!({ "result": 0, "errorcode": 5 });
                    simulator.set_faults(instead("execpredefineddbstoredproc", refused));
                }),
                Command,
                Command,
            ],
        )
    },
    Story {
        faults: || Faults { silent: ["pbxautocallstart".to_owned()].into(), ..Faults::default() },
        ..story("slow-server", &[Command, Told("connect"), Command, Told("call")])
    },
];

const QUEUE: &str = "700";

fn queue_up(simulator: &Simulator, number: &str) {
    let _ = simulator.external_call(number, QUEUE);
}

fn with_procedure() -> PbxBuilder {
    let tables = json!([[["id", "name"], [7, "x"], [8, "ы"]], [["n"], [3]]]);
    layout().procedure("changepassword", tables)
}

fn in_call_centre(simulator: &Simulator, presence: Presence, on_break: bool, reason: Option<i64>) {
    let state = AgentState { call_centre: true, on_break, reason, ..AgentState::new(presence) };
    simulator.with(|pbx, now| pbx.set_agent(now, "101", state)).unwrap();
}
