# secure_link and its family: links that only those can make who know a secret.

=== by hash and time, and by a word
--- config
location /sl {
    secure_link $arg_md5,$arg_expires;
    secure_link_md5 "$secure_link_expires$uri secret";
    if ($secure_link = "") { return 403; }
    if ($secure_link = "0") { return 410; }
    return 200 "$secure_link $secure_link_expires";
}
location /ss/ { secure_link_secret word; if ($secure_link = "") { return 403; } rewrite ^ /secure/$secure_link; }
location /secure/ { internal; return 200 $uri; }
--- requests
GET /sl?md5=wWui3ea7E_sAgKoh7Bv5kA&expires=4000000000 = 1 4000000000
GET /sl?md5=wWui3ea7E_sAgKoh7Bv5kA&expires=4000000001 403
GET /sl?md5=mVVP5Y-6Sza4VMji1dWYCA&expires=100 410
GET /sl?md5=mVVP5Y-6Sza4VMji1dWYCA 403
GET /sl 403
GET /ss/c4438e101f99d14d60bdb7664a274e6c/a/b.txt = /secure/a/b.txt
GET /ss/c4438e101f99d14d60bdb7664a274e6c/a/c.txt 403
GET /ss/ 403

=== what is written wrongly
--- config
location /a { secure_link_secret a; secure_link $arg_b; }
location /b { secure_link $arg_b; }
--- error
pingauge: [emerg] "secure_link_secret" cannot be mixed with "secure_link" and "secure_link_md5" in config:1
   1 | location /a { secure_link_secret a; secure_link $arg_b; }
     |               ^^^^^^^^^^^^^^^^^^^^^
pingauge: [emerg] "secure_link" requires "secure_link_md5" in config:2
   2 | location /b { secure_link $arg_b; }
     |               ^^^^^^^^^^^^^^^^^^^
     help: write "secure_link_md5 TEXT;" beside it or in a block around it
