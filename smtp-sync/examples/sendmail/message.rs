//! Messages and their envelopes, from wherever the command line says.

use core::fmt::Display;
use std::{
    collections::HashSet,
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
        parameter::{Body, EnvelopeId, Notify, OriginalRecipient, Parameter, Ret, Submitter},
        stuffing::Survey,
    },
};

use crate::{
    args::{Args, BareNewlines},
    header::{Header, without_preamble},
    secrets::shown,
};

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
    ret: Option<String>,
    envid: Option<String>,
    auth: Option<String>,
    #[serde(default)]
    params: Vec<String>,
}

#[derive(Deserialize, Clone, Debug)]
#[serde(untagged)]
enum To {
    Plain(String),
    Detailed(Detailed),
}

#[derive(Deserialize, Clone, Default, Debug)]
#[serde(deny_unknown_fields)]
struct Detailed {
    address: String,
    #[serde(default)]
    notify: Vec<String>,
    orcpt: Option<String>,
    #[serde(default)]
    params: Vec<String>,
}

impl To {
    fn address(&self) -> &str {
        match self {
            To::Plain(address) | To::Detailed(Detailed { address, .. }) => address,
        }
    }
}

/// The messages that the command line speaks of.
pub(crate) fn gather(args: &Args) -> Result<Vec<Message>, String> {
    if !args.needs_message() {
        return Ok(Vec::new());
    }
    let contents = contents(args)?;
    let Some(file) = &args.envelope else {
        return contents.into_iter().map(|content| message(args, content)).collect();
    };
    let addressed = envelopes(file, contents.len())?.into_iter().zip(contents);
    let message = |(address, content): (_, Vec<u8>)| {
        let content =
            if args.read_recipients { leaving(args, without_preamble(&content))? } else { content };
        Ok(Message::new(args, content, address))
    };
    addressed.map(message).collect()
}

fn contents(args: &Args) -> Result<Vec<Vec<u8>>, String> {
    if !args.message.is_empty() {
        let read = |file: &PathBuf| fs::read(file).map_err(|error| told(file, &error));
        return args.message.iter().map(read).collect();
    }
    let mut content = Vec::new();
    io::stdin().read_to_end(&mut content).map_err(|error| format!("standard input: {error}"))?;
    Ok(vec![content])
}

/// A message whose envelope is made of the command line and its header.
fn message(args: &Args, mut content: Vec<u8>) -> Result<Message, String> {
    let preamble = content.len() - without_preamble(&content).len();
    content.drain(..preamble);
    let address = addressing(args, &content)?;
    if args.read_recipients {
        content = leaving(args, &content)?;
    }
    Ok(Message::new(args, content, address))
}

/// The content as `-t` sends it on.
fn leaving(args: &Args, content: &[u8]) -> Result<Vec<u8>, String> {
    let header = Header::read(content);
    if matches!(args.newlines, BareNewlines::Reject) {
        header.check_newlines()?;
    }
    header.without_bcc()
}

fn told(file: &Path, error: &dyn Display) -> String {
    format!("{}: {error}", shown(&file.display().to_string()))
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

const NO_RECIPIENTS: &str = "no recipients";

fn addressing(args: &Args, content: &[u8]) -> Result<Addressing, String> {
    let from = match &args.from {
        Some(from) => Some(from.clone()),
        None => Header::read(content).sender()?,
    };
    let mut to = args.recipients.clone();
    if args.read_recipients {
        let mut known: HashSet<String> = to.iter().cloned().collect();
        let found = Header::read(content).recipients()?;
        to.extend(found.into_iter().filter(|address| known.insert(address.clone())));
    }
    if to.is_empty() {
        return Err(NO_RECIPIENTS.to_owned());
    }
    Ok(Addressing {
        from: from.ok_or("no sender: give -f, or a From field with an address")?,
        to: to.into_iter().map(|address| To::Detailed(detailed(args, address))).collect(),
        ret: args.dsn_return.clone(),
        envid: args.envid.clone(),
        auth: None,
        params: Vec::new(),
    })
}

fn detailed(args: &Args, address: String) -> Detailed {
    Detailed { address, notify: args.dsn_notify.clone(), ..Detailed::default() }
}

impl Message {
    fn new(args: &Args, content: Vec<u8>, address: Addressing) -> Self {
        let survey = Survey::of(&content);
        Self { content, address, survey, declares_size: !args.no_size }
    }

    pub(crate) fn recipients(&self) -> impl Iterator<Item = &str> {
        self.address.to.iter().map(To::address)
    }

    /// The envelope, checked.
    pub(crate) fn envelope(&self) -> Result<Envelope<'_>, String> {
        let from = &self.address.from;
        let path = ReversePath::parse(from).map_err(|error| format!("{}: {error}", shown(from)))?;
        if self.address.to.is_empty() {
            return Err(NO_RECIPIENTS.to_owned());
        }
        let to = self.address.to.iter().map(checked).collect::<Result<_, _>>()?;
        let (mail, params) = self.address.mail(path)?;
        Ok(Envelope { mail: self.described(mail), params, to })
    }

    /// Says what the content looks like, where the envelope file does not say it.
    fn described<'a>(&self, mail: Mail<'a>) -> Mail<'a> {
        let looks = if self.survey.eight_bit { Body::EightBitMime } else { Body::SevenBit };
        let body = mail.body().unwrap_or(looks);
        let mail = mail.with_body(body);
        if mail.size().is_some() || !self.declares_size {
            return mail;
        }
        // Binary content leaves as it is, all other with CRLF.
        let binary = body == Body::BinaryMime;
        mail.with_size(if binary { self.content.len() as u64 } else { self.survey.size })
    }
}

impl Addressing {
    /// MAIL with what the envelope asks for, and the parameters that the library does not know.
    fn mail<'a>(&'a self, from: ReversePath<'a>) -> Result<(Mail<'a>, Vec<Parameter<'a>>), String> {
        let mut mail = Mail::new(from);
        if let Some(ret) = &self.ret {
            mail = mail.with_ret(Ret::from_value(ret).ok_or_else(|| unknown("ret", ret))?);
        }
        if let Some(envid) = &self.envid {
            mail = mail.with_envid(EnvelopeId::new(envid).map_err(named("envid", envid))?);
        }
        if let Some(auth) = &self.auth {
            mail = mail.with_auth(Submitter::parse(auth).map_err(named("auth", auth))?);
        }
        let mut others = Vec::new();
        for text in &self.params {
            let parameter = Parameter::parse(text).map_err(named("params", text))?;
            match mail.with_parameter(parameter).map_err(named("params", text))? {
                Some(known) => mail = known,
                None => others.push(parameter),
            }
        }
        mail.with_extra(&others).map_err(|error| error.to_string())?;
        Ok((mail, others))
    }
}

fn checked(to: &To) -> Result<(Recipient<'_>, Vec<Parameter<'_>>), String> {
    let address = to.address();
    let path = ForwardPath::parse(address).map_err(|e| format!("{}: {e}", shown(address)))?;
    match to {
        To::Plain(_) => Ok((Recipient::new(path), Vec::new())),
        To::Detailed(detailed) => detailed.recipient(path),
    }
}

impl Detailed {
    fn recipient<'a>(
        &'a self,
        path: ForwardPath<'a>,
    ) -> Result<(Recipient<'a>, Vec<Parameter<'a>>), String> {
        let mut recipient = Recipient::new(path);
        if !self.notify.is_empty() {
            let list = self.notify.join(",");
            let notify = Notify::from_value(&list).ok_or_else(|| unknown("notify", &list))?;
            recipient = recipient.with_notify(notify);
        }
        if let Some(text) = &self.orcpt {
            let original = OriginalRecipient::parse(text).map_err(named("orcpt", text))?;
            recipient = recipient.with_orcpt(original);
        }
        let mut others = Vec::new();
        for text in &self.params {
            let parameter = Parameter::parse(text).map_err(named("params", text))?;
            match recipient.with_parameter(parameter).map_err(named("params", text))? {
                Some(known) => recipient = known,
                None => others.push(parameter),
            }
        }
        recipient.with_extra(&others).map_err(|error| error.to_string())?;
        Ok((recipient, others))
    }
}

fn unknown(what: &str, value: &str) -> String {
    format!("{what} {}: no such value", shown(value))
}

/// Puts a name before an error.
fn named<'a, E: Display>(what: &'a str, value: &'a str) -> impl Fn(E) -> String + use<'a, E> {
    move |error| format!("{what} {}: {error}", shown(value))
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
