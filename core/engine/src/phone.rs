//! How a phone number is shown (spec part 2, "phoneFormatted").

/// The number as people write it: `84951112233` → `+7 (495) 111-22-33`.
///
/// A list separated by `,` or `;` is shown part by part. What cannot be made sense of stays as it is.
#[must_use]
pub fn formatted(number: &str) -> String {
    let parts: Vec<String> = number.split([',', ';']).map(|part| one(part.trim())).collect();
    parts.join(", ")
}

fn one(number: &str) -> String {
    match number.split_once('(') {
        None => plain(number),
        Some((country, rest)) => bracketed(country.trim(), rest),
    }
}

fn plain(number: &str) -> String {
    let dashed = spaces_between_digits_to_dashes(&number.replace('+', ""));
    let (word, rest) = first_word(&dashed);
    let digits = without_dashes(word);
    let shown = local(&digits).or_else(|| long_distance(&digits)).unwrap_or(digits);
    with_rest(shown, rest)
}

fn bracketed(country: &str, rest: &str) -> String {
    let (city, phone) = rest.split_once(')').unwrap_or((rest, ""));
    let mut phone = spaces_between_digits_to_dashes(phone.trim());
    if !phone.contains('-') {
        let (word, tail) = first_word(&phone);
        phone = with_rest(local(word).unwrap_or_else(|| word.to_owned()), tail);
    }
    let city = city.trim();
    let city = if city.is_empty() { String::new() } else { format!("({city})") };
    let parts = [country_shown(country), city, phone];
    parts.iter().filter(|part| !part.is_empty()).map(String::as_str).collect::<Vec<_>>().join(" ")
}

/// 5 to 7 digits: a number inside a city.
fn local(digits: &str) -> Option<String> {
    let ends: &[usize] = match digits.chars().count() {
        5 => &[3, 5],
        6 => &[2, 4, 6],
        7 => &[3, 5, 7],
        _ => return None,
    };
    Some(dashed(digits, ends))
}

/// 9 to 14 digits: a city code, with a country before it from 11 on.
fn long_distance(digits: &str) -> Option<String> {
    let country = match digits.chars().count() {
        9 | 10 => 0,
        count @ 11..=14 => count - 10,
        _ => return None,
    };
    let city: String = digits.chars().skip(country).take(3).collect();
    let number: String = digits.chars().skip(country + 3).collect();
    let shown = format!("({city}) {}", local(&number)?);
    let country: String = digits.chars().take(country).collect();
    Some(if country.is_empty() { shown } else { format!("{} {shown}", country_shown(&country)) })
}

fn country_shown(country: &str) -> String {
    match country.trim_start_matches('+') {
        "" => String::new(),
        "8" => "+7".to_owned(),
        other => format!("+{other}"),
    }
}

fn dashed(digits: &str, ends: &[usize]) -> String {
    let mut shown = String::with_capacity(digits.len() + ends.len());
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && ends.contains(&place) {
            shown.push('-');
        }
        shown.push(digit);
    }
    shown
}

fn spaces_between_digits_to_dashes(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    let mut before: Option<char> = None;
    while let Some(character) = characters.next() {
        let between =
            before.is_some_and(|c| c.is_ascii_digit()) && characters.peek().is_some_and(char::is_ascii_digit);
        shown.push(if character == ' ' && between { '-' } else { character });
        before = Some(character);
    }
    shown
}

fn first_word(text: &str) -> (&str, &str) {
    text.split_once(' ').unwrap_or((text, ""))
}

fn without_dashes(word: &str) -> String {
    word.chars().filter(|c| !matches!(c, '-' | '—')).collect()
}

fn with_rest(mut shown: String, rest: &str) -> String {
    if !rest.is_empty() {
        shown.push(' ');
        shown.push_str(rest);
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::formatted;

    fn shown_as(cases: &[(&str, &str)]) {
        for (number, shown) in cases {
            assert_eq!(formatted(number), *shown, "{number}");
        }
    }

    #[test]
    fn without_a_bracket_the_number_of_characters_decides() {
        shown_as(&[
            ("", ""),
            ("0045", "0045"),
            ("12345", "123-45"),
            ("123456", "12-34-56"),
            ("1234567", "123-45-67"),
            ("12345678", "12345678"),
            ("123456789", "(123) 45-67-89"),
            ("4951112233", "(495) 111-22-33"),
            ("84951112233", "+7 (495) 111-22-33"),
            ("+375291234567", "+37 (529) 123-45-67"),
            ("9991234567890", "+999 (123) 456-78-90"),
            ("12345678901234", "+1234 (567) 890-12-34"),
            ("123456789012345", "123456789012345"),
            ("sip-42", "sip-42"),
        ]);
    }

    #[test]
    fn what_follows_the_first_word_is_kept() {
        shown_as(&[
            ("7 916 123 45 67", "+7 (916) 123-45-67"),
            ("8 800 555-35-35 доб 1", "+7 (800) 555-35-35 доб 1"),
        ]);
    }

    #[test]
    fn with_a_bracket_country_and_city_are_as_written() {
        shown_as(&[
            ("7 (495) 123-45-67", "+7 (495) 123-45-67"),
            ("8(495)1234567 доб 12", "+7 (495) 123-45-67 доб 12"),
            ("(495)123 45", "(495) 123-45"),
            ("(495", "(495)"),
        ]);
    }

    #[test]
    fn a_list_is_shown_part_by_part() {
        shown_as(&[("1001;1002", "1001, 1002"), ("12345 , 1234567", "123-45, 123-45-67")]);
    }
}
