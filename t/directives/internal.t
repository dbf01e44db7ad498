# internal: what a location keeps for the server itself is kept by everything within it.

=== every kind of nested location
--- config
location /i/ {
    internal;
    location /i/pre/ { return 200 x; }
    location = /i/eq { return 200 x; }
    location ~ ^/i/re { return 200 x; }
    location ^~ /i/hat { return 200 x; }
    location /i/two/ { location /i/two/x/ { return 200 x; } }
    location /i/if/ { if ($arg_a) { return 200 x; } return 200 y; }
    location /i/except/ { limit_except GET { allow all; } return 200 x; }
}
location ~ ^/r/ { internal; location ~ a$ { return 200 x; } }
location ^~ /h/ { internal; location /h/a { return 200 x; } }
location / { rewrite ^/in(/.*)$ $1; }
--- requests
GET /i/ 404
GET /i/pre/x 404
GET /i/eq 404
GET /i/re 404
GET /i/hat 404
GET /i/two/y 404
GET /i/two/x/y 404
GET /i/if/ 404
GET /i/if/?a=1 404
GET /i/except/ 404
POST /i/except/ 404
GET /r/a 404
GET /h/a 404
GET /in/i/pre/x = x
GET /in/i/two/x/y = x
GET /in/i/if/ = y
GET /in/r/a = x
GET /in/h/a = x

=== files, proxied locations, and the redirect to their slash
--- origin A
GET /i/p/ 200
    | seen
--- file html/i/f.txt
secret
--- file html/i/d/index.html
secret
--- config
location /i/ {
    internal;
    location /i/f { }
    location /i/d { try_files $uri $uri/index.html =400; }
    location /i/p/ { proxy_pass http://$ORIGIN_A; }
    location = /i/q/ { proxy_pass http://$ORIGIN_A/i/p/; }
}
location /in/ { rewrite ^/in(/.*)$ $1; }
--- requests
GET /i/f.txt 404
GET /i/d 404
GET /i/p/ 404
GET /i/p 404
GET /i/q 404
GET /in/i/f.txt = secret\n
GET /in/i/d = secret\n
GET /in/i/p/ = seen
GET /in/i/q 301
GET /in/i/p 301
