//! Text with variables, compiled: literal bytes and variable numbers.
//!
//! Evaluating appends to a buffer of the caller's, so that one buffer can serve many evaluations.

use super::variable::VariableIndex;
use crate::http::course::request::Request;

/// A directive's parameter, ready to be evaluated.
#[derive(Clone, Debug, Default)]
pub struct Template {
    parts: Box<[Part]>,
}

/// A piece of a template.
#[derive(Clone, Debug)]
pub enum Part {
    /// Bytes as written.
    Literal(Box<[u8]>),
    /// The value of a variable.
    Variable(VariableIndex),
    /// A numbered capture of the last successful pattern.
    Capture(u8),
}

impl Template {
    /// A template of these parts.
    pub fn new(parts: Vec<Part>) -> Self {
        Self {
            parts: parts.into_boxed_slice(),
        }
    }

    /// A template that is always `text`.
    pub fn literal_text(text: &str) -> Self {
        Self::new(vec![Part::Literal(text.as_bytes().into())])
    }

    /// Its parts, in order.
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// Its text, when it holds no variable.
    pub fn literal(&self) -> Option<&[u8]> {
        match &*self.parts {
            [] => Some(b""),
            [Part::Literal(text)] => Some(text),
            _ => None,
        }
    }

    /// The variable it consists of, when it is nothing else.
    pub fn variable(&self) -> Option<VariableIndex> {
        match &*self.parts {
            [Part::Variable(index)] => Some(*index),
            _ => None,
        }
    }

    /// Appends the evaluated text. A variable without a value adds nothing.
    pub fn append(&self, request: &mut Request, out: &mut Vec<u8>) {
        for part in &self.parts {
            part.append(request, out);
        }
    }

    /// The same where nothing has to be made for it: every variable has a value, and that lies ready. Else false, and
    /// something may have been appended.
    #[inline]
    pub fn append_ready(&self, request: &Request, out: &mut Vec<u8>) -> bool {
        self.parts.iter().all(|part| {
            let text = match part {
                Part::Literal(text) => Some(&text[..]),
                Part::Variable(index) => request.text(*index),
                Part::Capture(_) => None,
            };
            text.map(|text| out.extend_from_slice(text)).is_some()
        })
    }

    /// Lets `work` see the evaluated text. One without variables is not copied for that.
    pub fn with_text<T>(
        &self,
        request: &mut Request,
        work: impl FnOnce(&mut Request, &[u8]) -> T,
    ) -> T {
        if let Some(text) = self.literal() {
            return work(request, text);
        }
        let mut text = request.buffer();
        self.append(request, &mut text);
        let result = work(request, &text);
        request.recycle(text);
        result
    }

    /// The evaluated text.
    pub fn evaluate(&self, request: &mut Request) -> Vec<u8> {
        let mut out = Vec::new();
        self.append(request, &mut out);
        out
    }
}

impl Part {
    /// Appends this part's text; false when it is a variable without a value.
    pub fn append(&self, request: &mut Request, out: &mut Vec<u8>) -> bool {
        match self {
            Self::Literal(text) => {
                out.extend_from_slice(text);
                true
            }
            Self::Variable(index) => request.read(*index, out),
            Self::Capture(number) => request.captures.append(usize::from(*number), out),
        }
    }
}
