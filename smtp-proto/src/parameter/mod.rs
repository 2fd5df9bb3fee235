//! Parameters of `MAIL` and `RCPT`: `KEYWORD` or `KEYWORD=value`, each defined by an extension (RFC 5321 4.1.2).

mod body;
mod coded;
mod delivery;
mod dsn;
mod error;
mod list;
mod original;
mod submitter;
mod valid_since;

use core::fmt;

use crate::{
    octets::{self, KEYWORD, VALUE},
    writer::Writer,
};

pub use crate::time::Timestamp;
pub use body::Body;
pub(crate) use coded::Coded;
pub use delivery::{ByMode, DeliverBy, Hold, Priority};
pub use dsn::{EnvelopeId, Notify, Ret};
pub use error::ParameterError;
pub(crate) use list::check_unique;
pub use list::{Iter, Parameters};
pub use original::OriginalRecipient;
pub use submitter::Submitter;
pub use valid_since::{Unsupported, ValidSince};

/// A parameter that is safe to write into a command.
///
/// Use it for parameters that have no type of their own in this module.
///
/// ```text
/// esmtp-param   = esmtp-keyword ["=" esmtp-value]
/// esmtp-keyword = (ALPHA / DIGIT) *(ALPHA / DIGIT / "-")
/// esmtp-value   = 1*(%d33-60 / %d62-126)
/// ```
///
/// Keyword and value have no limit of their own; the length of the command line limits them.
///
/// ```
/// use smtp_proto::parameter::Parameter;
///
/// let parameter = Parameter::new("RET", Some("HDRS"))?;
/// assert_eq!(parameter.to_string(), "RET=HDRS");
/// assert_eq!(Parameter::parse("RET=HDRS"), Ok(parameter));
///
/// let error = Parameter::new("NOTIFY", Some("NEVER SIZE=0")).unwrap_err();
/// assert_eq!(error.to_string(), "octet 0x20 at offset 5 is not allowed in a parameter's value");
/// # Ok::<(), smtp_proto::parameter::ParameterError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Parameter<'a> {
    keyword: &'a str,
    value: Option<&'a str>,
}

impl<'a> Parameter<'a> {
    /// Validates a keyword and an optional value.
    ///
    /// # Errors
    /// [`ParameterError`], with an offset from the start of the keyword or of the value.
    pub fn new(keyword: &'a str, value: Option<&'a str>) -> Result<Self, ParameterError> {
        check_keyword(keyword.as_bytes())?;
        value.map_or(Ok(()), |value| check_value(value.as_bytes()))?;
        Ok(Self { keyword, value })
    }

    /// Validates `KEYWORD` or `KEYWORD=VALUE`.
    ///
    /// # Errors
    /// [`ParameterError`], with an offset from the start of the keyword or of the value.
    pub fn parse(text: &'a str) -> Result<Self, ParameterError> {
        match text.split_once('=') {
            None => Self::new(text, None),
            Some((keyword, value)) => Self::new(keyword, Some(value)),
        }
    }

    /// The keyword, in the case in which it was given.
    #[must_use]
    pub const fn keyword(&self) -> &'a str {
        self.keyword
    }

    /// The value. It is never empty.
    #[must_use]
    pub const fn value(&self) -> Option<&'a str> {
        self.value
    }

    /// Returns whether `keyword` is the keyword of the parameter, in any case.
    #[must_use]
    pub fn is(&self, keyword: &str) -> bool {
        self.keyword.eq_ignore_ascii_case(keyword)
    }

    /// Writes a space and the parameter.
    pub(crate) fn write(&self, out: &mut Writer<'_>) {
        out.push(b" ");
        out.push(self.keyword.as_bytes());
        if let Some(value) = self.value {
            out.push(b"=");
            out.push(value.as_bytes());
        }
    }
}

impl fmt::Display for Parameter<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.keyword)?;
        self.value.map_or(Ok(()), |value| write!(f, "={value}"))
    }
}

fn check_keyword(keyword: &[u8]) -> Result<(), ParameterError> {
    let end = octets::run(keyword, 0, KEYWORD);
    match (keyword.first(), keyword.get(end)) {
        (None, _) => Err(ParameterError::NoKeyword),
        (Some(b'-'), _) => Err(ParameterError::Keyword { octet: b'-', offset: 0 }),
        (_, Some(&octet)) => Err(ParameterError::Keyword { octet, offset: end }),
        (Some(_), None) => Ok(()),
    }
}

fn check_value(value: &[u8]) -> Result<(), ParameterError> {
    let end = octets::run(value, 0, VALUE);
    match value.get(end) {
        Some(&octet) => Err(ParameterError::Value { octet, offset: end }),
        None if value.is_empty() => Err(ParameterError::NoValue),
        None => Ok(()),
    }
}

/// Sets a value that is not set yet, because each parameter is allowed once.
pub(crate) fn set<T>(place: &mut Option<T>, value: Option<T>) -> Result<(), ParameterError> {
    if place.is_some() {
        return Err(ParameterError::Repeated);
    }
    *place = Some(value.ok_or(ParameterError::Meaning)?);
    Ok(())
}

/// Refuses a value whose decoded octets are not ASCII.
fn check_ascii(coded: Coded<&str>) -> Result<(), ParameterError> {
    let ascii = coded.octets().all(|octet| octet.is_ascii());
    if ascii { Ok(()) } else { Err(ParameterError::Meaning) }
}

/// The length in octets of these parameters, with the space before each.
pub(crate) fn encoded_len(parameters: &[Parameter<'_>]) -> usize {
    let length = |p: &Parameter<'_>| 2 + p.keyword().len() + p.value().map_or(0, str::len);
    parameters.iter().map(length).sum()
}

#[cfg(test)]
mod tests {
    use super::{Parameter, ParameterError};

    #[test]
    fn parts_are_told_apart() {
        for (text, keyword, value) in
            [("SMTPUTF8", "SMTPUTF8", None), ("8-x=+/<>", "8-x", Some("+/<>"))]
        {
            let parameter = Parameter::parse(text).unwrap_or_else(|e| panic!("{text}: {e}"));
            assert_eq!((parameter.keyword(), parameter.value()), (keyword, value));
            assert!(parameter.is(keyword.to_ascii_lowercase().as_str()));
        }
    }

    #[test]
    fn errors_name_what_is_wrong_and_where() {
        for (text, error) in [
            ("", ParameterError::NoKeyword),
            ("=", ParameterError::NoKeyword),
            ("-A", ParameterError::Keyword { octet: b'-', offset: 0 }),
            ("A_B", ParameterError::Keyword { octet: b'_', offset: 1 }),
            ("A\n", ParameterError::Keyword { octet: b'\n', offset: 1 }),
            ("A=", ParameterError::NoValue),
            ("A=b=c", ParameterError::Value { octet: b'=', offset: 1 }),
            ("A=b c", ParameterError::Value { octet: b' ', offset: 1 }),
            ("A=é", ParameterError::Value { octet: 0xC3, offset: 0 }),
        ] {
            assert_eq!(Parameter::parse(text), Err(error), "{text:?}");
        }
    }
}
