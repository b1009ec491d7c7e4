//! The corpus, its fixtures and the report templates are embedded: rebuild when they change.

fn main() {
    for folder in ["conformance", "fixtures", "reports"] {
        println!("cargo:rerun-if-changed={folder}");
    }
}
