//! Messages and their envelopes, from wherever the command line says.

use std::{
    fs,
    io::{self, Read},
    path::{Path, PathBuf},
};

use serde::Deserialize;
use smtp_sync::{
    AsEnvelope,
    proto::{
        address::{ForwardPath, ReversePath},
        command::{Mail, Recipient},
        parameter::{Body, Parameter},
        stuffing::Survey,
    },
};

use crate::{args::Args, header};

/// A message and what its envelope says, not yet checked.
#[derive(Debug)]
pub(crate) struct Message {
    pub(crate) content: Vec<u8>,
    address: Addressing,
    survey: Survey,
    declares_size: bool,
}

#[derive(Deserialize, Clone, Debug)]
#[serde(deny_unknown_fields)]
struct Addressing {
    from: String,
    to: Vec<To>,
    #[serde(default)]
    params: Vec<String>,
}

#[derive(Deserialize, Clone, Debug)]
#[serde(untagged)]
enum To {
    Plain(String),
    Detailed(Detailed),
}

#[derive(Deserialize, Clone, Debug)]
#[serde(deny_unknown_fields)]
struct Detailed {
    address: String,
    #[serde(default)]
    params: Vec<String>,
}

impl To {
    fn address(&self) -> &str {
        match self {
            To::Plain(address) | To::Detailed(Detailed { address, .. }) => address,
        }
    }

    fn params(&self) -> &[String] {
        match self {
            To::Plain(_) => &[],
            To::Detailed(detailed) => &detailed.params,
        }
    }
}

/// The messages that the command line speaks of.
pub(crate) fn gather(args: &Args) -> Result<Vec<Message>, String> {
    let contents = contents(args)?;
    let addressed = match &args.envelope {
        Some(file) => envelopes(file, contents.len())?,
        None => {
            contents.iter().map(|content| addressing(args, content)).collect::<Result<_, _>>()?
        }
    };
    let message = |(content, address): (Vec<u8>, Addressing)| {
        let content = if args.read_recipients { header::without_bcc(&content) } else { content };
        let survey = Survey::of(&content);
        Message { content, address, survey, declares_size: !args.no_size }
    };
    Ok(contents.into_iter().zip(addressed).map(message).collect())
}

fn contents(args: &Args) -> Result<Vec<Vec<u8>>, String> {
    if !args.message.is_empty() {
        let read = |file: &PathBuf| fs::read(file).map_err(|error| told(file, &error));
        return args.message.iter().map(read).collect();
    }
    let mut content = Vec::new();
    if args.needs_message() {
        io::stdin()
            .read_to_end(&mut content)
            .map_err(|error| format!("standard input: {error}"))?;
        return Ok(vec![content]);
    }
    Ok(Vec::new())
}

fn told(file: &Path, error: &dyn core::fmt::Display) -> String {
    format!("{}: {error}", file.display())
}

fn envelopes(file: &Path, wanted: usize) -> Result<Vec<Addressing>, String> {
    let text = fs::read(file).map_err(|error| told(file, &error))?;
    let list: Vec<Addressing> =
        serde_json::from_slice(&text).map_err(|error| told(file, &error))?;
    if list.len() == wanted {
        Ok(list)
    } else {
        Err(told(file, &format!("{} envelopes for {wanted} messages", list.len())))
    }
}

fn addressing(args: &Args, content: &[u8]) -> Result<Addressing, String> {
    let from = match &args.from {
        Some(from) => Some(from.clone()),
        None => header::addresses(content, &["From"])?.into_iter().next(),
    };
    let mut to = args.recipients.clone();
    if args.read_recipients {
        to.extend(header::addresses(content, &["To", "Cc", "Bcc"])?);
    }
    if to.is_empty() {
        return Err("no recipients".to_owned());
    }
    Ok(Addressing {
        from: from.ok_or("no sender: give -f, or a From field")?,
        to: to.into_iter().map(To::Plain).collect(),
        params: Vec::new(),
    })
}

impl Message {
    pub(crate) fn recipients(&self) -> impl Iterator<Item = &str> {
        self.address.to.iter().map(To::address)
    }

    /// The envelope, checked.
    pub(crate) fn envelope(&self) -> Result<Envelope<'_>, String> {
        let from = &self.address.from;
        let path = ReversePath::parse(from).map_err(|error| format!("{from:?}: {error}"))?;
        let to = self.address.to.iter().map(checked).collect::<Result<_, _>>()?;
        let params = parameters(&self.address.params)?;
        let mut mail = Mail::new(path);
        mail = mail.with_extra(&params).map(|_| mail).map_err(|error| error.to_string())?;
        if self.declares_size {
            mail = mail.with_size(self.survey.size);
        }
        let eight_bit = self.survey.eight_bit;
        mail = mail.with_body(if eight_bit { Body::EightBitMime } else { Body::SevenBit });
        Ok(Envelope { mail, params, to })
    }
}

fn checked(to: &To) -> Result<(Recipient<'_>, Vec<Parameter<'_>>), String> {
    let address = to.address();
    let path = ForwardPath::parse(address).map_err(|error| format!("{address:?}: {error}"))?;
    let (recipient, params) = (Recipient::new(path), parameters(to.params())?);
    recipient.with_extra(&params).map_err(|error| format!("{address:?}: {error}"))?;
    Ok((recipient, params))
}

fn parameters(texts: &[String]) -> Result<Vec<Parameter<'_>>, String> {
    let parse = |text| Parameter::parse(text).map_err(|error| format!("{text:?}: {error}"));
    texts.iter().map(String::as_str).map(parse).collect()
}

/// A checked envelope that borrows from its message.
#[derive(Debug)]
pub(crate) struct Envelope<'a> {
    mail: Mail<'a>,
    params: Vec<Parameter<'a>>,
    to: Vec<(Recipient<'a>, Vec<Parameter<'a>>)>,
}

impl AsEnvelope for Envelope<'_> {
    fn mail(&self) -> Mail<'_> {
        self.mail.with_extra(&self.params).unwrap_or(self.mail)
    }

    fn recipient(&self, index: usize) -> Option<Recipient<'_>> {
        let (recipient, params) = self.to.get(index)?;
        Some(recipient.with_extra(params).unwrap_or(*recipient))
    }
}
