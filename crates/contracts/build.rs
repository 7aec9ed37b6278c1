//! Generates the wire types from `proto/` with protox, so that no `protoc` is needed.

use std::env;
use std::error::Error;
use std::path::Path;

const FILES: [&str; 3] =
    ["waypost/v1/dispatch.proto", "waypost/v1/webhook.proto", "waypost/v1/notify.proto"];

fn main() -> Result<(), Box<dyn Error>> {
    // Asked when it runs: a build directory may be shared by several checkouts.
    let root = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("../../proto");
    println!("cargo:rerun-if-changed={}", root.display());

    let descriptors = protox::compile(FILES, [&root])?;
    // `Bytes` instead of `Vec<u8>`: a webhook's body is decoded without a copy.
    // The comments stay in proto/: they are written for its readers, not for rustdoc.
    prost_build::Config::new().bytes(["."]).disable_comments(["."]).compile_fds(descriptors)?;
    Ok(())
}
