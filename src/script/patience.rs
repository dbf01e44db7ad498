//! What of the language is replaced so that scripts can be ended at any time: see `patient.js` and `patient_lists.js`.

use std::sync::OnceLock;

use memchr::memmem;
use rquickjs::{Ctx, Error, Result, Value};

use super::realm::{Own, own};
use crate::os::script::{Call, Code, Much, function, guarded, text};

/// Replaces it in a context in which no script has run.
pub(super) fn install(ctx: &Ctx<'_>) -> Result<()> {
    let shared: Value<'_> = own(ctx, &PATIENT)?.call((
        function(ctx, c"guard", 3, guard)?,
        function(ctx, c"find", 3, find)?,
        function(ctx, c"longestMarks", 1, longest_marks)?,
    ))?;
    own(ctx, &LISTS)?.call((shared,))
}

/// A function of the three above.
static PATIENT: Own = Own(Code::new(), "patient.js", include_str!("patient.js"));

/// A function of what the former returns.
static LISTS: Own = Own(
    Code::new(),
    "patient_lists.js",
    include_str!("patient_lists.js"),
);

/// `guard(quick, patient, kind)`
fn guard<'js>(call: &Call<'js>) -> Result<Value<'js>> {
    let function = |index| call.arg(index).into_function().ok_or(Error::Unknown);
    let kind = call
        .arg(2)
        .as_int()
        .and_then(|kind| usize::try_from(kind).ok());
    let much = kind.and_then(Much::of).ok_or(Error::Unknown)?;
    guarded(&function(0)?, &function(1)?, much)
}

/// `find(text, needle, from)`: where one text stands in another, in time that is proportional to their lengths.
fn find<'js>(call: &Call<'js>) -> Result<Value<'js>> {
    let (within, needle) = (text(&call.arg(0))?, text(&call.arg(1))?);
    let from = call.arg(2).as_number().unwrap_or_default();
    let found = place_of(&within, &needle, from as usize);
    let found = found.map_or(-1.0, |found| found as f64);
    Ok(Value::new_number(call.ctx().clone(), found))
}

/// Places are counted as scripts count them, in halves of surrogate pairs.
fn place_of(text: &str, needle: &str, from: usize) -> Option<usize> {
    let start = byte_at(text, from)?;
    let found = memmem::find(&text.as_bytes()[start..], needle.as_bytes())?;
    let before = &text[..start + found];
    Some(match before.is_ascii() {
        true => before.len(),
        false => before.encode_utf16().count(),
    })
}

/// The first byte of the first character at or behind a place.
fn byte_at(text: &str, place: usize) -> Option<usize> {
    if text.is_ascii() {
        return (place <= text.len()).then_some(place);
    }
    let mut passed = 0;
    for (at, one) in text.char_indices() {
        if passed >= place {
            return Some(at);
        }
        passed += one.len_utf16();
    }
    (passed >= place).then_some(text.len())
}

/// `longestMarks(text)`: how many combining characters stand in a row.
fn longest_marks<'js>(call: &Call<'js>) -> Result<Value<'js>> {
    let longest = most_marks(&text(&call.arg(0))?);
    Ok(Value::new_number(call.ctx().clone(), longest as f64))
}

fn most_marks(text: &str) -> usize {
    static MARKS: OnceLock<Option<fancy_regex::Regex>> = OnceLock::new();
    // Two letters of Japanese become marks where texts are normalised.
    let marks = MARKS.get_or_init(|| fancy_regex::Regex::new(r"[\p{M}\x{ff9e}\x{ff9f}]+").ok());
    let Some(marks) = marks.as_ref().filter(|_| !text.is_ascii()) else {
        return 0;
    };
    let runs = marks.find_iter(text).flatten();
    runs.map(|run| run.as_str().chars().count())
        .max()
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_those_of_scripts() {
        for (text, needle, from, expected) in [
            ("abcabc", "bc", 0, Some(1)),
            ("abcabc", "bc", 2, Some(4)),
            ("abcabc", "bc", 5, None),
            ("abc", "bc", 9, None),
            ("\u{1f600}é\u{1f600}b", "b", 0, Some(5)),
            ("\u{1f600}é\u{1f600}b", "\u{1f600}", 1, Some(3)),
            ("é", "é", 1, None),
        ] {
            assert_eq!(
                place_of(text, needle, from),
                expected,
                "{text} {needle} {from}"
            );
        }
    }

    #[test]
    fn marks_are_counted() {
        assert_eq!(most_marks("plain"), 0);
        assert_eq!(most_marks("e\u{301}\u{323}a\u{301}"), 2);
        assert_eq!(most_marks("\u{ff76}\u{ff9e}\u{ff9f}"), 2);
    }
}
