//! Who there is: the agent, the colleagues and the customers, with the names that people have.

use callfold_simulator::{Account, Pbx};

use crate::Done;

pub(super) const AGENT: &str = "101";
pub(super) const LOGIN: &str = "ivanov";
pub(super) const PASSWORD: &str = "Secret1";
pub(super) const QUEUE: &str = "700";

/// How many colleagues there are, numbered from 102 on.
pub const COLLEAGUES: usize = 24;

const FIRST_NAMES: [&str; 8] = ["Анна", "Пётр", "Мария", "Сергей", "Ольга", "Дмитрий", "Елена", "Алексей"];
const LAST_NAMES: [&str; 6] = ["Петренко", "Сидоренко", "Кузьменко", "Ткаченко", "Бондаренко", "Шевченко"];
const COMPANIES: [&str; 5] =
    ["ООО «Ромашка»", "Завод «Прогресс»", "Аптека № 12", "ИП Соловьёва", "Школа № 7"];

pub(super) fn colleague(place: usize) -> String {
    (102 + place % COLLEAGUES).to_string()
}

fn name(place: usize) -> String {
    let first = FIRST_NAMES.iter().cycle().nth(place).copied().unwrap_or_default();
    let last = LAST_NAMES.iter().cycle().nth(place / 3).copied().unwrap_or_default();
    format!("{last} {first}")
}

/// The number of a customer; there are some hundreds.
pub(super) fn customer(place: usize) -> String {
    format!("+7916{:07}", 1_234_567 + place % 400 * 1_009)
}

/// The PBX that all this is at.
pub(super) fn pbx(seed: u64) -> Done<Pbx> {
    let mut pbx = Pbx::builder().seed(seed).queue(QUEUE);
    pbx = pbx.user(Account::new(LOGIN, PASSWORD, AGENT).name("Иванов Иван"));
    for place in 0..COLLEAGUES {
        let number = colleague(place);
        pbx = pbx.user(Account::new(&format!("user{number}"), PASSWORD, &number).name(&name(place)));
    }
    for place in 0..400 {
        let company = COMPANIES.iter().cycle().nth(place).copied().unwrap_or_default();
        let manners = callfold_simulator::Manners::Waits;
        pbx = pbx.outside(&customer(place), &format!("{company}, {}", name(place)), manners);
    }
    Ok(pbx.build()?)
}
