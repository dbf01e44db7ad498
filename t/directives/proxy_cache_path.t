# proxy_cache_path: what it says is understood, and what it cannot mean is told.

=== everything that is written is understood
--- http_config
proxy_cache_path $DIR/answers levels=1:2:2 keys_zone=answers:1m inactive=1d max_size=20g min_free=1m
    manager_files=10 manager_threshold=100ms manager_sleep=1s loader_files=20 loader_threshold=300ms loader_sleep=10ms;
proxy_cache_path $DIR/flat keys_zone=flat:64k:file=$DIR/flat.zone use_temp_path=off;
--- config
location = /slabs { api /status/slabs/; }
--- ok

=== zones of caches are shown like others
--- http_config
proxy_cache_path $DIR/answers keys_zone=answers:64k;
--- config
location /status/ { api /status/; }
--- requests
GET /status/slabs/answers/slots/ 200
GET /status/angie/self/zones/answers/size 200

=== files may grow elsewhere on the same file system
--- http_config
proxy_temp_path $DIR/temp;
proxy_cache_path $DIR/answers keys_zone=answers:64k use_temp_path=on;
--- ok

=== files grow elsewhere where neither folder was there
--- origin o
GET /a 200
    Cache-Control: max-age=60
    | hello
--- http_config
proxy_temp_path $DIR/temp;
proxy_cache_path $DIR/answers keys_zone=answers:64k use_temp_path=on;
--- config
add_header X-Cache $upstream_cache_status;
proxy_cache answers;
location / { proxy_pass http://$ORIGIN_o; }
--- requests
GET /a 200 = hello
GET /a 200 = hello
--- response_headers
X-Cache: HIT

=== a cache needs a zone
--- http_config
proxy_cache_path answers levels=1:2;
--- error
pingauge: [emerg] "proxy_cache_path" has no "keys_zone" in http_config:1
   1 | proxy_cache_path answers levels=1:2;
     | ^^^^^^^^^^^^^^^^
     help: write keys_zone=NAME:SIZE, as in keys_zone=answers:10m

=== a zone has one cache
--- http_config
proxy_cache_path a keys_zone=a:64k;
proxy_cache_path b keys_zone=a:64k;
--- error
pingauge: [emerg] cache "a" is already declared in http_config:2
   2 | proxy_cache_path b keys_zone=a:64k;
     |                              ^^^^^

=== a folder has one cache, whatever it is called
--- http_config
proxy_cache_path a keys_zone=a:64k;
proxy_cache_path ./b/..//a/ keys_zone=b:64k;
--- error
pingauge: [emerg] "./b/..//a/" is the path of another cache in http_config:2
   2 | proxy_cache_path ./b/..//a/ keys_zone=b:64k;
     |                  ^^^^^^^^^^

=== a folder has one cache
--- http_config
proxy_cache_path a keys_zone=a:64k;
proxy_cache_path a keys_zone=b:64k;
--- error
pingauge: [emerg] "a" is the path of another cache in http_config:2
   2 | proxy_cache_path a keys_zone=b:64k;
     |                  ^

=== levels are one or two digits each
--- http_config
proxy_cache_path a keys_zone=a:64k levels=1:3;
--- error
pingauge: [emerg] invalid "levels" value "1:3" in http_config:1
   1 | proxy_cache_path a keys_zone=a:64k levels=1:3;
     |                                           ^^^
     help: expected up to three of 1 and 2, as in 1:2

=== there are at most three levels
--- http_config
proxy_cache_path a keys_zone=a:64k levels=1:1:1:1;
--- error
pingauge: [emerg] invalid "levels" value "1:1:1:1" in http_config:1
   1 | proxy_cache_path a keys_zone=a:64k levels=1:1:1:1;
     |                                           ^^^^^^^
     help: expected up to three of 1 and 2, as in 1:2

=== words are told apart
--- http_config
proxy_cache_path a keys_zone=a:64k inactiv=10m;
--- error
pingauge: [emerg] invalid parameter "inactiv=10m" in http_config:1
   1 | proxy_cache_path a keys_zone=a:64k inactiv=10m;
     |                                    ^^^^^^^^^^^
     help: did you mean "inactive="?

=== nothing is read in portions of nothing
--- http_config
proxy_cache_path a keys_zone=a:64k loader_files=0;
--- error
pingauge: [emerg] invalid "loader_files" value "0" in http_config:1
   1 | proxy_cache_path a keys_zone=a:64k loader_files=0;
     |                                                 ^
     help: expected a whole number above 0

=== zones have a least size
--- http_config
proxy_cache_path a keys_zone=a:1k;
--- error
pingauge: [emerg] zone "a" is too small: at least 32768 bytes in http_config:1
   1 | proxy_cache_path a keys_zone=a:1k;
     |                              ^^^^
     help: the smallest zone is 32k
