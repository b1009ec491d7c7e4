//! Addresses: 町字ID, 住所コード, the trap between the two, and the parts of an address as far as they can be told
//! without a register.

mod codes;
mod split;

pub use codes::{AddressCode, ConversionFinding, MachiazaId, check_conversion};
pub(super) use codes::{validate_address_code, validate_machiaza};
pub use split::{AddressParts, split};
