# return, set, if, rewrite, break: executed in order, first in the server, then in the location.

=== return
--- config
location /text { return 201 "created $arg_a"; }
location /bare { return 204; }
location /url { return http://example.com/$arg_a; }
location /moved { return 301 /elsewhere; }
location /error { return 503; }
location /typed { default_type application/json; return 200 '{}'; }
location /close { return 444; }
--- requests
GET /text?a=1 201 = created 1
--- response_headers
Content-Type: text/plain
--- requests
GET /bare 204
GET /url?a=x 302
--- response_headers
Location: http://example.com/x
--- requests
GET /moved 301
--- response_headers
Location: ~/elsewhere$
--- requests
GET /error 503
--- response_headers
Content-Type: text/html
--- requests
GET /typed = {}
--- response_headers
Content-Type: application/json
--- requests
GET /close close

=== an error without words has its page
--- config
error_page 410 @gone;
location /a { return 404 ""; }
location /b { return 410 ""; }
location /c { return 444 ""; }
location /d { return 200 ""; }
location @gone { return 200 gone; }
--- requests
GET /a 404 ~ 404 Not Found
GET /b 410 = gone
GET /d 200
GET /c close

=== return without a type
--- main_config
http {
server { listen 80; location / { return 200 x; } }
}
--- requests
GET / = x
--- response_headers
Content-Type: text/plain

=== conditions
--- file html/file
x
--- config
location /v { if ($arg_a) { return 200 true; } return 200 false; }
location /eq { if ($arg_a = b) { return 200 equal; } return 200 other; }
location /ne { if ($arg_a != b) { return 200 unequal; } return 200 same; }
location /re { if ($arg_a ~ ^b(.*)$) { return 200 "match $1"; } return 200 none; }
location /ire { if ($arg_a ~* ^B) { return 200 match; } return 200 none; }
location /nre { if ($arg_a !~ b) { return 200 unlike; } return 200 like; }
location /file { if (-f $document_root$arg_a) { return 200 file; } return 200 none; }
location /dir { if (-d $document_root$arg_a) { return 200 directory; } return 200 none; }
location /exists { if (!-e $document_root$arg_a) { return 200 missing; } return 200 there; }
--- requests
GET /v?a=1 = true
GET /v?a=0 = false
GET /v?a= = false
GET /v = false
GET /eq?a=b = equal
GET /eq?a=B = other
GET /ne?a=c = unequal
GET /ne?a=b = same
GET /re?a=bcd = match cd
GET /re?a=x = none
GET /ire?a=bcd = match
GET /nre?a=x = unlike
GET /nre?a=b = like
GET /file?a=/file = file
GET /file?a=/ = none
GET /dir?a=/ = directory
GET /exists?a=/none = missing
GET /exists?a=/file = there

=== an if takes over the settings of its location
--- config
location / {
    set $x outer;
    if ($arg_a) { set $x inner; add_header X-If yes; }
    return 200 $x;
}
--- requests
GET / = outer
--- response_headers
!X-If
--- requests
GET /?a=1 = inner
--- response_headers
X-If: yes

=== rewrite
--- config
location /last { rewrite ^/last/(.*)$ /target/$1 last; }
location /target { return 200 "$uri?$args"; }
location /break { rewrite ^/break/(.*)$ /target/$1?b=2 break; set $x 1; return 200 "never"; }
location /redirect { rewrite ^/redirect/(.*)$ /target/$1 redirect; }
location /permanent { rewrite ^/permanent/(.*)$ /target/$1? permanent; }
location /http { rewrite ^/http/(.*)$ http://example.com/$1; }
location /chain { rewrite ^/chain/(.*)$ /one/$1; rewrite ^/one/(.*)$ /target/two/$1; }
location /loop { rewrite ^ /loop last; }
--- requests
GET /last/x?a=1 = /target/x?a=1
GET /chain/x = /target/two/x?
GET /break/x 404
GET /redirect/x?a=1 302
--- response_headers
Location: ~/target/x\?a=1$
--- requests
GET /permanent/x?a=1 301
--- response_headers
Location: ~/target/x$
--- requests
GET /http/x 302
--- response_headers
Location: http://example.com/x
--- requests
GET /loop 500

=== the order of server and location
--- config
set $x server;
set $y $x;
if ($arg_s) { return 200 "early $y"; }
location / { set $x location; return 200 "$x $y"; }
--- requests
GET / = location server
GET /?s=1 = early server

=== break ends the rewriting
--- config
location / { set $x 1; break; set $x 2; return 200 never; }
location /if { set $x 1; if ($arg_a) { break; } set $x 2; return 200 $x; }
--- file html/x
file
--- requests
GET /x = file\n
GET /if = 2

=== error_page
--- file html/50x.html
sorry
--- config
error_page 404 /missing;
error_page 500 502 =200 /50x.html;
location /missing { return 200 "missing $uri"; }
location /own { error_page 403 = @denied; deny all; }
location /keep { error_page 403 @denied; deny all; }
location /url { error_page 403 http://example.com/; deny all; }
location @denied { return 200 "denied $uri"; }
location /broken { proxy_pass http://127.0.0.1:$PORT2; }
--- requests
GET /none 404 = missing /missing
GET /own = denied /own
GET /keep any = denied /keep
GET /url 302
--- response_headers
Location: http://example.com/
--- requests
GET /broken = sorry\n

=== error pages of our own
--- config
server_tokens off;
location /a { return 403; }
--- requests
GET /a 403 ~ <html>
--- response_headers
Content-Type: text/html
Server: ~^\w+$

=== the type of a returned text is that of the path
--- config
types { text/plain txt; application/json json; }
default_type application/octet-stream;
location /a { return 200 x; }
location /own { types { text/css txt; } return 404 x; }
location /b { rewrite ^ /a.json; }
--- requests
GET /a.txt 200
--- response_headers
Content-Type: text/plain
--- requests
GET /a.JSON 200
--- response_headers
Content-Type: application/json
--- requests
GET /a.x 200
--- response_headers
Content-Type: application/octet-stream
--- requests
GET /own/a.txt 404
--- response_headers
Content-Type: text/css
--- requests
GET /b 200
--- response_headers
Content-Type: application/json

=== a redirect decodes what has no meaning of its own, up to a question mark
--- config
location /a { rewrite ^ $arg_r? redirect; }
location /b { rewrite ^ $arg_r redirect; }
--- requests
GET /a?r=/x%3Fa=b%26c 302
--- response_headers
Location: http://localhost/x?a=b%26c
--- requests
GET /a?r=/x%3fa%2Fb 302
--- response_headers
Location: http://localhost/x?a%2Fb
--- requests
GET /a?r=/x%2Fy%20z 302
--- response_headers
Location: http://localhost/x/y%20z
--- requests
GET /b?r=/x%3Fa 302
--- response_headers
Location: http://localhost/x?a?r=/x%3Fa

=== a status that no response may have closes the connection
--- http_config
log_format short '$uri $status';
--- config
access_log $DIR/short.log short;
location /a { return 0; }
location /b { return 100 text; }
location /c { return 199; }
--- requests
GET /a close
GET /b close
GET /c close
GET /d 404
--- file_like short.log
^/a 000$
^/b 100$
^/c 199$

=== such a status is warned of
--- config
location /a { return 99; }
location /b { return 1000; }
--- error
pingauge: [warn] no response may have the status 99, the connection is closed in config:1
   1 | location /a { return 99; }
     |                      ^^
     help: write 444, which says so, or a status from 200 on
pingauge: [emerg] invalid return code "1000" in config:2
   2 | location /b { return 1000; }
     |                      ^^^^
     help: a number from 0 to 999, or a URL alone that begins with "http://", "https://" or "$scheme"

=== rewrite_log
--- main_config
error_log $DIR/error.log notice;
--- config
location / { return 204; }
location /a { rewrite_log on; rewrite ^/x none; rewrite ^/a(.*)$ /b$1?q=1 last; }
location /c { rewrite_log on; rewrite ^/c http://a.test/c; }
location /d { rewrite_log on; if ($arg_k ~ ^v) { set $x 1; } return 204; }
location /quiet { rewrite ^/quiet /q; return 204; }
--- requests
GET /a2 204
GET /c 302
GET /d?k=w 204
GET /quiet 204
--- log
\[notice\] .* "\^/x" does not match "/a2", client: 127\.0\.0\.1, server: , request: "GET /a2 
\[notice\] .* "\^/a\(\.\*\)\$" matches "/a2", client
\[notice\] .* rewritten data: "/b2", args: "q=1", client
\[notice\] .* rewritten redirect: "http://a\.test/c", client
\[notice\] .* "\^v" does not match "w", client
--- no_log
"\^/quiet" matches

=== rewrite_log is on or off
--- config
rewrite_log yes;
--- error_like
\[emerg\] invalid value "yes" in "rewrite_log" directive, it must be "on" or "off" in config:1
