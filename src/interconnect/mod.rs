//! Floor 6: 相互接続確認: what one product sent in its recorded run meets the other one, and both are judged.
//!
//! Two products need not be at the same place at the same time. What product A sent as a consumer in its run is sent
//! again to product B, or, where there is only a recording of B too, is put beside what B answered to such requests and
//! judged under the description that B gave. Requests are judged as A's, answers as B's.

mod collect;
mod connect;
mod report;

pub use collect::{Left, Sent, answers, sent};
pub use connect::{Connection, InterconnectError, Receiver, connect};
pub use report::{
    Finding, INTERCONNECTION, INTERCONNECTION_SCHEMA, Interconnection, InterfaceView, Operation, Party, State,
    sign_interconnection, statement_of,
};
