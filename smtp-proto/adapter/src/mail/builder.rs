//! Messages of `mail-builder`, which writes header fields as they are given.

use std::{borrow::Cow, collections::HashSet};

use mail_builder::{
    MessageBuilder,
    headers::{HeaderType, address::Address},
    mime::{BodyPart, MimePart},
};
use smtp_proto::envelope::{Envelope, OwnedRecipient};

use super::{
    Mail, MailError,
    header::{is_folded_text, is_name, is_text},
};

/// A header field.
type Field<'x> = (Cow<'x, str>, HeaderType<'x>);

/// The sender is that of Sender, else the first of From; recipients are those of To, Cc and Bcc, each
/// once. Bcc is not in the content. A field that would not stay on its line is refused, in the parts of the body as well.
impl TryFrom<MessageBuilder<'_>> for Mail {
    type Error = MailError;

    fn try_from(mut builder: MessageBuilder<'_>) -> Result<Self, MailError> {
        check(&builder.headers)?;
        let parts = [&builder.body, &builder.text_body, &builder.html_body].into_iter().flatten();
        parts.chain(builder.attachments.iter().flatten()).try_for_each(check_part)?;
        let from = sender(&builder).ok_or(MailError::NoSender)?;
        let mut envelope = Envelope::new(&from)?;
        let mut known = HashSet::new();
        for to in recipients(&builder) {
            let recipient = OwnedRecipient::new(&to)?;
            if known.insert(recipient.as_str().to_owned()) {
                envelope.push_recipient(recipient);
            }
        }
        builder.headers.retain(|(name, _)| !name.eq_ignore_ascii_case("Bcc"));
        Ok(Self::new(envelope, builder.write_to_vec().map_err(MailError::Write)?))
    }
}

fn sender(builder: &MessageBuilder<'_>) -> Option<String> {
    let first = |name| addresses(builder, name).into_iter().next();
    first("Sender").or_else(|| first("From"))
}

fn recipients(builder: &MessageBuilder<'_>) -> Vec<String> {
    ["To", "Cc", "Bcc"].into_iter().flat_map(|name| addresses(builder, name)).collect()
}

fn addresses(builder: &MessageBuilder<'_>, name: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (header, value) in &builder.headers {
        if let (true, HeaderType::Address(address)) = (header.eq_ignore_ascii_case(name), value) {
            gather(address, &mut found);
        }
    }
    found
}

fn gather(address: &Address<'_>, found: &mut Vec<String>) {
    match address {
        Address::Address(address) => found.push(address.email.clone().into_owned()),
        Address::Group(group) => group.addresses.iter().for_each(|one| gather(one, found)),
        Address::List(list) => list.iter().for_each(|one| gather(one, found)),
    }
}

fn check_part(part: &MimePart<'_>) -> Result<(), MailError> {
    check(&part.headers)?;
    match &part.contents {
        BodyPart::Multipart(parts) => parts.iter().try_for_each(check_part),
        _ => Ok(()),
    }
}

fn check(fields: &[Field<'_>]) -> Result<(), MailError> {
    match fields.iter().find(|(name, value)| !is_name(name) || !is_sound(value)) {
        Some((name, _)) => Err(MailError::Header(name.clone().into_owned())),
        None => Ok(()),
    }
}

fn is_sound(value: &HeaderType<'_>) -> bool {
    match value {
        HeaderType::Address(Address::List(list)) => list.iter().all(is_sound_address),
        HeaderType::Address(address) => is_sound_address(address),
        HeaderType::Date(_) => true,
        HeaderType::MessageId(ids) => ids.id.iter().all(|id| is_text(id)),
        // It is written as it is, so it may have been folded before.
        HeaderType::Raw(raw) => is_folded_text(&raw.raw),
        HeaderType::Text(text) => is_text(&text.text),
        HeaderType::URL(urls) => urls.url.iter().all(|url| is_text(url)),
        HeaderType::ContentType(of) => {
            let mut attributes = of.attributes.iter();
            is_text(&of.c_type) && attributes.all(|(key, value)| is_text(key) && is_text(value))
        }
    }
}

/// The builder panics where a list stands in a list, or a group in a group.
fn is_sound_address(address: &Address<'_>) -> bool {
    let is_named = |name: &Option<Cow<'_, str>>| name.as_deref().is_none_or(is_text);
    match address {
        Address::Address(one) => is_named(&one.name) && is_text(&one.email),
        Address::Group(group) => {
            let is_one = |member: &Address<'_>| matches!(member, Address::Address(_));
            is_named(&group.name)
                && group.addresses.iter().all(|member| is_one(member) && is_sound_address(member))
        }
        Address::List(_) => false,
    }
}
