//! Ports that stay ours while the process that listens is away.

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};

use anyhow::Context;
use rand::Rng;

use crate::plan::MOST;

/// Below the range that the kernel hands to outgoing connections, so that none of them takes a port
/// while its process is killed.
const RANGE: std::ops::Range<u16> = 20_000..30_000;

/// Where Waypost listens.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Addresses {
    /// For webhooks, one for each ingress.
    pub(crate) ingresses: [SocketAddr; MOST as usize],
    /// For callers.
    pub(crate) admin: SocketAddr,
}

impl Addresses {
    /// Some that are free.
    ///
    /// # Errors
    /// When there are none.
    pub(crate) fn choose() -> anyhow::Result<Self> {
        let [admin, ingresses @ ..] = free::<{ MOST as usize + 1 }>()?;
        Ok(Self { ingresses, admin })
    }
}

/// So many local addresses on which nobody listens.
///
/// # Errors
/// When there are none.
fn free<const N: usize>() -> anyhow::Result<[SocketAddr; N]> {
    let mut found = BTreeSet::new();
    for _ in 0..1_000 {
        if found.len() == N {
            break;
        }
        let addr = SocketAddr::from((Ipv4Addr::LOCALHOST, rand::rng().random_range(RANGE)));
        if TcpListener::bind(addr).is_ok() {
            found.insert(addr);
        }
    }
    let found: Vec<SocketAddr> = found.into_iter().collect();
    found.try_into().ok().context("there are no free ports")
}
