//! Functions of the engine that would run for long without a call or a jump, within which nothing ends them: they are
//! replaced by functions that look at how much there is to do, and leave what is much to another function.

use std::ffi::{CString, c_int};

use rquickjs::{Error, Function, Result, Value, qjs};

use super::function::owned;

/// What makes a call of a function long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
pub enum Much {
    /// An array to work on that has many elements, or whose number of elements is computed when it is asked for.
    Elements,
    /// The same of the arguments, too.
    ElementsOfAll,
    /// A second argument that is a list with many names, or may be one.
    Names,
    /// An array of numbers that has many.
    Numbers,
    /// A long text that is searched for another long text.
    Search,
    /// A long text.
    Text,
    /// A first argument that is not of the same class.
    Other,
    /// A first argument that is a large number.
    Number,
    /// A long text that is compared with many elements of an array.
    Sought,
    /// An array of more than a few elements whose texts are compared, as long as they may be.
    Sorted,
    /// An array of numbers to sort that has many.
    NumbersSorted,
    /// Long texts among many arguments.
    Texts,
    /// A first argument that is a list of other things than numbers.
    List,
    /// A first argument with a long chain of prototypes.
    Far,
    /// A second argument with one.
    FarSecond,
    /// A third argument with one.
    FarThird,
    /// A second argument.
    Given,
    /// A second argument that is a text which is not short, or none to take out of a long text.
    Template,
}

/// So many elements of an array are worked on in less than a second.
const ELEMENTS: i64 = 1 << 24;
/// A shorter text is looked for by the engine itself.
const NEEDLE: i64 = 16;
/// So many comparisons of characters are made in less than a second.
const COMPARISONS: i64 = 1 << 30;
/// So many names in a list are compared with each other in less than a second.
const NAMES: i64 = 256;
/// A text up to this length is no long one.
const TEXT: i64 = 4096;
/// A text up to this length is short.
const SHORT: i64 = 256;
/// So few elements are compared with each other in less than a second, whatever they are.
const FEW: i64 = 16;
/// So many numbers are sorted in less than a second.
const SORTED: i64 = 1 << 21;

/// So many characters of texts are read as numbers in less than a second.
const READ: i64 = 1 << 26;
/// An object with more prototypes than this has a long chain.
const CHAIN: usize = 32;
/// So many elements are passed over in no time, however slow each is to get.
const PASSED: f64 = 256.0;

const KINDS: [Much; 18] = [
    Much::Elements,
    Much::ElementsOfAll,
    Much::Names,
    Much::Numbers,
    Much::Search,
    Much::Text,
    Much::Other,
    Much::Number,
    Much::Sought,
    Much::Sorted,
    Much::NumbersSorted,
    Much::Texts,
    Much::List,
    Much::Far,
    Much::FarSecond,
    Much::FarThird,
    Much::Given,
    Much::Template,
];

impl Much {
    /// The kind that a script names by its number.
    pub fn of(number: usize) -> Option<Self> {
        KINDS.get(number).copied()
    }
}

/// A function called like `quick`, which calls it unless there is much to do, and `patient` otherwise.
pub fn guarded<'js>(
    quick: &Function<'js>,
    patient: &Function<'js>,
    much: Much,
) -> Result<Value<'js>> {
    let ctx = quick.ctx();
    let name: String = quick
        .as_object()
        .map_or(Err(Error::Unknown), |it| it.get("name"))?;
    let length: i32 = quick
        .as_object()
        .map_or(Err(Error::Unknown), |it| it.get("length"))?;
    let name = CString::new(name).map_err(|_| Error::Unknown)?;
    let mut data = [quick.as_value().as_raw(), patient.as_value().as_raw()];
    // SAFETY: both are live values of this context, of which the function takes references; the name is copied.
    let raw = unsafe {
        qjs::JS_NewCFunctionData2(
            ctx.as_raw().as_ptr(),
            Some(call),
            name.as_ptr(),
            length,
            much as c_int,
            2,
            data.as_mut_ptr(),
        )
    };
    owned(ctx, raw)
}

unsafe extern "C" fn call(
    ctx: *mut qjs::JSContext,
    this: qjs::JSValue,
    count: c_int,
    arguments: *mut qjs::JSValue,
    much: c_int,
    data: *mut qjs::JSValue,
) -> qjs::JSValue {
    let given = match usize::try_from(count) {
        Ok(count) if count > 0 => {
            // SAFETY: the engine keeps the arguments of a call in place while it lasts.
            unsafe { std::slice::from_raw_parts(arguments, count) }
        }
        _ => &[],
    };
    let is_much = usize::try_from(much).ok().and_then(Much::of);
    let is_much = is_much.map_or(Ok(true), |much| is_much_for(ctx, this, given, much));
    let Ok(is_much) = is_much else {
        return qjs::JS_EXCEPTION;
    };
    // SAFETY: the function was made with two values.
    let function = unsafe { data.wrapping_add(usize::from(is_much)).read() };
    // SAFETY: all are live while the call lasts.
    unsafe { qjs::JS_Call(ctx, function, this, count, arguments) }
}

/// A script has thrown.
struct Thrown;

fn is_much_for(
    ctx: *mut qjs::JSContext,
    this: qjs::JSValue,
    given: &[qjs::JSValue],
    much: Much,
) -> std::result::Result<bool, Thrown> {
    let argument = |at: usize| given.get(at).copied().unwrap_or(qjs::JS_UNDEFINED);
    let first = argument(0);
    Ok(match much {
        Much::Elements => elements(ctx, this)? > ELEMENTS,
        Much::ElementsOfAll => elements_of_all(ctx, this, given)? > ELEMENTS,
        Much::Names => {
            let second = argument(1);
            is_object(second) && !is_function(ctx, second) && elements(ctx, second)? > NAMES
        }
        Much::Numbers => is_array_of_numbers(this) && length(ctx, this)? > ELEMENTS,
        Much::Search if is_string(this) && is_string(first) => {
            let (text, needle) = (length(ctx, this)?, length(ctx, first)?);
            needle > NEEDLE && text.saturating_mul(needle) > COMPARISONS
        }
        Much::Search => false,
        Much::Text => [this, first]
            .into_iter()
            .filter(|one| is_string(*one))
            .try_fold(
                false,
                |is_much, one| Ok(is_much || length(ctx, one)? > TEXT),
            )?,
        Much::Other => class(this) != class(first),
        Much::Number => number(first) > PASSED,
        Much::Sought if is_string(first) => {
            let needle = length(ctx, first)?;
            needle > TEXT && elements(ctx, this)?.saturating_mul(needle) > COMPARISONS
        }
        Much::Sought if is_large_number(first) => elements(ctx, this)? > NAMES,
        Much::Sought => false,
        Much::Sorted if is_function(ctx, first) => elements(ctx, this)? > ELEMENTS,
        Much::Sorted => elements(ctx, this)? > FEW,
        Much::NumbersSorted => {
            let is_plain = is_array_of_numbers(this) && !is_function(ctx, first);
            is_plain && length(ctx, this)? > SORTED
        }
        Much::Texts => given.len() > FEW as usize && characters(ctx, given)? > READ,
        Much::List => is_object(first) && !is_array_of_numbers(first),
        Much::Far => is_far(ctx, first)?,
        Much::FarSecond => is_far(ctx, argument(1))?,
        Much::FarThird => is_far(ctx, argument(2))?,
        Much::Given => !is_undefined(argument(1)),
        Much::Template => is_long_template(ctx, argument(1), first)?,
    })
}

/// Whether what is put in the place of something found takes long to read, or nothing is put in its place in a long text,
/// where all is taken out in one go.
fn is_long_template(
    ctx: *mut qjs::JSContext,
    template: qjs::JSValue,
    within: qjs::JSValue,
) -> std::result::Result<bool, Thrown> {
    if !is_string(template) {
        return Ok(false);
    }
    Ok(match length(ctx, template)? {
        0 => !is_string(within) || length(ctx, within)? > TEXT,
        length => length > SHORT,
    })
}

/// How many elements an object and all objects among the arguments have together.
fn elements_of_all(
    ctx: *mut qjs::JSContext,
    this: qjs::JSValue,
    given: &[qjs::JSValue],
) -> std::result::Result<i64, Thrown> {
    let objects = given.iter().filter(|one| is_object(**one));
    objects.copied().try_fold(elements(ctx, this)?, |sum, one| {
        Ok(sum.saturating_add(elements(ctx, one)?))
    })
}

/// How many elements something has that functions of arrays work on; those whose number is computed have most.
fn elements(ctx: *mut qjs::JSContext, value: qjs::JSValue) -> std::result::Result<i64, Thrown> {
    // SAFETY: asks for the class of a value.
    let is_array = unsafe { qjs::JS_IsArray(value) };
    // SAFETY: as above.
    let is_proxy = unsafe { qjs::JS_IsProxy(value) };
    let is_near = is_array && !is_proxy && !is_far(ctx, value)?;
    if is_near || is_array_of_numbers(value) || is_string(value) {
        return length(ctx, value);
    }
    Ok(i64::MAX)
}

/// How many characters the texts among the arguments have together.
fn characters(
    ctx: *mut qjs::JSContext,
    given: &[qjs::JSValue],
) -> std::result::Result<i64, Thrown> {
    let mut texts = given.iter().filter(|one| is_string(**one));
    texts.try_fold(0_i64, |sum, one| Ok(sum.saturating_add(length(ctx, *one)?)))
}

/// Whether something has more prototypes than usual, or a proxy among them, so that it takes long to say that it has not
/// what is asked for.
fn is_far(ctx: *mut qjs::JSContext, value: qjs::JSValue) -> std::result::Result<bool, Thrown> {
    let mut prototype = value;
    for passed in 0..CHAIN {
        // SAFETY: asks for the class of a value.
        let is_proxy = is_object(prototype) && unsafe { qjs::JS_IsProxy(prototype) };
        let is_last = is_proxy || !is_object(prototype);
        let next = match is_last {
            true => qjs::JS_UNDEFINED,
            // SAFETY: the value is live, and no proxy, so no script runs.
            false => unsafe { qjs::JS_GetPrototype(ctx, prototype) },
        };
        if passed > 0 {
            // SAFETY: it is owned here, since it was got in the round before.
            unsafe { qjs::JS_FreeValue(ctx, prototype) };
        }
        if is_last {
            return Ok(is_proxy);
        }
        prototype = next;
    }
    // SAFETY: as above.
    unsafe { qjs::JS_FreeValue(ctx, prototype) };
    Ok(true)
}

fn length(ctx: *mut qjs::JSContext, value: qjs::JSValue) -> std::result::Result<i64, Thrown> {
    let mut length = 0;
    // SAFETY: the value is live, and the place is ours.
    match unsafe { qjs::JS_GetLength(ctx, value, &raw mut length) } {
        0.. => Ok(length),
        _ => Err(Thrown),
    }
}

fn class(value: qjs::JSValue) -> qjs::JSClassID {
    // SAFETY: asks for the class of a value.
    unsafe { qjs::JS_GetClassID(value) }
}

fn is_array_of_numbers(value: qjs::JSValue) -> bool {
    // SAFETY: asks for the class of a value.
    unsafe { qjs::JS_GetTypedArrayType(value) >= 0 }
}

fn is_string(value: qjs::JSValue) -> bool {
    // SAFETY: reads the tag of a value.
    unsafe { qjs::JS_IsString(value) }
}

fn is_undefined(value: qjs::JSValue) -> bool {
    // SAFETY: reads the tag of a value.
    unsafe { qjs::JS_IsUndefined(value) }
}

/// Whether it is an integer of any size.
fn is_large_number(value: qjs::JSValue) -> bool {
    // SAFETY: reads the tag of a value.
    unsafe { qjs::JS_IsBigInt(value) }
}

fn is_object(value: qjs::JSValue) -> bool {
    // SAFETY: reads the tag of a value.
    unsafe { qjs::JS_IsObject(value) }
}

fn is_function(ctx: *mut qjs::JSContext, value: qjs::JSValue) -> bool {
    // SAFETY: asks for the class of a live value.
    unsafe { qjs::JS_IsFunction(ctx, value) }
}

fn number(value: qjs::JSValue) -> f64 {
    // SAFETY: reads the tag of a value.
    match unsafe { qjs::JS_VALUE_GET_NORM_TAG(value) } {
        // SAFETY: the tag says that it is an integer.
        qjs::JS_TAG_INT => f64::from(unsafe { qjs::JS_VALUE_GET_INT(value) }),
        // SAFETY: the tag says that it is a floating number.
        qjs::JS_TAG_FLOAT64 => unsafe { qjs::JS_VALUE_GET_FLOAT64(value) },
        _ => f64::INFINITY,
    }
}
