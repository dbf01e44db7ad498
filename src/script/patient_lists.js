// The value of this script is a function: it replaces what takes lists of anything, for which each element may be a text
// to read as a number or a name, as long as it may be, or may have to be looked for along a long chain of prototypes. It
// goes on where `patient.js` ends, with what that returns.
(function (shared) {
    "use strict";
    const { toInteger, toLength, toObject, put, isObject, change, guarded, typedArrays } = shared;
    const { defineProperty, getOwnPropertyDescriptor, getPrototypeOf, isExtensible } = Object;
    const { apply, construct, ownKeys } = Reflect;
    const { iterator, toStringTag } = Symbol;
    const { filter } = Iterator.prototype, { propertyIsEnumerable: isEnumerable } = Object.prototype;
    const MOST_ARGUMENTS = 65535, MOST_PROGRAM = 2 ** 18;

    // The elements of something that has a length, in an array.
    const listOf = (source) => {
        const list = [], from = toObject(source), length = toLength(from.length);
        for (let k = 0; k < length; k++) {
            put(list, k, from[k]);
        }
        return list;
    };
    // The elements of what is iterated over, or has a length.
    const gathered = (source) => {
        const iterate = source[iterator];
        if (iterate === undefined || iterate === null) {
            return listOf(source);
        }
        const list = [];
        for (const element of { [iterator]: () => apply(iterate, source, []) }) {
            put(list, list.length, element);
        }
        return list;
    };
    const needs = (holds, message) => {
        if (!holds) {
            throw new TypeError(message);
        }
    };

    const object = {
        assign(target, first) {
            const to = toObject(target);
            for (let k = 1; k < arguments.length; k++) {
                const from = arguments[k], keys = from === undefined || from === null ? [] : ownKeys(toObject(from));
                for (let at = 0; at < keys.length; at++) {
                    if (apply(isEnumerable, from, [keys[at]])) {
                        to[keys[at]] = from[keys[at]];
                    }
                }
            }
            return to;
        },
        fromEntries(entries) {
            const target = {};
            for (const entry of entries) {
                needs(isObject(entry), "not an object");
                put(target, entry[0], entry[1]);
            }
            return target;
        },
        defineProperties(target, properties) {
            needs(isObject(target), "not an object");
            const source = toObject(properties), keys = ownKeys(source);
            for (let k = 0; k < keys.length; k++) {
                if (getOwnPropertyDescriptor(source, keys[k])?.enumerable) {
                    defineProperty(target, keys[k], source[keys[k]]);
                }
            }
            return target;
        },
    };
    for (const name of Object.keys(object)) {
        change(Object, name, () => object[name]);
    }
    guarded(Object, "create", "given", (quick) => (prototype, properties) =>
        object.defineProperties(quick(prototype), properties));

    // All arguments are numbers for these.
    const ofNumbers = (quick) => function (...given) {
        for (let k = 0; k < given.length; k++) {
            given[k] = +given[k];
        }
        return apply(quick, this, given);
    };
    for (const [holder, names] of [[Math, ["max", "min", "hypot"]], [String, ["fromCharCode", "fromCodePoint"]]]) {
        for (const name of names) {
            guarded(holder, name, "texts", ofNumbers);
        }
    }

    // Functions of arrays that only read.
    const ofList = (quick) => function (...given) {
        return apply(quick, listOf(this), given);
    };
    for (const name of ["with", "toReversed", "toSpliced"]) {
        guarded(Array.prototype, name, "elements", ofList);
    }
    guarded(Array.prototype, "fill", "elements", () => function (value, start, end) {
        const target = toObject(this), length = toLength(target.length);
        const place = (at) => at < 0 ? Math.max(length + at, 0) : Math.min(at, length);
        const to = end === undefined ? length : place(toInteger(end));
        for (let k = place(toInteger(start)); k < to; k++) {
            target[k] = value;
        }
        return target;
    });
    guarded(Array, "from", "far", (quick) => function (source, ...rest) {
        return apply(quick, this, [gathered(source), ...rest]);
    });

    const argumentsOf = (list) => isObject(list) && toLength(list.length) <= MOST_ARGUMENTS ? listOf(list) : list;
    guarded(Function.prototype, "apply", "farSecond", (quick) => function (own, list) {
        return apply(quick, this, [own, argumentsOf(list)]);
    });
    guarded(Reflect, "construct", "farSecond", (quick) => (maker, list, ...target) => quick(maker, argumentsOf(list), ...target));
    guarded(Reflect, "apply", "farThird", (quick) => (called, own, list) => quick(called, own, argumentsOf(list)));

    // The first element that is left is looked for by a function of this language.
    guarded(Iterator.prototype, "drop", "number", (quick) => function (count) {
        const number = +count;
        if (number !== number || toInteger(number) < 0) {
            return apply(quick, this, [number]);
        }
        let rest = toInteger(number);
        return apply(filter, this, [() => rest === 0 || rest-- < 0]);
    });

    // A function in the place of another one, with which something is made.
    const replacing = (quick, make) => {
        const { prototype, name, length } = quick;
        defineProperty(make, "name", { value: name });
        defineProperty(make, "length", { value: length });
        defineProperty(make, "prototype", { value: prototype, writable: false, enumerable: false, configurable: false });
        Object.setPrototypeOf(make, getPrototypeOf(quick));
        change(prototype, "constructor", () => make);
        return make;
    };
    const Numbers = getPrototypeOf(Uint8Array.prototype);
    const kindOf = getOwnPropertyDescriptor(Numbers, toStringTag).get;
    const isBuffer = (value) => value instanceof ArrayBuffer || value instanceof SharedArrayBuffer;
    for (const quick of typedArrays) {
        const make = function (...given) {
            needs(new.target !== undefined, "must be called with new");
            const [first] = given;
            if (!isObject(first) || apply(kindOf, first, []) !== undefined || isBuffer(first)) {
                return construct(quick, given, new.target);
            }
            const list = gathered(first), target = construct(quick, [list.length], new.target);
            for (let k = 0; k < list.length; k++) {
                target[k] = list[k];
            }
            return target;
        };
        replacing(quick, make);
        defineProperty(make, "BYTES_PER_ELEMENT", { value: quick.BYTES_PER_ELEMENT });
        change(globalThis, quick.name, () => make);
    }
    const All = getPrototypeOf(Uint8Array);
    change(All, "from", () => ({ from(source, map, own) {
        needs(typeof this === "function", "not a constructor");
        needs(map === undefined || typeof map === "function", "not a function");
        const list = gathered(source), target = new this(list.length);
        needs(apply(kindOf, target, []) !== undefined, "not a TypedArray");
        needs(target.length >= list.length, "TypedArray length is too small");
        for (let k = 0; k < list.length; k++) {
            target[k] = map === undefined ? list[k] : apply(map, own, [list[k], k]);
        }
        return target;
    } }).from);
    guarded(All, "of", "texts", () => function (...given) {
        return apply(All.from, this, [given]);
    });
    guarded(Numbers, "set", "list", (quick) => function (source, offset) {
        const from = toInteger(offset);
        if (apply(kindOf, this, []) === undefined || from < 0) {
            return apply(quick, this, [source, offset]);
        }
        const list = toObject(source), length = toLength(list.length);
        if (from + length > this.length) {
            throw new RangeError("invalid array length");
        }
        for (let k = 0; k < length; k++) {
            this[from + k] = list[k];
        }
    });

    // The engine compares each name that a proxy says it has with all others.
    const PROXY = Proxy, MOST_NAMES = 2 ** 14;
    const few = (names) => {
        if (isObject(names) && toLength(names.length) > MOST_NAMES) {
            throw new RangeError("a proxy has too many names");
        }
        return names;
    };
    const trapOf = (handler, name) => {
        const trap = handler[name];
        if (typeof trap !== "function") {
            return trap;
        }
        return name === "ownKeys" ? (...given) => few(apply(trap, handler, given)) : (...given) => apply(trap, handler, given);
    };
    // A proxy must give properties that cannot be changed as they are: for handlers that may have such, another object stands.
    const traps = { get: trapOf }, trapsOfFixed = { get: ({ handler }, name) => trapOf(handler, name) };
    const bounded = (handler) => {
        if (!isObject(handler)) {
            return handler;
        }
        return isExtensible(handler) ? new PROXY(handler, traps) : new PROXY({ __proto__: null, handler }, trapsOfFixed);
    };
    const Made = function Proxy(target, handler) {
        needs(new.target !== undefined, "must be called with new");
        return new PROXY(target, bounded(handler));
    };
    defineProperty(Made, "length", { value: 2 });
    Made.prototype = undefined;
    change(PROXY, "revocable", (quick) => ({ revocable: (target, handler) => quick(target, bounded(handler)) }).revocable);
    defineProperty(Made, "revocable", getOwnPropertyDescriptor(PROXY, "revocable"));
    change(globalThis, "Proxy", () => Made);

    // What a long text says to put in the place of what was found is read here.
    const expanded = (by, found) => {
        const groups = isObject(found.at(-1)) ? found.pop() : undefined, text = found.pop(), at = found.pop(), [whole] = found;
        const named = (k) => {
            const end = groups === undefined ? -1 : by.indexOf(">", k + 2);
            return end < 0 ? undefined : [`${groups[by.slice(k + 2, end)] ?? ""}`, end + 1 - k];
        };
        const numbered = (k) => {
            for (const digits of [2, 1]) {
                const number = by.slice(k + 1, k + 1 + digits);
                if (/^[0-9]+$/.test(number) && number.length === digits && +number > 0 && +number < found.length) {
                    return [found[+number] ?? "", digits + 1];
                }
            }
            return undefined;
        };
        let isNamed = true;
        const meant = (k) => {
            switch (by[k + 1]) {
                case "$": return ["$", 2];
                case "&": return [whole, 2];
                case "`": return [text.slice(0, at), 2];
                case "'": return [text.slice(at + whole.length), 2];
                case "<": {
                    const result = isNamed ? named(k) : undefined;
                    isNamed = result !== undefined;
                    return result;
                }
                default: return numbered(k);
            }
        };
        let result = "";
        for (let k = 0; k < by.length;) {
            const next = by.indexOf("$", k), mark = next < 0 ? by.length : next;
            const [instead, length] = meant(mark) ?? [by[mark] ?? "", 1];
            result += by.slice(k, mark) + instead;
            k = mark + length;
        }
        return result;
    };
    guarded(RegExp.prototype, Symbol.replace, "template", (quick) => function (text, by) {
        return apply(quick, this, [text, (...found) => expanded(by, found)]);
    });

    // Programs take time by the square of their length.
    const shortEnough = (given) => {
        let sum = 0;
        for (let k = 0; k < given.length; k++) {
            given[k] = typeof given[k] === "string" ? given[k] : `${given[k]}`;
            sum += given[k].length;
        }
        if (sum > MOST_PROGRAM) {
            throw new RangeError("the program is too long");
        }
        return given;
    };
    for (const some of [function () {}, function* () {}, async function () {}, async function* () {}]) {
        const quick = getPrototypeOf(some).constructor;
        const make = function (...given) {
            return construct(quick, shortEnough(given), new.target ?? make);
        };
        replacing(quick, make);
        if (globalThis[quick.name] === quick) {
            change(globalThis, quick.name, () => make);
        } else {
            Object.setPrototypeOf(make, Function);
        }
    }
    change(globalThis, "eval", (quick) => ({ eval: (program) =>
        quick(typeof program === "string" ? shortEnough([program])[0] : program) }).eval);
})
