/* Loaded into a master that is run as usual: has the workers that it starts run under valgrind, which itself cannot
   follow a program that starts itself by way of /proc/self/exe. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

int execvp(const char *file, char *const arguments[]) {
    int (*next)(const char *, char *const[]) = dlsym(RTLD_NEXT, "execvp");
    char *under[64] = {"valgrind", "--quiet", "--tool=callgrind", getenv("CALLGRIND_OUT"), getenv("CALLGRIND_PROGRAM")};
    int count = 5;
    if (strcmp(file, "/proc/self/exe") != 0)
        return next(file, arguments);
    for (int i = 1; arguments[i] && count < 63; i++)
        under[count++] = arguments[i];
    unsetenv("LD_PRELOAD");
    return next("valgrind", under);
}
