//! What servers say.

/// A reply to EHLO as Postfix gives it.
pub const EHLO_9: &[u8] =
    b"250-mx.example greets client.example\r\n250-PIPELINING\r\n250-SIZE 52428800\r\n\
250-ETRN\r\n250-AUTH PLAIN LOGIN SCRAM-SHA-256\r\n250-ENHANCEDSTATUSCODES\r\n250-8BITMIME\r\n\
250-DSN\r\n250 SMTPUTF8\r\n";

/// One that offers more.
pub const EHLO_14: &[u8] =
    b"250-mx.example greets client.example\r\n250-PIPELINING\r\n250-SIZE 52428800\r\n\
250-ETRN\r\n250-AUTH PLAIN LOGIN CRAM-MD5\r\n250-ENHANCEDSTATUSCODES\r\n250-8BITMIME\r\n\
250-DSN\r\n250-SMTPUTF8\r\n250-CHUNKING\r\n250-BINARYMIME\r\n250-STARTTLS\r\n250-REQUIRETLS\r\n\
250 HELP\r\n";

/// The replies of a busy session: a fifth of them refusals of two lines.
#[must_use]
pub fn mixed(count: usize) -> Vec<u8> {
    let kinds: [&[u8]; 5] = [
        b"250 2.1.0 Ok\r\n",
        b"250 2.1.5 Ok\r\n",
        b"354 End data with <CR><LF>.<CR><LF>\r\n",
        b"550-5.1.1 The email account that you tried to reach does not exist. Please try\r\n\
550 5.1.1 double-checking the recipient's email address for typos.\r\n",
        b"250 2.0.0 Ok: queued as 4XyZ123456\r\n",
    ];
    (0..count).flat_map(|index| kinds[index % kinds.len()]).copied().collect()
}

/// One reply of about so many octets.
#[must_use]
pub fn long(octets: usize) -> Vec<u8> {
    let line = b"250-this line of a long reply is about as long as lines are wont to be\r\n";
    let mut reply = line.repeat(octets / line.len());
    reply.extend_from_slice(b"250 end\r\n");
    reply
}
