# console: the page for browsers, what it says to them, and where it stands.

=== the page of a location
--- config
location = /console/ { console; }
location = /other { console /api/status/; }
location = /relative { console status/; }
--- requests
GET /console/ 200 ~ <meta name="api" content="/status/">
--- response_headers
Content-Type: text/html; charset=utf-8
Content-Security-Policy: ~^default-src 'none'; script-src 'sha256-[A-Za-z0-9+/]{43}='; style-src 'sha256-[A-Za-z0-9+/]{43}='; img-src data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'$
X-Content-Type-Options: nosniff
Referrer-Policy: no-referrer
Cache-Control: no-cache
--- requests
GET /other 200 ~ <meta name="api" content="/api/status/">
GET /relative 200 ~ <meta name="api" content="status/">
HEAD /console/ 200
POST /console/ 405

=== in a prefix location it stands under the name alone
--- config
location /console/ { console; }
location / { console; }
location ~ ^/seen { console; }
--- requests
GET /console/ 200 ~ </html>
GET /console/x 404
GET /console 301
GET / 200 ~ </html>
GET /index.html 404
GET /seen/here 200 ~ </html>

=== the path of the API is one
--- config
location = /a { console status; }
location = /b { console //host/status/; }
location = /c { console https://host/status/; }
location = /d { console /$host/status/; }
location = /e { console '/"><script>/'; }
location = /f { console /a/ /b/; }
--- error_like
"status" is no path that ends with a slash in .*config:1
"//host/status/" is no path that ends with a slash in .*config:2
"https://host/status/" is no path that ends with a slash in .*config:3
"/\$host/status/" is no path that ends with a slash in .*config:4
"/\"><script>/" is no path that ends with a slash in .*config:5
invalid number of arguments in "console" directive in .*config:6
