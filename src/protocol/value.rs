//! Values of models and collections (RES protocol, "Values").

use super::hash::{Digest, Hasher};
use super::scan::{Malformed, Result, Scanner, Span, Str};

/// What the engine remembers of a value in eight bytes: the resource it refers to, a hash of its content, or nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Cell(u64);

impl Cell {
    /// Nothing is remembered of the value.
    pub const UNKNOWN: Cell = Cell(0);

    const REFERENCE: u64 = 1 << 63;

    pub fn hash(hash: u64) -> Self {
        Cell(hash & !Self::REFERENCE)
    }

    /// A reference to the resource with this number.
    pub fn reference(resource: u32) -> Self {
        Cell(Self::REFERENCE | u64::from(resource))
    }

    #[inline]
    pub fn as_reference(self) -> Option<u32> {
        (self.0 & Self::REFERENCE != 0).then_some(self.0 as u32)
    }

    pub fn bits(self) -> u64 {
        self.0
    }
}

/// How the text of a value is to be read. The numbers are those of the operations handed to JavaScript.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// `{"action":"delete"}`: the member goes away.
    Delete = 0,
    /// JSON text that has to be parsed: a string with escapes.
    Json = 1,
    /// `{"rid":…}`
    Reference = 2,
    /// `{"rid":…,"soft":true}`; the span covers the object.
    Soft = 3,
    /// `{"data":…}`; the span covers what is inside.
    Data = 4,
    /// A string without escapes; the span is inside the quotes.
    String = 5,
    Number = 6,
    Null = 7,
    True = 8,
    False = 9,
}

/// A value found in a frame.
#[derive(Debug, Clone, Copy)]
pub struct Value {
    pub kind: Kind,
    pub span: Span,
    pub cell: Cell,
}

/// What is held of a resource, as far as it matters for how another text of it is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Held {
    Nothing,
    /// By what its text is known again.
    Model(Digest),
    Collection,
}

/// Gives numbers to names, so that a frame is scanned into integers.
pub trait Names {
    /// About so many more resource ids will get a number.
    fn expect(&mut self, rids: usize);
    /// How many have one.
    fn numbered(&self) -> usize;
    /// The number of a resource id. `span` is where it stands, with its quotes.
    fn rid(&mut self, rid: &str, span: Span) -> u32;
    /// The number of a resource id, if it has one.
    fn find_rid(&self, rid: &str) -> Option<u32>;
    /// What is held under this number.
    fn held(&self, rid: u32) -> Held;
    /// The number of a model's member. `span` is where the name stands, with its quotes.
    fn key(&mut self, key: &[u8], span: Span) -> u32;
}

/// Takes a value of a model or collection. Objects that are no RES value are an error, as are bare arrays.
pub fn read_value(scanner: &mut Scanner<'_>, hasher: Hasher, names: &mut impl Names) -> Result<Value> {
    match scanner.peek() {
        b'{' => read_object(scanner, hasher, names),
        b'"' => {
            let s = scanner.string()?;
            let cell = Cell::hash(scanner.hash_string(&s, hasher));
            Ok(match s.escaped {
                true => Value { kind: Kind::Json, span: s.span, cell },
                false => Value { kind: Kind::String, span: s.span.inner(), cell },
            })
        }
        // An array, or an object that is none of these, is no value: it has to be wrapped as data.
        b'[' => Err(Malformed),
        first => {
            let mark = scanner.mark();
            let cell = Cell::hash(scanner.hash_scalar(hasher)?);
            let kind = match first {
                b'n' => Kind::Null,
                b't' => Kind::True,
                b'f' => Kind::False,
                _ => Kind::Number,
            };
            Ok(Value { kind, span: scanner.span_from(mark), cell })
        }
    }
}

fn read_object(scanner: &mut Scanner<'_>, hasher: Hasher, names: &mut impl Names) -> Result<Value> {
    let mark = scanner.mark();
    let mut rid = None;
    let mut soft = false;
    let mut data = None;
    let mut delete = false;
    scanner.open(b'{')?;
    let mut first = true;
    while scanner.more(first, b'}')? {
        first = false;
        match scanner.name(&WRAPPER)? {
            // Of several it is the last, as in `JSON.parse`, also where that is no text.
            Some(Wrapper::Rid) => rid = text_or_skip(scanner)?,
            Some(Wrapper::Data) => {
                scanner.peek();
                let from = scanner.mark();
                let hash = scanner.hash_value(hasher)?;
                data = Some((scanner.span_from(from), hash));
            }
            Some(Wrapper::Soft) => {
                soft = scanner.peek() == b't';
                scanner.skip()?;
            }
            Some(Wrapper::Action) => {
                delete = text_or_skip(scanner)?.is_some_and(|action| scanner.raw(&action) == b"delete");
            }
            None => {
                scanner.skip()?;
            }
        }
    }
    let span = scanner.span_from(mark);
    match (rid, data) {
        (Some(literal), _) => {
            let rid = scanner.text(&literal)?;
            if rid.is_empty() {
                return Err(Malformed);
            }
            Ok(match soft {
                true => Value { kind: Kind::Soft, span, cell: Cell::hash(hasher.bytes(DOMAIN_SOFT, rid.as_bytes())) },
                false => Value { kind: Kind::Reference, span, cell: Cell::reference(names.rid(&rid, literal.span)) },
            })
        }
        (None, Some((span, hash))) => Ok(Value { kind: Kind::Data, span, cell: Cell::hash(hash) }),
        (None, None) if delete => Ok(Value { kind: Kind::Delete, span, cell: Cell::hash(0) }),
        (None, None) => Err(Malformed),
    }
}

/// Takes a string, or passes over what is none.
fn text_or_skip(scanner: &mut Scanner<'_>) -> Result<Option<Str>> {
    if scanner.peek() == b'"' {
        return scanner.string().map(Some);
    }
    scanner.skip()?;
    Ok(None)
}

/// Members of an object that is a value.
#[derive(Clone, Copy)]
enum Wrapper {
    Rid,
    Data,
    Soft,
    Action,
}

const WRAPPER: [(&str, Wrapper); 4] =
    [("rid", Wrapper::Rid), ("data", Wrapper::Data), ("soft", Wrapper::Soft), ("action", Wrapper::Action)];

const DOMAIN_SOFT: u64 = 7;
