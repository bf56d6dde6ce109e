//! Field names the engine or a proxy recognises, as small numbers.
//!
//! A name is looked up once, when its field is received or built; after that the field is found by comparing a byte.

use std::fmt;

// One list for the enum, its texts and the look-up; three lists kept by hand would drift apart.
macro_rules! names {
    ($($variant:ident $text:literal $bytes:literal,)*) => {
        /// A recognised field name.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(u8)]
        pub enum Name {
            $(
                #[doc = concat!("`", $text, "`")]
                $variant,
            )*
        }

        impl Name {
            /// The name in lower case.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Name::$variant => $text,)*
                }
            }

            /// The recognised name with this lower-case text.
            pub fn from_lower(text: &[u8]) -> Option<Name> {
                match text {
                    $($bytes => Some(Name::$variant),)*
                    _ => None,
                }
            }
        }
    };
}

names! {
    Accept "accept" b"accept",
    AcceptEncoding "accept-encoding" b"accept-encoding",
    AcceptLanguage "accept-language" b"accept-language",
    Authorization "authorization" b"authorization",
    CacheControl "cache-control" b"cache-control",
    Connection "connection" b"connection",
    ContentEncoding "content-encoding" b"content-encoding",
    ContentLength "content-length" b"content-length",
    ContentRange "content-range" b"content-range",
    ContentType "content-type" b"content-type",
    Cookie "cookie" b"cookie",
    Date "date" b"date",
    Etag "etag" b"etag",
    Expect "expect" b"expect",
    Forwarded "forwarded" b"forwarded",
    Host "host" b"host",
    Http2Settings "http2-settings" b"http2-settings",
    KeepAlive "keep-alive" b"keep-alive",
    LastModified "last-modified" b"last-modified",
    Location "location" b"location",
    MaxForwards "max-forwards" b"max-forwards",
    Origin "origin" b"origin",
    ProxyAuthenticate "proxy-authenticate" b"proxy-authenticate",
    ProxyAuthorization "proxy-authorization" b"proxy-authorization",
    ProxyConnection "proxy-connection" b"proxy-connection",
    Referer "referer" b"referer",
    RetryAfter "retry-after" b"retry-after",
    Server "server" b"server",
    SetCookie "set-cookie" b"set-cookie",
    Te "te" b"te",
    Traceparent "traceparent" b"traceparent",
    Tracestate "tracestate" b"tracestate",
    Trailer "trailer" b"trailer",
    TransferEncoding "transfer-encoding" b"transfer-encoding",
    Upgrade "upgrade" b"upgrade",
    UserAgent "user-agent" b"user-agent",
    Vary "vary" b"vary",
    Via "via" b"via",
    WwwAuthenticate "www-authenticate" b"www-authenticate",
    XForwardedFor "x-forwarded-for" b"x-forwarded-for",
    XForwardedHost "x-forwarded-host" b"x-forwarded-host",
    XForwardedPort "x-forwarded-port" b"x-forwarded-port",
    XForwardedProto "x-forwarded-proto" b"x-forwarded-proto",
    XRealIp "x-real-ip" b"x-real-ip",
    XRequestId "x-request-id" b"x-request-id",
}

impl Name {
    /// The name's bit in a set of names.
    pub(crate) const fn bit(self) -> u64 {
        1 << (self as u8)
    }

    /// Is the field one of those that stay visible to programs although a `Connection` field nominates them
    /// (`proxy.md` 2.4), because they are dropped on the way out anyway?
    pub(crate) const fn is_standard_hop(self) -> bool {
        matches!(
            self,
            Name::Connection
                | Name::KeepAlive
                | Name::Te
                | Name::Trailer
                | Name::TransferEncoding
                | Name::Upgrade
                | Name::ProxyConnection
                | Name::Http2Settings
        )
    }
}

/// A set of recognised names.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Names(u64);

impl Names {
    /// Puts a name in; whether it was not there yet.
    pub(crate) fn add(&mut self, name: Name) -> bool {
        let is_new = self.0 & name.bit() == 0;
        self.0 |= name.bit();
        is_new
    }
}

// The sets of names are 64 bits wide.
const _: () = assert!((Name::XRequestId as u8) < 64);

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
