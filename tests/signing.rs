//! What is signed can be checked by anybody: our verifier, `ci/verify.py` and plain openssl come to the same answer,
//! about what is sound and about every attack.

#[path = "signing/bundle.rs"]
mod bundle;
#[path = "signing/pack.rs"]
mod pack;
#[path = "hostile/process.rs"]
#[allow(dead_code, reason = "shared with other tests")]
mod process;
#[path = "signing/time.rs"]
mod time_stamps;
#[path = "signing/token.rs"]
mod token;
#[path = "signing/tools.rs"]
mod tools;
#[path = "signing/world.rs"]
mod world;
