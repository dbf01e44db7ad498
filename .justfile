# What is done often. CI runs the same. Everything works with plain cargo too.

[private]
@default:
    {{just_executable()}} --list

# everything that must hold, as CI does
check:
    .ci/run

# the tests, or those whose name contains FILTER
t *filter:
    cargo test --test t -- {{filter}}

# write what the tests see into golden sections and generated documents; read the difference
update *filter:
    UPDATE=1 cargo test --test t -- {{filter}}
    UPDATE=1 cargo test --test tidy

# a fuzz target (conf_parse, api_path, prometheus_template …), for SECONDS
fuzz name seconds="60":
    cargo +nightly fuzz run --fuzz-dir t/fuzz {{name}} -- -max_total_time={{seconds}}

# licences and known holes of what we depend on
deny:
    cargo deny check

# the server, with every mode of measuring; stop it with Ctrl-C
run conf="conf/metrics.conf":
    cargo run --release -- -c {{justfile_directory()}}/{{conf}} -p /tmp
