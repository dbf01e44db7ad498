//! The bytes behind a buffer or a view of one. They are only copied: a script may change, move or give up a buffer
//! whenever it runs, so no reference into it is ever handed out, and each access looks where the bytes are now.

use std::ffi::c_int;
use std::ptr;

use rquickjs::{Ctx, Object, Result, Value, qjs};

use super::function::owned;

/// The range of a buffer that a script's value stands for.
pub struct View<'js> {
    buffer: Value<'js>,
    start: usize,
    length: usize,
}

impl<'js> View<'js> {
    /// What a buffer, an array of numbers or a `DataView` stands for; nothing for all other values, and for buffers
    /// that were given up.
    pub fn of(value: &Value<'js>) -> Option<Self> {
        if !value.is_object() {
            return None;
        }
        let object = value.as_object()?;
        if is_buffer(value) {
            let (_, length) = bytes_of(value)?;
            let buffer = value.clone();
            return Some(Self {
                buffer,
                start: 0,
                length,
            });
        }
        let view = Self::of_array(value).or_else(|| Self::of_members(object))?;
        let (_, whole) = bytes_of(&view.buffer)?;
        (view.start.checked_add(view.length)? <= whole).then_some(view)
    }

    fn of_array(value: &Value<'js>) -> Option<Self> {
        // SAFETY: asks for the class of a live value.
        if unsafe { qjs::JS_GetTypedArrayType(value.as_raw()) } < 0 {
            return None;
        }
        let ctx = value.ctx();
        let (mut start, mut length, mut size) = (0, 0, 0);
        // SAFETY: the value is an array of numbers, and the three places are ours.
        let raw = unsafe {
            qjs::JS_GetTypedArrayBuffer(
                ctx.as_raw().as_ptr(),
                value.as_raw(),
                &raw mut start,
                &raw mut length,
                &raw mut size,
            )
        };
        let Ok(buffer) = owned(ctx, raw) else {
            ctx.catch();
            return None;
        };
        Some(Self {
            buffer,
            start: start as usize,
            length: length as usize,
        })
    }

    /// A `DataView`, for which the engine has no question; what the members say is compared with the buffer.
    fn of_members(object: &Object<'js>) -> Option<Self> {
        let buffer: Value<'js> = object.get("buffer").ok()?;
        let start: f64 = object.get("byteOffset").ok()?;
        let length: f64 = object.get("byteLength").ok()?;
        if !is_buffer(&buffer) || start < 0.0 || length < 0.0 {
            return None;
        }
        Some(Self {
            buffer,
            start: start as usize,
            length: length as usize,
        })
    }

    /// The buffer of which this is a range.
    pub fn buffer(&self) -> &Value<'js> {
        &self.buffer
    }

    /// Where in its buffer the range begins.
    pub fn start(&self) -> usize {
        self.start
    }

    /// How many bytes the range has.
    pub fn len(&self) -> usize {
        self.length
    }

    /// Whether the range has no bytes.
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Copies bytes out, from `at` of the range; false if they are not all there.
    pub fn read(&self, at: usize, into: &mut [u8]) -> bool {
        let Some(from) = self.place(at, into.len()) else {
            return false;
        };
        // SAFETY: `place` found that many bytes, nothing of the engine runs before they are copied, and memory of
        // ours is no memory of the engine.
        unsafe { ptr::copy_nonoverlapping(from, into.as_mut_ptr(), into.len()) };
        true
    }

    /// Copies bytes in, at `at` of the range; false if they have no room, or may not be changed.
    pub fn write(&self, at: usize, bytes: &[u8]) -> bool {
        // SAFETY: asks for a mark of a live value.
        let is_constant = unsafe { qjs::JS_IsImmutableArrayBuffer(self.buffer.as_raw()) } != 0;
        let Some(into) = self.place(at, bytes.len()).filter(|_| !is_constant) else {
            return false;
        };
        // SAFETY: as in `read`, the other way round.
        unsafe { ptr::copy_nonoverlapping(bytes.as_ptr(), into, bytes.len()) };
        true
    }

    /// A copy of all bytes; none if the buffer was given up meanwhile.
    pub fn to_vec(&self) -> Vec<u8> {
        self.part(0, self.length)
    }

    /// A copy of the bytes from one place to another; none if they are not all there.
    pub fn part(&self, start: usize, end: usize) -> Vec<u8> {
        let is_within = start <= end && end <= self.length;
        let mut bytes = vec![0; if is_within { end - start } else { 0 }];
        if !self.read(start, &mut bytes) {
            bytes.clear();
        }
        bytes
    }

    fn place(&self, at: usize, count: usize) -> Option<*mut u8> {
        if at.checked_add(count)? > self.length {
            return None;
        }
        let (first, whole) = bytes_of(&self.buffer)?;
        let start = self.start.checked_add(at)?;
        if start.checked_add(count)? > whole {
            return None;
        }
        // SAFETY: the place lies within the buffer, or right behind it when nothing is copied.
        Some(unsafe { first.add(start) })
    }
}

/// An array of bytes over a range of a buffer; without a range it is the whole.
pub fn array_over<'js>(buffer: &Value<'js>, start: usize, length: usize) -> Result<Object<'js>> {
    let number = |value: usize| Value::new_number(buffer.ctx().clone(), value as f64);
    array(
        buffer.ctx(),
        &[buffer.clone(), number(start), number(length)],
    )
}

/// An array of that many bytes, all zero.
pub fn array_of_zeros<'js>(ctx: &Ctx<'js>, length: usize) -> Result<Object<'js>> {
    array(ctx, &[Value::new_number(ctx.clone(), length as f64)])
}

fn array<'js>(ctx: &Ctx<'js>, arguments: &[Value<'js>]) -> Result<Object<'js>> {
    let mut raw = [qjs::JS_UNDEFINED; 3];
    for (place, argument) in raw.iter_mut().zip(arguments) {
        *place = argument.as_raw();
    }
    // SAFETY: the arguments are live values of this context, and as many as are said.
    let array = unsafe {
        qjs::JS_NewTypedArray(
            ctx.as_raw().as_ptr(),
            arguments.len() as c_int,
            raw.as_mut_ptr(),
            qjs::JSTypedArrayEnum_JS_TYPED_ARRAY_UINT8,
        )
    };
    Object::from_value(owned(ctx, array)?)
}

/// An array that is a copy of bytes.
pub fn array_of<'js>(ctx: &Ctx<'js>, bytes: &[u8]) -> Result<Object<'js>> {
    // SAFETY: the bytes are copied during the call.
    let array = unsafe {
        qjs::JS_NewUint8ArrayCopy(
            ctx.as_raw().as_ptr(),
            bytes.as_ptr(),
            bytes.len() as qjs::size_t,
        )
    };
    Object::from_value(owned(ctx, array)?)
}

fn is_buffer(value: &Value<'_>) -> bool {
    // SAFETY: asks for the class of a live value.
    unsafe { qjs::JS_IsArrayBuffer(value.as_raw()) }
}

/// Where the bytes of a buffer are, and how many.
fn bytes_of(buffer: &Value<'_>) -> Option<(*mut u8, usize)> {
    let ctx = buffer.ctx();
    let mut length = 0;
    // SAFETY: the value is live, and the place is ours.
    let first =
        unsafe { qjs::JS_GetArrayBuffer(ctx.as_raw().as_ptr(), &raw mut length, buffer.as_raw()) };
    if first.is_null() {
        ctx.catch();
        return None;
    }
    Some((first, length as usize))
}
