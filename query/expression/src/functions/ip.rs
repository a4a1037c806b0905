//! IP addresses as text or as longs, and the subnets they lie in.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::str::FromStr;
use std::sync::Arc;

use super::{Body, Function, LONG, Prepared, STRING};
use crate::{Expr, ExprError, Value};

pub(super) const TABLE: &[Function] = &[
    Function::new("ipv4_match", (2, 2), LONG, Body::Values(ipv4_match))
        .prepare(|args| subnet_argument("ipv4_match", args)),
    Function::new("ipv6_match", (2, 2), LONG, Body::Values(ipv6_match))
        .prepare(|args| subnet_argument("ipv6_match", args)),
    Function::new("ipv4_parse", (1, 1), LONG, Body::Values(ipv4_parse)),
    Function::new("ipv4_stringify", (1, 1), STRING, Body::Values(ipv4_stringify)),
];

/// Addresses that share their first bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Subnet {
    V4 { network: u32, mask: u32 },
    V6 { network: u128, mask: u128 },
}

fn read_subnet(function: &'static str, text: &str) -> Result<Subnet, ExprError> {
    let wrong = || ExprError::argument(function, format!("`{text}` is not a subnet such as `10.0.0.0/8`"));
    let (address, bits) = text.split_once('/').map_or((text, None), |(a, b)| (a, Some(b)));
    if function == "ipv4_match" {
        let address = u32::from(Ipv4Addr::from_str(address).map_err(|_| wrong())?);
        let bits: u32 = bits.map_or(Ok(32), str::parse).map_err(|_| wrong())?;
        let mask = u32::MAX.checked_shl(32u32.checked_sub(bits).ok_or_else(wrong)?).unwrap_or(0);
        return Ok(Subnet::V4 { network: address & mask, mask });
    }
    let address = u128::from(Ipv6Addr::from_str(address).map_err(|_| wrong())?);
    let bits: u32 = bits.map_or(Ok(128), str::parse).map_err(|_| wrong())?;
    let mask = u128::MAX.checked_shl(128u32.checked_sub(bits).ok_or_else(wrong)?).unwrap_or(0);
    Ok(Subnet::V6 { network: address & mask, mask })
}

fn subnet_argument(function: &'static str, args: &[Expr]) -> Result<Prepared, ExprError> {
    match args.get(1) {
        Some(Expr::Literal(Value::String(text))) => {
            read_subnet(function, text).map(|s| Prepared::Subnet(Arc::new(s)))
        }
        Some(Expr::Literal(_)) => Err(ExprError::argument(function, "the subnet must be text")),
        _ => Ok(Prepared::None),
    }
}

fn subnet(function: &'static str, prepared: &Prepared, args: &[Value]) -> Result<Subnet, ExprError> {
    match (prepared, &args[1]) {
        (Prepared::Subnet(subnet), _) => Ok(**subnet),
        (_, Value::String(text)) => read_subnet(function, text),
        _ => Err(ExprError::argument(function, "the subnet must be text")),
    }
}

fn v4(value: &Value) -> Option<u32> {
    match value {
        Value::Long(v) => u32::try_from(*v).ok(),
        Value::String(text) => v4_of_text(text),
        _ => None,
    }
}

/// Four numbers up to 255, with blanks around them and zeros before them.
fn v4_of_text(text: &str) -> Option<u32> {
    let mut parts = text.trim().split('.');
    let mut address = 0;
    for _ in 0..4 {
        let part = parts.next().filter(|part| part.bytes().all(|b| b.is_ascii_digit()))?;
        address = address << 8 | u32::from(part.parse::<u8>().ok()?);
    }
    parts.next().is_none().then_some(address)
}

fn ipv4_match(prepared: &Prepared, args: &[Value]) -> Result<Value, ExprError> {
    let Subnet::V4 { network, mask } = subnet("ipv4_match", prepared, args)? else { return Ok(Value::Null) };
    Ok(Value::from_bool(v4(&args[0]).is_some_and(|address| address & mask == network)))
}

fn ipv6_match(prepared: &Prepared, args: &[Value]) -> Result<Value, ExprError> {
    let Subnet::V6 { network, mask } = subnet("ipv6_match", prepared, args)? else { return Ok(Value::Null) };
    let address = match &args[0] {
        Value::String(text) => Ipv6Addr::from_str(text).ok().map(u128::from),
        _ => None,
    };
    Ok(Value::from_bool(address.is_some_and(|address| address & mask == network)))
}

fn ipv4_parse(_: &Prepared, args: &[Value]) -> Result<Value, ExprError> {
    Ok(v4(&args[0]).map(i64::from).into())
}

fn ipv4_stringify(_: &Prepared, args: &[Value]) -> Result<Value, ExprError> {
    Ok(v4(&args[0]).map(|address| Ipv4Addr::from(address).to_string()).into())
}
