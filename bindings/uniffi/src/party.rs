//! Parties, who is held, and conferences, as they cross.

use std::sync::Arc;

use callfold::{ChainId, ConferenceId, PersonName, PhoneNumber, UserId};

use crate::convert::{MaskedId, naming, text};

/// Someone or something at the other end: a caller, a colleague, a voice menu, a competitor of a conference.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct Party {
    /// What tells this party from another. It may be a number.
    pub key: MaskedId,
    /// The competitor id, else the user id.
    pub guid: Option<String>,
    /// Set for a voice menu.
    pub menu: Option<Menu>,
    /// Set for a competitor of a conference.
    pub competitor: Option<Competitor>,
    /// The conference that was ours when the party was made, whatever the party.
    pub conference: Option<String>,
    /// Whether the party is behind an external line.
    pub external: bool,
    /// The chain, as it came.
    pub chain: Option<String>,
    /// The party's number.
    pub number: Option<PhoneNumber>,
    /// The caller's number, where it is told apart.
    pub caller: Option<PhoneNumber>,
    /// The number, else the caller's number.
    pub phone: Option<PhoneNumber>,
    /// The name.
    pub name: Option<PersonName>,
    /// Set for a user of the PBX.
    pub user: Option<PartyUser>,
}

/// A voice menu.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct Menu {
    /// Its name.
    pub name: Option<PersonName>,
}

/// What a conference says of a competitor.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct Competitor {
    /// Made the conference.
    pub creator: bool,
    /// Directs it.
    pub director: bool,
    /// Listens unheard.
    pub ghost: bool,
    /// Is the one listened to.
    pub ghost_major: bool,
    /// Is not shown to the others.
    pub hidden: bool,
}

/// A user of the PBX, as a party's data name them.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct PartyUser {
    /// The user id.
    pub id: String,
    /// The user's name.
    pub name: Option<PersonName>,
    /// The user's login.
    pub login: Option<PersonName>,
    /// A comment on the user.
    pub comment: Option<PersonName>,
}

/// Who is held.
#[allow(clippy::large_enum_variant, reason = "it crosses by value, and there is one of it")]
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum Held {
    /// A party.
    OfParty {
        /// Who.
        party: Party,
    },
    /// A whole conference.
    OfConference {
        /// Its id.
        id: String,
        /// Its name, which may be its maker's.
        name: Option<PersonName>,
        /// Its room.
        room: Option<i64>,
    },
}

/// A conference that is ours.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct Conference {
    /// Its id.
    pub id: String,
    /// Whether we are in it as a ghost.
    pub ghost: bool,
}

impl From<&callfold::Party> for Party {
    fn from(party: &callfold::Party) -> Self {
        let owned = |id: &ConferenceId| id.as_str().to_owned();
        Self {
            key: MaskedId(party.key.as_str().to_owned()),
            guid: text(party.guid.as_ref()),
            menu: party.menu.as_ref().map(|menu| Menu { name: menu.name.clone() }),
            competitor: party.competitor.map(Competitor::from),
            conference: party.conference.as_ref().map(owned),
            external: party.external,
            chain: party.chain.as_ref().map(ChainId::as_str).map(str::to_owned),
            number: party.number.clone(),
            caller: party.caller.clone(),
            phone: party.phone().cloned(),
            name: party.name.clone(),
            user: party.user.as_ref().map(PartyUser::from),
        }
    }
}

impl From<&Arc<callfold::Party>> for Party {
    fn from(party: &Arc<callfold::Party>) -> Self {
        Self::from(&**party)
    }
}

/// Parties in order, as they cross.
pub(crate) fn parties(parties: &[Arc<callfold::Party>]) -> Vec<Party> {
    parties.iter().map(Party::from).collect()
}

impl From<callfold::Competitor> for Competitor {
    fn from(marks: callfold::Competitor) -> Self {
        Self {
            creator: marks.creator,
            director: marks.director,
            ghost: marks.ghost,
            ghost_major: marks.ghost_major,
            hidden: marks.hidden,
        }
    }
}

impl From<&callfold::PartyUser> for PartyUser {
    fn from(user: &callfold::PartyUser) -> Self {
        Self {
            id: UserId::as_str(&user.id).to_owned(),
            name: user.name.clone(),
            login: user.login.as_ref().map(naming),
            comment: user.comment.as_ref().map(naming),
        }
    }
}

impl From<&callfold::Held> for Held {
    fn from(held: &callfold::Held) -> Self {
        match held {
            callfold::Held::Conference { id, name, room } => {
                let name = name.as_ref().map(naming);
                Self::OfConference { id: id.as_str().to_owned(), name, room: *room }
            }
            callfold::Held::Party(party) => Self::OfParty { party: Party::from(party) },
            // The engine's may grow; clippy counts its words.
            _ => Self::OfConference { id: String::new(), name: None, room: None },
        }
    }
}

impl From<&callfold::Conference> for Conference {
    fn from(conference: &callfold::Conference) -> Self {
        Self { id: conference.id.as_str().to_owned(), ghost: conference.ghost }
    }
}
