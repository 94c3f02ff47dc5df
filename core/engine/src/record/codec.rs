//! A compact serde format whose strings stand in a table of their own.
//!
//! Numbers in groups of seven bits, the fields of a struct in their order, the variants of an enum by number:
//! like postcard, but for the strings, which can be sealed there one by one. It does not describe itself.

use std::fmt::Display;

use serde::de::{self, DeserializeSeed, IntoDeserializer, Visitor};
use serde::ser::{self, Serialize};

use super::RecordError;
use super::bytes::{Cursor, put_bytes, put_number, put_signed};
use super::seal::Seal;
use super::strings::{Strings, Writer};

impl ser::Error for RecordError {
    fn custom<T: Display>(_: T) -> Self {
        Self::Unwritable
    }
}

impl de::Error for RecordError {
    fn custom<T: Display>(_: T) -> Self {
        // What serde would say may repeat what was sealed.
        Self::Damaged("a value that its type does not have")
    }
}

/// Writes values; their strings go to the table.
pub(super) struct Encoder<'e> {
    pub(super) out: &'e mut Vec<u8>,
    pub(super) strings: &'e mut Writer,
    pub(super) seal: &'e mut dyn Seal,
}

impl<'e> Encoder<'e> {
    pub(super) fn new(out: &'e mut Vec<u8>, strings: &'e mut Writer, seal: &'e mut dyn Seal) -> Self {
        Self { out, strings, seal }
    }

    pub(super) fn number(&mut self, number: u64) {
        put_number(self.out, number);
    }
}

macro_rules! numbers {
    ($($name:ident $type:ty,)*) => {
        $(fn $name(self, value: $type) -> Result<(), RecordError> {
            self.number(u64::from(value));
            Ok(())
        })*
    };
}

macro_rules! signed {
    ($($name:ident $type:ty,)*) => {
        $(fn $name(self, value: $type) -> Result<(), RecordError> {
            put_signed(self.out, i64::from(value));
            Ok(())
        })*
    };
}

impl ser::Serializer for &mut Encoder<'_> {
    type Ok = ();
    type Error = RecordError;
    type SerializeSeq = Self;
    type SerializeTuple = Self;
    type SerializeTupleStruct = Self;
    type SerializeTupleVariant = Self;
    type SerializeMap = Self;
    type SerializeStruct = Self;
    type SerializeStructVariant = Self;

    numbers!(serialize_u8 u8, serialize_u16 u16, serialize_u32 u32, serialize_u64 u64, serialize_bool bool, serialize_char char,);
    signed!(serialize_i8 i8, serialize_i16 i16, serialize_i32 i32, serialize_i64 i64,);

    fn serialize_f32(self, _: f32) -> Result<(), RecordError> {
        Err(RecordError::Unwritable)
    }

    fn serialize_f64(self, _: f64) -> Result<(), RecordError> {
        Err(RecordError::Unwritable)
    }

    fn serialize_str(self, text: &str) -> Result<(), RecordError> {
        let place = self.strings.place(text, self.seal)?;
        self.number(u64::from(place));
        Ok(())
    }

    fn serialize_bytes(self, bytes: &[u8]) -> Result<(), RecordError> {
        put_bytes(self.out, bytes);
        Ok(())
    }

    fn serialize_none(self) -> Result<(), RecordError> {
        self.number(0);
        Ok(())
    }

    fn serialize_some<T: ?Sized + Serialize>(self, value: &T) -> Result<(), RecordError> {
        self.number(1);
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), RecordError> {
        Ok(())
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), RecordError> {
        Ok(())
    }

    fn serialize_unit_variant(self, _: &'static str, index: u32, _: &'static str) -> Result<(), RecordError> {
        self.number(u64::from(index));
        Ok(())
    }

    fn serialize_newtype_struct<T: ?Sized + Serialize>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), RecordError> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: ?Sized + Serialize>(
        self,
        _: &'static str,
        index: u32,
        _: &'static str,
        value: &T,
    ) -> Result<(), RecordError> {
        self.number(u64::from(index));
        value.serialize(self)
    }

    fn serialize_seq(self, length: Option<usize>) -> Result<Self, RecordError> {
        self.number(length.ok_or(RecordError::Unwritable)? as u64);
        Ok(self)
    }

    fn serialize_tuple(self, _: usize) -> Result<Self, RecordError> {
        Ok(self)
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Self, RecordError> {
        Ok(self)
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        index: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self, RecordError> {
        self.number(u64::from(index));
        Ok(self)
    }

    fn serialize_map(self, length: Option<usize>) -> Result<Self, RecordError> {
        self.serialize_seq(length)
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Self, RecordError> {
        Ok(self)
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        index: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self, RecordError> {
        self.number(u64::from(index));
        Ok(self)
    }

    fn is_human_readable(&self) -> bool {
        false
    }
}

macro_rules! parts {
    ($($trait:ident $method:ident,)*) => {
        $(impl ser::$trait for &mut Encoder<'_> {
            type Ok = ();
            type Error = RecordError;

            fn $method<T: ?Sized + Serialize>(&mut self, value: &T) -> Result<(), RecordError> {
                value.serialize(&mut **self)
            }

            fn end(self) -> Result<(), RecordError> {
                Ok(())
            }
        })*
    };
}

parts!(
    SerializeSeq serialize_element,
    SerializeTuple serialize_element,
    SerializeTupleStruct serialize_field,
    SerializeTupleVariant serialize_field,
);

macro_rules! named_parts {
    ($($trait:ident,)*) => {
        $(impl ser::$trait for &mut Encoder<'_> {
            type Ok = ();
            type Error = RecordError;

            fn serialize_field<T: ?Sized + Serialize>(&mut self, _: &'static str, value: &T) -> Result<(), RecordError> {
                value.serialize(&mut **self)
            }

            fn end(self) -> Result<(), RecordError> {
                Ok(())
            }
        })*
    };
}

named_parts!(SerializeStruct, SerializeStructVariant,);

impl ser::SerializeMap for &mut Encoder<'_> {
    type Ok = ();
    type Error = RecordError;

    fn serialize_key<T: ?Sized + Serialize>(&mut self, key: &T) -> Result<(), RecordError> {
        key.serialize(&mut **self)
    }

    fn serialize_value<T: ?Sized + Serialize>(&mut self, value: &T) -> Result<(), RecordError> {
        value.serialize(&mut **self)
    }

    fn end(self) -> Result<(), RecordError> {
        Ok(())
    }
}

/// Reads values; their strings come from the table.
#[derive(Clone, Copy)]
pub(super) struct Decoder<'b, 't> {
    pub(super) bytes: Cursor<'b>,
    strings: Strings<'b, 't>,
}

impl<'b, 't> Decoder<'b, 't> {
    pub(super) const fn new(bytes: Cursor<'b>, strings: Strings<'b, 't>) -> Self {
        Self { bytes, strings }
    }

    fn small<T: TryFrom<u64>>(&mut self) -> Result<T, RecordError> {
        T::try_from(self.bytes.number()?).map_err(|_| RecordError::Damaged("a number past its type"))
    }

    fn small_signed<T: TryFrom<i64>>(&mut self) -> Result<T, RecordError> {
        T::try_from(self.bytes.signed()?).map_err(|_| RecordError::Damaged("a number past its type"))
    }

    fn flag(&mut self) -> Result<bool, RecordError> {
        match self.bytes.byte()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(RecordError::Damaged("neither yes nor no")),
        }
    }
}

macro_rules! read_numbers {
    ($($name:ident $visit:ident $read:ident,)*) => {
        $(fn $name<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, RecordError> {
            visitor.$visit(self.$read()?)
        })*
    };
}

macro_rules! not_here {
    ($($name:ident)*) => {
        $(fn $name<V: Visitor<'de>>(self, _: V) -> Result<V::Value, RecordError> {
            Err(RecordError::Unwritable)
        })*
    };
}

impl<'de> de::Deserializer<'de> for &mut Decoder<'de, '_> {
    type Error = RecordError;

    // The format does not describe itself.
    not_here!(deserialize_any deserialize_ignored_any deserialize_identifier deserialize_f32 deserialize_f64);

    read_numbers!(
        deserialize_bool visit_bool flag,
        deserialize_u8 visit_u8 small,
        deserialize_u16 visit_u16 small,
        deserialize_u32 visit_u32 small,
        deserialize_u64 visit_u64 small,
        deserialize_i8 visit_i8 small_signed,
        deserialize_i16 visit_i16 small_signed,
        deserialize_i32 visit_i32 small_signed,
        deserialize_i64 visit_i64 small_signed,
    );

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, RecordError> {
        let place = self.bytes.number()?;
        self.strings.with(place, |text| visitor.visit_str(text))
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, RecordError> {
        self.deserialize_str(visitor)
    }

    fn deserialize_char<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, RecordError> {
        let number = self.small()?;
        visitor.visit_char(char::from_u32(number).ok_or(RecordError::Damaged("no character"))?)
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, RecordError> {
        visitor.visit_borrowed_bytes(self.bytes.bytes()?)
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, RecordError> {
        self.deserialize_bytes(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, RecordError> {
        if self.flag()? { visitor.visit_some(self) } else { visitor.visit_none() }
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, RecordError> {
        visitor.visit_unit()
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, RecordError> {
        visitor.visit_unit()
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, RecordError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, RecordError> {
        let left = self.bytes.count()?;
        visitor.visit_seq(Parts { from: self, left })
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, length: usize, visitor: V) -> Result<V::Value, RecordError> {
        visitor.visit_seq(Parts { from: self, left: length })
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, RecordError> {
        self.deserialize_tuple(length, visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, RecordError> {
        let left = self.bytes.count()?;
        visitor.visit_map(Parts { from: self, left })
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, RecordError> {
        self.deserialize_tuple(fields.len(), visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, RecordError> {
        visitor.visit_enum(self)
    }

    fn is_human_readable(&self) -> bool {
        false
    }
}

/// The parts of a list, a map or a struct.
struct Parts<'d, 'b, 't> {
    from: &'d mut Decoder<'b, 't>,
    left: usize,
}

impl<'de> de::SeqAccess<'de> for Parts<'_, 'de, '_> {
    type Error = RecordError;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, RecordError> {
        if self.left == 0 {
            return Ok(None);
        }
        self.left -= 1;
        seed.deserialize(&mut *self.from).map(Some)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.left)
    }
}

impl<'de> de::MapAccess<'de> for Parts<'_, 'de, '_> {
    type Error = RecordError;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, RecordError> {
        de::SeqAccess::next_element_seed(self, seed)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, RecordError> {
        seed.deserialize(&mut *self.from)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.left)
    }
}

impl<'de> de::EnumAccess<'de> for &mut Decoder<'de, '_> {
    type Error = RecordError;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), RecordError> {
        let index: u32 = self.small()?;
        let index: de::value::U32Deserializer<RecordError> = index.into_deserializer();
        Ok((seed.deserialize(index)?, self))
    }
}

impl<'de> de::VariantAccess<'de> for &mut Decoder<'de, '_> {
    type Error = RecordError;

    fn unit_variant(self) -> Result<(), RecordError> {
        Ok(())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, RecordError> {
        seed.deserialize(self)
    }

    fn tuple_variant<V: Visitor<'de>>(self, length: usize, visitor: V) -> Result<V::Value, RecordError> {
        de::Deserializer::deserialize_tuple(self, length, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, RecordError> {
        de::Deserializer::deserialize_tuple(self, fields.len(), visitor)
    }
}
