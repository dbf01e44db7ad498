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
