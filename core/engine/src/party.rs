//! A party: the wire's *abonent* (spec part 2, "The one party").

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::phone;
use crate::text::{ChainId, ConferenceId, PartyKey, PersonName, PhoneNumber, Text, UserId};
use crate::wire::body::Abonent;
use crate::wire::given;

/// Someone or something at the other end: a caller, a colleague, a voice menu, a competitor of a conference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Party {
    /// What tells this party from another.
    pub key: PartyKey,
    /// The competitor id, else the user id.
    pub guid: Option<Text>,
    /// Set for a voice menu.
    pub menu: Option<Menu>,
    /// Set for a competitor of a conference.
    pub competitor: Option<Competitor>,
    /// The conference that was ours when the party was made, whatever the party.
    pub conference: Option<ConferenceId>,
    /// Whether the party is behind an external line.
    pub external: bool,
    /// The chain, as it came.
    pub chain: Option<ChainId>,
    /// The party's number.
    pub number: Option<PhoneNumber>,
    /// The caller's number, where it is told apart.
    pub caller: Option<PhoneNumber>,
    /// The first name there is of simplename, username, name, caption, userlogin, number, ivrname.
    pub name: Option<PersonName>,
    /// Set for a user of the PBX.
    pub user: Option<PartyUser>,
}

/// A voice menu.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Menu {
    /// Its name.
    pub name: Option<PersonName>,
}

/// What a conference says of a competitor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartyUser {
    /// The user id.
    pub id: UserId,
    /// The user's name.
    pub name: Option<PersonName>,
    /// The user's login.
    pub login: Option<Text>,
    /// A comment on the user.
    pub comment: Option<Text>,
}

impl Party {
    /// The number, else the caller's number.
    #[must_use]
    pub fn phone(&self) -> Option<&PhoneNumber> {
        self.number.as_ref().or(self.caller.as_ref())
    }

    /// The number (not the caller's) as people write it.
    #[must_use]
    pub fn phone_formatted(&self) -> Option<String> {
        self.number.as_ref().map(|number| phone::formatted(number.as_str()))
    }

    /// Whether `target`, a number or an id, means this party (spec part 4, "Target is X").
    #[must_use]
    pub fn is(&self, target: &str) -> bool {
        self.guid.as_ref().is_some_and(|guid| guid.as_str() == target)
            || self.user.as_ref().is_some_and(|user| user.id.as_str() == target)
            || self.phone().is_some_and(|phone| phone.as_str() == target)
    }
}

/// The parties of a line, in order; shared between view and events.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parties(Option<Arc<[Arc<Party>]>>);

impl Parties {
    /// Nobody.
    pub const NONE: Self = Self(None);

    /// One party alone.
    #[must_use]
    pub fn one(party: Arc<Party>) -> Self {
        Self(Some(Arc::from([party])))
    }

    /// All of them, in order.
    #[must_use]
    pub fn as_slice(&self) -> &[Arc<Party>] {
        self.0.as_deref().unwrap_or_default()
    }

    /// Whether there is nobody.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.as_slice().is_empty()
    }

    /// The party with this key.
    #[must_use]
    pub fn by_key(&self, key: &str) -> Option<&Arc<Party>> {
        self.as_slice().iter().find(|party| party.key.as_str() == key)
    }

    /// The party that `target`, a number or an id, means.
    #[must_use]
    pub fn find(&self, target: &str) -> Option<&Arc<Party>> {
        self.as_slice().iter().find(|party| party.is(target))
    }

    /// These and one more.
    #[must_use]
    pub(crate) fn with(&self, party: Arc<Party>) -> Self {
        self.as_slice().iter().cloned().chain([party]).collect()
    }

    /// These without the one with this key.
    #[must_use]
    pub(crate) fn without(&self, key: &PartyKey) -> Self {
        self.as_slice().iter().filter(|party| party.key != *key).cloned().collect()
    }
}

impl Default for Parties {
    fn default() -> Self {
        Self::NONE
    }
}

impl FromIterator<Arc<Party>> for Parties {
    fn from_iter<I: IntoIterator<Item = Arc<Party>>>(parties: I) -> Self {
        let parties: Vec<_> = parties.into_iter().collect();
        Self((!parties.is_empty()).then(|| Arc::from(parties)))
    }
}

/// A party as a frame tells of it, before anything is copied: a picture that repeats what is known costs
/// nothing.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Draft<'d> {
    abonent: &'d Abonent<'d>,
    /// The chain of the picture, for an abonent of a line.
    chain: Option<&'d str>,
    /// The number called, for an abonent without a caller's number.
    called: Option<&'d str>,
    /// The conference that is ours.
    conference: Option<&'d ConferenceId>,
    competitor: bool,
}

impl<'d> Draft<'d> {
    /// Someone held or queued.
    pub(crate) fn aside(abonent: &'d Abonent<'d>, conference: Option<&'d ConferenceId>) -> Self {
        Self { abonent, chain: given(&abonent.chainid), called: None, conference, competitor: false }
    }

    /// The other side of the line; `chain` and `called` are the picture's.
    pub(crate) fn of_line(
        abonent: &'d Abonent<'d>,
        chain: Option<&'d str>,
        called: Option<&'d str>,
        conference: Option<&'d ConferenceId>,
    ) -> Self {
        Self { abonent, chain, called, conference, competitor: false }
    }

    /// A competitor of a conference.
    pub(crate) fn competitor(abonent: &'d Abonent<'d>, conference: Option<&'d ConferenceId>) -> Self {
        Self { abonent, chain: given(&abonent.chainid), called: None, conference, competitor: true }
    }

    fn caller(&self) -> Option<&'d str> {
        given(&self.abonent.callerid).or(self.called)
    }

    fn guid(&self) -> Option<&'d str> {
        given(&self.abonent.competitorid).or_else(|| given(&self.abonent.userid))
    }

    fn name(&self) -> Option<&'d str> {
        let a = self.abonent;
        [&a.simplename, &a.username, &a.name, &a.caption, &a.userlogin, &a.number, &a.ivrname]
            .into_iter()
            .find_map(given)
    }

    /// The key, if the frame gives one.
    fn told_key(&self) -> Option<&'d str> {
        let a = self.abonent;
        given(&a.competitorid)
            .or_else(|| given(&a.number))
            .or_else(|| given(&a.userid))
            .or_else(|| self.caller())
            .or_else(|| self.chain.filter(|chain| *chain != ChainId::NONE))
    }

    /// Whether this is anybody at all: someone with a key, or a voice menu.
    pub(crate) fn is_somebody(&self) -> bool {
        self.told_key().is_some() || self.abonent.isivr.0
    }

    /// Whether the frame gives a key. A voice menu that is told without any is another one every time.
    pub(crate) fn has_told_key(&self) -> bool {
        self.told_key().is_some()
    }

    /// Whether this has the same key as `party`.
    pub(crate) fn has_key_of(&self, party: &Party) -> bool {
        match self.told_key() {
            Some(key) => party.key.as_str() == key,
            None => party.key == self.key(),
        }
    }

    /// Whether this means `party`, by key, id or phone.
    pub(crate) fn means(&self, party: &Party) -> bool {
        let is = |told: Option<&str>, known: Option<&str>| told.is_some() && told == known;
        self.has_key_of(party)
            || is(self.guid(), party.guid.as_ref().map(Text::as_str))
            || is(given(&self.abonent.userid), party.user.as_ref().map(|user| user.id.as_str()))
            || is(given(&self.abonent.number).or(self.caller()), party.phone().map(PhoneNumber::as_str))
    }

    /// The key. A voice menu that is told without any gets one made of its name, so that the same menu is
    /// the same party (the reference client draws one at random).
    fn key(&self) -> PartyKey {
        if let Some(key) = self.told_key() {
            return PartyKey::from(key);
        }
        PartyKey::from(menu_key(given(&self.abonent.ivrname).unwrap_or_default()).as_str())
    }

    /// Whether `party` says just what this says.
    pub(crate) fn is_same_as(&self, party: &Party) -> bool {
        let a = self.abonent;
        let user = given(&a.userid);
        self.has_key_of(party)
            && self.guid() == party.guid.as_ref().map(Text::as_str)
            && a.isivr.0 == party.menu.is_some()
            && party
                .menu
                .as_ref()
                .is_none_or(|menu| given(&a.ivrname) == menu.name.as_ref().map(PersonName::as_str))
            && self.competitor_marks() == party.competitor
            && self.conference == party.conference.as_ref()
            && a.isextline.0 == party.external
            && self.chain == party.chain.as_ref().map(ChainId::as_str)
            && given(&a.number) == party.number.as_ref().map(PhoneNumber::as_str)
            && self.caller() == party.caller.as_ref().map(PhoneNumber::as_str)
            && self.name() == party.name.as_ref().map(PersonName::as_str)
            && user == party.user.as_ref().map(|user| user.id.as_str())
            && party.user.as_ref().is_none_or(|user| {
                given(&a.username) == user.name.as_ref().map(PersonName::as_str)
                    && given(&a.userlogin) == user.login.as_ref().map(Text::as_str)
                    && given(&a.comment) == user.comment.as_ref().map(Text::as_str)
            })
    }

    fn competitor_marks(&self) -> Option<Competitor> {
        let a = self.abonent;
        self.competitor.then_some(Competitor {
            creator: a.iscreator.0,
            director: a.isdirector.0,
            ghost: a.isghost.0,
            ghost_major: a.isghostmajor.0,
            hidden: a.ishidden.0,
        })
    }

    /// The party. Call only if [`Draft::is_somebody`].
    pub(crate) fn build(&self) -> Arc<Party> {
        let a = self.abonent;
        Arc::new(Party {
            key: self.key(),
            guid: self.guid().map(Text::from),
            menu: a.isivr.0.then(|| Menu { name: given(&a.ivrname).map(PersonName::from) }),
            competitor: self.competitor_marks(),
            conference: self.conference.cloned(),
            external: a.isextline.0,
            chain: self.chain.map(ChainId::from),
            number: given(&a.number).map(PhoneNumber::from),
            caller: self.caller().map(PhoneNumber::from),
            name: self.name().map(PersonName::from),
            user: given(&a.userid).map(|id| PartyUser {
                id: UserId::from(id),
                name: given(&a.username).map(PersonName::from),
                login: given(&a.userlogin).map(Text::from),
                comment: given(&a.comment).map(Text::from),
            }),
        })
    }
}

/// The key of a voice menu that is told without any: a GUID of the kind that is made of a name (version 3). A record
/// seals it like the name.
pub(crate) fn menu_key(name: &str) -> String {
    let made = crate::wire::hex_md5(name);
    let part = |from: usize, to: usize| made.get(from..to).unwrap_or_default();
    format!("{}-{}-3{}-8{}-{}", part(0, 8), part(8, 12), part(13, 16), part(17, 20), part(20, 32))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn party(abonent: &str, chain: Option<&str>) -> Arc<Party> {
        let abonent: Abonent<'_> = serde_json::from_str(abonent).unwrap();
        let draft = Draft::of_line(&abonent, chain, None, None);
        let party = draft.build();
        assert!(draft.is_same_as(&party), "{party:?}");
        party
    }

    #[test]
    fn the_key_is_the_first_id_that_is_there() {
        let key = |abonent: &str| party(abonent, Some("chain")).key.as_str().to_owned();
        assert_eq!(key(r#"{"competitorid":"c","number":"1","userid":"u"}"#), "c");
        assert_eq!(key(r#"{"number":"1","userid":"u","callerid":"2"}"#), "1");
        assert_eq!(key(r#"{"number":"","userid":"u","callerid":"2"}"#), "u");
        assert_eq!(key(r#"{"callerid":"2"}"#), "2");
        assert_eq!(key("{}"), "chain");
    }

    #[test]
    fn without_a_key_there_is_no_party_unless_it_is_a_voice_menu() {
        let nobody: Abonent<'_> = serde_json::from_str("{}").unwrap();
        assert!(!Draft::of_line(&nobody, Some(ChainId::NONE), None, None).is_somebody());
        let menu = party(r#"{"isivr":true,"ivrname":"Меню"}"#, Some(ChainId::NONE));
        assert_eq!(
            menu.key,
            party(r#"{"isivr":true,"ivrname":"Меню"}"#, None).key,
            "the same menu, the same key"
        );
        assert_eq!(menu.key.as_str().len(), 36);
        assert!(menu.chain.as_ref().is_some_and(ChainId::is_none), "the chain is kept as it came");
    }

    #[test]
    fn a_name_is_the_first_that_is_not_empty() {
        let name = |abonent: &str| party(abonent, None).name.as_ref().map(|name| name.as_str().to_owned());
        assert_eq!(name(r#"{"number":"1","username":"","name":"n","caption":"c"}"#).as_deref(), Some("n"));
        assert_eq!(name(r#"{"number":"1","userlogin":"l"}"#).as_deref(), Some("l"));
        assert_eq!(name(r#"{"callerid":"1"}"#), None);
    }

    #[test]
    fn only_the_number_is_formatted_not_the_callers() {
        let party = party(r#"{"callerid":"84951112233"}"#, None);
        assert_eq!(party.phone().unwrap().as_str(), "84951112233");
        assert_eq!(party.phone_formatted(), None);
    }

    #[test]
    fn a_target_is_a_guid_a_user_or_a_phone() {
        let party = party(r#"{"competitorid":"c","userid":"u","number":"102","callerid":"9"}"#, None);
        assert!(["c", "u", "102"].iter().all(|target| party.is(target)));
        assert!(!party.is("9") && !party.is(""));
    }
}
