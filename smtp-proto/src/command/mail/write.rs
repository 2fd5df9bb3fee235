//! `MAIL` as octets.

use crate::{
    parameter::{DeliverBy, encoded_len},
    writer::Writer,
};

use super::Mail;

impl Mail<'_> {
    /// The greatest length of the command in octets.
    pub(crate) fn max_encoded_len(&self) -> usize {
        /// The length of `MAIL FROM:<>` and CRLF.
        const FIXED: usize = 14;
        let values = [
            self.size.map(|_| " SIZE=".len() + 20),
            self.body.map(|body| " BODY=".len() + body.as_str().len()),
            self.smtp_utf8.then_some(" SMTPUTF8".len()),
            self.ret.map(|_| " RET=FULL".len()),
            self.envid.map(|envid| " ENVID=".len() + envid.0.encoded_len()),
            self.auth.map(|auth| " AUTH=".len() + auth.encoded_len()),
            self.require_tls.then_some(" REQUIRETLS".len()),
            self.deliver_by.map(|_| " BY=".len() + DeliverBy::LENGTH),
            self.priority.map(|_| " MT-PRIORITY=-9".len()),
            self.hold.map(|hold| 1 + hold.encoded_len()),
        ];
        let typed: usize = values.into_iter().flatten().sum();
        FIXED + self.from.as_str().len() + typed + encoded_len(self.extra)
    }

    pub(in crate::command) fn write(&self, out: &mut Writer<'_>) {
        self.from.write_behind(b"MAIL FROM:<", out);
        if let Some(size) = self.size {
            out.push(b" SIZE=");
            out.push_decimal(size);
        }
        if let Some(body) = self.body {
            out.push(b" BODY=");
            out.push(body.as_str().as_bytes());
        }
        if self.smtp_utf8 {
            out.push(b" SMTPUTF8");
        }
        if let Some(ret) = self.ret {
            out.push(b" RET=");
            out.push(ret.as_str().as_bytes());
        }
        if let Some(envid) = self.envid {
            out.push(b" ENVID=");
            envid.0.write(out);
        }
        if let Some(auth) = self.auth {
            out.push(b" AUTH=");
            auth.write(out);
        }
        if self.require_tls {
            out.push(b" REQUIRETLS");
        }
        if let Some(by) = self.deliver_by {
            out.push(b" BY=");
            by.write(out);
        }
        if let Some(priority) = self.priority {
            out.push(b" MT-PRIORITY=");
            priority.write(out);
        }
        if let Some(hold) = self.hold {
            out.push(b" ");
            hold.write(out);
        }
        self.extra.iter().for_each(|parameter| parameter.write(out));
    }
}
