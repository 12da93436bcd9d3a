//! Quantities: `100m`, `1.5Gi`, `1e3`. Mirrors `k8s.io/apimachinery/pkg/api/resource`.

use crate::yaml::{Node, Style};

/// The value of a quantity; `None` when it is not one.
pub fn quantity(text: &str) -> Option<f64> {
    let signed = text.strip_prefix(['+', '-']).unwrap_or(text);
    let negative = text.starts_with('-');
    let end = signed.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(signed.len());
    let (number, suffix) = (signed.get(..end)?, signed.get(end..)?);
    if number.matches('.').count() > 1 || !number.contains(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let digits = format!("0{number}0");
    let digits = if number.contains('.') { digits } else { number.to_owned() };
    let value: f64 = digits.parse().ok()?;
    let value = value * factor(suffix)?;
    Some(if negative { -value } else { value })
}

fn factor(suffix: &str) -> Option<f64> {
    let decimal = |power: i32| Some(10_f64.powi(power));
    let binary = |power: i32| Some(1024_f64.powi(power));
    match suffix {
        "" => Some(1.0),
        "n" => decimal(-9),
        "u" => decimal(-6),
        "m" => decimal(-3),
        "k" => decimal(3),
        "M" => decimal(6),
        "G" => decimal(9),
        "T" => decimal(12),
        "P" => decimal(15),
        "E" => decimal(18),
        "Ki" => binary(1),
        "Mi" => binary(2),
        "Gi" => binary(3),
        "Ti" => binary(4),
        "Pi" => binary(5),
        "Ei" => binary(6),
        _ => {
            let exponent = suffix.strip_prefix(['e', 'E'])?;
            let digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
            let good =
                !digits.is_empty() && digits.len() < 4 && digits.bytes().all(|byte| byte.is_ascii_digit());
            good.then(|| exponent.parse().ok()).flatten().and_then(decimal)
        }
    }
}

/// The quantity in a node, which may be a text or a number; `Err` holds the text that is none.
pub fn node_quantity(node: &Node) -> Result<Option<f64>, &str> {
    if node.is_null() {
        return Ok(None);
    }
    match node.scalar() {
        Some(text) => {
            let number = node.style == Style::Plain;
            // Spaces around it do not count when JSON is read.
            quantity(text.trim())
                .or_else(|| number.then(|| node.as_f64()).flatten())
                .map(Some)
                .ok_or(text.as_str())
        }
        None => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_kubernetes_reads() {
        for (text, want) in [
            ("100m", Some(0.1)),
            ("1", Some(1.0)),
            ("1.5Gi", Some(1.5 * 1024.0 * 1024.0 * 1024.0)),
            ("1e3", Some(1000.0)),
            ("1E", Some(1e18)),
            (".5", Some(0.5)),
            ("5.", Some(5.0)),
            ("-1", Some(-1.0)),
            ("1k", Some(1000.0)),
            ("", None),
            ("1K", None),
            ("1GB", None),
            ("1 Gi", None),
            ("Gi", None),
            ("500MB", None),
            ("1.2.3", None),
            ("64mi", None),
        ] {
            assert_eq!(quantity(text), want, "{text}");
        }
    }
}
