# The library of scripts within requests: what is shared by all of them is never changed by one

=== globals and modules are there, and work when they are frozen
--- file main.js
import fs from "fs";
import crypto_module from "crypto";
import qs from "querystring";
import buffer from "buffer";
function use(r) {
    const out = [
        Buffer.from("a").toString("hex"), buffer.Buffer === Buffer, new TextDecoder().decode(new TextEncoder().encode("b")),
        atob(btoa("c")), crypto_module.createHash("md5").update("d").digest("hex").slice(0, 4), qs.stringify({ e: "f g" }),
        fs.readFileSync("$DIR/text", "utf8").trim(), crypto.getRandomValues(new Uint8Array(2)).length,
        new Headers({ h: "i" }).get("H"), new Request("j").url, new Response("k").status,
        fs.statSync("$DIR/text").isFile(), Object.keys(qs.parse("toString=l&valueOf=m")).join("+"),
        JSON.stringify(Buffer.from("n")), Buffer.concat([Buffer.from("o"), Buffer.from("p")]).toString(),
    ];
    r.return(200, out.join(" "));
}
function change(r) {
    const all = [Buffer, console, fs, buffer, crypto.subtle, crypto_module, Headers, qs.parse, setTimeout];
    const failed = all.filter((one) => { try { one.x = 1; } catch (error) { return one.x === undefined; } return false; });
    r.return(200, String(failed.length));
}
export default { use, change };
--- file text
content
--- http_config
js_import $DIR/main.js;
--- config
location /use { js_content main.use; }
location /change { js_content main.change; }
--- requests
GET /use 200 x2 = 61 true b c 8277 e=f%20g content 2 i j 200 true toString+valueOf {"type":"Buffer","data":[110]} op
GET /change 200 = 9
GET /use 200 = 61 true b c 8277 e=f%20g content 2 i j 200 true toString+valueOf {"type":"Buffer","data":[110]} op

=== lines of the console are in the log, with the request
--- file main.js
function tell(r) {
    console.log("a", { b: 1 });
    console.warn("careful");
    console.error(new Error("bad"));
    r.return(200);
}
export default { tell };
--- http_config
js_import $DIR/main.js;
--- config
location / { js_content main.tell; }
--- requests
GET / 200
--- log
\[info\].* js: a \{\\?"b\\?":1\}.*request: "GET / HTTP
\[warn\].* js: careful.*request: "GET / HTTP
\[error\].* js: Error: bad\\n    at tell .*request: "GET / HTTP
