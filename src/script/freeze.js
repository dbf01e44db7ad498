// The value of this script is a function: it freezes what it is given, with all that this has, and returns the first.
(() => {
    "use strict";
    const { freeze, getOwnPropertyDescriptor, isFrozen } = Object;
    const isObject = (value) => typeof value === "object" && value !== null || typeof value === "function";
    return freeze((...given) => {
        const everything = new Set(given.filter(isObject));
        for (const one of everything) {
            for (const key of isFrozen(one) ? [] : Reflect.ownKeys(one)) {
                const { value } = getOwnPropertyDescriptor(one, key);
                if (isObject(value)) {
                    everything.add(value);
                }
            }
            freeze(one);
        }
        return given[0];
    });
})()
