// The value of this script is a function: it freezes everything that can be reached from the global object, and
// from the objects it is given.
(function (hidden) {
    "use strict";
    const { getOwnPropertyDescriptor, getPrototypeOf, defineProperty, freeze } = Object;
    const { ownKeys } = Reflect;
    const isObject = (value) =>
        (typeof value === "object" && value !== null) || typeof value === "function";

    // Both are accessors to something of the realm itself, which freezing does not reach.
    delete Error.prepareStackTrace;
    delete Error.stackTraceLimit;

    // Lazy globals become what they are.
    for (const name of ownKeys(globalThis)) {
        void globalThis[name];
    }

    const everything = new Set([globalThis, ...hidden]);
    // What no name leads to.
    everything.add(getPrototypeOf(function* () {}));
    everything.add(getPrototypeOf(async function () {}));
    everything.add(getPrototypeOf(async function* () {}));
    const iterators = [
        [].values(), [].values().map((x) => x), "".matchAll(/a/g), ""[Symbol.iterator](), new Map().entries(),
        new Set().entries(), Iterator.from({ next() {} }), Iterator.concat?.(), Iterator.zip?.([]),
    ];
    for (const one of iterators.filter(isObject)) {
        everything.add(getPrototypeOf(one));
    }
    for (const one of everything) {
        const prototype = getPrototypeOf(one);
        if (prototype !== null) {
            everything.add(prototype);
        }
        for (const key of ownKeys(one)) {
            const { value, get, set } = getOwnPropertyDescriptor(one, key);
            for (const next of [value, get, set]) {
                if (isObject(next)) {
                    everything.add(next);
                }
            }
        }
    }

    // Assigning to an object what its prototype has gives the object a property of its own, as if nothing were frozen.
    const yielding = (holder, key) => {
        const { value, writable, configurable, enumerable } = getOwnPropertyDescriptor(holder, key);
        if (!writable || !configurable) {
            return;
        }
        const accessors = {
            get [key]() { return value; },
            set [key](own) {
                if (this === holder) {
                    throw new TypeError(`"${String(key)}" of a built-in object cannot be changed`);
                }
                defineProperty(this, key, { value: own, writable: true, enumerable: true, configurable: true });
            },
        };
        const { get, set } = getOwnPropertyDescriptor(accessors, key);
        defineProperty(holder, key, { get: freeze(get), set: freeze(set), enumerable, configurable });
    };
    const assigned = ["toString", "toLocaleString", "valueOf", "toJSON", "name", "message"];
    for (const one of everything) {
        const isPrototype = Object.hasOwn(one, "constructor") && one.constructor.prototype === one;
        for (const key of isPrototype ? ownKeys(one) : []) {
            const yields = one === Object.prototype || assigned.includes(key);
            if (yields && "value" in getOwnPropertyDescriptor(one, key)) {
                yielding(one, key);
            }
        }
    }
    for (const one of everything) {
        freeze(one);
    }
})
