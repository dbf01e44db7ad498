//! The body of a request for somebody who looks at all of it.

use std::io;
use std::sync::Arc;

use super::kept::Kept;
use super::{RequestBody, SentBody};

/// All of a body, which stays where it was kept: in memory, or in a file.
#[derive(Clone, Debug)]
pub struct Whole(Arc<Kept>);

impl Whole {
    /// How many bytes it has.
    pub fn length(&self) -> u64 {
        self.0.length()
    }

    /// Its bytes.
    ///
    /// # Errors
    /// When the file fails that they are in.
    pub fn read(&self) -> io::Result<Vec<u8>> {
        match &*self.0 {
            Kept::Memory(memory) => Ok(memory.clone()),
            Kept::File(file) => file.content(),
            Kept::Gone => Ok(Vec::new()),
        }
    }

    /// The same as the body of a request that is made here.
    ///
    /// # Errors
    /// When there is no other descriptor of the file that it is in.
    pub fn to_body(&self) -> io::Result<RequestBody> {
        let length = self.length();
        Ok(RequestBody {
            length,
            sent_as: match length {
                0 => SentBody::None,
                length => SentBody::Length(length),
            },
            kept: self.0.copy()?,
            ..RequestBody::default()
        })
    }
}

impl RequestBody {
    /// All of it, if that was kept.
    ///
    /// # Errors
    /// When there is no other descriptor of the file that it is in.
    pub fn whole(&self) -> io::Result<Option<Whole>> {
        Ok(match &self.kept {
            Kept::Gone => None,
            kept => Some(Whole(Arc::new(kept.copy()?))),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::transport::spill::Spill;

    #[test]
    fn a_long_body_is_read_from_its_file_and_given_to_others() {
        let mut file = Spill::new(&std::env::temp_dir()).unwrap();
        let content: Vec<u8> = (0..300_000_u32).map(|one| one as u8).collect();
        file.write(&content).unwrap();
        let mut body = RequestBody {
            kept: Kept::File(file),
            ..RequestBody::default()
        };
        let whole = body.whole().unwrap().unwrap();
        assert_eq!(whole.length(), 300_000);
        assert_eq!(whole.read().unwrap(), content);
        let other = whole.to_body().unwrap();
        assert_eq!(other.sent_as(), SentBody::Length(300_000));
        assert_eq!(other.whole().unwrap().unwrap().read().unwrap(), content);
        body.kept = Kept::Gone;
        assert!(body.whole().unwrap().is_none());
    }
}
