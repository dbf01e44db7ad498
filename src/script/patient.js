// The value of this script is a function: it replaces the functions of the language that would run for long without the
// engine being able to end them. For what is little they stay what they are (`guard`); for what is much they are
// written here, in a language whose every loop can be ended.
(function (guard, find, longestMarks) {
    "use strict";
    const { defineProperty, getOwnPropertyDescriptor, getPrototypeOf } = Object;
    const { apply, deleteProperty } = Reflect;
    const { isArray } = Array;
    const { max, min, trunc } = Math;
    const ArraySort = Array.prototype.sort;
    const ArrayBuiltIn = Array, SetBuiltIn = Set, { species, iterator } = Symbol, spreadable = Symbol.isConcatSpreadable;
    const KINDS = ["elements", "elementsOfAll", "names", "numbers", "search", "text", "other", "number", "sought", "sorted",
        "numbersSorted", "texts", "list", "far", "farSecond", "farThird", "given", "template"];

    const toInteger = (value) => trunc(+value) || 0;
    const toLength = (value) => min(max(toInteger(value), 0), Number.MAX_SAFE_INTEGER);
    const relative = (value, length, otherwise) => {
        const at = value === undefined ? otherwise : toInteger(value);
        return at < 0 ? max(length + at, 0) : min(at, length);
    };
    const toObject = (value) => {
        if (value === undefined || value === null) {
            throw new TypeError("cannot convert to object");
        }
        return Object(value);
    };
    const create = (like, length) => {
        let maker = isArray(like) ? like.constructor : undefined;
        if (typeof maker === "object" && maker !== null || typeof maker === "function") {
            maker = maker[species] ?? undefined;
        }
        return maker === undefined || maker === ArrayBuiltIn ? new ArrayBuiltIn(length) : new maker(length);
    };
    const put = (target, key, value) =>
        defineProperty(target, key, { value, writable: true, enumerable: true, configurable: true });
    const move = (target, from, to) => {
        if (from in target) {
            target[to] = target[from];
        } else {
            delete target[to];
        }
    };
    const shiftDown = (target, from, to, count) => {
        for (let k = 0; k < count; k++) {
            move(target, from + k, to + k);
        }
    };
    const shiftUp = (target, from, to, count) => {
        for (let k = count - 1; k >= 0; k--) {
            move(target, from + k, to + k);
        }
    };
    const joined = (target, separator, show) => {
        const length = toLength(target.length);
        let text = "";
        for (let k = 0; k < length; k++) {
            const element = target[k];
            text += (k > 0 ? separator : "") + (element === undefined || element === null ? "" : show(element));
        }
        return text;
    };
    const flatten = (target, source, depth, at, map) => {
        const length = toLength(source.length);
        for (let k = 0; k < length; k++) {
            if (k in source) {
                const element = map ? map(source[k], k, source) : source[k];
                if (depth > 0 && isArray(element)) {
                    at = flatten(target, element, depth - 1, at);
                } else {
                    put(target, at++, element);
                }
            }
        }
        return at;
    };

    const arrays = {
        join(separator) {
            return joined(toObject(this), separator === undefined ? "," : `${separator}`, (element) => `${element}`);
        },
        toLocaleString() {
            return joined(toObject(this), ",", (element) => `${element.toLocaleString()}`);
        },
        reverse() {
            const target = toObject(this), length = toLength(target.length);
            for (let low = 0, high = length - 1; low < high; low++, high--) {
                const hasLow = low in target, first = target[low];
                move(target, high, low);
                if (hasLow) {
                    target[high] = first;
                } else {
                    delete target[high];
                }
            }
            return target;
        },
        slice(start, end) {
            const source = toObject(this), length = toLength(source.length);
            let from = relative(start, length, 0);
            const to = relative(end, length, length);
            const target = create(source, max(to - from, 0));
            let at = 0;
            for (; from < to; from++, at++) {
                if (from in source) {
                    put(target, at, source[from]);
                }
            }
            target.length = at;
            return target;
        },
        splice(start, count, ...items) {
            const target = toObject(this), length = toLength(target.length);
            const from = relative(start, length, 0);
            const rest = arguments.length === 1 ? length - from : min(max(toInteger(count), 0), length - from);
            const removed = create(target, arguments.length === 0 ? 0 : rest);
            if (arguments.length === 0) {
                return removed;
            }
            for (let k = 0; k < rest; k++) {
                if (from + k in target) {
                    put(removed, k, target[from + k]);
                }
            }
            removed.length = rest;
            const behind = length - from - rest;
            if (items.length < rest) {
                shiftDown(target, from + rest, from + items.length, behind);
                for (let k = length - 1; k >= length - rest + items.length; k--) {
                    delete target[k];
                }
            } else if (items.length > rest) {
                shiftUp(target, from + rest, from + items.length, behind);
            }
            for (let k = 0; k < items.length; k++) {
                target[from + k] = items[k];
            }
            target.length = length - rest + items.length;
            return removed;
        },
        copyWithin(to, start, end) {
            const target = toObject(this), length = toLength(target.length);
            const into = relative(to, length, 0), from = relative(start, length, 0);
            const count = min(relative(end, length, length) - from, length - into);
            (from < into && into < from + count ? shiftUp : shiftDown)(target, from, into, count);
            return target;
        },
        concat(...items) {
            const first = toObject(this), target = create(first, 0);
            let at = 0;
            const add = (item) => {
                const isObject = typeof item === "object" && item !== null || typeof item === "function";
                if (!isObject || !(item[spreadable] ?? isArray(item))) {
                    put(target, at++, item);
                    return;
                }
                const length = toLength(item.length);
                for (let k = 0; k < length; k++, at++) {
                    if (k in item) {
                        put(target, at, item[k]);
                    }
                }
            };
            add(first);
            for (let k = 0; k < items.length; k++) {
                add(items[k]);
            }
            target.length = at;
            return target;
        },
        shift() {
            const target = toObject(this), length = toLength(target.length);
            const first = length > 0 ? target[0] : undefined;
            shiftDown(target, 1, 0, length - 1);
            if (length > 0) {
                delete target[length - 1];
            }
            target.length = max(length - 1, 0);
            return first;
        },
        unshift(...items) {
            const target = toObject(this), length = toLength(target.length);
            if (length + items.length > Number.MAX_SAFE_INTEGER) {
                throw new TypeError("array too long");
            }
            if (items.length > 0) {
                shiftUp(target, 0, items.length, length);
            }
            for (let k = 0; k < items.length; k++) {
                target[k] = items[k];
            }
            return target.length = length + items.length;
        },
    };

    // Comparing texts takes as long as they are alike, so what is sorted or looked for here may be texts of any length.
    const sought = (name, patient) => ({ [name](...given) {
        const target = toObject(this), length = toLength(target.length);
        return patient(target, length, given[0], given[1], given.length > 1);
    } })[name];
    const seekers = {
        indexOf: sought("indexOf", (target, length, one, start) => {
            for (let k = relative(start, length, 0); k < length; k++) {
                if (k in target && target[k] === one) {
                    return k;
                }
            }
            return -1;
        }),
        lastIndexOf: sought("lastIndexOf", (target, length, one, start, hasStart) => {
            const at = hasStart ? toInteger(start) : length - 1;
            for (let k = at < 0 ? length + at : min(at, length - 1); k >= 0; k--) {
                if (k in target && target[k] === one) {
                    return k;
                }
            }
            return -1;
        }),
        includes: sought("includes", (target, length, one, start) => {
            for (let k = relative(start, length, 0); k < length; k++) {
                if (target[k] === one) {
                    return true;
                }
            }
            return false;
        }),
    };
    // Sorts by merging pieces that are in order, each of so many; `isBefore(b, a)` tells whether `b` has to come before `a`.
    const merged = (list, spare, width, isBefore) => {
        const length = list.length;
        let from = list, into = spare;
        for (; width < length; width *= 2) {
            for (let start = 0; start < length; start += 2 * width) {
                const middle = min(start + width, length), end = min(start + 2 * width, length);
                for (let at = start, left = start, right = middle; at < end; at++) {
                    const isLeft = right === end || left < middle && !isBefore(from[right], from[left]);
                    into[at] = isLeft ? from[left++] : from[right++];
                }
            }
            [from, into] = [into, from];
        }
        return from;
    };
    const isObject = (value) => typeof value === "object" && value !== null || typeof value === "function";
    // The elements, which are not undefined, in the order of their texts.
    const byTexts = (elements) => {
        const pairs = [], spare = [];
        let longest = 0, hasObjects = false;
        for (let k = 0; k < elements.length; k++) {
            hasObjects ||= isObject(elements[k]);
            const text = `${elements[k]}`;
            longest = max(longest, text.length);
            put(pairs, k, { text, element: elements[k] });
            put(spare, k, undefined);
        }
        if (!hasObjects && longest * elements.length < 2 ** 26) {
            return apply(ArraySort, elements, []);
        }
        const all = merged(pairs, spare, 1, (b, a) => b.text < a.text);
        for (let k = 0; k < elements.length; k++) {
            elements[k] = all[k].element;
        }
        return elements;
    };
    const inOrder = (elements, compare) => {
        if (compare !== undefined) {
            return apply(ArraySort, elements, [compare]);
        }
        const defined = [];
        for (let k = 0; k < elements.length; k++) {
            if (elements[k] !== undefined) {
                put(defined, defined.length, elements[k]);
            }
        }
        const all = byTexts(defined);
        for (let k = 0; k < elements.length; k++) {
            elements[k] = k < all.length ? all[k] : undefined;
        }
        return elements;
    };
    const sorters = {
        sort(compare) {
            if (compare !== undefined && typeof compare !== "function") {
                throw new TypeError("not a function");
            }
            const target = toObject(this), length = toLength(target.length);
            const elements = [];
            for (let k = 0; k < length; k++) {
                if (k in target) {
                    put(elements, elements.length, target[k]);
                }
            }
            inOrder(elements, compare);
            for (let k = 0; k < length; k++) {
                if (k < elements.length) {
                    target[k] = elements[k];
                } else if (k in target) {
                    delete target[k];
                }
            }
            return target;
        },
        toSorted(compare) {
            if (compare !== undefined && typeof compare !== "function") {
                throw new TypeError("not a function");
            }
            const source = toObject(this), length = toLength(source.length);
            if (length > 2 ** 32 - 1) {
                throw new RangeError("invalid array length");
            }
            const elements = [];
            for (let k = 0; k < length; k++) {
                put(elements, k, source[k]);
            }
            return inOrder(elements, compare);
        },
    };
    // Numbers are sorted by the engine in pieces.
    const numbers = (quick, typedArrays) => {
        const { subarray, set } = typedArrays[0].prototype, kindOf = getOwnPropertyDescriptor(
            getPrototypeOf(typedArrays[0].prototype), Symbol.toStringTag).get;
        const isBefore = (b, a) => b < a || a !== a && b === b || b === 0 && a === 0 && 1 / Number(b) < 1 / Number(a);
        const PIECE = 2 ** 20;
        return function () {
            const length = this.length;
            for (let at = 0; at < length; at += PIECE) {
                apply(quick, apply(subarray, this, [at, at + PIECE]), []);
            }
            const Own = typedArrays.find((one) => one.name === apply(kindOf, this, []));
            const all = merged(this, new Own(length), PIECE, isBefore);
            if (all !== this) {
                apply(set, this, [all]);
            }
            return this;
        };
    };

    // These go into elements whose number is known when they get there.
    const replaced = {
        flat(depth = 1) {
            const source = toObject(this), target = create(source, 0);
            flatten(target, source, toInteger(depth), 0);
            return target;
        },
        flatMap(map, own = undefined) {
            if (typeof map !== "function") {
                throw new TypeError("not a function");
            }
            const source = toObject(this), target = create(source, 0);
            flatten(target, source, 1, 0, (element, at, all) => apply(map, own, [element, at, all]));
            return target;
        },
    };

    const { slice } = String.prototype;
    const places = function* (text, needle, count) {
        for (let at = find(text, needle, 0); at >= 0 && count > 0; count--) {
            yield at;
            at = find(text, needle, at + needle.length);
        }
    };
    const substituted = (text, needle, by, count) => {
        const replacement = typeof by === "function" ? by : `${by}`;
        let result = "", from = 0;
        const all = places(text, needle, count);
        for (let next = all.next(); !next.done; next = all.next()) {
            const at = next.value, end = at + needle.length;
            result += apply(slice, text, [from, at]);
            result += typeof replacement === "function" ? `${replacement(needle, at, text)}`
                : expanded(replacement, text, needle, at);
            from = end;
        }
        return result + apply(slice, text, [from]);
    };
    const expanded = (replacement, text, needle, at) => {
        let result = "";
        for (let k = 0; k < replacement.length; k++) {
            const mark = replacement[k] === "$" ? replacement[k + 1] : undefined;
            const by = mark === "$" ? "$" : mark === "&" ? needle : mark === "`" ? apply(slice, text, [0, at])
                : mark === "'" ? apply(slice, text, [at + needle.length]) : undefined;
            result += by ?? replacement[k];
            k += by === undefined ? 0 : 1;
        }
        return result;
    };
    const texts = {
        indexOf(needle, from) {
            return find(this, needle, min(max(toInteger(from), 0), this.length));
        },
        includes(needle, from) {
            return find(this, needle, min(max(toInteger(from), 0), this.length)) >= 0;
        },
        lastIndexOf(needle, from) {
            const most = from === undefined || +from !== +from ? this.length : min(max(toInteger(from), 0), this.length);
            let last = -1;
            for (let at = find(this, needle, 0); at >= 0 && at <= most; at = find(this, needle, at + 1)) {
                last = at;
            }
            return last;
        },
        split(needle, most) {
            const count = most === undefined ? 2 ** 32 - 1 : most >>> 0;
            const parts = [];
            let from = 0;
            for (let at = find(this, needle, 0); at >= 0 && parts.length < count; at = find(this, needle, from)) {
                put(parts, parts.length, apply(slice, this, [from, at]));
                from = at + needle.length;
            }
            if (parts.length < count) {
                put(parts, parts.length, apply(slice, this, [from]));
            }
            return parts;
        },
        replace(needle, by) {
            return substituted(this, needle, by, 1);
        },
        replaceAll(needle, by) {
            return substituted(this, needle, by, Infinity);
        },
    };

    // More marks on one character than anybody writes take time by their square.
    const decent = (quick) => function (...given) {
        for (const text of [this, given[0]]) {
            if (typeof text === "string" && longestMarks(text) > 1024) {
                throw new RangeError("too many combining characters in a row");
            }
        }
        return apply(quick, this, given);
    };
    // The engine looks for each name among all others.
    const listed = (quick) => (value, replacer, space) => {
        if (!isArray(replacer)) {
            return quick(value, undefined, space);
        }
        const names = new SetBuiltIn(), length = toLength(replacer.length);
        for (let k = 0; k < length; k++) {
            const name = replacer[k];
            if (typeof name === "string" || typeof name === "number" || name instanceof String || name instanceof Number) {
                names.add(`${name}`);
            }
        }
        if (names.size > 1024) {
            throw new RangeError("the list of names is too long");
        }
        return quick(value, [...names], space);
    };
    const gathered = (quick) => function (other) {
        const keys = other?.keys;
        if (typeof keys !== "function") {
            return apply(quick, this, [other]);
        }
        const all = new SetBuiltIn();
        for (const key of { [iterator]: () => apply(keys, other, []) }) {
            all.add(key);
        }
        return apply(quick, this, [all]);
    };

    const change = (holder, name, make) => {
        const { value, ...rest } = getOwnPropertyDescriptor(holder, name) ?? {};
        if (typeof value === "function") {
            defineProperty(holder, name, { ...rest, value: make(value) });
        }
    };
    const guarded = (holder, name, kind, patient) =>
        change(holder, name, (quick) => guard(quick, patient(quick), KINDS.indexOf(kind)));

    for (const name of Object.keys(arrays)) {
        guarded(Array.prototype, name, name === "concat" ? "elementsOfAll" : "elements", () => arrays[name]);
    }
    for (const name of Object.keys(seekers)) {
        guarded(Array.prototype, name, "sought", () => seekers[name]);
    }
    for (const name of Object.keys(sorters)) {
        guarded(Array.prototype, name, "sorted", () => sorters[name]);
    }
    for (const name of Object.keys(replaced)) {
        change(Array.prototype, name, () => replaced[name]);
    }
    const Numbers = getPrototypeOf(Uint8Array.prototype);
    for (const name of ["join", "toLocaleString"]) {
        guarded(Numbers, name, "numbers", () => arrays[name]);
    }
    const TYPED = [Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array, Float32Array,
        Float64Array, BigInt64Array, BigUint64Array].concat(typeof Float16Array === "function" ? [Float16Array] : []);
    const { sort: sortNumbers } = Numbers;
    guarded(Numbers, "sort", "numbersSorted", (quick) => numbers(quick, TYPED));
    guarded(Numbers, "toSorted", "numbersSorted", () => function () {
        const Own = TYPED.find((one) => one.name === this[Symbol.toStringTag]);
        return apply(numbers(sortNumbers, TYPED), new Own(this), []);
    });
    for (const name of Object.keys(texts)) {
        guarded(String.prototype, name, "search", () => texts[name]);
    }
    for (const name of ["normalize", "localeCompare"]) {
        guarded(String.prototype, name, "text", decent);
    }
    guarded(JSON, "stringify", "names", listed);
    for (const name of ["union", "intersection", "difference", "symmetricDifference", "isSubsetOf", "isSupersetOf",
        "isDisjointFrom"]) {
        guarded(Set.prototype, name, "other", gathered);
    }
    // No part of the language yet.
    for (const name of ["chunks", "windows", "includes", "join"]) {
        deleteProperty(Iterator.prototype, name);
    }
    change(String, "raw", () => ({
        raw(strings, ...values) {
            const { raw } = toObject(strings), length = toLength(toObject(raw).length);
            let text = "";
            for (let k = 0; k < length; k++) {
                text += `${raw[k]}` + (k + 1 < length && k < values.length ? `${values[k]}` : "");
            }
            return text;
        },
    }).raw);
    return { toInteger, toLength, toObject, put, isObject, change, guarded, typedArrays: TYPED };
})
