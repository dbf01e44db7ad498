# disable_symlinks: files that are reached over symbolic links are refused, as far as one wants that.

=== links are followed, refused, or followed behind a part of the path
--- file html/real/page.html
page
--- file html/real/index.html
index
--- file html/real/only.txt.gz
not asked for
--- link html/link
real
--- link html/real/leaf.html
page.html
--- link html/up
$DIR/html
--- config
root $DIR/html;
location / { }
location /on/ { alias $DIR/html/; disable_symlinks on; autoindex on; index index.html; }
location /own/ { alias $DIR/html/; disable_symlinks if_not_owner; }
location /from/ { alias $DIR/html/link/; disable_symlinks on from=$DIR/html/link; }
location /from2/ { alias $DIR/html/link/; disable_symlinks from=$document_root on; }
location /other/ { alias $DIR/html/link/; disable_symlinks on from=/elsewhere; }
location /try/ { alias $DIR/html/; disable_symlinks on; try_files $uri /real/page.html; }
location /random/ { alias $DIR/html/; disable_symlinks on; random_index on; }
--- requests
GET /link/page.html 200 = page\n
GET /real/leaf.html 200 = page\n
GET /on/real/page.html 200 = page\n
GET /on/real/leaf.html 403
GET /on/link/page.html 403
GET /on/link/ 403
GET /on/up/ 403
GET /on/link 403
GET /on/real/ 200 = index\n
GET /on/none 404
GET /own/link/leaf.html 200 = page\n
GET /from/page.html 200 = page\n
GET /from/leaf.html 403
GET /from2/page.html 200 = page\n
GET /other/page.html 403
GET /try/link/page.html 200 = page\n
GET /random/link/ 403
--- log
open\(\) ".*/html/real/leaf\.html" failed \(40: Too many levels of symbolic links\), client: 127\.0\.0\.1

=== what is written wrongly
--- config
location /a { disable_symlinks from=/a; }
location /b { disable_symlinks on off; }
location /c { disable_symlinks off from=/a; }
location /d { disable_symlinks yes; }
--- error
pingauge: [emerg] "disable_symlinks" must have "off", "on" or "if_not_owner" parameter in config:1
   1 | location /a { disable_symlinks from=/a; }
     |                                ^^^^^^^
pingauge: [emerg] invalid parameter "off" in config:2
   2 | location /b { disable_symlinks on off; }
     |                                   ^^^
     help: expected from=PART
pingauge: [emerg] invalid parameter "from=/a" in config:3
   3 | location /c { disable_symlinks off from=/a; }
     |                                    ^^^^^^^
     help: nothing goes with "off"
pingauge: [emerg] invalid value "yes" in "disable_symlinks" directive, it must be "off" or "on" or "if_not_owner" in config:4
   4 | location /d { disable_symlinks yes; }
     |                                ^^^
