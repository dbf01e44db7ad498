//! What went wrong in a script: what was thrown, and where.

use std::fmt;

use rquickjs::{Ctx, Error, Exception, Value};

use crate::os::script::text;

/// What a script failed with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The name and the message of what was thrown, or what was thrown as a text.
    pub message: String,
    /// The calls it went through, one a line, with files and lines; empty where nothing is known of them.
    pub stack: String,
}

/// A place in a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file.
    pub file: String,
    /// Counted from 1.
    pub line: usize,
    /// Counted from 1.
    pub column: usize,
}

/// A longer message or stack is cut, so that no script fills the log.
const LONGEST: usize = 4096;

impl Fault {
    /// A failure with no script to blame.
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            stack: String::new(),
        }
    }

    /// What an error of the engine means; one that was thrown is taken from the context.
    pub fn of(ctx: &Ctx<'_>, error: &Error) -> Self {
        match error {
            Error::Exception => Self::thrown(ctx, &ctx.catch()),
            Error::Allocation => Self::new("InternalError: out of memory"),
            error => Self::new(error.to_string()),
        }
    }

    /// What a thrown value says.
    pub fn thrown(ctx: &Ctx<'_>, value: &Value<'_>) -> Self {
        let exception = value.as_object().cloned().and_then(Exception::from_object);
        // Reading it is a call, which a script whose time is over may be ended at once more.
        let stack = exception.and_then(|exception| (0..3).find_map(|_| exception.stack()));
        let message = match text(value) {
            // Where there is no memory for an error, the engine throws this.
            Ok(_) if value.is_null() => {
                "null was thrown, or InternalError: out of memory".to_owned()
            }
            Ok(message) => message,
            Err(_) => {
                // What was thrown cannot be told without throwing again.
                ctx.catch();
                format!("a value of type {} was thrown", value.type_name())
            }
        };
        Self {
            message: cut(message),
            stack: cut(stack.unwrap_or_default()),
        }
    }

    /// The innermost place of the stack.
    pub fn place(&self) -> Option<Place> {
        self.stack.lines().find_map(place)
    }
}

/// `    at name (file:1:2)`, or without the name.
fn place(line: &str) -> Option<Place> {
    let line = line.trim().strip_prefix("at ")?;
    let line = line.strip_suffix(')').map_or(line, |line| {
        line.rfind(" (")
            .map_or(line, |bracket| &line[bracket + 2..])
    });
    let mut parts = line.rsplitn(3, ':');
    let column = parts.next()?.parse().ok()?;
    let line = parts.next()?.parse().ok()?;
    let file = parts.next()?.to_owned();
    Some(Place { file, line, column })
}

fn cut(mut text: String) -> String {
    if text.len() > LONGEST {
        let mut places = (0..=LONGEST).rev();
        let end = places.find(|place| text.is_char_boundary(*place));
        text.truncate(end.unwrap_or_default());
        text.push('…');
    }
    text
}

impl fmt::Display for Fault {
    /// On one line, as it stands in a log.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut lines = self.message.lines();
        formatter.write_str(lines.next().unwrap_or_default())?;
        for line in lines.chain(self.stack.lines()) {
            write!(formatter, " {}", line.trim())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_read_from_stacks() {
        let fault = |stack: &str| Fault {
            message: String::new(),
            stack: stack.to_owned(),
        };
        let is = |file: &str, line, column| {
            Some(Place {
                file: file.to_owned(),
                line,
                column,
            })
        };
        assert_eq!(fault("    at a.js:1:2\n").place(), is("a.js", 1, 2));
        assert_eq!(
            fault("    at f (native)\n    at g (/a b(c).js:10:2)").place(),
            is("/a b(c).js", 10, 2)
        );
        assert_eq!(fault("").place(), None);
    }
}
