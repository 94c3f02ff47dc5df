//! Values of the engine become Python values.
//!
//! Every type of the engine says what it is made of to serde; here it is told to Python instead of being written. A struct
//! becomes an object of the class of its name, an enumeration one of its words, a time a `datetime`. No type is listed
//! twice: a field that the engine gets stands in the class of its name (`callfold.model`, `callfold.events`), and
//! `tests/mirror.rs` holds the two together.

use std::fmt::Display;

use callfold::{Span, Timestamp};
use pyo3::exceptions::PySystemError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyString, PyTuple};
use serde::ser::{
    Impossible, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple,
};
use serde::{Serialize, Serializer, ser};

use crate::names::Names;
use crate::time;

/// A value as a Python value.
pub(crate) fn told<'py, T: Serialize + ?Sized>(py: Python<'py>, value: &T) -> PyResult<Bound<'py, PyAny>> {
    Ok(value.serialize(Tell::new(py)?)?)
}

/// One field of a struct, or of a variant with fields; `None` if it has none of that name.
pub(crate) fn field<'py, T: Serialize + ?Sized>(
    py: Python<'py>,
    value: &T,
    name: &str,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    let tell = Tell { only: Some(name), ..Tell::new(py)? };
    Ok(Some(value.serialize(tell)?).filter(|value| !value.is(py.Ellipsis())))
}

/// A struct whose class has fields beyond those of the engine: `more`, behind the others. `with` stands in the place of
/// the field of that name.
pub(crate) fn told_with<'py, T: Serialize + ?Sized>(
    py: Python<'py>,
    value: &T,
    with: Option<(&'static str, Bound<'py, PyAny>)>,
    more: Vec<Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    Ok(value.serialize(Tell { with, more, ..Tell::new(py)? })?)
}

/// What keeps a value from being told. It has no cause but a mistake of ours, or Python out of memory.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Untold {
    #[error(transparent)]
    Python(#[from] PyErr),
    #[error("no Python value for {0}")]
    Unknown(String),
}

impl ser::Error for Untold {
    fn custom<T: Display>(message: T) -> Self {
        Self::Unknown(message.to_string())
    }
}

impl From<Untold> for PyErr {
    fn from(untold: Untold) -> Self {
        match untold {
            Untold::Python(error) => error,
            Untold::Unknown(what) => PySystemError::new_err(format!("no Python value for {what}")),
        }
    }
}

type Told<'py> = Result<Bound<'py, PyAny>, Untold>;

#[derive(Clone)]
struct Tell<'py, 'n> {
    py: Python<'py>,
    names: &'static Names,
    only: Option<&'n str>,
    with: Option<(&'static str, Bound<'py, PyAny>)>,
    more: Vec<Bound<'py, PyAny>>,
}

impl<'py> Tell<'py, '_> {
    fn new(py: Python<'py>) -> PyResult<Self> {
        Ok(Self { py, names: Names::get(py)?, only: None, with: None, more: Vec::new() })
    }

    /// The same, for what is inside.
    fn inside(&self) -> Tell<'py, 'static> {
        Tell { py: self.py, names: self.names, only: None, with: None, more: Vec::new() }
    }

    fn text(&self, value: &str) -> Bound<'py, PyAny> {
        PyString::new(self.py, value).into_any()
    }

    fn class(&self, name: &str) -> Result<Bound<'py, PyAny>, Untold> {
        let class = self.names.class(name).ok_or_else(|| Untold::Unknown(name.to_owned()))?;
        Ok(class.bind(self.py).clone().into_any())
    }
}

macro_rules! plain {
    ($($method:ident $type:ty,)+) => {$(
        fn $method(self, value: $type) -> Told<'py> {
            Ok(value.into_pyobject(self.py).map_err(PyErr::from)?.to_owned().into_any())
        }
    )+};
}

impl<'py, 'n> Serializer for Tell<'py, 'n> {
    type Ok = Bound<'py, PyAny>;
    type Error = Untold;
    type SerializeSeq = Parts<'py>;
    type SerializeTuple = Parts<'py>;
    type SerializeTupleStruct = Impossible<Self::Ok, Untold>;
    type SerializeTupleVariant = Impossible<Self::Ok, Untold>;
    type SerializeMap = Entries<'py>;
    type SerializeStruct = Fields<'py, 'n>;
    type SerializeStructVariant = Fields<'py, 'n>;

    plain! {
        serialize_bool bool,
        serialize_i8 i8,
        serialize_i16 i16,
        serialize_i32 i32,
        serialize_i64 i64,
        serialize_u8 u8,
        serialize_u32 u32,
        serialize_u64 u64,
        serialize_f32 f32,
        serialize_f64 f64,
    }

    /// Codes of the protocol are the only numbers of this size that the engine tells.
    fn serialize_u16(self, value: u16) -> Told<'py> {
        match self.names.code(value) {
            Some(code) => Ok(code.bind(self.py).clone()),
            None => Ok(value.into_pyobject(self.py).map_err(PyErr::from)?.into_any()),
        }
    }

    fn serialize_char(self, value: char) -> Told<'py> {
        Ok(self.text(value.encode_utf8(&mut [0; 4])))
    }

    fn serialize_str(self, value: &str) -> Told<'py> {
        Ok(self.text(value))
    }

    fn serialize_bytes(self, value: &[u8]) -> Told<'py> {
        Ok(PyBytes::new(self.py, value).into_any())
    }

    fn serialize_none(self) -> Told<'py> {
        Ok(self.py.None().into_bound(self.py))
    }

    fn serialize_some<T: ?Sized + Serialize>(self, value: &T) -> Told<'py> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Told<'py> {
        self.serialize_none()
    }

    fn serialize_unit_struct(self, _: &'static str) -> Told<'py> {
        self.serialize_none()
    }

    fn serialize_unit_variant(self, name: &'static str, _: u32, variant: &'static str) -> Told<'py> {
        if self.only.is_some() {
            return Ok(self.py.Ellipsis().into_bound(self.py));
        }
        let name = format!("{name}.{variant}");
        match self.names.word(&name) {
            Some(word) => Ok(word.bind(self.py).clone()),
            None => Ok(self.class(&name)?.call0()?),
        }
    }

    fn serialize_newtype_struct<T: ?Sized + Serialize>(self, name: &'static str, value: &T) -> Told<'py> {
        let (py, names) = (self.py, self.names);
        let inner = value.serialize(self)?;
        Ok(match name {
            "Timestamp" => time::datetime(py, Timestamp::from_micros(inner.extract()?))?,
            "Span" => time::length(py, Span::from_micros(inner.extract()?))?,
            "Day" => names.date.bind(py).call1((inner,))?,
            "PhoneNumber" => names.phone_number.bind(py).call1((inner,))?,
            "PersonName" => names.person_name.bind(py).call1((inner,))?,
            "JsonText" => names.json.bind(py).call1((inner,))?,
            "Features" => names.features.bind(py).call1((inner,))?,
            "Totals" => names.totals.bind(py).call1((inner,))?,
            // Nobody, and no list of anybody, are the same to whoever reads.
            "Parties" if inner.is_none() => PyTuple::empty(py).into_any(),
            _ => inner,
        })
    }

    /// Where a variant has no class of its own it stands for what is in it: a break reason is a number or a text.
    fn serialize_newtype_variant<T: ?Sized + Serialize>(
        self,
        name: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Told<'py> {
        let class = self.names.class(&format!("{name}.{variant}"));
        let py = self.py;
        let inner = value.serialize(self.inside())?;
        match class {
            Some(class) => Ok(class.bind(py).call1((inner,))?),
            None => Ok(inner),
        }
    }

    fn serialize_seq(self, length: Option<usize>) -> Result<Parts<'py>, Untold> {
        Ok(Parts { tell: self.inside(), parts: Vec::with_capacity(length.unwrap_or_default().min(1_024)) })
    }

    fn serialize_tuple(self, length: usize) -> Result<Parts<'py>, Untold> {
        self.serialize_seq(Some(length))
    }

    fn serialize_tuple_struct(
        self,
        name: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleStruct, Untold> {
        Err(Untold::Unknown(name.to_owned()))
    }

    fn serialize_tuple_variant(
        self,
        name: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant, Untold> {
        Err(Untold::Unknown(format!("{name}.{variant}")))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Entries<'py>, Untold> {
        Ok(Entries { dict: PyDict::new(self.py), key: None, tell: self.inside() })
    }

    fn serialize_struct(self, name: &'static str, length: usize) -> Result<Fields<'py, 'n>, Untold> {
        let class = if self.only.is_some() { None } else { Some(self.class(name)?) };
        Ok(Fields { tell: self, class, fields: Vec::with_capacity(length) })
    }

    fn serialize_struct_variant(
        self,
        name: &'static str,
        _: u32,
        variant: &'static str,
        length: usize,
    ) -> Result<Fields<'py, 'n>, Untold> {
        let class = if self.only.is_some() { None } else { Some(self.class(&format!("{name}.{variant}"))?) };
        Ok(Fields { tell: self, class, fields: Vec::with_capacity(length) })
    }
}

/// A list becomes a tuple.
struct Parts<'py> {
    tell: Tell<'py, 'static>,
    parts: Vec<Bound<'py, PyAny>>,
}

impl<'py> SerializeSeq for Parts<'py> {
    type Ok = Bound<'py, PyAny>;
    type Error = Untold;

    fn serialize_element<T: ?Sized + Serialize>(&mut self, value: &T) -> Result<(), Untold> {
        self.parts.push(value.serialize(self.tell.clone())?);
        Ok(())
    }

    fn end(self) -> Told<'py> {
        Ok(PyTuple::new(self.tell.py, self.parts)?.into_any())
    }
}

impl<'py> SerializeTuple for Parts<'py> {
    type Ok = Bound<'py, PyAny>;
    type Error = Untold;

    fn serialize_element<T: ?Sized + Serialize>(&mut self, value: &T) -> Result<(), Untold> {
        SerializeSeq::serialize_element(self, value)
    }

    fn end(self) -> Told<'py> {
        SerializeSeq::end(self)
    }
}

/// A map becomes a dictionary.
struct Entries<'py> {
    tell: Tell<'py, 'static>,
    dict: Bound<'py, PyDict>,
    key: Option<Bound<'py, PyAny>>,
}

impl<'py> SerializeMap for Entries<'py> {
    type Ok = Bound<'py, PyAny>;
    type Error = Untold;

    fn serialize_key<T: ?Sized + Serialize>(&mut self, key: &T) -> Result<(), Untold> {
        self.key = Some(key.serialize(self.tell.clone())?);
        Ok(())
    }

    fn serialize_value<T: ?Sized + Serialize>(&mut self, value: &T) -> Result<(), Untold> {
        let value = value.serialize(self.tell.clone())?;
        Ok(self.dict.set_item(self.key.take(), value)?)
    }

    fn end(self) -> Told<'py> {
        Ok(self.dict.into_any())
    }
}

/// A struct becomes an object of the class of its name, or gives the one field that is wanted.
struct Fields<'py, 'n> {
    tell: Tell<'py, 'n>,
    class: Option<Bound<'py, PyAny>>,
    fields: Vec<Bound<'py, PyAny>>,
}

impl<'py> Fields<'py, '_> {
    fn field<T: ?Sized + Serialize>(&mut self, name: &'static str, value: &T) -> Result<(), Untold> {
        if self.tell.only.is_some_and(|only| only != name) {
            return Ok(());
        }
        let with = self.tell.with.as_ref().filter(|(field, _)| *field == name);
        let value = match with {
            Some((_, with)) => with.clone(),
            None => value.serialize(self.tell.inside())?,
        };
        self.fields.push(value);
        Ok(())
    }

    fn finish(mut self) -> Told<'py> {
        let py = self.tell.py;
        match self.class {
            Some(class) => {
                self.fields.append(&mut self.tell.more);
                Ok(class.call1(PyTuple::new(py, self.fields)?)?)
            }
            None => Ok(self.fields.pop().unwrap_or_else(|| py.Ellipsis().into_bound(py))),
        }
    }
}

impl<'py> SerializeStruct for Fields<'py, '_> {
    type Ok = Bound<'py, PyAny>;
    type Error = Untold;

    fn serialize_field<T: ?Sized + Serialize>(
        &mut self,
        name: &'static str,
        value: &T,
    ) -> Result<(), Untold> {
        self.field(name, value)
    }

    fn end(self) -> Told<'py> {
        self.finish()
    }
}

impl<'py> SerializeStructVariant for Fields<'py, '_> {
    type Ok = Bound<'py, PyAny>;
    type Error = Untold;

    fn serialize_field<T: ?Sized + Serialize>(
        &mut self,
        name: &'static str,
        value: &T,
    ) -> Result<(), Untold> {
        self.field(name, value)
    }

    fn end(self) -> Told<'py> {
        self.finish()
    }
}
