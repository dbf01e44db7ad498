# ngx.fetch and the js_fetch_* directives: scripts ask other servers, and what goes wrong is a rejection. The keys are this file's own and protect nothing.

=== an answer with its status, fields and body
--- origin o
POST /a%20b?c=d 201
    X-Own: 1
    X-Own: 2
    | $HEAD$BODY
--- file main.js
async function ask(r) {
    const reply = await ngx.fetch("http://$ORIGIN_o/a b?c=d#e", {
        method: "POST", body: "the body", headers: { "X-Mine": "yes", Connection: "keep-alive", "Content-Length": "1" },
    });
    const text = await reply.text();
    r.return(200, [
        reply.status, reply.ok, reply.headers.get("x-own"), reply.url.endsWith("/a%20b?c=d#e"), text.split("\r\n").join("|"),
    ].join("\n"));
}
export default { ask };
--- http_config
js_import $DIR/main.js;
--- config
location / { js_content main.ask; }
--- requests
GET / 200
--- response_body_like
^201\ntrue\n1, 2\ntrue\nPOST /a%20b\?c=d HTTP/1.1\|Host: 127.0.0.1:[0-9]+\|X-Mine: yes\|Content-Type: text/plain;charset=UTF-8\|Content-Length: 8\|Connection: closethe body$

=== several at once
--- origin o
GET /* 200 delay=0.2
    | x
--- file main.js
async function ask(r) {
    const asked = [1, 2, 3].map((n) => ngx.fetch(`http://$ORIGIN_o/${n}`));
    const texts = await Promise.all(asked.map(async (one) => (await one).text()));
    r.return(200, texts.join(""));
}
export default { ask };
--- http_config
js_import $DIR/main.js;
--- config
location / { js_content main.ask; }
--- requests
GET / 200 = xxx

=== what cannot be asked is a rejection that says why
--- origin o
GET /closes close
GET /late 200 delay=1.5
    | x
GET /long 200
    | <<x*600>>
GET /head 200
    X-Long: <<x*600>>
    | x
--- file main.js
async function ask(r) {
    const fails = async (...all) => {
        try {
            const reply = await ngx.fetch(...all);
            return `${reply.status} ${(await reply.text()).length}`;
        } catch (error) {
            return `${error.name}: ${error.message.replace(/:\d+/g, "")}`;
        }
    };
    const all = [];
    all.push(await fails());
    all.push(await fails("/path"));
    all.push(await fails("ftp://127.0.0.1/"));
    all.push(await fails("http://u:p@127.0.0.1/"));
    all.push(await fails("http://127.0.0.1:1/"));
    all.push(await fails("http://$ORIGIN_o/closes"));
    all.push(await fails("http://$ORIGIN_o/late"));
    all.push(await fails("http://$ORIGIN_o/long"));
    all.push(await fails("http://$ORIGIN_o/long", { max_response_body_size: 600 }));
    all.push(await fails("http://$ORIGIN_o/long", { max_response_body_size: 599 }));
    all.push(await fails("http://$ORIGIN_o/head"));
    all.push(await fails("http://$ORIGIN_o/head", { buffer_size: 4096 }));
    all.push(await fails("https://$ORIGIN_o/long"));
    all.push(await fails("http://$ORIGIN_o/", { method: "TRACE" }));
    r.return(200, all.join("\n") + "\n");
}
export default { ask };
--- http_config
js_import $DIR/main.js;
js_fetch_timeout 500ms;
js_fetch_max_response_buffer_size 500;
js_fetch_buffer_size 400;
--- config
location / { js_content main.ask; }
--- requests
GET / 200
--- response_body
TypeError: 1st argument is required
Error: invalid url
Error: unsupported URL schema, only http or https are supported
Error: credentials in a URL are not supported
Error: connect failed (111: Connection refused)
Error: prematurely closed connection
Error: read timed out
Error: very large fetch response content length
200 600
Error: very large fetch response content length
Error: very large fetch response header
200 1
Error: peer closed connection in SSL handshake
TypeError: forbidden method: TRACE

=== what is not caught is 500
--- file main.js
async function ask(r) { await ngx.fetch("http://127.0.0.1:1/"); }
export default { ask };
--- http_config
js_import $DIR/main.js;
--- config
location / { js_content main.ask; }
--- requests
GET / 500
--- log
js exception: Error: connect failed \(111: Connection refused\).*request: "GET / HTTP

=== the file of trusted certificates has to be there
--- http_config
js_fetch_trusted_certificate $DIR/none.pem;
js_import $DIR/main.js;
--- file main.js
export default { ask() {} };
--- config
location / { js_content main.ask; }
--- error_like
none.pem

=== a script that fetches from itself in a circle ends
--- file main.js
async function ask(r) {
    let told;
    try {
        const reply = await ngx.fetch("http://127.0.0.1:$PORT/");
        told = await reply.text();
    } catch (error) {
        told = error.message;
    }
    r.return(200, told);
}
export default { ask };
--- main_config
worker_rlimit_nofile 8192;
--- http_config
js_import $DIR/main.js;
# However busy the machine is.
js_limit_time 30s;
--- config
location / { js_content main.ask; }
--- requests
GET / 200 = too many fetches are under way at once

=== whom encrypted fetches trust, and how they are encrypted
--- file c.pem
-----BEGIN CERTIFICATE-----
MIIBlzCCAT2gAwIBAgIUd63MJluBqlVPA0dL0cmjCmVfZKIwCgYIKoZIzj0EAwIw
EjEQMA4GA1UEAwwHanMudGVzdDAgFw0yNjExMzAxMzEyMjlaGA8yMTI2MTEwNjEz
MTIyOVowEjEQMA4GA1UEAwwHanMudGVzdDBZMBMGByqGSM49AgEGCCqGSM49AwEH
A0IABJJjgEp1JT6EQS/FXaW/QEm3OmJ3IU/8GKQMOa1bFi5JNbb7LWswB5p2lDCI
1UVrc6zpW9tJxVJZ5AEK9EwPT6SjbzBtMB0GA1UdDgQWBBSAaXcVqMj7rnOb/5oa
U6DX89z3yzAfBgNVHSMEGDAWgBSAaXcVqMj7rnOb/5oaU6DX89z3yzAPBgNVHRMB
Af8EBTADAQH/MBoGA1UdEQQTMBGHBH8AAAGCCWxvY2FsaG9zdDAKBggqhkjOPQQD
AgNIADBFAiBhBz2X0+KzKluRobNhEZF1+MXWu3zloVToG/PKxpP7TgIhANstMJ7P
XQ0d+o6qQNrt33me+WUI9eh+RzrAUiUXlyNo
-----END CERTIFICATE-----
--- file k.pem
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgUmTudUDivHqDeaCc
sym2/6uyRlqCtEPJUskNQWvFhemhRANCAASSY4BKdSU+hEEvxV2lv0BJtzpidyFP
/BikDDmtWxYuSTW2+y1rMAeadpQwiNVFa3Os6VvbScVSWeQBCvRMD0+k
-----END PRIVATE KEY-----
--- file main.js
async function ask(r) {
    const told = async (url, options) => {
        try { return await (await ngx.fetch(url, options)).text(); } catch (error) { return error.message; }
    };
    const all = [
        await told("https://127.0.0.1:$PORT2/"), await told("https://localhost:$PORT2/"),
        await told("https://127.0.0.1:$PORT2/", { verify: false }),
    ];
    r.return(200, all.join("\n") + "\n");
}
export default { ask };
--- http_config
js_path $DIR;
js_import main.js;
ssl_certificate c.pem;
ssl_certificate_key k.pem;
server { listen 127.0.0.1:$PORT2 ssl; return 200 "$ssl_protocol $ssl_cipher"; }
--- config
js_fetch_protocols TLSv1.2;
js_fetch_ciphers ECDHE-ECDSA-AES128-GCM-SHA256;
location /nobody { js_content main.ask; }
location /any { js_content main.ask; js_fetch_verify off; }
location /trusted { js_content main.ask; js_fetch_trusted_certificate c.pem; js_fetch_verify_depth 1; }
location /newest { js_content main.ask; js_fetch_verify off; js_fetch_protocols TLSv1.3; js_fetch_ciphers DEFAULT; }
--- requests
GET /any 200
--- response_body
TLSv1.2 ECDHE-ECDSA-AES128-GCM-SHA256
TLSv1.2 ECDHE-ECDSA-AES128-GCM-SHA256
TLSv1.2 ECDHE-ECDSA-AES128-GCM-SHA256
--- requests
GET /trusted 200
--- response_body
TLSv1.2 ECDHE-ECDSA-AES128-GCM-SHA256
TLSv1.2 ECDHE-ECDSA-AES128-GCM-SHA256
TLSv1.2 ECDHE-ECDSA-AES128-GCM-SHA256
--- requests
GET /newest 200
--- response_body_like
^(TLSv1.3 TLS_AES_256_GCM_SHA384\n){3}$
--- requests
GET /nobody 200
--- response_body
upstream SSL certificate verify error: (18:self-signed certificate)
upstream SSL certificate verify error: (18:self-signed certificate)
TLSv1.2 ECDHE-ECDSA-AES128-GCM-SHA256
