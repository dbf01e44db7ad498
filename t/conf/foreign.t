# Names of other servers: no misspellings of ours, one problem for each feature, no problems that follow.

=== answers that memcached keeps
--- config
location / {
    memcached_pass 127.0.0.1:11211;
    memcached_gzip_flag 1;
    fastcgi_connection_drop on;
}
--- error
pingauge: [emerg] "memcached_pass" directive is known in nginx, not supported here in config:2
   2 |     memcached_pass 127.0.0.1:11211;
     |     ^^^^^^^^^^^^^^
     help: "proxy_cache" keeps responses; else put an application before it and name it in "proxy_pass"
     also: 1 line of memcached: memcached_gzip_flag
pingauge: [emerg] "fastcgi_connection_drop" directive is known in nginx, not supported here in config:4
   4 |     fastcgi_connection_drop on;
     |     ^^^^^^^^^^^^^^^^^^^^^^^
     help: remove the line if the application can do without

=== lines that begin like ours
--- config
http3 on;
limit_zone one $a 1m;
mp4_buffer_size 1m;
location / { return 200 $http3$ssl_session_id; }
--- error
pingauge: [emerg] "http3" directive is known in nginx, not supported here in config:1
   1 | http3 on;
     | ^^^^^
     help: HTTP/1.1 and, with "http2 on;", HTTP/2 are spoken; remove the line, and any Alt-Svc field
     also: 1 line of HTTP/3: $http3
pingauge: [emerg] "limit_zone" directive is known in nginx, not supported here in config:2
   2 | limit_zone one $a 1m;
     | ^^^^^^^^^^
     help: write "limit_conn_zone $binary_remote_addr zone=one:10m;" in place of "limit_zone one $binary_remote_addr 10m"
pingauge: [emerg] "mp4_buffer_size" directive is known in nginx, not supported here in config:3
   3 | mp4_buffer_size 1m;
     | ^^^^^^^^^^^^^^^
     help: files are sent as they are, and ranges of them; for HLS and DASH, cut them beforehand or have an application do it
pingauge: [emerg] "$ssl_session_id" variable is known in nginx, not supported here in config:4
   4 | location / { return 200 $http3$ssl_session_id; }
     |                               ^^^^^^^^^^^^^^^
     help: "$ssl_session_reused" says whether a session was taken up, "$connection" tells connections apart

=== a misspelling of theirs
--- config
auth_jw z 1;
return 200 $oidc_id_toke;
--- error
pingauge: [emerg] unknown directive "auth_jw" in config:1
   1 | auth_jw z 1;
     | ^^^^^^^
     help: "auth_jwt" of other servers is not supported here
pingauge: [emerg] unknown "oidc_id_toke" variable in config:2
   2 | return 200 $oidc_id_toke;
     |            ^^^^^^^^^^^^^
     help: "$oidc_id_token" of other servers is not supported here

=== blocks
--- main_config
stream { upstream a { server b:1; } server { listen 12345; proxy_pass a; nonsense; } }
mail { }
events {}
http { server { listen 127.0.0.1:$PORT2; } }
--- error
pingauge: [emerg] "stream" directive is known in nginx, not supported here in main_config:1
   1 | stream { upstream a { server b:1; } server { listen 12345; proxy_pass a; nonsens
     | ^^^^^^
     help: only HTTP is served here; leave the block to nginx, HAProxy or the like on its own ports
pingauge: [emerg] "mail" directive is known in nginx, not supported here in main_config:2
   2 | mail { }
     | ^^^^
     help: only HTTP is served here; leave the block to nginx or to the mail server

=== what would have defined a variable
--- http_config
geo $where { x 1; }
split_clients $remote_addr $share { x a; }
js_preload_object table from f.json;
perl_set $perl 'sub { 1 }';
geoip2 /db { $city city names en; }
map $uri $broken { ~( 1; }
map $uri $kind { a 1 2; }
keyval $remote_addr $kept zone=z;
server {
    listen 127.0.0.1:$PORT2;
    sett $misspelt 1;
    set_by_lua_block $lua { return "}" }
    location / { return 200 "$where$share$perl$city$broken$kind$kept$who$misspelt$lua"; }
}
--- error
pingauge: [emerg] invalid network "x" in http_config:1
   1 | geo $where { x 1; }
     |              ^
     help: an address or a network as 10.0.0.0/8
pingauge: [emerg] invalid percent value "x" in http_config:2
   2 | split_clients $remote_addr $share { x a; }
     |                                     ^
     help: expected a share such as 50% or 0.25%, or "*" for the rest
pingauge: [emerg] "js_preload_object" directive is known in nginx, not supported here in http_config:3
   3 | js_preload_object table from f.json;
     | ^^^^^^^^^^^^^^^^^
     help: remove it; scripts are run by QuickJS, and each request has its modules for itself
pingauge: [emerg] "perl_set" directive is known in nginx, not supported here in http_config:4
   4 | perl_set $perl 'sub { 1 }';
     | ^^^^^^^^
     help: JavaScript is run here: "js_import" names a module, "js_content" answers, "js_set" makes variables, "js_access" lets in, "js_header_filter" and "js_body_filter" change responses; "map", "if" and "rewrite" do the simple cases
pingauge: [emerg] "geoip2" directive is known in nginx and a module of it (geoip2), not supported here in http_config:5
   5 | geoip2 /db { $city city names en; }
     | ^^^^^^
     help: where addresses are is not looked up: read what stands before the server and knows it, such as $http_cf_ipcountry, in a "map"
pingauge: [emerg] invalid regular expression "(": Parsing error at position 1: Opening parenthesis without closing parenthesis in http_config:6
   6 | map $uri $broken { ~( 1; }
     |                    ^^
pingauge: [emerg] invalid number of the map parameters in http_config:7
   7 | map $uri $kind { a 1 2; }
     |                  ^^^^^^
     help: a line is KEY VALUE; or one of the words hostnames and volatile
pingauge: [emerg] "keyval" directive is known in NGINX Plus, not supported here in http_config:8
   8 | keyval $remote_addr $kept zone=z;
     | ^^^^^^
     help: use "map", and reload the configuration when it changes
pingauge: [emerg] unknown directive "sett" in http_config:11
  11 |     sett $misspelt 1;
     |     ^^^^
     help: did you mean "set"?
pingauge: [emerg] "set_by_lua_block" directive is known in OpenResty (lua-nginx-module), not supported here in http_config:12
  12 |     set_by_lua_block $lua { return "}" }
     |     ^^^^^^^^^^^^^^^^
     help: JavaScript is run here: "js_import" names a module, "js_content" answers, "js_set" makes variables, "js_access" lets in, "js_header_filter" and "js_body_filter" change responses; "map", "if" and "rewrite" do the simple cases
pingauge: [emerg] unknown "who" variable in http_config:13
  13 |     location / { return 200 "$where$share$perl$city$broken$kind$kept$who$misspelt$lua"; }
     |                                                                     ^^^^

=== programs within
--- config
location / {
    access_by_lua_block {
        -- } a brace in a comment
        local t = { a = "}", b = [[ } ]] }
        ngx.say("it's", t)
    }
    content_by_lua_file x.lua;
}
location /two { return 204; }
--- error
pingauge: [emerg] "access_by_lua_block" directive is known in OpenResty (lua-nginx-module), not supported here in config:2
   2 |     access_by_lua_block {
     |     ^^^^^^^^^^^^^^^^^^^
     help: JavaScript is run here: "js_import" names a module, "js_content" answers, "js_set" makes variables, "js_access" lets in, "js_header_filter" and "js_body_filter" change responses; "map", "if" and "rewrite" do the simple cases
     also: 1 line of Lua: content_by_lua_file

=== parameters of ours that others have
--- config
listen 127.0.0.1:$PORT2 http3;
--- error
pingauge: [emerg] the "http3" parameter of "listen" is not supported in config:1
   1 | listen 127.0.0.1:$PORT2 http3;
     |                        ^^^^^
     help: HTTP/1 and HTTP/2 are spoken here: remove the line, and any Alt-Svc field, and keep "listen … ssl"

=== what nginx acts on when it is set
--- config
location / { set $memcached_key 10k; return 204; }
--- error
pingauge: [emerg] "$memcached_key" variable is known in nginx, not supported here in config:1
   1 | location / { set $memcached_key 10k; return 204; }
     |                  ^^^^^^^^^^^^^^
     help: "proxy_cache" keeps responses; else put an application before it and name it in "proxy_pass"

=== parameters of servers
--- http_config
upstream a { server 127.0.0.1:1 slow_start=30s; }
upstream b { server 127.0.0.1:1 route=a; }
upstream c { server 127.0.0.1:1 drain; }
--- error
pingauge: [emerg] invalid parameter "slow_start=30s" in http_config:1
   1 | upstream a { server 127.0.0.1:1 slow_start=30s; }
     |                                 ^^^^^^^^^^^^^^
     help: remove it: a peer that is back has its share of requests at once; "max_conns=" limits how many are under way there
pingauge: [emerg] invalid parameter "route=a" in http_config:2
   2 | upstream b { server 127.0.0.1:1 route=a; }
     |                                 ^^^^^^^
     help: "hash $cookie_NAME consistent;" or "ip_hash;" keeps a client with one server
pingauge: [emerg] invalid parameter "drain" in http_config:3
   3 | upstream c { server 127.0.0.1:1 drain; }
     |                                 ^^^^^
     help: write "down": requests under way there are finished

=== other values than those that are so anyway
--- config
ssi on;
http3 on;
modsecurity on;
--- error
pingauge: [emerg] "ssi" directive is known in nginx, not supported here in config:1
   1 | ssi on;
     | ^^^
     help: "sub_filter" replaces strings, "js_body_filter" changes bodies by JavaScript; other changes are for the origin to make
pingauge: [emerg] "http3" directive is known in nginx, not supported here in config:2
   2 | http3 on;
     | ^^^^^
     help: $PROTOCOL and, with "http2 on;", HTTP/2 are spoken; remove the line, and any Alt-Svc field
pingauge: [emerg] "modsecurity" directive is known in modules of nginx (ModSecurity, NAXSI, App Protect), not supported here in config:3
   3 | modsecurity on;
     | ^^^^^^^^^^^
     help: nothing looks into requests here; put a firewall before the server

=== lines that are told to be written instead
--- http_config
types { text/html html htm; }
types { 'text/html; charset=utf-8' html htm; }
--- config
location = /page.html { root $DIR; }
--- file page.html
x
--- requests
GET /page.html 200
--- response_headers
Content-Type: text/html; charset=utf-8

=== variables that nginx lets be set
--- config
location / {
    set $proxy_host mine;
    set $ssl_protocol none;
    add_header X-Read $proxy_host,$ssl_protocol;
    proxy_pass http://127.0.0.1:$PORT/inner;
}
location /inner { return 200 $host; }
--- requests
GET / 200
--- response_headers
X-Read: mine,none

=== words in any letter case
--- http_config
ssl_protocols tlsv1.2 TLSV1.3;
server_tokens BUILD;
server {
    listen 127.0.0.1:$PORT2;
    satisfy ANY;
}
--- ok
