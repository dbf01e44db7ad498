# error_page: what stands in the place of an answer, redirects among them.

=== pages for redirects keep their target
--- file html/page.txt
page
--- file html/d/x
x
--- config
location /a { error_page 302 = /page.txt; return 302 /x; }
location /b { error_page 302 /page.txt; return 302 /x; }
location /c { error_page 302 =203 /page.txt; return 302 /x; }
location /d { error_page 301 = /page.txt; }
location /e { error_page 302 = /page.txt; rewrite ^ /x redirect; }
location /f { error_page 301 = /page.txt; rewrite ^ http://h/x permanent; }
location /g/ { error_page 301 = /page.txt; proxy_pass http://127.0.0.1:1; }
location /h { error_page 307 308 303 = @named; return 308 http://h/x; }
location @named { return 200 named; }
--- requests
GET /a 200 = page\n
--- response_headers
Location: http://localhost/x
Content-Type: text/plain
--- requests
GET /b 302 = page\n
--- response_headers
Location: http://localhost/x
--- requests
GET /c 203 = page\n
--- response_headers
Location: http://localhost/x
--- requests
GET /d 200 = page\n
--- response_headers
Location: http://localhost/d/
--- requests
GET /e 200 = page\n
--- response_headers
Location: http://localhost/x
--- requests
GET /f 200 = page\n
--- response_headers
Location: http://h/x
--- requests
GET /g 200 = page\n
--- response_headers
Location: http://localhost/g/
--- requests
GET /h 200 = named
--- response_headers
Location: http://h/x
--- requests
GET /page.txt 200
--- response_headers
!Location

=== a redirect in the place of a redirect
--- config
location /a { error_page 302 http://h/z; return 302 /x; }
location /b { error_page 302 =301 http://h/z; return 302 /x; }
location /c { error_page 302 = @c; return 302 /x; }
location @c { return 301 /y; }
location /d { error_page 302 = /e; return 302 /x; }
location /e { error_page 302 = /f; return 302 /y; }
location /f { return 200 never; }
location /g { error_page 404 = /h; return 404; }
location /h { return 302 /y; }
location /i { error_page 302 = /j; return 301 /y; }
--- requests
GET /a 302
--- response_headers
Location: http://h/z
--- requests
GET /b 301
--- response_headers
Location: http://h/z
--- requests
GET /c 301
--- response_headers
Location: http://localhost/y
--- requests
GET /d 302
--- response_headers
Location: http://localhost/y
--- requests
GET /g 302
--- response_headers
Location: http://localhost/y
--- requests
GET /i 301
--- response_headers
Location: http://localhost/y

=== a page from an origin for a body that is too long, which gets none of it
--- origin o
* * 200
    | $HEAD|$BODY|
--- config
client_max_body_size 10;
location /told { error_page 413 /app/x; proxy_pass http://$ORIGIN_o; }
location /named { error_page 413 @page; proxy_pass http://$ORIGIN_o; }
location /app/ { proxy_pass http://$ORIGIN_o; }
location @page { proxy_pass http://$ORIGIN_o; client_max_body_size 1m; }
--- requests
POST /told 413 ~ (?s)^GET /app/x HTTP.*\|\|$
    | more than ten bytes
POST /named 413 ~ (?s)^POST /named HTTP.*\|\|$
    | more than ten bytes
POST /told 200 ~ (?s)^POST /told HTTP.*\|ten bytes\|$
    | ten bytes

=== the same for a body that turns out to be too long, and for one that is waited with
--- origin o
* * 200
    | $HEAD|$BODY|
--- config
client_max_body_size 10;
location /told { error_page 413 /app/x; proxy_pass http://$ORIGIN_o; }
location /app/ { proxy_pass http://$ORIGIN_o; }
--- raw_request
POST /told HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n14\r\n12345678901234567890\r\n5\r\n12345\r\n0\r\n\r\n
--- raw_response_like
(?s)\AHTTP/1.1 413 .*GET /app/x HTTP.*\|\|
--- raw_request
POST /told HTTP/1.1\r\nHost: a\r\nContent-Length: 20\r\nExpect: 100-continue\r\n\r\n
--- raw_response_like
(?s)\AHTTP/1.1 413 .*Connection: close.*GET /app/x HTTP.*\|\|

=== an answer without a body has no type
--- config
location / { error_page 404 =204 /page; return 404; }
location /page { return 200 page; }
--- requests
GET /a 204
--- response_headers
!Content-Type
