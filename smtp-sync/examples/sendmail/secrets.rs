//! Passwords and tokens: where they come from, and keeping them out of what is printed.

use core::str;
use std::{env, fs, path::Path};

use smtp_sync::Url;

use crate::args::Args;

/// The password and the token, which must not be shown.
pub(crate) struct Secrets {
    pub(crate) password: Option<String>,
    pub(crate) token: Option<String>,
}

impl Secrets {
    /// The password comes from its file, else from the URL, else from the environment.
    pub(crate) fn read(args: &Args) -> Result<Self, String> {
        let of_url = args.url.as_ref().and_then(Url::credentials).map(|(_, password)| password);
        let password = match (&args.password_file, of_url) {
            (Some(file), _) => Some(first_line("--password-file", file)?),
            (None, Some(password)) if !password.is_empty() => Some(password.to_owned()),
            (None, _) => variable("SMTP_PASSWORD")?,
        };
        let token = args.token_file.as_ref().map(|file| first_line("--token-file", file));
        Ok(Self { password, token: token.transpose()? })
    }
}

/// Reads an environment variable. One that is not UTF-8 is an error, which does not show it: the program must not go on as
/// if there were none.
pub(crate) fn variable(name: &str) -> Result<Option<String>, String> {
    match env::var(name) {
        Ok(value) => Ok(Some(value)),
        Err(env::VarError::NotPresent) => Ok(None),
        Err(env::VarError::NotUnicode(_)) => Err(format!("${name} is not UTF-8")),
    }
}

/// The first line of a file, without a byte order mark and the end of the line. An error shows neither the content nor the
/// path: some write the password itself where its file should be named.
fn first_line(option: &str, file: &Path) -> Result<String, String> {
    let content = fs::read(file).map_err(|error| format!("{option}: {error}"))?;
    let content = content.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&content);
    let line = content.split(|octet| matches!(octet, b'\r' | b'\n')).next().unwrap_or_default();
    match str::from_utf8(line) {
        Ok(line) if !line.contains('\0') => Ok(line.to_owned()),
        _ => Err(format!("{option}: the first line of the file is not UTF-8 text")),
    }
}

/// Text as an error may repeat it: in quotes, unless it may hold a password.
pub(crate) fn shown(text: &str) -> String {
    if looks_like_credentials(text) {
        "(not shown, as it looks like user:password@host)".to_owned()
    } else {
        format!("{text:?}")
    }
}

/// `user:password@host`, with a scheme before it or without one.
pub(crate) fn looks_like_credentials(text: &str) -> bool {
    text.rsplit_once('@').is_some_and(|(before, _)| before.contains(':'))
}
