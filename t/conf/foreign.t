# Names of other servers: no misspellings of ours, one problem for each feature, no problems that follow.

=== a site in PHP
--- config
index index.php;
location ~ \.php$ {
    fastcgi_split_path_info ^(?<script>.+\.php)(?<info>/.+)$;
    fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
    fastcgi_param PATH_INFO $info;
    fastcgi_param HTTPS $https;
    fastcgi_pass unix:/run/php/php-fpm.sock;
    fastcgi_read_timeout 300;
    return 200 $fastcgi_path_info$script;
}
--- error
pingauge: [emerg] "fastcgi_split_path_info" directive is known in nginx, not supported here in config:3
   3 |     fastcgi_split_path_info ^(?<script>.+\.php)(?<info>/.+)$;
     |     ^^^^^^^^^^^^^^^^^^^^^^^
     help: origins are spoken to in HTTP: put an HTTP server before the application (for PHP: FrankenPHP, or a web server beside php-fpm) and write "proxy_pass http://127.0.0.1:9000;" in place of "fastcgi_pass"; "fastcgi_param" has no successor: what it passed on is in the request
     also: 6 lines of FastCGI: fastcgi_param (3 times), fastcgi_pass, fastcgi_read_timeout, $fastcgi_path_info

=== lines that begin like ours
--- config
http3 on;
limit_conn z 1;
mp4_buffer_size 1m;
location / { return 200 $http3$ssl_session_id; }
--- error
pingauge: [emerg] "http3" directive is known in nginx, not supported here in config:1
   1 | http3 on;
     | ^^^^^
     help: HTTP/1.1 and, with "http2 on;", HTTP/2 are spoken; remove the line, and any Alt-Svc field
     also: 1 line of HTTP/3: $http3
pingauge: [emerg] "limit_conn" directive is known in nginx, not supported here in config:2
   2 | limit_conn z 1;
     | ^^^^^^^^^^
     help: nothing is refused by rate here; "backpressure" limits how many requests are under way, a zone of "metric_zone" counts clients, and what stands before the server can refuse them
pingauge: [emerg] "mp4_buffer_size" directive is known in nginx, not supported here in config:3
   3 | mp4_buffer_size 1m;
     | ^^^^^^^^^^^^^^^
     help: files are sent as they are
pingauge: [emerg] "$ssl_session_id" variable is known in nginx, not supported here in config:4
   4 | location / { return 200 $http3$ssl_session_id; }
     |                               ^^^^^^^^^^^^^^^
     help: "$ssl_session_reused" says whether a session was taken up, "$connection" tells connections apart

=== a misspelling of theirs
--- config
limit_con z 1;
return 200 $invalid_refere;
--- error
pingauge: [emerg] unknown directive "limit_con" in config:1
   1 | limit_con z 1;
     | ^^^^^^^^^
     help: "limit_conn" of other servers is not supported here
pingauge: [emerg] unknown "invalid_refere" variable in config:2
   2 | return 200 $invalid_refere;
     |            ^^^^^^^^^^^^^^^
     help: "$invalid_referer" of other servers is not supported here

=== blocks
--- main_config
stream { upstream a { server b:1; } server { listen 12345; proxy_pass a; nonsense; } }
mail { }
load_module modules/ngx_http_perl_module.so;
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
pingauge: [emerg] "load_module" directive is known in nginx, not supported here in main_config:3
   3 | load_module modules/ngx_http_perl_module.so;
     | ^^^^^^^^^^^
     help: what there is, is built in; remove the line, and the directives of the module

=== what would have defined a variable
--- http_config
geo $where { default 0; 10.0.0.0/8 1; }
split_clients $remote_addr $share { 50% a; * b; }
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
pingauge: [emerg] "geo" directive is known in nginx, not supported here in http_config:1
   1 | geo $where { default 0; 10.0.0.0/8 1; }
     | ^^^
     help: "map $remote_addr $NAME { ~^10\. 1; default 0; }" knows networks by regular expressions, and single addresses as they are
pingauge: [emerg] "split_clients" directive is known in nginx, not supported here in http_config:2
   2 | split_clients $remote_addr $share { 50% a; * b; }
     | ^^^^^^^^^^^^^
     help: "map $request_id $NAME { ~^[0-7] a; default b; }" gives one half of the requests a, the other b
pingauge: [emerg] "js_preload_object" directive is known in nginx, not supported here in http_config:3
   3 | js_preload_object table from f.json;
     | ^^^^^^^^^^^^^^^^^
     help: remove it; scripts are run by QuickJS, and each request has its modules for itself
pingauge: [emerg] "perl_set" directive is known in nginx, not supported here in http_config:4
   4 | perl_set $perl 'sub { 1 }';
     | ^^^^^^^^
     help: no scripts are run here; "map" may do, or an application behind "proxy_pass"
pingauge: [emerg] "geoip2" directive is known in a module of nginx (geoip2), not supported here in http_config:5
   5 | geoip2 /db { $city city names en; }
     | ^^^^^^
     help: remove the block, and what reads its variables
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
     help: no scripts are run here; "map", "if" and "rewrite" may do, or an application behind "proxy_pass"
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
     help: no scripts are run here; "map", "if" and "rewrite" may do, or an application behind "proxy_pass"
     also: 1 line of Lua: content_by_lua_file

=== parameters of ours that others have
--- config
listen 127.0.0.1:$PORT2 http3;
--- error
pingauge: [emerg] the "http3" parameter of "listen" is not supported in config:1
   1 | listen 127.0.0.1:$PORT2 http3;
     |                        ^^^^^
     help: only HTTP/1 and HTTP/2 are spoken here; put a proxy in front of it for anything else

=== words in any letter case
--- http_config
ssl_protocols tlsv1.2 TLSV1.3;
server_tokens BUILD;
server {
    listen 127.0.0.1:$PORT2;
    satisfy ANY;
}
--- ok
