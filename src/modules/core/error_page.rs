//! `error_page`: what a client gets to see instead of an error.

use crate::conf::{
    Arity, Contexts, Diagnostic, DirectiveSpec, Doc, Repeat, SPEC, Statement, values,
};
use crate::http::build::written::{ErrorPageWritten, ErrorPagesWritten};
use crate::http::plan::settings::ErrorStatus;

use super::limits::ANYWHERE;

pub(super) const ERROR_PAGE: DirectiveSpec = DirectiveSpec {
    name: "error_page",
    contexts: ANYWHERE.or(Contexts::LOCATION_IF),
    arity: Arity::at_least(2),
    repeat: Repeat::Many,
    doc: Doc {
        syntax: "error_page code … [=[code]] uri;\nerror_page code … [=[code]] @name;",
        text: "Leads requests that would be answered with one of these statuses to another path, \
               a location `@name`, or another server. The client sees the original status; with \
               `=code` it sees that one, with `=` the one of whoever answers. Redirects that are \
               made here can be led elsewhere, too (301, 302, 303, 307, 308); what is sent then \
               keeps their `Location`. A block that has any \
               `error_page` inherits none.",
        example: "error_page 404 /404.html;\nerror_page 502 504 =200 @fallback;",
        ..SPEC.doc
    },
    apply: error_page,
    ..SPEC
};

fn error_page(statement: &mut Statement<'_>) -> Result<(), Diagnostic> {
    let count = statement.arguments().len();
    let shown = shown(statement, count - 1)?;
    let last_code = match shown {
        Some(_) => count - 2,
        None => count - 1,
    };
    if last_code == 0 {
        let message = "\"error_page\" has no status before \"=\"";
        return Err(statement.error(1, message));
    }
    let codes: Result<Vec<u16>, Diagnostic> = (1..=last_code)
        .map(|index| code(statement, index))
        .collect();
    let target = statement.template(count)?;
    let (ours, usual): (Vec<u16>, Vec<u16>) =
        codes?.into_iter().partition(|code| OURS.contains(code));
    let pages = statement.scope.get_or_default::<ErrorPagesWritten>();
    for (codes, otherwise) in [
        (usual, ErrorStatus::Original),
        (ours, ErrorStatus::Fixed(400)),
    ] {
        if !codes.is_empty() {
            pages.0.push(ErrorPageWritten {
                codes,
                status: shown.unwrap_or(otherwise),
                target: target.clone(),
            });
        }
    }
    Ok(())
}

/// Statuses that only configurations know; clients see 400.
const OURS: std::ops::RangeInclusive<u16> = 494..=497;

/// The status that the client sees, if the argument tells.
fn shown(statement: &Statement<'_>, index: usize) -> Result<Option<ErrorStatus>, Diagnostic> {
    let text = statement.text(index);
    let Some(code) = text.strip_prefix('=') else {
        return Ok(None);
    };
    if code.is_empty() {
        return Ok(Some(ErrorStatus::OfTarget));
    }
    let status = values::number(code).ok();
    let status = status.and_then(|status| u16::try_from(status).ok());
    match status.filter(|status| (200..=999).contains(status)) {
        Some(status) => Ok(Some(ErrorStatus::Fixed(status))),
        None => {
            let problem = statement.error(index, format!("invalid value \"{text}\""));
            Err(problem.with_help("\"=\" alone, or a status from 200 to 999 behind it"))
        }
    }
}

fn code(statement: &Statement<'_>, index: usize) -> Result<u16, Diagnostic> {
    let text = statement.text(index);
    let Ok(number) = values::number(text) else {
        return Err(statement.error(index, format!("invalid value \"{text}\"")));
    };
    let code = u16::try_from(number).unwrap_or_default();
    if code == 499 {
        let message = "value \"499\" cannot have an error page";
        let help = "499 stands for a client that has left";
        return Err(statement.error(index, message).with_help(help));
    }
    if !(300..=599).contains(&code) {
        let message = format!("value \"{text}\" must be between 300 and 599");
        return Err(statement.error(index, message));
    }
    Ok(code)
}
