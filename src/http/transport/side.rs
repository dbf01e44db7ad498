//! The two sides of TLS, as rustls has them without buffers of their own.

use std::ops::Deref;

use rustls::CommonState;
use rustls::client::{ClientConnectionData, UnbufferedClientConnection};
use rustls::server::{ServerConnectionData, UnbufferedServerConnection};
use rustls::unbuffered::UnbufferedStatus;

/// One of them.
pub(in crate::http) trait Side: Send + Unpin {
    /// What rustls keeps for it.
    type Data;

    /// Whether the other side is a server.
    const IS_TO_A_PEER: bool;

    /// One step of understanding these records.
    fn process<'c, 'i>(&'c mut self, records: &'i mut [u8])
    -> UnbufferedStatus<'c, 'i, Self::Data>;

    /// What both sides have.
    fn common(&self) -> &CommonState;
}

impl Side for UnbufferedServerConnection {
    type Data = ServerConnectionData;

    const IS_TO_A_PEER: bool = false;

    fn process<'c, 'i>(
        &'c mut self,
        records: &'i mut [u8],
    ) -> UnbufferedStatus<'c, 'i, Self::Data> {
        self.process_tls_records(records)
    }

    fn common(&self) -> &CommonState {
        self.deref()
    }
}

impl Side for UnbufferedClientConnection {
    type Data = ClientConnectionData;

    const IS_TO_A_PEER: bool = true;

    fn process<'c, 'i>(
        &'c mut self,
        records: &'i mut [u8],
    ) -> UnbufferedStatus<'c, 'i, Self::Data> {
        self.process_tls_records(records)
    }

    fn common(&self) -> &CommonState {
        self.deref()
    }
}
