# js_header_filter and js_body_filter: whose answers they see, and what others make of what they leave

=== they see the answers to the subrequests of scripts, whoever makes those
--- origin o
GET /* 200
    X-Secret: 1
    | of an origin
--- file html/files/a.txt
of a file
--- file main.js
function head(r) { r.headersOut["X-Filtered"] = r.uri; delete r.headersOut["X-Secret"]; }
function body(r, data, flags) { r.sendBuffer(data.toUpperCase(), flags); }
function throws(r) { throw new Error("no head"); }
function breaks(r, data, flags) { throw new Error("no body"); }
async function content(r) {
    r.headersOut["X-Secret"] = "1";
    r.sendHeader();
    r.send("of ");
    await new Promise((done) => { setTimeout(done, 5); });
    r.send("a script");
    r.finish();
}
async function ask(r) {
    try {
        const reply = await r.subrequest(r.args.u);
        r.return(200, `${reply.status} ${reply.headersOut["X-Filtered"]} ${reply.headersOut["X-Secret"]} ${reply.responseText}`);
    } catch (error) { r.return(200, error.message); }
}
export default { head, body, throws, breaks, content, ask };
--- http_config
js_import $DIR/main.js;
--- config
location /ask { js_content main.ask; }
location /changed/ {
    js_header_filter main.head;
    js_body_filter main.body;
    location /changed/files/ { alias $DIR/html/files/; }
    location /changed/text { return 200 "a text"; }
    location /changed/origin { proxy_pass http://$ORIGIN_o; }
    location /changed/script { js_content main.content; }
    location /changed/missing { return 404 "none"; }
}
location /refused/ {
    js_header_filter main.throws;
    location /refused/files/ { alias $DIR/html/files/; }
    location /refused/text { return 200 "a text"; }
    location /refused/origin { proxy_pass http://$ORIGIN_o; }
    location /refused/script { js_content main.content; }
}
location /broken/ {
    js_body_filter main.breaks;
    location /broken/text { return 200 "a text"; }
    location /broken/origin { proxy_pass http://$ORIGIN_o; }
    location /broken/script { js_content main.content; }
}
--- requests
GET /ask?u=/changed/files/a.txt 200 = 200 /changed/files/a.txt undefined OF A FILE\n
GET /ask?u=/changed/text 200 = 200 /changed/text undefined A TEXT
GET /ask?u=/changed/origin 200 = 200 /changed/origin undefined OF AN ORIGIN
GET /ask?u=/changed/script 200 = 200 /changed/script undefined OF A SCRIPT
GET /ask?u=/changed/missing 200 = 404 /changed/missing undefined NONE
GET /ask?u=/refused/files/a.txt 200 ~ ^500 undefined undefined <html>
GET /ask?u=/refused/text 200 ~ ^500 undefined undefined <html>
GET /ask?u=/refused/origin 200 ~ ^500 undefined undefined <html>
GET /ask?u=/refused/script 200 ~ ^500 undefined undefined <html>
GET /ask?u=/broken/text 200 = the answer to the subrequest broke off, or is too long
GET /ask?u=/broken/origin 200 = the answer to the subrequest broke off, or is too long
GET /ask?u=/broken/script 200 = the answer to the subrequest broke off, or is too long
--- log
js exception: Error: no head.*subrequest: "/refused/text"
js exception: Error: no body.*subrequest: "/broken/text"

=== those to subrequests of all other kinds, too
--- origin o
GET /* 204
--- file html/file.txt
passed
--- file main.js
function names(r) { r.headersOut["X-Who"] = "alice"; }
function refuses(r) { r.status = 403; }
function throws(r) { throw new Error("no head"); }
function tells(r) { r.error(`a copy for ${r.uri}`); }
function upper(r, data, flags) { r.sendBuffer(data.toUpperCase(), flags); }
function breaks(r, data, flags) { throw new Error("no body"); }
export default { names, refuses, throws, tells, upper, breaks };
--- http_config
js_import $DIR/main.js;
addition_types *;
--- config
location = /names { js_header_filter main.names; return 204; }
location = /refuses { js_header_filter main.refuses; return 204; }
location = /throws { js_header_filter main.throws; return 204; }
location = /refuses_origin { js_header_filter main.refuses; proxy_pass http://$ORIGIN_o; }
location = /throws_origin { js_header_filter main.throws; proxy_pass http://$ORIGIN_o; }
location /by/ {
    try_files /file.txt =404;
    location = /by/names { auth_request /names; auth_request_set $who $sent_http_x_who; add_header X-Who $who; try_files /file.txt =404; }
    location = /by/refuses { auth_request /refuses; try_files /file.txt =404; }
    location = /by/throws { auth_request /throws; try_files /file.txt =404; }
    location = /by/refuses_origin { auth_request /refuses_origin; try_files /file.txt =404; }
    location = /by/throws_origin { auth_request /throws_origin; try_files /file.txt =404; }
}
location = /copied { mirror /copy; try_files /file.txt =404; }
location = /copy { js_header_filter main.tells; return 204; }
location = /upper { js_body_filter main.upper; return 200 "part "; }
location = /breaks { js_body_filter main.breaks; return 200 "part "; }
location = /page { js_header_filter main.throws; return 200 "part "; }
location = /added { add_before_body /upper; add_after_body /upper; return 200 "whole "; }
location = /added_broken { add_before_body /breaks; return 200 "whole "; }
location = /added_page { add_before_body /page; return 200 "whole"; }
--- requests
GET /by/names 200 = passed\n
--- response_headers
X-Who: alice
--- requests
GET /by/refuses 403
GET /by/throws 500
GET /by/refuses_origin 403
GET /by/throws_origin 500
GET /added 200 = PART whole PART 
GET /added_broken close
GET /added_page 200 ~ (?s)^<html>.*500 Internal Server Error.*</html>\s*whole$
GET /copied 200 = passed\n
--- log
js: a copy for /copy

=== what they leave is changed, packed and surrounded by others
--- origin o
GET /* 200
    Content-Type: text/plain
    | plain text
--- file main.js
function tells(r, data, flags) { if (data) { r.error(`saw ${data}`); } r.sendBuffer(data.toUpperCase(), flags); }
function html(r) { r.error(`encoded ${r.headersOut["Content-Encoding"]}`); r.headersOut["Content-Type"] = "text/html"; }
export default { tells, html };
--- http_config
js_import $DIR/main.js;
gzip_min_length 1;
gzip_proxied any;
--- config
location /packed { gzip on; js_header_filter main.html; js_body_filter main.tells; proxy_pass http://$ORIGIN_o; }
location /changed { js_header_filter main.html; js_body_filter main.tells; sub_filter PLAIN short; proxy_pass http://$ORIGIN_o; }
location /added { js_header_filter main.html; js_body_filter main.tells; add_after_body /part; proxy_pass http://$ORIGIN_o; }
location /part { return 200 " and more"; }
--- requests
GET /packed 200
    Accept-Encoding: gzip
--- response_headers
Content-Encoding: gzip
Content-Type: text/html
--- requests
GET /changed 200 = short TEXT
GET /added 200 = PLAIN TEXT and more
--- log
js: saw plain text.*request: "GET /packed
js: encoded undefined.*request: "GET /packed

=== parts of a body, and what tells one from another
--- file html/a.txt
0123456789
--- file main.js
function head(r) { r.variables.metric_calls = `${r.args.n}=1`; r.headersOut["X-Status"] = r.status; r.headersOut["Content-Type"] = "text/x"; }
function body(r, data, flags) { r.sendBuffer(data, flags); }
function throws(r) { throw new Error("no head"); }
export default { head, body, throws };
--- http_config
js_import $DIR/main.js;
metric_zone calls:128k count;
--- config
location /head/ { js_header_filter main.head; alias $DIR/html/; }
location /body/ { js_body_filter main.body; alias $DIR/html/; }
location /throws/ { js_header_filter main.throws; alias $DIR/html/; }
--- requests
GET /head/a.txt?n=one 206 = 1234
    Range: bytes=1-4
--- response_headers
X-Status: 206
Content-Range: bytes 1-4/11
Content-Type: text/x
ETag: ~^"
--- requests
GET /head/a.txt?n=two 206 ~ (?s)Content-Range: bytes 1-1/11.*1.*Content-Range: bytes 3-4/11
    Range: bytes=1-1,3-4
--- response_headers
Content-Type: ~^multipart/byteranges; boundary=
--- requests
GET /throws/a.txt 500
    Range: bytes=1-4
GET /head/a.txt?n=none 416
    Range: bytes=100-
GET /body/a.txt 200 = 0123456789\n
    Range: bytes=1-4
--- response_headers
!Accept-Ranges
!Content-Length
ETag: ~^W/"
--- requests
HEAD /body/a.txt 200
--- response_headers
!Accept-Ranges
!Content-Length
ETag: ~^W/"
--- json /status/http/metric_zones/calls/metrics/
{"none": 1, "one": 1, "two": 1}
