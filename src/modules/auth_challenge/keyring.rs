//! What a worker remembers of challenges and tokens.
//!
//! Workers do not share it, on purpose: a token is a secret, and memory that all workers share (and that zones keep in
//! files) is no place for one. The price is one question for each worker and token in the life of a token.
//!
//! All who need one token share one question for it, which goes on whether they wait or not. There are limits to
//! how much is remembered and to how many questions are under way, whatever origins ask for.

use std::collections::HashMap;
use std::sync::Arc;
use std::thread;
use std::time::Instant;

use parking_lot::Mutex;
use tokio::sync::watch;

use super::challenge::Challenge;
use super::token::{Failure, Token};

/// What credentials are for: those of one account, at one origin, after one challenge.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Purpose {
    /// The number of the account.
    pub(super) account: usize,
    /// The origin, as the configuration calls it.
    pub(super) origin: Arc<str>,
    pub(super) challenge: Challenge,
}

/// The tokens of a worker.
#[derive(Debug, Default)]
pub(super) struct Keyring {
    tokens: Mutex<HashMap<Arc<Purpose>, Held>>,
    spaces: Mutex<HashMap<Space, Arc<Purpose>>>,
}

/// Part of an origin that asked for something: what lies in one folder.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Space {
    pub(super) account: usize,
    pub(super) origin: Arc<str>,
    /// The path up to its last slash.
    pub(super) folder: Vec<u8>,
}

#[derive(Debug)]
enum Held {
    Token(Token),
    Asked(Arc<Flight>),
}

/// A question that is under way.
#[derive(Debug)]
pub(super) struct Flight(watch::Sender<Option<Answer>>);

/// What came of a question.
pub(super) type Answer = Result<Token, Failure>;

/// A token, or the wait for it.
pub(super) enum Known {
    Token(Token),
    Awaited(Arc<Flight>),
}

/// As many tokens, and spaces, are remembered.
const MOST: usize = 1024;
/// As many tokens are asked for at a time.
const MOST_FLIGHTS: usize = 64;

impl Keyring {
    /// The token for this purpose; `ask` is called on a thread of its own where there is none.
    pub(super) fn token(
        self: &Arc<Self>,
        purpose: &Arc<Purpose>,
        now: Instant,
        ask: impl FnOnce() -> Answer + Send + 'static,
    ) -> Result<Known, Failure> {
        let mut tokens = self.tokens.lock();
        match tokens.get(purpose) {
            Some(Held::Token(token)) if now < token.until => {
                return Ok(Known::Token(token.clone()));
            }
            Some(Held::Asked(flight)) => return Ok(Known::Awaited(Arc::clone(flight))),
            _ => {}
        }
        make_room(&mut tokens, now)?;
        let flight = Arc::new(Flight(watch::Sender::new(None)));
        let landing = Landing {
            keyring: Arc::clone(self),
            purpose: Arc::clone(purpose),
            flight: Some(Arc::clone(&flight)),
        };
        let thread = thread::Builder::new().name("token".to_owned());
        let work = move || landing.at(ask());
        tokens.insert(Arc::clone(purpose), Held::Asked(Arc::clone(&flight)));
        // A closure that finds no thread is dropped, and its landing takes the lock.
        drop(tokens);
        thread
            .spawn(work)
            .map_err(|error| Failure::new(format!("no thread to ask it ({error})")))?;
        Ok(Known::Awaited(flight))
    }

    /// The token for this purpose, if there is one.
    pub(super) fn at_hand(&self, purpose: &Purpose, now: Instant) -> Option<Token> {
        match self.tokens.lock().get(purpose)? {
            Held::Token(token) => (now < token.until).then(|| token.clone()),
            Held::Asked(_) => None,
        }
    }

    /// An origin does not take this token.
    pub(super) fn refused(&self, purpose: &Purpose, authorization: &[u8]) {
        let mut tokens = self.tokens.lock();
        let is_it = |held: &Held| match held {
            Held::Token(token) => *token.authorization == *authorization,
            Held::Asked(_) => false,
        };
        if tokens.get(purpose).is_some_and(is_it) {
            tokens.remove(purpose);
        }
    }

    /// Remembers what is asked for in a space.
    pub(super) fn remember(&self, space: Space, purpose: &Arc<Purpose>) {
        let mut spaces = self.spaces.lock();
        if spaces.len() >= MOST && !spaces.contains_key(&space) {
            spaces.clear();
        }
        spaces.insert(space, Arc::clone(purpose));
    }

    /// What is asked for in a space, as far as that is known.
    pub(super) fn asked_in(&self, space: &Space) -> Option<Arc<Purpose>> {
        self.spaces.lock().get(space).cloned()
    }

    fn land(&self, purpose: &Arc<Purpose>, flight: &Arc<Flight>, answer: Answer) {
        let mut tokens = self.tokens.lock();
        let is_own = |held: &Held| matches!(held, Held::Asked(asked) if Arc::ptr_eq(asked, flight));
        if tokens.get(purpose).is_some_and(is_own) {
            match &answer {
                Ok(token) => {
                    tokens.insert(Arc::clone(purpose), Held::Token(token.clone()));
                }
                Err(_) => drop(tokens.remove(purpose)),
            }
        }
        drop(tokens);
        flight.0.send_replace(Some(answer));
    }
}

/// Forgets tokens where there are too many; questions that are under way have to end by themselves.
fn make_room(tokens: &mut HashMap<Arc<Purpose>, Held>, now: Instant) -> Result<(), Failure> {
    let is_flight = |held: &Held| matches!(held, Held::Asked(_));
    if tokens.len() >= MOST {
        tokens.retain(|_, held| match held {
            Held::Token(token) => now < token.until,
            Held::Asked(_) => true,
        });
    }
    if tokens.len() >= MOST {
        tokens.retain(|_, held| is_flight(held));
    }
    match tokens.values().filter(|held| is_flight(held)).count() < MOST_FLIGHTS {
        true => Ok(()),
        false => Err(Failure::new("too many tokens are being asked for")),
    }
}

impl Flight {
    /// Ready when there is an answer.
    pub(super) fn over(&self) -> impl Future<Output = ()> + Send + 'static {
        let mut answer = self.0.subscribe();
        async move {
            // The sender cannot be gone before it has sent: the flight is held by whoever waits.
            drop(answer.wait_for(Option::is_some).await);
        }
    }

    /// What came of it, if it is over.
    pub(super) fn answer(&self) -> Option<Answer> {
        self.0.borrow().clone()
    }
}

/// Makes sure that a question ends, whatever happens to its thread.
struct Landing {
    keyring: Arc<Keyring>,
    purpose: Arc<Purpose>,
    flight: Option<Arc<Flight>>,
}

impl Landing {
    fn at(mut self, answer: Answer) {
        self.end(answer);
    }

    fn end(&mut self, answer: Answer) {
        if let Some(flight) = self.flight.take() {
            self.keyring.land(&self.purpose, &flight, answer);
        }
    }
}

impl Drop for Landing {
    fn drop(&mut self) {
        self.end(Err(Failure::new("asking it ended early")));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::time::Duration;

    use super::*;

    fn purpose(number: usize) -> Arc<Purpose> {
        Arc::new(Purpose {
            account: number,
            origin: "a".into(),
            challenge: Challenge::Basic,
        })
    }

    fn token(text: &str, life: u64) -> Token {
        Token {
            authorization: text.as_bytes().into(),
            until: Instant::now() + Duration::from_secs(life),
        }
    }

    #[tokio::test]
    async fn many_share_one_question() {
        let keyring = Arc::new(Keyring::default());
        let (send, receive) = mpsc::channel::<Answer>();
        let first = keyring.token(&purpose(1), Instant::now(), move || receive.recv().unwrap());
        let Ok(Known::Awaited(first)) = first else {
            panic!("a token from nowhere");
        };
        let unasked = || -> Answer { panic!("asked twice") };
        let second = keyring.token(&purpose(1), Instant::now(), unasked);
        let Ok(Known::Awaited(second)) = second else {
            panic!("a token from nowhere");
        };
        assert!(Arc::ptr_eq(&first, &second) && first.answer().is_none());
        assert_eq!(keyring.at_hand(&purpose(1), Instant::now()), None);
        let waits = (first.over(), second.over());
        send.send(Ok(token("x", 100))).unwrap();
        waits.0.await;
        waits.1.await;
        assert_eq!(&*second.answer().unwrap().unwrap().authorization, b"x");
        assert!(keyring.at_hand(&purpose(1), Instant::now()).is_some());
        assert!(keyring.at_hand(&purpose(2), Instant::now()).is_none());
        let later = Instant::now() + Duration::from_secs(101);
        assert!(keyring.at_hand(&purpose(1), later).is_none());
        // A token that is refused goes, a newer one stays.
        keyring.refused(&purpose(1), b"y");
        assert!(keyring.at_hand(&purpose(1), Instant::now()).is_some());
        keyring.refused(&purpose(1), b"x");
        assert!(keyring.at_hand(&purpose(1), Instant::now()).is_none());
    }

    #[tokio::test]
    async fn a_question_that_panics_is_answered() {
        let keyring = Arc::new(Keyring::default());
        let asked = keyring.token(&purpose(1), Instant::now(), || panic!("on purpose"));
        let Ok(Known::Awaited(flight)) = asked else {
            panic!("a token from nowhere");
        };
        flight.over().await;
        assert_eq!(flight.answer().unwrap().unwrap_err().status, 502);
        let again = keyring.token(&purpose(1), Instant::now(), || Ok(token("x", 1)));
        assert!(again.is_ok());
    }

    #[tokio::test]
    async fn there_are_limits() {
        let keyring = Arc::new(Keyring::default());
        for number in 0..MOST + 10 {
            let asked = keyring.token(&purpose(number), Instant::now(), || Ok(token("x", 100)));
            if let Ok(Known::Awaited(flight)) = asked {
                flight.over().await;
            }
            let space = Space {
                account: number,
                origin: "a".into(),
                folder: b"/".to_vec(),
            };
            keyring.remember(space, &purpose(number));
        }
        assert!(keyring.tokens.lock().len() <= MOST);
        assert!(keyring.spaces.lock().len() <= MOST);
        let (_hold, held) = mpsc::channel::<()>();
        let held = Arc::new(Mutex::new(held));
        for number in 0..MOST_FLIGHTS {
            let held = Arc::clone(&held);
            let wait = move || {
                let _ = held.lock().recv();
                Ok(token("x", 1))
            };
            assert!(
                keyring
                    .token(&purpose(10_000 + number), Instant::now(), wait)
                    .is_ok()
            );
        }
        let one_more = keyring.token(&purpose(20_000), Instant::now(), || Ok(token("x", 1)));
        assert!(one_more.is_err());
    }
}
