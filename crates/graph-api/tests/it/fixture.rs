//! The JSON files under `fixtures/`.

use std::fs;
use std::path::PathBuf;

fn directory() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures")
}

/// The bytes of a file, named without its ending.
pub(crate) fn read(name: &str) -> Vec<u8> {
    fs::read(directory().join(format!("{name}.json"))).unwrap()
}

/// The names of all webhook files.
pub(crate) fn webhooks() -> Vec<String> {
    let files = fs::read_dir(directory().join("webhooks")).unwrap();
    files.map(|file| format!("webhooks/{}", stem(&file.unwrap().path()))).collect()
}

fn stem(path: &std::path::Path) -> String {
    path.file_stem().unwrap().to_str().unwrap().to_owned()
}
