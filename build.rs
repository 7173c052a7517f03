//! Builds the crate anew when a scenario or a fixture has changed, as both are inside the binary.

fn main() {
    println!("cargo:rerun-if-changed=scenarios");
    println!("cargo:rerun-if-changed=fixtures");
}
