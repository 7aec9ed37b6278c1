//! Generates the wire types from `proto/` with protox, so that no `protoc` is needed.

use std::error::Error;
use std::path::Path;

const FILES: [&str; 3] =
    ["waypost/v1/dispatch.proto", "waypost/v1/webhook.proto", "waypost/v1/notify.proto"];

fn main() -> Result<(), Box<dyn Error>> {
    // Cargo runs this in the folder of the package, whichever checkout that is.
    let root = Path::new("../../proto");
    println!("cargo:rerun-if-changed={}", root.display());

    let descriptors = protox::compile(FILES, [root])?;
    // `Bytes` instead of `Vec<u8>`: a webhook's body is decoded without a copy.
    // The comments stay in proto/: they are written for its readers, not for rustdoc.
    prost_build::Config::new().bytes(["."]).disable_comments(["."]).compile_fds(descriptors)?;
    Ok(())
}
