//! How much there may be, and whether one more session would be too much.

/// What a zone allows; nothing where there is no limit. Rates are in bits per second.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Limits {
    /// Pending and active sessions.
    pub sessions: Option<u64>,
    /// What is received.
    pub rx_bitrate: Option<u64>,
    /// What is sent.
    pub tx_bitrate: Option<u64>,
    /// What is added to the tops of what is sent before they are held against the limit: 0.15 for 15 %.
    pub headroom: f64,
}

/// A limit that is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// Of sessions.
    Sessions,
    /// Of what is received or sent.
    Bitrate,
}

/// How much there is, before a session that is new.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Load {
    /// Pending and active sessions.
    pub(super) sessions: u64,
    /// What is received now.
    pub(super) rx_bitrate: u64,
    /// The tops of what is sent, of all sessions here and in the companions.
    pub(super) tx_tops: u64,
    /// What the new session is expected to be sent.
    pub(super) estimate: u64,
}

impl Limits {
    /// The limit that a new session would go beyond, if there is one.
    pub(super) fn reached(&self, load: &Load) -> Option<Limit> {
        let tx = load.tx_tops as f64 * (1.0 + self.headroom) + load.estimate as f64;
        if self.sessions.is_some_and(|most| load.sessions >= most) {
            return Some(Limit::Sessions);
        }
        let is_over = self.rx_bitrate.is_some_and(|most| load.rx_bitrate > most)
            || self.tx_bitrate.is_some_and(|most| tx >= most as f64);
        is_over.then_some(Limit::Bitrate)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_limit_holds_by_itself_and_exactly() {
        let limits = Limits {
            sessions: Some(3),
            rx_bitrate: Some(100),
            tx_bitrate: Some(1000),
            headroom: 0.15,
        };
        let load = |sessions, rx_bitrate, tx_tops, estimate| Load {
            sessions,
            rx_bitrate,
            tx_tops,
            estimate,
        };
        for (load, expected) in [
            (load(2, 100, 800, 79), None),
            (load(3, 0, 0, 0), Some(Limit::Sessions)),
            (load(3, 101, 0, 0), Some(Limit::Sessions)),
            (load(2, 101, 0, 0), Some(Limit::Bitrate)),
            (load(2, 100, 800, 81), Some(Limit::Bitrate)),
            (load(0, 0, 870, 0), Some(Limit::Bitrate)),
        ] {
            assert_eq!(limits.reached(&load), expected, "{load:?}");
            assert_eq!(Limits::default().reached(&load), None);
        }
    }
}
