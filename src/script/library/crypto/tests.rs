//! Hashes beside values of their standards, and what the rest of `crypto` refuses, said by scripts.

use crate::script::library::trial::{run, run_module};

fn told(expression: &str) -> String {
    run_module(&format!(
        "const c = modules.crypto; const hex = b => Buffer.from(b).toString('hex');
         const caught = async f => {{ try {{ return await f() }} catch (e) {{ return e.name + ': ' + e.message }} }};
         globalThis.result = await (async () => {expression})();"
    ))
}

fn all(cases: &[(&str, &str)]) {
    for (expression, expected) in cases {
        assert_eq!(told(expression), *expected, "{expression}");
    }
}

#[test]
fn hashes_of_the_module_are_those_of_the_standards() {
    all(&[
        (
            "c.createHash('md5').update('a').update('bc').digest('hex')",
            "900150983cd24fb0d6963f7d28e17f72",
        ),
        (
            "c.createHash('sha1').update('abc').digest('hex')",
            "a9993e364706816aba3e25717850c26c9cd0d89d",
        ),
        (
            "c.createHash('sha256').update('616263', 'hex').digest('base64')",
            "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=",
        ),
        (
            "c.createHash('sha256').update(new Uint8Array([97, 98, 99])).digest().length",
            "32",
        ),
        (
            "{ const h = c.createHash('md5').update('a'); const i = h.copy(); h.digest(); return i.update('bc').digest('base64url') }",
            "kAFQmDzST7DWlj99KOF_cg",
        ),
        (
            "{ const h = c.createHash('md5'); h.digest(); return caught(() => h.update('a')) }",
            "Error: Digest already called",
        ),
        (
            "caught(() => c.createHash('sha3'))",
            "TypeError: not supported algorithm: \"sha3\"",
        ),
        (
            "caught(() => c.createHash('md5').update(1))",
            "TypeError: data is not a string or Buffer-like object",
        ),
        (
            "caught(() => c.createHash('md5').update('').digest('latin1'))",
            "TypeError: \"latin1\" encoding is not supported",
        ),
    ]);
}

#[test]
fn keyed_hashes_are_those_of_the_standards() {
    all(&[
        (
            "c.createHmac('md5', 'Jefe').update('what do ya want for nothing?').digest('hex')",
            "750c783e6ab0b503eaa86e310a5db738",
        ),
        (
            "c.createHmac('sha1', 'Jefe').update('what do ya want for nothing?').digest('hex')",
            "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79",
        ),
        (
            "c.createHmac('sha256', Buffer.from('Jefe')).update('what do ya want ').update('for nothing?').digest('hex')",
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
        ),
        (
            "c.createHmac('md5', Buffer.alloc(80, 0xaa)).update('Test Using Larger Than Block-Size Key - Hash Key First').digest('hex')",
            "6b1ab7fe4bd7bf8f0b62e6ce61b9d0cd",
        ),
        (
            "caught(() => c.createHmac('md5', 1))",
            "TypeError: key must be a string or Buffer-like object",
        ),
    ]);
}

#[test]
fn digests_and_signatures_of_subtle() {
    all(&[
        ("hex(await crypto.subtle.digest('SHA-1', Buffer.from('abc')))", "a9993e364706816aba3e25717850c26c9cd0d89d"),
        ("hex(await crypto.subtle.digest({name: 'sha-512'}, new Uint8Array())).slice(0, 16)", "cf83e1357eefb8bd"),
        ("(await crypto.subtle.digest('SHA-384', new ArrayBuffer(1))).byteLength", "48"),
        ("caught(() => crypto.subtle.digest('MD5', new ArrayBuffer(1)))", "TypeError: unknown hash name: \"MD5\""),
        ("caught(() => crypto.subtle.digest('SHA-1', 'a'))", "TypeError: \"data\" must be a buffer or a view of one"),
        ("{ const k = await crypto.subtle.importKey('raw', Buffer.from('Jefe'), {name: 'HMAC', hash: 'SHA-256'}, true, ['sign', 'verify']);
            const d = Buffer.from('what do ya want for nothing?'); const s = await crypto.subtle.sign('HMAC', k, d);
            const right = await crypto.subtle.verify({name: 'HMAC'}, k, s, d); new Uint8Array(s)[0] ^= 1;
            return [hex(s).slice(2, 12), right, await crypto.subtle.verify('HMAC', k, s, d), k.type, k.algorithm.hash.name, k.extractable,
                    (await crypto.subtle.exportKey('jwk', k)).k, hex(await crypto.subtle.exportKey('raw', k))].join() }",
         "dcc146bf60,true,false,secret,SHA-256,true,SmVmZQ,4a656665"),
        ("{ const k = await crypto.subtle.importKey('jwk', {kty: 'oct', k: 'SmVmZQ', alg: 'HS256'}, {name: 'HMAC', hash: {name: 'SHA-256'}}, false, ['verify']);
            return [await caught(() => crypto.subtle.sign('HMAC', k, Buffer.from('a'))), await caught(() => crypto.subtle.exportKey('raw', k))].join() }",
         "TypeError: provided key doesn't support \"sign\" operation,TypeError: provided key cannot be extracted"),
        ("(await crypto.subtle.exportKey('raw', await crypto.subtle.generateKey({name: 'HMAC', hash: 'SHA-1'}, true, ['sign']))).byteLength", "64"),
        ("caught(() => crypto.subtle.sign('HMAC', {}, Buffer.from('a')))", "TypeError: \"key\" must be a CryptoKey"),
        ("caught(() => crypto.subtle.importKey('raw', Buffer.from('a'), 'HMAC', true, ['sign']))", "TypeError: hash is not set"),
        ("caught(() => crypto.subtle.importKey('raw', Buffer.from('a'), {name: 'HMAC', hash: 'SHA-1'}, true, ['encrypt']))", "TypeError: \"encrypt\" is no usage of \"HMAC\" keys"),
    ]);
}

#[test]
fn random_values_fill_arrays() {
    for (source, expected) in [
        (
            "crypto.getRandomValues(new Uint32Array(64)).some(x => x > 255)",
            "true",
        ),
        (
            "const a = new Uint8Array(1); crypto.getRandomValues(a) === a",
            "true",
        ),
        (
            "crypto.getRandomValues(new Uint8Array(65537))",
            "RangeError: the array has more than 65536 bytes",
        ),
        (
            "crypto.getRandomValues(new Float64Array(1))",
            "TypeError: argument must be an array of integers",
        ),
        (
            "crypto.getRandomValues(new ArrayBuffer(1))",
            "TypeError: argument must be an array of integers",
        ),
        (
            "crypto.getRandomValues([1])",
            "TypeError: argument must be an array of integers",
        ),
        (
            "/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(crypto.randomUUID())",
            "true",
        ),
    ] {
        assert_eq!(run(source), expected, "{source}");
    }
}
