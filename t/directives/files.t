# Static files: root, alias, index, types, default_type, try_files, internal.

=== a file, its type, its validators
--- file html/a.txt
hello
--- file html/a.html
<p>
--- file html/a.unknown
?
--- http_config
types { text/html html; text/plain txt; }
default_type application/octet-stream;
--- config
--- requests
GET /a.txt = hello\n
--- response_headers
Content-Type: text/plain
Content-Length: 6
Last-Modified: ~GMT$
ETag: ~^".+"$
Accept-Ranges: bytes
--- requests
GET /a.html
--- response_headers
Content-Type: text/html
--- requests
GET /a.unknown
--- response_headers
Content-Type: application/octet-stream
--- requests
HEAD /a.txt
--- response_headers
Content-Length: 6
--- requests
GET /none.txt 404
POST /a.txt 405

=== types and default_type by location
--- file html/x/a.foo
x
--- config
location /x/ { types { text/foo foo; } default_type text/bar; }
--- requests
GET /x/a.foo
--- response_headers
Content-Type: text/foo

=== an empty types block leaves the default
--- file html/a.html
x
--- config
types { }
default_type text/special;
--- requests
GET /a.html
--- response_headers
Content-Type: text/special

=== index files and directories
--- file html/d/index.html
index
--- file html/e/main.txt
main
--- file html/f/file
x
--- config
location /e/ { index none.html main.txt; }
--- requests
GET /d/ = index\n
GET /e/ = main\n
GET /f/ 403
GET /none/ 404
GET /d 301
--- response_headers
Location: ~/d/$

=== root and alias
--- file other/a/file
in root
--- file aliased/file
in alias
--- file html/r/captured
captured
--- config
location /a/ { root $DIR/other; }
location /b/ { alias $DIR/aliased/; }
location ~ ^/c/(.*)$ { alias $DIR/html/r/$1; }
location = /one { alias $DIR/aliased/file; }
--- requests
GET /a/file = in root\n
GET /b/file = in alias\n
GET /c/captured = captured\n
GET /one = in alias\n
GET /b/../a/file = in root\n

=== try_files
--- file html/real
real
--- file html/dir/index.html
index
--- config
location / { try_files $uri $uri/ /fallback; }
location /fallback { return 200 "fallback $uri"; }
location /code/ { try_files $uri =410; }
location /named/ { try_files $uri @named; }
location @named { return 200 "named $uri"; }
--- requests
GET /real = real\n
GET /dir/ = index\n
GET /none = fallback /fallback
GET /code/x 410
GET /named/x = named /named/x

=== blocks with content of their own try no files
--- file html/page
page
--- origin o
* * 200
    | $HEAD
--- config
location / { try_files $uri /page; if ($http_user_agent ~* bot) { proxy_pass http://$ORIGIN_o; } }
location /app { if ($arg_beta) { proxy_pass http://$ORIGIN_o; } try_files $uri @app; }
location /write { limit_except GET { proxy_pass http://$ORIGIN_o; } try_files /page =404; }
location /kept { if ($arg_x) { set $y 1; } try_files $uri /page; }
location /last { if ($arg_x) { proxy_pass http://$ORIGIN_o; } if ($arg_y) { set $y 1; } try_files $uri /page; }
location @app { return 200 app; }
--- requests
GET /a/route = page\n
GET /a/route 200 ~ ^GET /a/route HTTP
    User-Agent: Robot
GET /app/x = app
GET /app/x?beta=1 200 ~ ^GET /app/x\?beta=1 HTTP
GET /write/x = page\n
POST /write/x 200 ~ ^POST /write/x HTTP
    | body
GET /kept/x?x=1 = page\n
GET /last?x=1 200 ~ ^GET /last\?x=1 HTTP
GET /last?x=1&y=1 = page\n

=== internal
--- file html/in/file
inside
--- config
location /in/ { internal; }
location /try { try_files /none /in/file; }
location /rewritten { rewrite ^ /in/file last; }
--- requests
GET /in/file 404
GET /try = inside\n
GET /rewritten = inside\n

=== conditional and partial requests
--- file html/a.txt
0123456789
--- config
--- requests
GET /a.txt 304
    If-None-Match: *
GET /a.txt 206 = 234
    Range: bytes=2-4
--- response_headers
Content-Range: bytes 2-4/11
--- requests
GET /a.txt 416
    Range: bytes=99-

=== one who wants nothing of what there is gets the fields that are added
--- file html/f.txt
0123456789
--- config
add_header X-A a;
add_header X-B b always;
location / { }
location /says { return 416; }
--- requests
GET /f.txt 416
    Range: bytes=100-
--- response_headers
X-A: a
X-B: b
Content-Range: bytes */11
--- requests
GET /says 416
--- response_headers
!X-A
X-B: b

=== ranges: several, of nothing, in any letter case, of an added state
--- file html/f.txt
0123456789
--- file html/empty.txt
--- config
location = /added { alias $DIR/html/f.txt; add_header Last-Modified "Sun, 06 Nov 1994 08:49:37 GMT"; add_header ETag '"tag"'; }
location = /typed { alias $DIR/html/f.txt; add_header Content-Type text/x; }
location = /paged { error_page 416 = /f.txt; alias $DIR/html/f.txt; }
location / { }
--- requests
GET /f.txt 206 ~ \A\r\n--(\d{20})\r\nContent-Type: text/plain\r\nContent-Range: bytes 0-1/11\r\n\r\n01\r\n--\1\r\nContent-Type: text/plain\r\nContent-Range: bytes 3-4/11\r\n\r\n34\r\n--\1--\r\n\z
    Range: bytes=0-1,3-4
--- response_headers
Content-Type: ~^multipart/byteranges; boundary=\d{20}$
Content-Length: 198
!Content-Range
!Accept-Ranges
--- requests
HEAD /f.txt 206
    Range: bytes=0-1,3-4
--- response_headers
Content-Length: 198
--- requests
GET /f.txt 206 = 34
    Range: BYTES=20-,3-4
--- response_headers
Content-Range: bytes 3-4/11
--- requests
GET /f.txt 200 = 0123456789\n
    Range: bytes=0-9,0-9
GET /f.txt 416
    Range: bytes=3-4,
--- response_headers
Content-Range: bytes */11
!Accept-Ranges
!ETag
--- requests
GET /empty.txt 200 =
    Range: bytes=0-
GET /empty.txt 200 =
    Range: bytes=-5
GET /empty.txt 416
    Range: bytes=5-
--- response_headers
Content-Range: bytes */0
--- requests
GET /added 206 = 01
    Range: bytes=0-1
    If-Range: "tag"
GET /added 206 = 01
    Range: bytes=0-1
    If-Range: Sun, 06 Nov 1994 08:49:37 GMT
GET /added 200
    Range: bytes=0-1
    If-Range: Sun, 06 Nov 1994 08:49:38 GMT
GET /added 200
    If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT
GET /typed 206 ~ Content-Type: text/x
    Range: bytes=0-1,3-4
--- response_headers
Content-Type: ~^multipart/byteranges
--- requests
GET /typed 206 = 01
    Range: bytes=0-1
--- response_headers
Content-Type: text/x
--- requests
GET /paged 200 = 0123456789\n
    Range: bytes=20-
--- response_headers
Content-Range: bytes */11

=== a page of an error says nothing about the file
--- file html/page.txt
page
--- config
location /a { error_page 404 /page.txt; return 404; }
location /b { error_page 404 =200 /page.txt; return 404; }
location /c { error_page 404 =410 @c; return 404; }
location @c { try_files /page.txt =500; }
--- requests
GET /a 404 = page\n
    Range: bytes=0-1
    If-None-Match: *
--- response_headers
!Last-Modified
!Accept-Ranges
ETag: ~.
--- requests
GET /c 410 = page\n
    Range: bytes=0-1
--- response_headers
!Last-Modified
!Accept-Ranges
--- requests
GET /b 200 = page\n
--- response_headers
Last-Modified: ~.
Accept-Ranges: bytes
--- requests
GET /b 206 = pa
    Range: bytes=0-1

=== neither location nor alias ends with a slash
--- config
location /imgs { alias /x/www; }
location ^~ /b { alias $document_uri/www; }
location /robots.txt { alias /x/robots.txt; }
location /slash/ { alias /x/www; }
location /both { alias /x/www/; }
location = /exact { alias /x/www; }
location ~ ^/pattern { alias /x/www; }
location /open { alias /x/$arg_a; }
--- warn
pingauge: [warn] location "/imgs" serves "/x/www-x" for "/imgs-x", too in config:1
   1 | location /imgs { alias /x/www; }
     |                        ^^^^^^
     help: end location and alias with a slash, or write "location = /imgs" for one file
pingauge: [warn] location "/b" serves "$document_uri/www-x" for "/b-x", too in config:2
   2 | location ^~ /b { alias $document_uri/www; }
     |                        ^^^^^^^^^^^^^^^^^
     help: end location and alias with a slash, or write "location = /b" for one file
pingauge: [warn] location "/robots.txt" serves "/x/robots.txt-x" for "/robots.txt-x", too in config:3
   3 | location /robots.txt { alias /x/robots.txt; }
     |                              ^^^^^^^^^^^^^
     help: end location and alias with a slash, or write "location = /robots.txt" for one file
pingauge: [warn] location "/slash/" serves "/x/www-x" for "/slash/-x", too in config:4
   4 | location /slash/ { alias /x/www; }
     |                          ^^^^^^
     help: end the alias with a slash, as the location
