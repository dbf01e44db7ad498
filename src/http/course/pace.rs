//! How fast a response is to leave: `limit_rate`, unless the request or its origin says otherwise.

use super::circumstances::Circumstances;
use super::request::Request;
use crate::conf::values;
use crate::http::plan::template::Template;
use crate::http::transport::pace::Pace;

impl Request {
    /// The pace of its response; nothing where that leaves as fast as it can.
    #[inline]
    pub(in crate::http) fn pace(&mut self) -> Option<Pace> {
        let location = self.location;
        match (self.rate, &location.settings.rate) {
            (None | Some(0), None) => None,
            _ => self.limited_pace(),
        }
    }

    #[cold]
    fn limited_pace(&mut self) -> Option<Pace> {
        let settings = &self.location.settings;
        let rate = match self.rate {
            Some(rate) => rate,
            None => size(self, settings.rate.as_ref()),
        };
        self.rate = Some(rate);
        (rate > 0).then(|| Pace::new(rate, size(self, settings.rate_after.as_ref())))
    }

    /// A pace of as many bytes a second as a template says; nothing for zero.
    pub fn pace_by(&mut self, rate: &Template) -> Option<Pace> {
        let rate = size(self, Some(rate));
        (rate > 0).then(|| Pace::new(rate, 0))
    }

    /// Sets how many bytes of its response may leave in a second, zero for as many as can; what is no size is told and
    /// changes nothing.
    pub fn set_rate(&mut self, text: &[u8]) {
        match str::from_utf8(text).ok().map(values::size) {
            Some(Ok(rate)) => self.rate = Some(rate),
            _ => tell(self, text),
        }
    }
}

/// What a template evaluates to; zero where that is no size, which is told.
fn size(request: &mut Request, template: Option<&Template>) -> u64 {
    let Some(template) = template else {
        return 0;
    };
    let mut text = request.buffer();
    template.append(request, &mut text);
    let size = match str::from_utf8(&text).ok().map(values::size) {
        _ if text.is_empty() => 0,
        Some(Ok(size)) => size,
        _ => {
            tell(request, &text);
            0
        }
    };
    request.recycle(text);
    size
}

fn tell(request: &Request, text: &[u8]) {
    let (text, circumstances) = (text.escape_ascii(), Circumstances(request));
    log::error!("\"{text}\" is no rate of bytes{circumstances}");
}
