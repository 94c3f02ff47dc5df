//! Objects that are filled field by field, where they stand.
//!
//! What serde derives builds each field apart, then the struct, then whatever that is a part of, and moves all of it
//! each time. A line picture has half a kilobyte; here it is written once.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{
    self, Deserialize, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor,
};
use serde_json::value::RawValue;

use super::body::{Keys, Scalar};
use super::lenient::{Flag, Int, Object, Str};

/// An object whose fields are known by name. Those that are not are passed over.
pub trait Fields<'de>: Default {
    /// Which field.
    type Field: Copy;

    /// The field of this name.
    fn field(name: &str) -> Option<Self::Field>;

    /// Its bit among those that were seen, and its name.
    fn told(field: Self::Field) -> (u64, &'static str);

    /// Reads the field's value.
    ///
    /// # Errors
    /// As the map has them.
    fn read<A: MapAccess<'de>>(&mut self, field: Self::Field, map: &mut A) -> Result<(), A::Error>;
}

/// The name of a field on the wire.
macro_rules! wire_name {
    ($field:ident) => {
        stringify!($field)
    };
    ($field:ident $wire:literal) => {
        $wire
    };
}

/// Says which fields an object has.
macro_rules! filled {
    ($name:ident { $($field:ident $([$wire:literal])?,)* }) => {
        const _: () = {
            use $crate::wire::fill::{Fields, Filling, Into, wire_name};

            #[derive(Clone, Copy)]
            #[allow(non_camel_case_types)]
            pub enum Field {
                $($field,)*
            }

            impl<'de> Fields<'de> for $name<'de> {
                type Field = Field;

                fn field(name: &str) -> Option<Field> {
                    match name {
                        $(wire_name!($field $($wire)?) => Some(Field::$field),)*
                        _ => None,
                    }
                }

                fn told(field: Field) -> (u64, &'static str) {
                    match field {
                        $(Field::$field => (1 << Field::$field as u32, wire_name!($field $($wire)?)),)*
                    }
                }

                fn read<A: serde::de::MapAccess<'de>>(
                    &mut self,
                    field: Field,
                    map: &mut A,
                ) -> Result<(), A::Error> {
                    match field {
                        $(Field::$field => map.next_value_seed(Into(&mut self.$field)),)*
                    }
                }
            }

            impl<'de> Deserialize<'de> for $name<'de> {
                fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                    let mut whole = Self::default();
                    serde::de::DeserializeSeed::deserialize(Filling(&mut whole), from)?;
                    Ok(whole)
                }
            }
        };
    };
}

pub(super) use {filled, wire_name};

/// Fills an object from a map.
pub(super) struct Filling<'s, T>(pub(super) &'s mut T);

impl<'de, T: Fields<'de>> DeserializeSeed<'de> for Filling<'_, T> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_map(self)
    }
}

impl<'de, T: Fields<'de>> Visitor<'de> for Filling<'_, T> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut seen = 0;
        while let Some(field) = map.next_key_seed(Name::<T>(PhantomData))? {
            let Some(field) = field else {
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            let (bit, name) = T::told(field);
            if seen & bit != 0 {
                return Err(de::Error::duplicate_field(name));
            }
            seen |= bit;
            self.0.read(field, &mut map)?;
        }
        Ok(())
    }
}

/// Reads which field a key names.
struct Name<T>(PhantomData<T>);

impl<'de, T: Fields<'de>> DeserializeSeed<'de> for Name<T> {
    type Value = Option<T::Field>;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Self::Value, D::Error> {
        from.deserialize_identifier(self)
    }
}

impl<'de, T: Fields<'de>> Visitor<'de> for Name<T> {
    type Value = Option<T::Field>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E: de::Error>(self, name: &str) -> Result<Self::Value, E> {
        Ok(T::field(name))
    }
}

/// Where the value of a field goes.
pub(super) trait Slot<'de> {
    fn fill<D: Deserializer<'de>>(&mut self, from: D) -> Result<(), D::Error>;
}

/// Fills a slot.
pub(super) struct Into<'s, S>(pub(super) &'s mut S);

impl<'de, S: Slot<'de>> DeserializeSeed<'de> for Into<'_, S> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        self.0.fill(from)
    }
}

/// What is small is read and put there.
macro_rules! small {
    ($($type:ty,)*) => {$(
        impl<'de> Slot<'de> for $type {
            fn fill<D: Deserializer<'de>>(&mut self, from: D) -> Result<(), D::Error> {
                *self = Deserialize::deserialize(from)?;
                Ok(())
            }
        }
    )*};
}

small!(
    Option<Str<'de>>,
    Vec<Str<'de>>,
    Option<Int>,
    Flag,
    Option<Flag>,
    Option<Scalar<'de>>,
    Option<Keys<'de>>,
);
small!(Option<&'de RawValue>,);

impl<'de, T: Fields<'de>> Slot<'de> for Option<Object<T>> {
    fn fill<D: Deserializer<'de>>(&mut self, from: D) -> Result<(), D::Error> {
        from.deserialize_option(Maybe(self))
    }
}

/// Fills an object that may be null.
struct Maybe<'s, T>(&'s mut Option<Object<T>>);

impl<'de, T: Fields<'de>> Visitor<'de> for Maybe<'_, T> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_none<E: de::Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_some<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        Filling(self.0.insert(Object::default()).inner_mut()).deserialize(from)
    }
}

impl<'de, T: Fields<'de>> Slot<'de> for Vec<Object<T>> {
    fn fill<D: Deserializer<'de>>(&mut self, from: D) -> Result<(), D::Error> {
        from.deserialize_seq(Items(self))
    }
}

struct Items<'s, T>(&'s mut Vec<Object<T>>);

impl<'de, T: Fields<'de>> Visitor<'de> for Items<'_, T> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let mut item = Object::<T>::default();
        while items.next_element_seed(Filling(item.inner_mut()))?.is_some() {
            self.0.push(std::mem::take(&mut item));
        }
        Ok(())
    }
}

impl<'de, T: Fields<'de>> Slot<'de> for Option<Vec<Object<T>>> {
    fn fill<D: Deserializer<'de>>(&mut self, from: D) -> Result<(), D::Error> {
        from.deserialize_option(MaybeItems(self))
    }
}

struct MaybeItems<'s, T>(&'s mut Option<Vec<Object<T>>>);

impl<'de, T: Fields<'de>> Visitor<'de> for MaybeItems<'_, T> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_none<E: de::Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_some<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        self.0.insert(Vec::new()).fill(from)
    }
}

/// Reads items until there are so many; whether there may be more.
pub(super) fn fill_items<'de, T: Fields<'de>, A: SeqAccess<'de>>(
    list: &mut Vec<T>,
    most: usize,
    items: &mut A,
) -> Result<bool, A::Error> {
    let mut item = T::default();
    while list.len() < most {
        if items.next_element_seed(Filling(&mut item))?.is_none() {
            return Ok(false);
        }
        list.push(std::mem::take(&mut item));
    }
    Ok(true)
}
