//! What buffers do, said by scripts.

use crate::script::library::trial::run;

fn all(cases: &[(&str, &str)]) {
    for (source, expected) in cases {
        assert_eq!(run(source), *expected, "{source}");
    }
}

#[test]
fn buffers_come_from_texts_arrays_and_other_buffers() {
    all(&[
        ("Buffer.from('aé').join()", "97,195,169"),
        ("Buffer.from('0aFF', 'hex').join()", "10,255"),
        (
            "Buffer.from('YQ==', 'base64').join() + Buffer.from('_-8', 'base64url').join()",
            "97255,239",
        ),
        ("Buffer.from([1, 256, -1, 'x', 2.9]).join()", "1,0,255,0,2"),
        ("Buffer.from({length: 2, 0: 5, 1: 6}).join()", "5,6"),
        ("Buffer.from(new Uint16Array([1, 258])).join()", "1,2"),
        ("Buffer.from(new String('x')).join()", "120"),
        (
            "const a = new Uint8Array([1, 2, 3]).buffer; const b = Buffer.from(a, 1, 1); b[0] = 9; new Uint8Array(a).join()",
            "1,9,3",
        ),
        (
            "const a = Buffer.from([1]); const b = Buffer.from(a); b[0] = 2; a[0]",
            "1",
        ),
        (
            "JSON.stringify(Buffer.from(JSON.parse(JSON.stringify(Buffer.from('ab')))))",
            r#"{"type":"Buffer","data":[97,98]}"#,
        ),
        (
            "Buffer.from('a', 'utf16')",
            "TypeError: \"utf16\" encoding is not supported",
        ),
        (
            "Buffer.from(1)",
            "TypeError: first argument is not a string or Buffer-like object",
        ),
        (
            "Buffer.from({})",
            "TypeError: first argument is not a string or Buffer-like object",
        ),
        (
            "Buffer.from(new ArrayBuffer(2), 3)",
            "RangeError: invalid index",
        ),
        (
            "Buffer.from(new ArrayBuffer(2), 1, 2)",
            "RangeError: invalid length",
        ),
        ("Buffer.from({length: 1e9})", "RangeError: invalid length"),
        (
            "Buffer.from('') instanceof Buffer && Buffer.from('') instanceof Uint8Array",
            "true",
        ),
    ]);
}

#[test]
fn buffers_are_made_of_nothing_and_of_each_other() {
    all(&[
        (
            "Buffer.alloc(3).join() + '|' + Buffer.alloc(5, 'ab').toString() + Buffer.alloc(2, 'ff', 'hex').join()",
            "0,0,0|ababa255,255",
        ),
        ("Buffer.alloc(-1)", "RangeError: invalid size"),
        ("Buffer.alloc(2, 7).join()", "7,7"),
        (
            "Buffer.alloc(3e9)",
            "RangeError: invalid array buffer length",
        ),
        ("Buffer.alloc(1e9)", "InternalError: out of memory"),
        (
            "Buffer.concat([Buffer.from('a'), new Uint8Array([98])]).toString()",
            "ab",
        ),
        (
            "Buffer.concat([Buffer.from('abc')], 2).toString() + Buffer.concat([Buffer.from('a')], 2).length",
            "ab2",
        ),
        (
            "Buffer.concat([1])",
            "TypeError: \"list[0]\" argument must be an instance of Buffer or Uint8Array",
        ),
        (
            "Buffer.byteLength('é') + Buffer.byteLength('abcd', 'hex') + Buffer.byteLength(new ArrayBuffer(3))",
            "7",
        ),
        (
            "[Buffer.isBuffer(Buffer.from('')), Buffer.isBuffer(new Uint8Array(1)), Buffer.isBuffer({})].join()",
            "true,false,false",
        ),
        (
            "[Buffer.isEncoding('hex'), Buffer.isEncoding('utf-8'), Buffer.isEncoding('x'), Buffer.isEncoding(1)].join()",
            "true,true,false,false",
        ),
        (
            "Buffer.from([3, 1, 2]).map(x => x + 1) instanceof Buffer",
            "true",
        ),
        (
            "Buffer === Buffer && new Buffer('a').constructor === Buffer",
            "true",
        ),
    ]);
}

#[test]
fn parts_of_buffers_share_their_bytes() {
    all(&[
        (
            "const b = Buffer.from('abcdef'); const c = b.slice(1, -1); c[0] = 0x42; b.toString() + c",
            "aBcdefBcde",
        ),
        (
            "Buffer.from('abc').subarray(2, 1).length + Buffer.from('abc').subarray(-2) + Buffer.from('abc').subarray(9)",
            "0bc",
        ),
        (
            "Buffer.from('abcdef').toString('hex', 1, 3) + Buffer.from('ab').toString('base64')",
            "6263YWI=",
        ),
        (
            "Buffer.from('ab').toString('rot13')",
            "TypeError: \"rot13\" encoding is not supported",
        ),
        ("Buffer.from([0xff, 0x61]).toString()", "\u{fffd}a"),
        (
            "Buffer.prototype.toString.call({})",
            "TypeError: \"this\" is not a Buffer",
        ),
        (
            "const b = Buffer.from('ab'); b.buffer.transfer(); b.toString()",
            "TypeError: \"this\" is not a Buffer",
        ),
    ]);
}

#[test]
fn buffers_are_compared_and_looked_through() {
    all(&[
        (
            "[Buffer.compare(Buffer.from('a'), Buffer.from('b')), Buffer.from('b').compare(Buffer.from('ab'), 1)].join()",
            "-1,0",
        ),
        ("Buffer.from('ab').equals(new Uint8Array([97, 98]))", "true"),
        (
            "Buffer.from('a').equals('a')",
            "TypeError: argument must be an instance of Buffer or Uint8Array",
        ),
        (
            "Buffer.from('a').compare(Buffer.from('b'), 0, 2)",
            "RangeError: index is outside the bound of the buffer",
        ),
        (
            "const b = Buffer.from('abcabc'); [b.indexOf('c'), b.indexOf('c', 3), b.indexOf(98), b.indexOf(Buffer.from('ca')), b.indexOf('x'), b.indexOf('6162', 'hex'), b.indexOf('a', -2)].join()",
            "2,5,1,2,-1,0,-1",
        ),
        (
            "const b = Buffer.from('abcabc'); [b.lastIndexOf('c'), b.lastIndexOf('c', 4), b.lastIndexOf('a', -9), b.includes('ca'), b.includes('x')].join()",
            "5,2,-1,true,false",
        ),
        (
            "Buffer.from('a').indexOf({})",
            "TypeError: \"value\" argument must be of type string or an instance of Buffer",
        ),
    ]);
}

#[test]
fn buffers_are_changed() {
    all(&[
        (
            "Buffer.alloc(5).fill('ab', 1, 4).toString('hex') + Buffer.alloc(2).fill('4142', 'hex')",
            "0061626100AB",
        ),
        (
            "Buffer.alloc(2).fill(0x161).toString() + Buffer.alloc(2).fill(Buffer.from('xy'))",
            "aaxy",
        ),
        (
            "Buffer.alloc(2).fill('a', 0, 3)",
            "RangeError: index is outside the bound of the buffer",
        ),
        (
            "Buffer.alloc(2).fill(Buffer.alloc(0))",
            "TypeError: \"value\" argument must not be empty",
        ),
        (
            "const a = Buffer.from('abcd'); const n = a.copy(a, 1, 0, 3); n + a.toString()",
            "3aabc",
        ),
        (
            "const b = Buffer.alloc(4); b.write('é€') + b.write('zz', 3) + b.write('41', 0, 'hex') + b.toString('hex')",
            "441a9007a",
        ),
        (
            "const b = Buffer.from([1, 2, 3, 4]); b.swap16().join() + '|' + b.swap32().join()",
            "2,1,4,3|3,4,1,2",
        ),
        (
            "Buffer.alloc(3).swap16()",
            "RangeError: Buffer size must be a multiple of 16-bits",
        ),
        (
            "Buffer.alloc(1).write(1)",
            "TypeError: first argument must be a string",
        ),
    ]);
}

#[test]
fn numbers_come_back_from_buffers() {
    all(&[
        ("const b = Buffer.from([0xfe, 0xff, 0x01, 0x80, 0, 0, 0, 0x80]);
          [b.readInt8(0), b.readUInt8(0), b.readInt16LE(0), b.readInt16BE(0), b.readUInt16LE(0), b.readUInt16BE(0),
           b.readInt32LE(0), b.readInt32BE(0), b.readUInt32LE(0), b.readUInt32BE(0)].join()",
         "-2,254,-2,-257,65534,65279,-2147352578,-16842368,2147614718,4278124928"),
        ("const b = Buffer.from([0xfe, 0xff, 0x01, 0x80, 0, 0, 0, 0x80]);
          [b.readBigInt64LE(0), b.readBigUInt64BE(), b.readIntLE(0, 3), b.readUIntBE(0, 6), b.readIntBE(2, 1)].join()",
         "-9223372034707161090,18374406653962354816,131070,280371195281408,1"),
        ("const b = Buffer.alloc(8); [b.writeInt16BE(-2, 1), b.writeUInt32LE(0xdeadbeef, 4), b.toString('hex')].join()", "3,8,00fffe00efbeadde"),
        ("const b = Buffer.alloc(8); b.writeBigInt64BE(-2n); b.toString('hex') + b.writeBigUInt64LE(2n ** 64n + 1n) + b.toString('hex')", "fffffffffffffffe80100000000000000"),
        ("const b = Buffer.alloc(8); b.writeUIntBE(0x123456, 1, 3); b.writeIntLE(-1, 4, 2); b.toString('hex')", "00123456ffff0000"),
        ("const b = Buffer.alloc(12); b.writeDoubleBE(1.5); b.writeFloatLE(-0.25, 8); [b.readDoubleBE(0), b.readFloatLE(8)].join()", "1.5,-0.25"),
        ("Buffer.alloc(1).readInt16LE(0)", "RangeError: index 0 is outside the bound of the buffer"),
        ("Buffer.alloc(4).writeUInt32LE(1, 1)", "RangeError: index 1 is outside the bound of the buffer"),
        ("Buffer.alloc(4).readIntLE(0, 7)", "RangeError: \"byteLength\" must be between 1 and 6"),
        ("Buffer.alloc(4).readInt8(-1)", "RangeError: index -1 is outside the bound of the buffer"),
        ("Buffer.alloc(8).writeBigInt64LE(1)", "TypeError: value is not a BigInt"),
    ]);
}
