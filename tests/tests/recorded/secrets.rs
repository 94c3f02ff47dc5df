//! What must be found nowhere: not in the store, not in an export, not in what is told or printed.

use callfold::log::to_the_end;
use std::path::Path;

use callfold::wire::{LoginSecret, Request};
use callfold::{Command, LineState};

use crate::floor::{Agent, CUSTOMER, PASSWORD, Store, is_back, server, whole};

/// What proves the agent, in every form in which it goes over the wire.
fn canaries() -> Vec<String> {
    let login = Request::Login { workplace: None, expires: None };
    let login = login.write_login("1", "ivanov", &LoginSecret::from_password(PASSWORD)).unwrap();
    let login: serde_json::Value = serde_json::from_str(&login).unwrap();
    let digest = |name: &str| login[1][name].as_str().unwrap().to_owned();
    vec![PASSWORD.to_owned(), digest("Password"), digest("password")]
}

fn every_file(directory: &Path, look: &mut dyn FnMut(&Path, &[u8])) {
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            every_file(&path, look);
        } else {
            look(&path, &std::fs::read(&path).unwrap());
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_secret_is_in_the_store_its_export_or_anything_that_is_printed() {
    let (store, pbx) = (Store::new(), server().await);
    let log = store.open();
    let mut agent = Agent::connected(&log, &pbx.url(), "ivanov", "ivanov").await;
    let session = pbx.with(|pbx, _| pbx.sessions_of("101"));
    assert_eq!(session.len(), 1, "the server gave one");
    let mut canaries = canaries();
    canaries.extend(session);

    // A life with everything in it: a talk, a lost connection, another login, a password for the web part.
    let customer = pbx.external_call(CUSTOMER, "101");
    pbx.answer("101").unwrap();
    agent.sees("a talk", |view| view.line == LineState::Talk).await;
    pbx.cut("101");
    agent.sees("that nothing is known", |view| view.stale_since.is_some()).await;
    agent.sees("the server again", is_back).await;
    let password = agent.line.command(Command::HttpPassword).await.unwrap();
    pbx.hang_up(customer).unwrap();
    agent.sees("a free line", |view| view.line == LineState::Ready).await;
    canaries.extend(pbx.with(|pbx, _| pbx.sessions_of("101")));
    let mut printed = format!("{password:?} {:?} {:?}", agent.line, agent.line.view().await);
    agent.line.close().await.unwrap();
    while let Some(news) = agent.news.next().await {
        printed += &format!("{news:?}");
    }
    printed += &format!("{:?}", whole(&log, agent.stream));
    let mut export = Vec::new();
    log.export(&[agent.stream], &mut export, &mut to_the_end).unwrap();
    printed += &String::from_utf8(export).unwrap();
    assert!(printed.contains("loginresult"), "the test sees the login");
    drop(log);

    for canary in &canaries {
        assert!(!printed.contains(canary), "{canary} is printed");
        every_file(&store.path(), &mut |path, bytes| {
            let found = bytes.windows(canary.len()).any(|part| part == canary.as_bytes());
            assert!(!found, "{canary} in {}", path.display());
        });
    }
}
