//! How a command reaches a server as an agent: addresses, login, password, whose certificates are trusted.

use std::fs;
use std::path::{Path, PathBuf};

use callfold::live::{Options, Plain, Secret, Tls};
use callfold::{Credential, Endpoint};
use clap::Args;

use super::password;
use crate::fail::Failed;
use crate::input;

/// The most addresses of one server. All of them are dialled at once.
const MOST_URLS: usize = 10;

/// What the arguments stand under in the help.
const HEADING: &str = "Server";

/// The server, and who logs in there.
///
/// Both `--url` and `--login` are needed. They are asked for by [`Server::reach`], because a command may have them
/// from elsewhere.
#[derive(Debug, Args)]
pub(crate) struct Server {
    /// The address of the server, such as wss://pbx.example. May be given up to 10 times: all are dialled at once, and
    /// the first that answers is taken.
    #[arg(long = "url", value_name = "URL", help_heading = HEADING)]
    pub(crate) urls: Vec<String>,

    /// Who logs in.
    #[arg(long, value_name = "NAME", help_heading = HEADING)]
    pub(crate) login: Option<String>,

    /// The password is the first line of this file.
    ///
    /// The file must be readable by its owner only, as a key of ssh must. Without a file, the password is taken from
    /// the variable `CALLFOLD_PASSWORD`, or else asked for on the terminal. It cannot be given as an argument: every
    /// user of the machine sees those.
    #[arg(long, value_name = "FILE", help_heading = HEADING)]
    pub(crate) password_file: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) trust: Trust,
}

/// What a connection may go over.
#[derive(Clone, Debug, Default, PartialEq, Eq, Args)]
pub(crate) struct Trust {
    /// Trust the certificate authorities in this PEM file, besides those that the system trusts.
    #[arg(long, value_name = "FILE", help_heading = HEADING)]
    pub(crate) ca: Option<PathBuf>,

    /// Allow `ws` without TLS to other machines.
    ///
    /// Whoever can read the network on the way can then log in as the agent.
    #[arg(long, help_heading = HEADING)]
    pub(crate) insecure_ws: bool,
}

/// All that is needed to open a line, and to connect it.
#[derive(Debug)]
pub(crate) struct Reach {
    /// How the line is connected. They have the password.
    pub(crate) options: Options,
    /// Where it logs in, and as whom.
    pub(crate) endpoint: Endpoint,
}

impl Server {
    /// What the arguments say, with the password from wherever it comes.
    ///
    /// # Errors
    /// [`Failed::Misuse`] if something is missing or makes no sense, or if there is no password to be had.
    pub(crate) fn reach(&self) -> Result<Reach, Failed> {
        let missing =
            || Failed::Misuse("give --url and --login: where to connect to, and as whom".to_owned());
        if self.urls.is_empty() {
            return Err(missing());
        }
        let login = self.login.as_deref().ok_or_else(missing)?;
        let tls = self.trust.tls(&Tls::default())?;
        // What is wrong with the arguments is told before a password is asked for.
        check_urls(&self.urls).map_err(|why| Failed::Misuse(format!("--url: {why}")))?;
        check_login(login).map_err(|why| Failed::Misuse(format!("--login: {why}")))?;
        let password = match &self.password_file {
            Some(path) => password::from_file(path),
            None => password::from_environment_or_terminal(login),
        };
        let password = password.map_err(Failed::Misuse)?;
        Ok(reach(&self.urls, login, password, self.trust.plain(), tls))
    }
}

impl Trust {
    /// Whose certificates are trusted, besides those that `tls` trusts.
    ///
    /// # Errors
    /// [`Failed::Misuse`] if the authority cannot be read.
    pub(crate) fn tls(&self, tls: &Tls) -> Result<Tls, Failed> {
        match &self.ca {
            Some(path) => authority(path, tls).map_err(Failed::Misuse),
            None => Ok(tls.clone()),
        }
    }

    /// Where plain `ws` may go.
    pub(crate) const fn plain(&self) -> Plain {
        if self.insecure_ws { Plain::Anywhere } else { Plain::OnThisMachine }
    }
}

/// The authorities in a file, besides those that `tls` trusts; or why there are none.
pub(crate) fn authority(path: &Path, tls: &Tls) -> Result<Tls, String> {
    let name = input::name(path);
    let pem = fs::read(path).map_err(|error| format!("{name}: {error}"))?;
    tls.and_authority(&pem).map_err(|error| format!("{name}: {error}"))
}

/// What is wrong with the addresses. An address is not repeated: somebody may have put a password into it.
pub(crate) fn check_urls(urls: &[String]) -> Result<(), String> {
    if urls.is_empty() {
        Err("there is no address".to_owned())
    } else if urls.len() > MOST_URLS {
        Err(format!("{} addresses, and at most {MOST_URLS} can be dialled at once", urls.len()))
    } else if urls.iter().any(|url| url.contains('@')) {
        Err("login and password do not belong into an address".to_owned())
    } else if urls
        .iter()
        .any(|url| url.is_empty() || url.contains(|c: char| c.is_whitespace() || c.is_control()))
    {
        Err("an address is empty, or has a blank in it".to_owned())
    } else {
        Ok(())
    }
}

/// What is wrong with a login.
pub(crate) fn check_login(login: &str) -> Result<(), String> {
    if login.is_empty() { Err("the login is empty".to_owned()) } else { Ok(()) }
}

/// All that is needed to connect, from its parts.
pub(crate) fn reach(urls: &[String], login: &str, password: Secret, plain: Plain, tls: Tls) -> Reach {
    let mut options = Options::default();
    let password = options.secrets.keep(password);
    (options.plain, options.tls) = (plain, tls);
    let endpoint = Endpoint {
        addresses: urls.iter().map(|url| url.as_str().into()).collect(),
        login: login.into(),
        credential: Credential::Password(password),
        workplace: None,
        expires: None,
    };
    Reach { options, endpoint }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(urls: &[&str], login: Option<&str>) -> Server {
        Server {
            urls: urls.iter().map(|url| (*url).to_owned()).collect(),
            login: login.map(str::to_owned),
            password_file: Some(PathBuf::from("/nowhere/password")),
            trust: Trust::default(),
        }
    }

    fn refused(server: &Server) -> String {
        match server.reach() {
            Err(Failed::Misuse(why)) => why,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_is_missing_or_makes_no_sense_is_told_before_the_password_is_looked_for() {
        let missing = "give --url and --login: where to connect to, and as whom";
        assert_eq!(refused(&server(&[], Some("ivanov"))), missing);
        assert_eq!(refused(&server(&["wss://pbx.example"], None)), missing);
        assert!(refused(&server(&["wss://pbx.example"], Some(""))).contains("the login is empty"));
        assert!(refused(&server(&["a"; 11], Some("ivanov"))).starts_with("--url: 11 addresses"));
        let why = refused(&server(&["wss://ivanov:canary@pbx.example"], Some("ivanov")));
        assert!(!why.contains("canary"), "{why}");
        assert!(refused(&server(&["a"; 10], Some("ivanov"))).contains("/nowhere/password"));
    }

    #[test]
    fn a_password_is_in_nothing_that_is_printed_for_diagnosis() {
        let urls = ["wss://pbx.example".to_owned()];
        let password = Secret::password("canary".to_owned());
        let reach = reach(&urls, "ivanov", password, Plain::OnThisMachine, Tls::default());
        assert!(!format!("{reach:?}").contains("canary"));
    }
}
