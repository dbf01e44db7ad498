//! What `fs` reads, and what it refuses, said by scripts.

use crate::script::library::trial::run_module;

fn told(folder: &std::path::Path, expression: &str) -> String {
    run_module(&format!(
        "const fs = modules.fs; const D = '{}'; const caught = async f => {{ try {{ return await f() }} catch (e) {{ return [e.code, e.syscall, e.message, e.path === undefined].join() }} }};
         globalThis.result = await (async () => {expression})();",
        folder.display()
    ))
}

#[test]
fn files_are_read() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a"), "aé").unwrap();
    std::os::unix::fs::symlink("a", folder.path().join("l")).unwrap();
    for (expression, expected) in [
        ("fs.readFileSync(D + '/a').join()", "97,195,169"),
        ("fs.readFileSync(D + '/a', 'utf8')", "aé"),
        (
            "fs.readFileSync(Buffer.from(D + '/a'), {encoding: 'hex'})",
            "61c3a9",
        ),
        ("(await fs.promises.readFile(D + '/a', 'utf8')).length", "2"),
        (
            "[fs.existsSync(D), fs.existsSync(D + '/b'), fs.accessSync(D + '/a', fs.constants.R_OK)].join()",
            "true,false,",
        ),
        ("fs.readdirSync(D).sort().join()", "a,l"),
        (
            "fs.readdirSync(D, {withFileTypes: true}).map(e => e.name + e.isFile() + e.isSymbolicLink()).sort().join()",
            "atruefalse,lfalsetrue",
        ),
        (
            "fs.realpathSync(D + '/l') === fs.realpathSync(D) + '/a'",
            "true",
        ),
        (
            "[fs.statSync(D + '/l').size, fs.statSync(D).isDirectory(), fs.lstatSync(D + '/l').isSymbolicLink()].join()",
            "3,true,true",
        ),
        (
            "fs.statSync(D + '/a').mtime instanceof Date && fs.statSync(D + '/a').mtimeMs > 1e12",
            "true",
        ),
        (
            "fs.statSync(D + '/b', {throwIfNoEntry: false})",
            "undefined",
        ),
    ] {
        assert_eq!(told(folder.path(), expression), expected, "{expression}");
    }
}

#[test]
fn what_cannot_be_read_is_an_error_that_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let large = std::fs::File::create(folder.path().join("large")).unwrap();
    large.set_len(super::FILE + 1).unwrap();
    for (expression, expected) in [
        (
            "caught(() => fs.readFileSync(D + '/b'))",
            "ENOENT,open,No such file or directory,false",
        ),
        (
            "caught(() => fs.promises.readFile(D))",
            "EISDIR,open,Is a directory,false",
        ),
        (
            "caught(() => fs.readFileSync('/dev/zero'))",
            "EINVAL,open,Invalid argument,false",
        ),
        (
            "caught(() => fs.readFileSync(D + '/large'))",
            "EFBIG,open,File too large,false",
        ),
        (
            "caught(() => fs.accessSync(D + '/b'))",
            "ENOENT,access,No such file or directory,false",
        ),
        (
            "caught(() => fs.readFileSync('a\\0b'))",
            ",,\"path\" must be without null bytes,true",
        ),
        (
            "caught(() => fs.readFileSync())",
            ",,\"path\" must be a string or Buffer,true",
        ),
        (
            "caught(() => fs.writeFileSync(D + '/c', 'x'))",
            ",,fs is read-only here: nothing can be opened, written, renamed or removed,true",
        ),
        (
            "caught(() => fs.promises.unlink(D + '/large'))",
            ",,fs is read-only here: nothing can be opened, written, renamed or removed,true",
        ),
    ] {
        assert_eq!(told(folder.path(), expression), expected, "{expression}");
    }
    assert!(folder.path().join("large").exists());
}
