//! Which servers may be spoken to. Names are looked at before a connection, addresses after the name was resolved: a
//! public name may lead to this machine.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;

use super::Failure;
use super::url::Url;

/// The rules.
#[derive(Debug, Clone, Default)]
pub(super) struct Guard {
    /// Hosts that may be spoken to: `h.example`, `h.example:8443`, `*.h.example`; `None` for any.
    pub(super) hosts: Option<Vec<String>>,
    /// Whether addresses of this machine and of its link may be spoken to.
    pub(super) local: bool,
    /// Host and port of a proxy that the user has set.
    pub(super) proxy: Option<(String, u16)>,
}

impl Guard {
    /// Whether a server may be spoken to, as far as its name says.
    pub(super) fn permit(&self, host: &str, port: u16) -> Result<(), Failure> {
        if let Some(hosts) = &self.hosts
            && !hosts.iter().any(|pattern| matches(pattern, host, port))
        {
            return Err(format!("the host `{host}` is not among those of --allow-hosts"));
        }
        if self.permits_local(host, port) {
            return Ok(());
        }
        let named = host == "localhost" || host.ends_with(".localhost");
        let address = host.parse::<IpAddr>().ok().or_else(|| legacy_ipv4(host).map(IpAddr::V4));
        if named || address.is_some_and(is_local) { Err(local(host)) } else { Ok(()) }
    }

    /// As [`permit`](Self::permit) of a URL of one of these schemes.
    pub(super) fn permit_url(&self, url: &Url, schemes: &[&str]) -> Result<(), Failure> {
        if !schemes.contains(&url.scheme.as_str()) {
            return Err(format!(
                "`{}` is no URL that is downloaded: {} are",
                url.shown(),
                schemes.join(", ")
            ));
        }
        self.permit(&url.host, url.port_or_default())
    }

    /// Whether a host may lead to this machine: all may, or the user named this one.
    fn permits_local(&self, host: &str, port: u16) -> bool {
        let named = |pattern: &String| !pattern.contains('*') && matches(pattern, host, port);
        self.local || self.hosts.as_ref().is_some_and(|hosts| hosts.iter().any(named))
    }

    /// The addresses of a host that may be connected to.
    pub(super) fn addresses(
        &self,
        host: &str,
        port: u16,
        found: impl Iterator<Item = std::net::SocketAddr>,
    ) -> Result<Vec<std::net::SocketAddr>, Failure> {
        let is_proxy = self.proxy.as_ref().is_some_and(|(name, at)| name == host && *at == port);
        let free = is_proxy || self.permits_local(host, port);
        let mut refused = false;
        let mut kept = Vec::new();
        for address in found {
            if free || !is_local(address.ip()) {
                kept.push(address);
            } else {
                refused = true;
            }
        }
        if kept.is_empty() && refused { Err(local(host)) } else { Ok(kept) }
    }
}

fn local(host: &str) -> Failure {
    format!(
        "the host `{host}` leads to this machine or its link, where nothing is downloaded from unless --allow-local or \
         --allow-hosts says so"
    )
}

fn matches(pattern: &str, host: &str, port: u16) -> bool {
    let pattern = pattern.trim().to_ascii_lowercase();
    let (name, wanted) = match pattern.rsplit_once(':') {
        Some((name, digits)) if !name.contains(':') || name.ends_with(']') => {
            (name.to_owned(), digits.parse().ok())
        }
        _ => (pattern.clone(), None),
    };
    let name = name.trim_start_matches('[').trim_end_matches(']');
    if wanted.is_some_and(|wanted: u16| wanted != port) {
        return false;
    }
    match name.strip_prefix("*.") {
        Some(domain) => host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.') && rest.len() > 1),
        None => name == host,
    }
}

/// Addresses that lead to this machine, to its link (where clouds keep credentials), or nowhere.
fn is_local(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(ip) => is_local_v4(ip),
        IpAddr::V6(ip) => {
            let embedded = ip.to_ipv4_mapped().or_else(|| nat64(ip)).or_else(|| {
                // `::127.0.0.1`, which is no longer used but still understood.
                (ip.segments().iter().take(6).all(|part| *part == 0)).then(|| {
                    let [.., a, b] = ip.segments();
                    Ipv4Addr::from((u32::from(a) << 16) | u32::from(b))
                })
            });
            ip.is_loopback()
                || ip.is_unspecified()
                || ip.is_multicast()
                || ip.is_unicast_link_local()
                // The metadata service of AWS has an address of its own.
                || ip == Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254)
                || embedded.is_some_and(is_local_v4)
        }
    }
}

/// An IPv4 address behind the well-known prefix `64:ff9b::/96`.
fn nat64(ip: Ipv6Addr) -> Option<Ipv4Addr> {
    match ip.segments() {
        [0x64, 0xff9b, 0, 0, 0, 0, a, b] => Some(Ipv4Addr::from((u32::from(a) << 16) | u32::from(b))),
        _ => None,
    }
}

fn is_local_v4(ip: Ipv4Addr) -> bool {
    ip.is_loopback()
        || ip.is_link_local()
        || ip.is_broadcast()
        || ip.is_multicast()
        || ip.octets().first() == Some(&0)
        // The metadata services of two clouds that are not on the link.
        || matches!(ip.octets(), [100, 100, 100, 200] | [192, 0, 0, 192])
}

/// `127.1`, `0x7f000001`, `2130706433`: what `inet_aton` reads, and with it many resolvers.
fn legacy_ipv4(host: &str) -> Option<Ipv4Addr> {
    let number = |text: &str| -> Option<u64> {
        match text.strip_prefix("0x") {
            Some(hex) => u64::from_str_radix(hex, 16).ok(),
            None if text.len() > 1 && text.starts_with('0') => u64::from_str_radix(text, 8).ok(),
            None => text.parse().ok(),
        }
    };
    let parts: Option<Vec<u64>> = host.split('.').map(number).collect();
    let parts = parts?;
    let (last, first) = parts.split_last()?;
    if first.len() > 3 || first.iter().any(|part| *part > 255) {
        return None;
    }
    let shift = 8 * (4 - first.len() as u32);
    if shift < 64 && *last >= 1u64.checked_shl(shift)? {
        return None;
    }
    let head = first.iter().enumerate().fold(0u64, |sum, (at, part)| sum | (part << (24 - 8 * at as u32)));
    u32::try_from(head | last).ok().map(Ipv4Addr::from)
}

/// Resolves names as the system does, and keeps the addresses that may be connected to.
#[derive(Debug)]
pub(super) struct GuardedResolver {
    pub(super) guard: Guard,
    pub(super) inner: DefaultResolver,
}

impl Resolver for GuardedResolver {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let found = self.inner.resolve(uri, config, timeout)?;
        let host = uri.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
        let port = uri.port_u16().unwrap_or(if uri.scheme_str() == Some("http") { 80 } else { 443 });
        let kept = self
            .guard
            .addresses(&host.to_ascii_lowercase(), port, found.iter().copied())
            .map_err(|words| ureq::Error::Other(words.into()))?;
        let mut out = self.empty();
        for address in kept {
            out.push(address);
        }
        if out.is_empty() { Err(ureq::Error::HostNotFound) } else { Ok(out) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_this_machine_under_every_name() {
        let guard = Guard::default();
        for host in [
            "localhost",
            "a.localhost",
            "127.0.0.1",
            "127.1",
            "2130706433",
            "0x7f.0.0.1",
            "017700000001",
            "0.0.0.0",
            "0",
            "::1",
            "::",
            "::ffff:127.0.0.1",
            "::127.0.0.1",
            "64:ff9b::7f00:1",
            "169.254.169.254",
            "fe80::1",
            "fd00:ec2::254",
            "100.100.100.200",
        ] {
            assert!(guard.permit(host, 443).is_err(), "{host}");
        }
        for host in
            ["example.com", "10.0.0.1", "192.168.1.1", "fd12::1", "1.2.3.4", "127.example.com", "256.1"]
        {
            assert_eq!(guard.permit(host, 443), Ok(()), "{host}");
        }
    }

    #[test]
    fn refuses_addresses_behind_public_names() {
        let address = |text: &str| format!("{text}:443").parse().unwrap();
        let guard = Guard::default();
        let both = [address("127.0.0.1"), address("1.2.3.4")];
        assert_eq!(guard.addresses("h.example", 443, both.into_iter()), Ok(vec![both[1]]));
        assert!(guard.addresses("h.example", 443, both[..1].iter().copied()).is_err());
        let proxied = Guard { proxy: Some(("proxy".to_owned(), 3128)), ..Guard::default() };
        assert!(proxied.addresses("proxy", 3128, both[..1].iter().copied()).is_ok());
        assert!(proxied.addresses("proxy", 80, both[..1].iter().copied()).is_err());
    }

    #[test]
    fn hosts_that_are_allowed() {
        let hosts = ["h.example", "*.w.example", "localhost:5000", "[::1]:80"].map(str::to_owned);
        let guard = Guard { hosts: Some(hosts.into()), ..Guard::default() };
        for (host, port, want) in [
            ("h.example", 443, true),
            ("x.h.example", 443, false),
            ("a.w.example", 443, true),
            ("w.example", 443, false),
            ("evilw.example", 443, false),
            ("localhost", 5000, true),
            ("localhost", 5001, false),
            ("::1", 80, true),
            ("other.example", 443, false),
        ] {
            assert_eq!(guard.permit(host, port).is_ok(), want, "{host}:{port}");
        }
        // A pattern is no word for this machine.
        let guard = Guard { hosts: Some(vec!["*.localhost".to_owned()]), ..Guard::default() };
        assert!(guard.permit("a.localhost", 80).is_err());
    }
}
