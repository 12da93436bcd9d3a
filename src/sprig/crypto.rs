//! Passwords, keys and certificates: stand-ins.
//!
//! Most of these are new on every run in real life; here the same call with the same arguments always gives the same
//! answer (see `stand_in`). Answers have the shape of the real ones: a key is a PEM block of the right type and about
//! the right length, but nothing is signed, and what is inside of a block is noise. Two functions are reproducible
//! upstream and are stand-ins all the same, because what they give is a secret that a linter has no use for:
//! `derivePassword` and `decryptAES`. `buildCustomCert` passes on what it was given and checks the PEM blocks alone.

use std::rc::Rc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::gotemplate::{Call, Failure, Function, Map, Object, Param, Value};
use crate::origin::OriginId;

use super::args::{Result, arg, fixed, text};
use super::encoding::base64_decode;
use super::stand_in::StandIn;

const STRING: &[Param] = &[Param::String];
const STRING_2: &[Param] = &[Param::String, Param::String];
const CERTIFICATE: Param = Param::Object("sprig.certificate");

/// Lengths of what is inside of the blocks, in bytes.
const RSA_2048: usize = 1192;
const RSA_4096: usize = 2348;
const DSA_2048: usize = 851;
const ECDSA_P256: usize = 121;
const ED25519: usize = 48;
const CERT: usize = 790;

/// The table.
pub(super) static FUNCTIONS: &[Function] = &[
    fixed("bcrypt", STRING, |call, args| Ok(Value::str(bcrypt(call, args, text(args, 0))))),
    fixed("htpasswd", STRING_2, |call, args| {
        let user = text(args, 0);
        if user.contains(':') {
            return Ok(Value::str(format!("invalid username: {user}")));
        }
        Ok(Value::str(format!("{user}:{}", bcrypt(call, args, text(args, 1)))))
    }),
    fixed("genPrivateKey", STRING, |call, args| {
        let (kind, len) = match text(args, 0) {
            "" | "rsa" => ("RSA PRIVATE KEY", RSA_4096),
            "dsa" => ("DSA PRIVATE KEY", DSA_2048),
            "ecdsa" => ("EC PRIVATE KEY", ECDSA_P256),
            "ed25519" => ("PRIVATE KEY", ED25519),
            other => return Ok(Value::str(format!("Unknown type {other}"))),
        };
        Ok(Value::str(pem(&mut StandIn::of(call, args), kind, len)))
    }),
    fixed(
        "derivePassword",
        &[Param::Any, Param::String, Param::String, Param::String, Param::String],
        derive_password,
    ),
    fixed("buildCustomCert", STRING_2, build_custom_cert),
    fixed("genCA", &[Param::String, Param::Int], |call, args| Ok(generated(call, args, None))),
    fixed("genCAWithKey", &[Param::String, Param::Int, Param::String], |call, args| {
        let key = given_key(args, 2)?;
        Ok(generated(call, args, Some(key)))
    }),
    fixed("genSelfSignedCert", &[Param::String, Param::List, Param::List, Param::Int], |call, args| {
        check_names(args)?;
        Ok(generated(call, args, None))
    }),
    fixed(
        "genSelfSignedCertWithKey",
        &[Param::String, Param::List, Param::List, Param::Int, Param::String],
        |call, args| {
            let key = given_key(args, 4)?;
            check_names(args)?;
            Ok(generated(call, args, Some(key)))
        },
    ),
    fixed(
        "genSignedCert",
        &[Param::String, Param::List, Param::List, Param::Int, CERTIFICATE],
        |call, args| {
            check_names(args)?;
            Ok(generated(call, args, None))
        },
    ),
    fixed(
        "genSignedCertWithKey",
        &[Param::String, Param::List, Param::List, Param::Int, CERTIFICATE, Param::String],
        |call, args| {
            let key = given_key(args, 5)?;
            check_names(args)?;
            Ok(generated(call, args, Some(key)))
        },
    ),
    fixed("encryptAES", STRING_2, |call, args| {
        let plain = text(args, 1);
        if plain.is_empty() {
            return Ok(Value::str(""));
        }
        // An initial vector, and the text padded to full blocks.
        let len = 16 + (plain.len() / 16 + 1) * 16;
        Ok(Value::str(STANDARD.encode(StandIn::of(call, args).bytes(len))))
    }),
    fixed("decryptAES", STRING_2, |call, args| {
        if text(args, 1).is_empty() {
            return Ok(Value::str(""));
        }
        let crypt = base64_decode(text(args, 1)).map_err(Failure::new)?;
        if crypt.len() < 16 {
            return Err(Failure::new("runtime error: slice bounds out of range"));
        }
        if !crypt.len().is_multiple_of(16) {
            return Err(Failure::new("crypto/cipher: input not full blocks"));
        }
        let len = crypt.len().saturating_sub(24);
        Ok(Value::str(word(&mut StandIn::of(call, args), len, SIXTY_FOUR)))
    }),
];

const SIXTY_FOUR: &str = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

fn pick(random: &mut StandIn, alphabet: &str) -> char {
    let index = random.below(alphabet.len() as u64) as usize;
    alphabet.as_bytes().get(index).map_or('x', |byte| char::from(*byte))
}

fn word(random: &mut StandIn, len: usize, alphabet: &str) -> String {
    (0..len).map(|_| pick(random, alphabet)).collect()
}

fn bcrypt(call: &Call<'_, '_>, args: &[Value], password: &str) -> String {
    if password.len() > 72 {
        return "failed to encrypt string with bcrypt: bcrypt: password length exceeds 72 bytes".into();
    }
    format!("$2a$10${}", word(&mut StandIn::of(call, args), 53, SIXTY_FOUR))
}

/// A block that begins as an ASN.1 sequence of its length does, and goes on as noise.
fn pem(random: &mut StandIn, kind: &str, len: usize) -> String {
    let mut bytes = match u8::try_from(len - 2) {
        Ok(short) if short < 0x80 => vec![0x30, short],
        _ => vec![0x30, 0x82, ((len - 4) >> 8) as u8, (len - 4) as u8],
    };
    bytes.extend(random.bytes(len - bytes.len()));
    let encoded = STANDARD.encode(bytes);
    let mut out = format!("-----BEGIN {kind}-----\n");
    for (at, c) in encoded.chars().enumerate() {
        if at > 0 && at % 64 == 0 {
            out.push('\n');
        }
        out.push(c);
    }
    out + &format!("\n-----END {kind}-----\n")
}

/// The type of the first PEM block of a text.
fn pem_type(text: &str) -> Option<&str> {
    let (_, rest) = text.split_once("-----BEGIN ")?;
    let (kind, body) = rest.split_once("-----\n").or_else(|| rest.split_once("-----\r\n"))?;
    body.contains(&format!("-----END {kind}-----")).then_some(kind)
}

/// Checks that a text holds a private key.
fn check_key(text: &str) -> std::result::Result<(), String> {
    let Some(kind) = pem_type(text) else { return Err("no PEM data in input".into()) };
    match kind.strip_suffix(" PRIVATE KEY") {
        _ if kind == "PRIVATE KEY" => Ok(()),
        None => Err(format!("no private key data in PEM block of type {kind}")),
        Some("RSA" | "EC" | "DSA") => Ok(()),
        Some(other) => Err(format!("invalid private key type {other}")),
    }
}

fn given_key(args: &[Value], index: usize) -> Result {
    check_key(text(args, index)).map_err(|words| Failure::new(format!("parsing private key: {words}")))?;
    Ok(arg(args, index).clone())
}

/// The addresses and names of a certificate.
fn check_names(args: &[Value]) -> Result<()> {
    for ip in arg(args, 1).as_list().unwrap_or_default() {
        let Some(text) = ip.as_str() else {
            return Err(Failure::new(format!("error parsing ip: {ip} is not a string")));
        };
        if text.parse::<std::net::IpAddr>().is_err() {
            return Err(Failure::new(format!("error parsing ip: {text}")));
        }
    }
    for name in arg(args, 2).as_list().unwrap_or_default() {
        if name.as_str().is_none() {
            let words = format!("error processing alternate dns name: {name} is not a string");
            return Err(Failure::new(words));
        }
    }
    Ok(())
}

/// `sprig.certificate`
#[derive(Debug)]
struct Certificate {
    cert: Value,
    key: Value,
}

fn generated(call: &mut Call<'_, '_>, args: &[Value], key: Option<Value>) -> Value {
    let mut random = StandIn::of(call, args);
    let inputs: Vec<OriginId> = args.iter().map(Value::first_origin).collect();
    let origin = call.computed(&inputs);
    let cert = Value::str(pem(&mut random, "CERTIFICATE", CERT)).at(origin);
    let key = key.unwrap_or_else(|| Value::str(pem(&mut random, "RSA PRIVATE KEY", RSA_2048)).at(origin));
    certificate(cert, key)
}

fn certificate(cert: Value, key: Value) -> Value {
    let object: Rc<dyn Object> = Rc::new(Certificate { cert, key });
    Value::of(object)
}

fn build_custom_cert(call: &mut Call<'_, '_>, args: &[Value]) -> Result {
    let decode = |index: usize, what: &str| {
        let bytes = base64_decode(text(args, index))
            .map_err(|_| Failure::new(format!("unable to decode base64 {what}")))?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    };
    let (cert, key) = (decode(0, "certificate")?, decode(1, "private key")?);
    if pem_type(&cert).is_none() {
        return Err(Failure::new("unable to decode certificate"));
    }
    check_key(&key).map_err(|words| Failure::new(format!("error parsing private key: {words}")))?;
    let cert_origin = call.computed(&[arg(args, 0).first_origin()]);
    let key_origin = call.computed(&[arg(args, 1).first_origin()]);
    Ok(certificate(Value::str(cert).at(cert_origin), Value::str(key).at(key_origin)))
}

impl Object for Certificate {
    fn type_name(&self) -> String {
        "sprig.certificate".into()
    }

    fn field(&self, name: &str) -> Option<Value> {
        match name {
            "Cert" => Some(self.cert.clone()),
            "Key" => Some(self.key.clone()),
            _ => None,
        }
    }

    fn print(&self) -> String {
        format!("{{{} {}}}", self.cert, self.key)
    }

    fn to_data(&self) -> Option<Value> {
        let entries = [("Cert".into(), self.cert.clone()), ("Key".into(), self.key.clone())];
        Some(Value::map(Map::from_entries(entries)))
    }

    fn as_any(&self) -> &dyn std::any::Any {
        self
    }
}

/// The master password algorithm's templates: a letter for a class of characters.
fn password_templates(kind: &str) -> &'static [&'static str] {
    match kind {
        "maximum" => &["anoxxxxxxxxxxxxxxxxx", "axxxxxxxxxxxxxxxxxno"],
        "long" => &["CvcvnoCvcvCvcv", "CvcvCvcvnoCvcv", "CvcvCvcvCvcvno", "CvccCvcvnoCvcv", "CvcvCvccCvcvno"],
        "medium" => &["CvcnoCvc", "CvcCvcno"],
        "short" => &["Cvcn"],
        "basic" => &["aaanaaan", "aannaaan", "aaannaaa"],
        "pin" => &["nnnn"],
        _ => &[],
    }
}

fn password_characters(class: char) -> &'static str {
    match class {
        'V' => "AEIOU",
        'C' => "BCDFGHJKLMNPQRSTVWXYZ",
        'v' => "aeiou",
        'c' => "bcdfghjklmnpqrstvwxyz",
        'a' => "AEIOUaeiouBCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz",
        'n' => "0123456789",
        'o' => "@&%?,=[]_:-+*$#!'^~;()/.",
        _ => "AEIOUaeiouBCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz0123456789!@#$%^&*()",
    }
}

fn derive_password(call: &mut Call<'_, '_>, args: &[Value]) -> Result {
    let counter = arg(args, 0);
    if counter.as_int().and_then(|counter| u32::try_from(counter).ok()).is_none() {
        let name = counter.type_name();
        return Err(Failure::new(format!("wrong type for value; expected uint32; got {name}")));
    }
    let templates = password_templates(text(args, 1));
    let mut random = StandIn::of(call, args);
    let index = random.below(templates.len() as u64) as usize;
    let Some(template) = templates.get(index) else {
        return Ok(Value::str(format!("cannot find password template {}", text(args, 1))));
    };
    let password: String =
        template.chars().map(|class| pick(&mut random, password_characters(class))).collect();
    Ok(Value::str(password))
}

#[cfg(test)]
mod tests {
    use crate::golang::regexp::Regexp;
    use crate::sprig::testing::render;

    #[test]
    fn stand_ins_have_the_right_shape_and_stay_the_same() {
        for (template, shape) in [
            ("{{ bcrypt \"a\" }}", r"^\$2a\$10\$[./0-9A-Za-z]{53}$"),
            ("{{ htpasswd \"a\" \"b\" }}", r"^a:\$2a\$10\$[./0-9A-Za-z]{53}$"),
            (
                "{{ genPrivateKey \"rsa\" }}",
                r"^-----BEGIN RSA PRIVATE KEY-----\nMII[0-9A-Za-z+/\n=]+-----END RSA PRIVATE KEY-----\n$",
            ),
            (
                "{{ (genCA \"ca\" 365).Cert }}",
                r"^-----BEGIN CERTIFICATE-----\nMII(?s:.*)-----END CERTIFICATE-----\n$",
            ),
            (
                "{{ $ca := genCA \"ca\" 1 }}{{ (genSignedCert \"a\" nil (list \"b\") 1 $ca).Key }}",
                r"^-----BEGIN RSA PRIVATE KEY-----\nMII",
            ),
            ("{{ derivePassword 1 \"pin\" \"p\" \"u\" \"s\" }}", "^[0-9]{4}$"),
            ("{{ genCA \"ca\" 365 }}", r"^\{-----BEGIN CERTIFICATE-----"),
        ] {
            let first = render(template).unwrap();
            assert!(Regexp::new(shape).unwrap().is_match(&first), "{template}: {first}");
            assert_eq!(render(template).unwrap(), first);
        }
    }
}
