//! XML Schema validation: our walk over the engine, its places and words, and what schemas may refer to.
//!
//! The telegrams of the Japan Meteorological Agency are not in the repository. They are looked for in
//! `$JUNKYO_REFERENCE` (by default `../shared/reference` beside the repository); their tests say so and pass where they
//! are absent.

#[path = "schema/help.rs"]
mod help;

#[path = "schema/compile.rs"]
mod compile;
#[path = "schema/service.rs"]
mod service;
#[path = "schema/speed.rs"]
mod speed;
#[path = "schema/structures.rs"]
mod structures;
#[path = "schema/telegrams.rs"]
mod telegrams;
