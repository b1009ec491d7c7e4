//! Bad input of every kind: a wrong target file or corpus, a product that misbehaves, a driver that
//! fails, a full disk, a damaged bundle. Whatever comes, `junkyo` ends in time, with the right exit
//! code, with a message that names place and remedy, and with evidence on disk; it never panics.
//!
//! What cannot pass yet is marked `#[ignore]` with the reason.

#[path = "hostile/attended.rs"]
mod attended;
#[path = "hostile/in_time.rs"]
mod in_time;
#[path = "hostile/process.rs"]
mod process;
#[path = "hostile/servers.rs"]
mod servers;
#[path = "hostile/target.rs"]
mod target;

#[path = "hostile/corpus_folder.rs"]
mod corpus_folder;
#[path = "hostile/damaged.rs"]
mod damaged;
#[path = "hostile/disk.rs"]
mod disk;
#[path = "hostile/driver.rs"]
mod driver;
#[path = "hostile/interrupt.rs"]
mod interrupt;
#[path = "hostile/product.rs"]
mod product;
#[path = "hostile/target_file.rs"]
mod target_file;
