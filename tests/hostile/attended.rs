//! What is asked of processes while they run: signals, the target file of the mock.

use std::fs;
use std::process::Command;

use crate::process::{Mock, Running};

impl Running {
    /// Sends a signal by its name, as a person or an operating system would.
    pub(crate) fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        let sent = Command::new("kill")
            .args([&format!("-{name}"), &id])
            .status()
            .expect("kill runs");
        assert!(sent.success(), "{name} could not be sent");
    }
}

impl Mock {
    pub(crate) fn target(&self) -> String {
        fs::read_to_string(self.folder.join("target.toml")).expect("written by the mock")
    }
}
