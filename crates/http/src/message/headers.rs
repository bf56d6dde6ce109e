//! Fields of a received head.
//!
//! One shared buffer and a list of places in it. Names are in lower case (the parser lowers them in the buffer before it is
//! shared), values are the bytes received without surrounding blanks, free of control characters other than TAB. Order of arrival is kept.

use std::borrow::Cow;

use bytes::{Bytes, BytesMut};

use super::{Name, ascii};

/// Place of one field in the buffer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Slot {
    pub(crate) known: Option<Name>,
    pub(crate) name_start: u32,
    pub(crate) name_len: u32,
    pub(crate) value_start: u32,
    pub(crate) value_len: u32,
}

impl Slot {
    pub(crate) fn name<'a>(&self, buffer: &'a [u8]) -> &'a [u8] {
        slice(buffer, self.name_start, self.name_len)
    }

    pub(crate) fn value<'a>(&self, buffer: &'a [u8]) -> &'a [u8] {
        slice(buffer, self.value_start, self.value_len)
    }
}

fn slice(buffer: &[u8], start: u32, len: u32) -> &[u8] {
    let start = start as usize;
    buffer.get(start..start + len as usize).unwrap_or_default()
}

/// The fields of a received message in order of arrival. A clone shares the buffer.
#[derive(Clone, Debug, Default)]
pub struct Headers {
    buffer: Bytes,
    slots: Vec<Slot>,
    present: u64,
}

impl Headers {
    pub(crate) fn new(buffer: Bytes, slots: Vec<Slot>) -> Headers {
        let mut headers = Headers {
            buffer,
            slots,
            present: 0,
        };
        headers.count_names();
        headers
    }

    fn count_names(&mut self) {
        self.present = self
            .slots
            .iter()
            .filter_map(|slot| slot.known)
            .fold(0, |set, name| set | name.bit());
    }

    /// Number of fields.
    pub fn len(&self) -> usize {
        self.slots.len()
    }

    /// Is there no field?
    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// The buffer the fields point into. Holding it keeps the whole head alive.
    pub fn buffer(&self) -> &Bytes {
        &self.buffer
    }

    /// All fields in order of arrival.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Field<'_>> + Clone {
        self.slots.iter().map(|slot| Field {
            buffer: &self.buffer,
            slot,
        })
    }

    /// The field at a place in the order of arrival.
    pub fn field(&self, at: usize) -> Option<Field<'_>> {
        let slot = self.slots.get(at)?;
        Some(Field {
            buffer: &self.buffer,
            slot,
        })
    }

    /// Is there a field of that name?
    pub fn contains(&self, name: Name) -> bool {
        self.present & name.bit() != 0
    }

    /// Value of the first field of that name.
    pub fn get(&self, name: Name) -> Option<&[u8]> {
        if !self.contains(name) {
            return None;
        }
        self.slots
            .iter()
            .find(|slot| slot.known == Some(name))
            .map(|slot| slot.value(&self.buffer))
    }

    /// Values of all fields of that name in order of arrival.
    pub fn get_all(&self, name: Name) -> impl DoubleEndedIterator<Item = &[u8]> {
        self.slots
            .iter()
            .filter(move |slot| slot.known == Some(name))
            .map(|slot| slot.value(&self.buffer))
    }

    /// Value of the first field with this lower-case name.
    pub fn find(&self, name: &str) -> Option<&[u8]> {
        self.iter().find(|field| field.name() == name).map(Field::value)
    }

    /// Removes all fields of that name.
    pub fn remove(&mut self, name: Name) {
        if self.contains(name) {
            self.slots.retain(|slot| slot.known != Some(name));
            self.present &= !name.bit();
        }
    }

    /// Appends fields, at the cost of a copy of the buffer. Values obey the rules of received ones.
    pub(crate) fn append(&mut self, fields: &[(Name, Vec<u8>)]) {
        let added: usize = fields.iter().map(|(_, value)| value.len()).sum();
        if fields.is_empty() {
            return;
        }
        let mut buffer = BytesMut::with_capacity(self.buffer.len() + added);
        buffer.extend_from_slice(&self.buffer);
        for (name, value) in fields {
            self.slots.push(Slot {
                known: Some(*name),
                name_start: 0,
                name_len: 0,
                value_start: buffer.len() as u32,
                value_len: value.len() as u32,
            });
            self.present |= name.bit();
            buffer.extend_from_slice(value);
        }
        self.buffer = buffer.freeze();
    }

    /// Keeps only the fields for which the function says so.
    pub fn retain(&mut self, mut keep: impl FnMut(Field<'_>) -> bool) {
        let buffer = &self.buffer;
        self.slots.retain(|slot| keep(Field { buffer, slot }));
        self.count_names();
    }
}

/// One received field.
#[derive(Clone, Copy, Debug)]
pub struct Field<'a> {
    buffer: &'a Bytes,
    slot: &'a Slot,
}

impl<'a> Field<'a> {
    /// The recognised name, if it is one.
    pub fn known(self) -> Option<Name> {
        self.slot.known
    }

    /// The name in lower case.
    pub fn name(self) -> &'a str {
        match self.slot.known {
            Some(name) => name.as_str(),
            None => ascii(self.slot.name(self.buffer)),
        }
    }

    /// The name in lower case, as bytes.
    pub fn name_bytes(self) -> &'a [u8] {
        match self.slot.known {
            Some(name) => name.as_str().as_bytes(),
            None => self.slot.name(self.buffer),
        }
    }

    /// The field as a line `name: value` with its end, if it came like that (but for capitals in the name).
    pub fn line(self) -> Option<&'a [u8]> {
        let Slot {
            name_start,
            name_len,
            value_start,
            value_len,
            ..
        } = *self.slot;
        let (colon, end) = (name_start + name_len, value_start + value_len);
        if name_len == 0 || value_start != colon + 2 {
            return None;
        }
        let line = self.buffer.get(name_start as usize..end as usize + 2)?;
        let is_usual = line.get(name_len as usize..)?.starts_with(b": ") && line.ends_with(b"\r\n");
        is_usual.then_some(line)
    }

    /// Has another field the same name?
    pub fn has_name_of(self, other: Field<'_>) -> bool {
        match (self.known(), other.known()) {
            (None, None) => self.name_bytes() == other.name_bytes(),
            (mine, theirs) => mine == theirs,
        }
    }

    /// The value as received, without blanks around it.
    pub fn value(self) -> &'a [u8] {
        self.slot.value(self.buffer)
    }

    /// The value as a share of the head's buffer.
    pub fn value_bytes(self) -> Bytes {
        let start = self.slot.value_start as usize;
        self.buffer.slice(start..start + self.slot.value_len as usize)
    }

    /// The value as text; bytes that are not UTF-8 are replaced (`proxy.md` 2.1).
    pub fn text(self) -> Cow<'a, str> {
        String::from_utf8_lossy(self.value())
    }
}
