# Tokens that are signed by pairs of keys: what scripts verify and sign by crypto.subtle

=== tokens of others are verified by public keys, from files or as JWK
--- file rsa.pub
-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA4uvsKRh5HqPvL6OlpRO7
jcaiW+R71tMRtCLU/Ce4/UPMtsdGChTyaAdLdN/E3QxxbsaCLGzJZfPR7oE04+KK
/y+YIwANkSNGCyfQNScCiGmzWVVuufawB/vYpMMLX3NgjCLU1ClZU53CXFAz3Phc
kwxV3Cars1bCpnefSybK9e/We1tZjEJoau0XtPLldxzfsrkPBE1JFhK5z8K7ksII
Uq7u9DI2jMZtqZispqZeDXzg3vwRId5b4fpD1XCi4S1WYvaKfQyr4uJK+ZQIKH30
/eW0Z7GkqA2A9lLkOrwdizaNSJLgCfN1aUmMi48oyaKwUt2N0tlp1IR5rf6hXAYD
AQIDAQAB
-----END PUBLIC KEY-----
--- file ec.pub
-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE9vt4ilQXRuuEGu06TjcF8JfSEgL4
4F+TOpQ7Fcn3hcUbG7BwEzaKuZrf2NTD6KRX4bFAPUihq6vXFDacz4bPFg==
-----END PUBLIC KEY-----
--- file ec384.pub
-----BEGIN PUBLIC KEY-----
MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAEAsw4gkez6FvckluX3B+YssmIADe5zlJ7
O9CWHb0RSs1DsibOg8iMO6ASNc/cohtXk+J30icw6cYFOTHt7Fk4qShr92EGLtRh
s549eKORWC2Omm+L34JUL8eUFMZXzvWP
-----END PUBLIC KEY-----
--- file tokens.js
import fs from 'fs';
const der = (name) => Buffer.from(fs.readFileSync("$DIR/" + name, "utf8").replace(/-----[A-Z ]+-----|\s/g, ""), "base64");
const hash = (bits) => "SHA-" + bits;
const KEYS = {
    RS: ["rsa.pub", (bits) => ({ name: "RSASSA-PKCS1-v1_5", hash: hash(bits) }), () => "RSASSA-PKCS1-v1_5"],
    PS: ["rsa.pub", (bits) => ({ name: "RSA-PSS", hash: hash(bits) }), (bits) => ({ name: "RSA-PSS", saltLength: bits / 8 })],
    ES: ["ec.pub", (bits) => ({ name: "ECDSA", namedCurve: "P-" + bits }), (bits) => ({ name: "ECDSA", hash: hash(bits) })],
};
const JWK = {
    RS: { kty: "RSA", n: "4uvsKRh5HqPvL6OlpRO7jcaiW-R71tMRtCLU_Ce4_UPMtsdGChTyaAdLdN_E3QxxbsaCLGzJZfPR7oE04-KK_y-YIwANkSNGCyfQNScCiGmzWVVuufawB_vYpMMLX3NgjCLU1ClZU53CXFAz3PhckwxV3Cars1bCpnefSybK9e_We1tZjEJoau0XtPLldxzfsrkPBE1JFhK5z8K7ksIIUq7u9DI2jMZtqZispqZeDXzg3vwRId5b4fpD1XCi4S1WYvaKfQyr4uJK-ZQIKH30_eW0Z7GkqA2A9lLkOrwdizaNSJLgCfN1aUmMi48oyaKwUt2N0tlp1IR5rf6hXAYDAQ", e: "AQAB" },
    ES: { kty: "EC", crv: "P-256", x: "9vt4ilQXRuuEGu06TjcF8JfSEgL44F-TOpQ7Fcn3hcU", y: "GxuwcBM2irma39jUw-ikV-GxQD1Ioaur1xQ2nM-GzxY" },
};
async function verified(token, jwk) {
    const parts = token.split(".");
    const { alg } = JSON.parse(Buffer.from(parts[0], "base64url").toString());
    const [name, imported, used] = KEYS[alg.slice(0, 2)];
    const bits = Number(alg.slice(2));
    const file = bits === 384 ? "ec384.pub" : name;
    const key = jwk ? await crypto.subtle.importKey("jwk", JWK[alg.slice(0, 2)], imported(bits), false, ["verify"])
        : await crypto.subtle.importKey("spki", der(file), imported(bits), false, ["verify"]);
    const signature = Buffer.from(parts[2], "base64url");
    const right = await crypto.subtle.verify(used(bits), key, signature, Buffer.from(`${parts[0]}.${parts[1]}`));
    signature[5] ^= 1;
    const wrong = await crypto.subtle.verify(used(bits), key, signature, Buffer.from(`${parts[0]}.${parts[1]}`));
    return `${alg} ${key.type} ${key.algorithm.name} ${right} ${wrong}`;
}
async function check(r) { r.return(200, await verified(r.headersIn.Authorization.slice(7), r.args.jwk) + "\n"); }
async function refused(r) {
    const caught = async (work) => { try { return typeof await work(); } catch (e) { return e.name + ": " + e.message; } };
    const rsa = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };
    const ec = { name: "ECDSA", namedCurve: "P-256" };
    const subtle = crypto.subtle;
    const key = await subtle.importKey("spki", der("rsa.pub"), rsa, true, ["verify"]);
    const all = [
        () => subtle.importKey("spki", der("ec.pub"), rsa, false, ["verify"]),
        () => subtle.importKey("spki", der("ec384.pub"), ec, false, ["verify"]),
        () => subtle.importKey("spki", Buffer.from("rubbish"), ec, false, ["verify"]),
        () => subtle.importKey("spki", der("rsa.pub"), rsa, false, ["sign"]),
        () => subtle.importKey("pkcs8", der("rsa.pub"), rsa, false, ["sign"]),
        () => subtle.importKey("jwk", { kty: "RSA", n: "AQAB", e: "AQAB" }, rsa, false, ["verify"]),
        () => subtle.importKey("jwk", { kty: "EC", crv: "P-384", x: "", y: "" }, ec, false, ["verify"]),
        () => subtle.importKey("raw", Buffer.alloc(65), ec, false, ["verify"]),
        () => subtle.importKey("raw", Buffer.alloc(65, 4), ec, false, ["verify"]),
        () => subtle.importKey("jwk", { kty: "EC", crv: "P-256", x: JWK.ES.x, y: JWK.ES.x }, ec, false, ["verify"]),
        () => subtle.importKey("raw", Buffer.alloc(32), { name: "AES-GCM" }, false, ["encrypt"]),
        () => subtle.exportKey("spki", key),
        () => subtle.sign(rsa, key, Buffer.from("a")),
        () => subtle.verify("HMAC", key, Buffer.alloc(256), Buffer.from("a")),
        () => subtle.encrypt({ name: "AES-GCM" }, key, Buffer.from("a")),
    ];
    const told = [];
    for (const one of all) { told.push(await caught(one)); }
    r.return(200, told.join("\n") + "\n");
}
export default { check, refused };
--- http_config
js_import $DIR/tokens.js;
--- config
location /check { js_content tokens.check; }
location /refused { js_content tokens.refused; }
--- requests
GET /check 200 = RS256 public RSASSA-PKCS1-v1_5 true false\n
    Authorization: Bearer eyJhbGciOiAiUlMyNTYifQ.eyJzdWIiOiJhbGljZSJ9.xgsZ5Bm8uJ8W0gVkszc3WFr2-9TWA_5kgNWR2N76yRI1PIDcj0Ch44Xa_lWC3MLnrb7ivrwjw3NsCau-u_U08nvVuJ385uBj7qKvhSs6p6ddjat5eDsTbVMiHiNj015wameOotsRfeRVoPXowXuYn4HLyYOKufFvgPsgt_nSAmhePiBXOjod2Zzj0oJtSPw74Rgf2BhaBdi9uqJvxZO79ev3sg_LhUGxisLMLCNjqYTg3D2puoflMpVp8yr40ZtF6uW4QaZPatB9mraTCQX_4j9O5GLqfKHFMWV_wfD8jbXdRMXS8AEhy8LrLUWO42qVs2aJ7mEcKPLS3LepWJRkUw
GET /check 200 = RS512 public RSASSA-PKCS1-v1_5 true false\n
    Authorization: Bearer eyJhbGciOiAiUlM1MTIifQ.eyJzdWIiOiJhbGljZSJ9.4fEVQ5nwwKehQFsdzY0COiV4pk0EEMjn_7ECXWp7BQU4DlEK6r5crUj0Rh2iSZGEM3aSvX-FAVny9x06Mkc9VsVMkvy26hU0t_xAmohHPtwuhTdIwXOL_UosPfiRY-shC-Mw4doV_0Wlhj7mzduvq5il9e4Qt_SMKo1sf8AFe_WkG1pFapTz2yv_Zoyj7qlZMVUL863mSm4F7VFHT6GaKuQEGoaG_JngLr0EIcaH0yPk9ayfBZrhK3dAOEX_4kMEWo4NdbQYuuoPhlF8FGZLkCFiOQAYABc67QLBJ6PWlABgSkm1CsrHookEDkEhn4GJg12FsEcplx5FBWwL9Sfb9w
GET /check 200 = PS256 public RSA-PSS true false\n
    Authorization: Bearer eyJhbGciOiAiUFMyNTYifQ.eyJzdWIiOiJhbGljZSJ9.gl01zDtn6Wzp3w_hQzs_9jhiPLpl96X_GYUHRC8mwtYacZCsgKvbEzWkrQJ2ytHyr9fz9TgJnU_3IElpggRXD6bGlIyc2wAIr4uRxaPZdT2wxQGbGkWUGxbrH80Q4F5I7YJ6K8yi8CrVMGhC3t86ph0cDEmd54-WAHnJoYXIQfW_voMSa8wMT0caMW1u2beOPT2Ej43sbA0vx_G-6qG_dAv2FnnDwMFaQntdYS4QppOVYdGkjZG2Ljk4_5YoImtBATrq62MUiGQSjgfqXAXyCofB3uC6WbgtML3qD54EIAA2XnIJTLaNCH6PTevU_XWZjmc6BtRZKXJkxVBp45VawQ
GET /check 200 = ES256 public ECDSA true false\n
    Authorization: Bearer eyJhbGciOiAiRVMyNTYifQ.eyJzdWIiOiJhbGljZSJ9.Fc6gYUFvDji8S4hAkehvIb62tIs17hGrXTObRiSRUP8h-fPxq9cMZ8Ivu2nauSPQSRsOBMJIOe-lzh2Y9iQpKQ
GET /check 200 = ES384 public ECDSA true false\n
    Authorization: Bearer eyJhbGciOiAiRVMzODQifQ.eyJzdWIiOiJhbGljZSJ9.Mj4aLr2valJ79J6chIy-EobcQns6A4Ppc-ulwhMmEnVYTUolMd13vVBgwaydp1-desCsS5KiMKB1EHPKxlpsqOZsfH5FVMjj1QrRSjbE-mJH-cAz6gac9F5mzBB7j8Gi
GET /check?jwk=1 200 = RS256 public RSASSA-PKCS1-v1_5 true false\n
    Authorization: Bearer eyJhbGciOiAiUlMyNTYifQ.eyJzdWIiOiJhbGljZSJ9.xgsZ5Bm8uJ8W0gVkszc3WFr2-9TWA_5kgNWR2N76yRI1PIDcj0Ch44Xa_lWC3MLnrb7ivrwjw3NsCau-u_U08nvVuJ385uBj7qKvhSs6p6ddjat5eDsTbVMiHiNj015wameOotsRfeRVoPXowXuYn4HLyYOKufFvgPsgt_nSAmhePiBXOjod2Zzj0oJtSPw74Rgf2BhaBdi9uqJvxZO79ev3sg_LhUGxisLMLCNjqYTg3D2puoflMpVp8yr40ZtF6uW4QaZPatB9mraTCQX_4j9O5GLqfKHFMWV_wfD8jbXdRMXS8AEhy8LrLUWO42qVs2aJ7mEcKPLS3LepWJRkUw
GET /check?jwk=1 200 = ES256 public ECDSA true false\n
    Authorization: Bearer eyJhbGciOiAiRVMyNTYifQ.eyJzdWIiOiJhbGljZSJ9.Fc6gYUFvDji8S4hAkehvIb62tIs17hGrXTObRiSRUP8h-fPxq9cMZ8Ivu2nauSPQSRsOBMJIOe-lzh2Y9iQpKQ
GET /refused 200
--- response_body
Error: importKey: the key is malformed, or of another kind
Error: importKey: the key is of another curve
Error: importKey: the key is malformed, or of another kind
TypeError: "sign" is no usage of "RSASSA-PKCS1-v1_5" keys
Error: importKey: the key is malformed, or of another kind
Error: importKey: a key of RSA must have 2048 to 8192 bits
TypeError: the JWK is of another kind of key
Error: importKey: the key is malformed, or of another kind
Error: importKey: the key is malformed, or of another kind
Error: importKey: the key is malformed, or of another kind
Error: importKey: "AES-GCM" is not implemented
Error: exportKey: "RSASSA-PKCS1-v1_5" is not implemented, "HMAC" is
TypeError: provided key doesn't support "sign" operation
TypeError: cannot verify using "HMAC" with "RSASSA-PKCS1-v1_5" key
Error: crypto.subtle has digests and signatures here, and neither ciphers nor derived keys

=== tokens are signed by private keys
--- file rsa.pem
-----BEGIN PRIVATE KEY-----
MIIEvAIBADANBgkqhkiG9w0BAQEFAASCBKYwggSiAgEAAoIBAQDi6+wpGHkeo+8v
o6WlE7uNxqJb5HvW0xG0ItT8J7j9Q8y2x0YKFPJoB0t038TdDHFuxoIsbMll89Hu
gTTj4or/L5gjAA2RI0YLJ9A1JwKIabNZVW659rAH+9ikwwtfc2CMItTUKVlTncJc
UDPc+FyTDFXcJquzVsKmd59LJsr179Z7W1mMQmhq7Re08uV3HN+yuQ8ETUkWErnP
wruSwghSru70MjaMxm2pmKympl4NfODe/BEh3lvh+kPVcKLhLVZi9op9DKvi4kr5
lAgoffT95bRnsaSoDYD2UuQ6vB2LNo1IkuAJ83VpSYyLjyjJorBS3Y3S2WnUhHmt
/qFcBgMBAgMBAAECggEAavvzwYRKRknf0MQEqoldGYCWt2BHiobEh/sMEz3fF3jJ
oTreKI6roqQdzSJavCTLrgBlCvDXGvwS87Fy8CW0ho832PiDbPQGZ+gDX6veo9XB
utJue7p0T69K+pMCX6QT1r3tPYGpHaT5J3CgowNtEd708/A/bzPuXXF0ZogJlFz1
nnvLCdMxduMbbUATFthm9/G9HXmfoTtLbyRTtRJ+v17Z6o3oxuGcJVJ5fLAVzE8A
BSUR6BSd9KsJbCNoFi6vZXuKldZ81bPW4+tM1UjW1zBrqQe8z9n/LB91L6fe5tM6
M+dfRpvYqR3etH9ixboh+BMB36cy9fq2QxowoUSPaQKBgQD2JvsuVznnqkahvPZ4
kzqkYgynrloFVlb2luCPPMDjXDoKTxj3XRYJdPVsLMVoZJedrHIWylf6PYmW9+nd
1Ndm83SX0g3RwXHnFp0u8FeMok/Lpfh2YAdPcugHtEXadPikKsAXxUw2TETWP5/+
uSRbs+VDRcDzYO9i5m4Bf9J0+wKBgQDr//x3lZ8i1FTZBmxXOYZqTn8wrPkjWKPH
gqhzWJ72+vNZhcxQmHILS91XhCf1+Kj5yclvTfnUL0LGF7t2aENlbw1sK0sOD7xp
UuF/0Nnu3ItleNWEla8jqMduSb0DnZLCqchZflfQGTxkFilmTlxc/MjqiQseRPBO
9KIkUFoPMwKBgCK6MSnCiJrUfQ6IeEVekCFs69gkUvL50V8MvjW3Hod1FYMq0Zzk
dx1ycMWIM3mc538JOzdX6L2XPPgdldMEGjeeFU7uBaEYJ5ewqxBaPB/NLnDOw5T/
y0g8L9wWZNyDMCkJFvzDixMGA5gudcYcHLMLWEb7alNr05oiZFa1z91NAoGAaFUS
Gxf1c2NlY1CYovMWfnbXegBuX/b26OPVbrD2DgAhhylEizjp6h6O6vrM48wbf9p6
iA9z7B88qPCi+pTbfsNarsBw/PVt+S4f7O66+gNcSO7jjirSc7RQ/mvw+OE3mYGP
xii5z5DohuLZSJZJ9P34IN+XH7mgd3dlGyK+vcsCgYBrXM9BKD3VCZSNW5WuUjmS
4SUglRmtarxBEEGmXWhRm3q9W8+H4UqieMQ09EQaqTJ4YKzbB4FTlbv7km70qJB8
E4kz/5TAuwUrIYcpx1fslbLYMd49n48PHnBTWPwdfB13SNwJe3W0MsmKrTqdQK4D
Ey8GLa7RfBk+WNbExlGo2Q==
-----END PRIVATE KEY-----
--- file rsa.pub
-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA4uvsKRh5HqPvL6OlpRO7
jcaiW+R71tMRtCLU/Ce4/UPMtsdGChTyaAdLdN/E3QxxbsaCLGzJZfPR7oE04+KK
/y+YIwANkSNGCyfQNScCiGmzWVVuufawB/vYpMMLX3NgjCLU1ClZU53CXFAz3Phc
kwxV3Cars1bCpnefSybK9e/We1tZjEJoau0XtPLldxzfsrkPBE1JFhK5z8K7ksII
Uq7u9DI2jMZtqZispqZeDXzg3vwRId5b4fpD1XCi4S1WYvaKfQyr4uJK+ZQIKH30
/eW0Z7GkqA2A9lLkOrwdizaNSJLgCfN1aUmMi48oyaKwUt2N0tlp1IR5rf6hXAYD
AQIDAQAB
-----END PUBLIC KEY-----
--- file ec.pem
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgt1Ms4Hid2ziut7p/
HwJ/Ikh6WFo/OByeUKG0cxkOqayhRANCAAT2+3iKVBdG64Qa7TpONwXwl9ISAvjg
X5M6lDsVyfeFxRsbsHATNoq5mt/Y1MPopFfhsUA9SKGrq9cUNpzPhs8W
-----END PRIVATE KEY-----
--- file ec.pub
-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE9vt4ilQXRuuEGu06TjcF8JfSEgL4
4F+TOpQ7Fcn3hcUbG7BwEzaKuZrf2NTD6KRX4bFAPUihq6vXFDacz4bPFg==
-----END PUBLIC KEY-----
--- file sign.js
import fs from 'fs';
const der = (name) => Buffer.from(fs.readFileSync("$DIR/" + name, "utf8").replace(/-----[A-Z ]+-----|\s/g, ""), "base64");
async function both(name, algorithm, use) {
    const secret = await crypto.subtle.importKey("pkcs8", der(name + ".pem"), algorithm, false, ["sign"]);
    const known = await crypto.subtle.importKey("spki", der(name + ".pub"), algorithm, false, ["verify"]);
    const data = Buffer.from("data");
    const signature = await crypto.subtle.sign(use, secret, data);
    const right = await crypto.subtle.verify(use, known, signature, data);
    const wrong = await crypto.subtle.verify(use, known, signature, Buffer.from("other"));
    return `${secret.type} ${signature.byteLength} ${right} ${wrong}\n`;
}
async function sign(r) {
    r.return(200, await both("rsa", { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" }, "RSASSA-PKCS1-v1_5")
        + await both("rsa", { name: "RSA-PSS", hash: "SHA-384" }, { name: "RSA-PSS", saltLength: 48 })
        + await both("ec", { name: "ECDSA", namedCurve: "P-256" }, { name: "ECDSA", hash: "SHA-256" }));
}
export default { sign };
--- http_config
js_import $DIR/sign.js;
--- config
location / { js_content sign.sign; }
--- requests
GET / 200 = private 256 true false\nprivate 256 true false\nprivate 64 true false\n
