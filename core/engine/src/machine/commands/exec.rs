//! Methods and stored procedures of the server (spec part 4, "The rest").

use super::Cmd;
use crate::codes::ErrorCode;
use crate::event::CommandResult;
use crate::machine::Turn;
use crate::machine::ask::{Ask, Reply};
use crate::text::{JsonText, Text};
use crate::wire::{Body, Request};

impl Turn<'_> {
    /// `exec`
    pub(super) fn exec(&mut self, command: Cmd, method: &Text, params: Option<&JsonText>) {
        if method.as_str().is_empty() {
            return self.refuse(command, ErrorCode::BadMethod);
        }
        let is_object = |json: &JsonText| {
            serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(json.as_str()).is_ok()
        };
        if params.is_some_and(|params| !is_object(params)) {
            return self.refuse(command, ErrorCode::BadParams);
        }
        let name = method.as_str().to_lowercase();
        let allowed = self.view.server.procedures.iter().any(|allowed| allowed.as_str() == name);
        if allowed {
            let Some(user) = self.view.agent.user.clone() else {
                return self.refuse(command, ErrorCode::NoConnection);
            };
            let request = Request::StoredProcedure {
                procedure: method.clone(),
                user,
                params: params.cloned().unwrap_or_else(|| JsonText::new("{}")),
            };
            return self.ask_for(command, request, Ask::Procedure { procedure: method.clone() });
        }
        let request = Request::Other { method: method.clone(), params: params.cloned() };
        self.ask_for(command, request, Ask::Exec { method: method.clone() });
    }

    pub(in crate::machine) fn exec_answered(&mut self, command: Cmd, method: Text, reply: Reply<'_>) {
        let server = reply.server();
        let result = if reply.accepted() {
            CommandResult::Done { server }
        } else {
            CommandResult::Refused { code: ErrorCode::MethodFailed, method: Some(method), server }
        };
        self.done(command, result);
    }

    pub(in crate::machine) fn procedure_answered(&mut self, command: Cmd, procedure: Text, reply: Reply<'_>) {
        let result = match reply.body() {
            Some(Body::Datasets(answer)) if reply.accepted() && no_error(answer.head().error) => {
                let tables = answer.dataset.map_or("[]", |tables| tables.get());
                CommandResult::Datasets { tables: JsonText::new(tables) }
            }
            Some(_) | None => CommandResult::Refused {
                code: ErrorCode::StoredProcedureFailed,
                method: Some(procedure),
                server: None,
            },
        };
        self.done(command, result);
    }
}

fn no_error(error: Option<&str>) -> bool {
    error.is_none_or(|error| error == "0")
}
