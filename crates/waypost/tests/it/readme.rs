//! The README's table of settings against the code.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// What the names of our settings begin with.
const FAMILIES: [&str; 7] =
    ["WAYPOST_", "META_", "GRAPH_", "WHATSAPP_", "DATABASE_", "AMQP_", "CREDENTIAL_"];

#[test]
fn every_setting_that_the_code_reads_stands_in_the_readme() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let readme = fs::read_to_string(root.join("README.md")).unwrap();
    let mut read = BTreeSet::new();
    for package in fs::read_dir(root.join("crates")).unwrap() {
        // The crate that reads the environment speaks of variables of no meaning in its tests.
        let package = package.unwrap().path();
        if package.file_name().is_some_and(|name| name != "test-support") {
            collect(&package.join("src"), &mut read);
        }
    }

    assert!(read.contains("DATABASE_URL") && read.contains("WAYPOST_SWEEP_MS"), "{read:?}");
    let missing: Vec<_> =
        read.iter().filter(|name| !readme.contains(&format!("`{name}`"))).collect();
    assert!(missing.is_empty(), "not in the README's table: {missing:?}");
}

/// Finds string literals that look like one of our variables, outside test modules.
fn collect(folder: &Path, read: &mut BTreeSet<String>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for path in entries.map(|entry| entry.unwrap().path()) {
        if path.is_dir() {
            collect(&path, read);
        } else if path.file_stem().is_some_and(|stem| stem != "tests") {
            let source = fs::read_to_string(&path).unwrap();
            let code = source.split("#[cfg(test)]").next().unwrap_or_default();
            read.extend(
                code.split('"')
                    .skip(1)
                    .step_by(2)
                    .filter(|text| is_setting(text))
                    .map(str::to_owned),
            );
        }
    }
}

fn is_setting(text: &str) -> bool {
    let is_name = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    let begins =
        FAMILIES.iter().any(|family| text.starts_with(family) && text.len() > family.len());
    begins && text.chars().all(is_name) && !text.ends_with("_FILE") && !text.ends_with('_')
}
