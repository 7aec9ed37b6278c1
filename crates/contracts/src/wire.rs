//! The generated types: what `proto/waypost/v1/` says, unchecked.

include!(concat!(env!("OUT_DIR"), "/waypost.v1.rs"));
