//! URLs, addresses and ranges of them.

use std::net::IpAddr;
use std::sync::Arc;

use crate::golang::url::{Url, query_unescape};

use super::super::budget::Budget;
use super::super::fault::Fault;
use super::super::value::{Map, Value};
use super::Answer;

/// `ParseAddr`, without zones and without IPv4 in IPv6.
fn address(text: &str) -> Option<IpAddr> {
    let address: IpAddr = text.parse().ok()?;
    match address {
        IpAddr::V6(six) if six.to_ipv4_mapped().is_some() => None,
        other => Some(other),
    }
}

fn range(text: &str) -> Option<(IpAddr, u8)> {
    let (ip, bits) = text.split_once('/')?;
    let ip = address(ip)?;
    if bits.is_empty()
        || bits.len() > 1 && bits.starts_with('0')
        || !bits.bytes().all(|it| it.is_ascii_digit())
    {
        return None;
    }
    let bits: u8 = bits.parse().ok()?;
    (bits <= if ip.is_ipv4() { 32 } else { 128 }).then_some((ip, bits))
}

fn masked(ip: IpAddr, bits: u8) -> IpAddr {
    match ip {
        IpAddr::V4(ip) => {
            let mask = u32::MAX.checked_shl(32 - u32::from(bits.min(32))).unwrap_or(0);
            IpAddr::V4((u32::from(ip) & mask).into())
        }
        IpAddr::V6(ip) => {
            let mask = u128::MAX.checked_shl(128 - u32::from(bits.min(128))).unwrap_or(0);
            IpAddr::V6((u128::from(ip) & mask).into())
        }
    }
}

/// Go's `url.ParseRequestURI`, for which an address is absolute or a path.
fn url(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    (!text.is_empty() && !text.contains('#') && (text.starts_with('/') || !url.scheme.is_empty()))
        .then_some(url)
}

pub(super) fn call<'a>(
    name: &str,
    target: Option<&Value<'a>>,
    arguments: &[Value<'a>],
    _: &Budget,
) -> Answer<'a> {
    let failed = |words: &str, text: &str| Some(Err(Fault::failed(format!("{words}: `{text}`"))));
    let value = match (name, target, arguments) {
        ("isURL", None, [Value::Text(text)]) => Value::Bool(url(text).is_some()),
        ("url", None, [Value::Text(text)]) => match url(text) {
            Some(url) => Value::Url(Arc::new(url)),
            None => return failed("this is no URL", text),
        },
        (_, Some(Value::Url(url)), []) => match name {
            "getScheme" => Value::text(url.scheme.as_str()),
            "getHost" => Value::text(url.host.as_str()),
            "getHostname" => Value::text(url.hostname()),
            "getPort" => Value::text(url.port()),
            "getEscapedPath" => Value::text(url.escaped_path()),
            "getQuery" => query(&url.raw_query),
            _ => return None,
        },
        ("isIP", None, [Value::Text(text)]) => Value::Bool(address(text).is_some()),
        ("ip", None, [Value::Text(text)]) => match address(text) {
            Some(ip) => Value::Ip(ip),
            None => return failed("this is no IP address", text),
        },
        ("ip.isCanonical", None, [Value::Text(text)]) => match address(text) {
            Some(ip) => Value::Bool(ip.to_string() == text.as_str()),
            None => return failed("this is no IP address", text),
        },
        (_, Some(Value::Ip(ip)), []) => match name {
            "family" => Value::Int(if ip.is_ipv4() { 4 } else { 6 }),
            "isUnspecified" => Value::Bool(ip.is_unspecified()),
            "isLoopback" => Value::Bool(ip.is_loopback()),
            "isLinkLocalMulticast" => Value::Bool(match ip {
                IpAddr::V4(ip) => ip.octets().starts_with(&[224, 0, 0]),
                IpAddr::V6(ip) => {
                    ip.octets().starts_with(&[0xff]) && ip.octets().get(1).is_some_and(|it| it & 15 == 2)
                }
            }),
            "isLinkLocalUnicast" => Value::Bool(match ip {
                IpAddr::V4(ip) => ip.is_link_local(),
                IpAddr::V6(ip) => ip.is_unicast_link_local(),
            }),
            "isGlobalUnicast" => Value::Bool(match ip {
                IpAddr::V4(four) => {
                    !four.is_broadcast()
                        && !four.is_unspecified()
                        && !four.is_loopback()
                        && !four.is_multicast()
                        && !four.is_link_local()
                }
                IpAddr::V6(six) => {
                    !six.is_unspecified()
                        && !six.is_loopback()
                        && !six.is_multicast()
                        && !six.is_unicast_link_local()
                }
            }),
            _ => return None,
        },
        ("isCIDR", None, [Value::Text(text)]) => Value::Bool(range(text).is_some()),
        ("cidr", None, [Value::Text(text)]) => match range(text) {
            Some((ip, bits)) => Value::Cidr(ip, bits),
            None => return failed("this is no range of addresses", text),
        },
        (_, Some(Value::Cidr(ip, bits)), arguments) => match (name, arguments) {
            ("ip", []) => Value::Ip(*ip),
            ("masked", []) => Value::Cidr(masked(*ip, *bits), *bits),
            ("prefixLength", []) => Value::Int(i64::from(*bits)),
            ("containsIP", [of]) => {
                let of = match of {
                    Value::Ip(of) => Some(*of),
                    Value::Text(text) => address(text),
                    _ => return None,
                };
                let Some(of) = of else { return Some(Err(Fault::failed("this is no IP address"))) };
                Value::Bool(of.is_ipv4() == ip.is_ipv4() && masked(of, *bits) == masked(*ip, *bits))
            }
            ("containsCIDR", [of]) => {
                let of = match of {
                    Value::Cidr(of, length) => Some((*of, *length)),
                    Value::Text(text) => range(text),
                    _ => return None,
                };
                let Some((of, length)) = of else {
                    return Some(Err(Fault::failed("this is no range of addresses")));
                };
                let inside = of.is_ipv4() == ip.is_ipv4() && masked(of, *bits) == masked(*ip, *bits);
                Value::Bool(inside && *bits <= length)
            }
            _ => return None,
        },
        _ => return None,
    };
    Some(Ok(value))
}

fn query<'a>(text: &str) -> Value<'a> {
    let mut entries: Vec<(Value<'a>, Value<'a>)> = Vec::new();
    for part in text.split('&').filter(|part| !part.is_empty() && !part.contains(';')) {
        let (key, value) = part.split_once('=').unwrap_or((part, ""));
        let (Ok(key), Ok(value)) = (query_unescape(key), query_unescape(value)) else { continue };
        let (key, value) = (Value::text(key), Value::text(value));
        match entries.iter_mut().find(|(known, _)| known.equals(&key)) {
            Some((_, values)) => {
                if let Value::List(list) = values {
                    *values = Value::list(list.iter().chain([value]).collect());
                }
            }
            None => entries.push((key, Value::list(vec![value]))),
        }
    }
    Value::Map(Map::Made(Arc::new(entries)))
}
