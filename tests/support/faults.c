/* Makes one call of the C library fail, or ends the process there: the n-th below given folders. See faults.py.
 *
 * A program with this library in LD_PRELOAD, and all that it starts, share the file of FAULTS_CONTROL: the calls count
 * in all of them together. Counted are those that change something on the disk, that start a process or reach a
 * network; or those that open for reading and read. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

enum { FAIL_ONCE, FAIL_FROM_THEN_ON, END_PROCESS, END_GROUP, END_HALFWAY, INTERRUPT };
enum { NAMES = 400 };

struct control {        /* as in faults.py */
    atomic_int armed;   /* whether calls count */
    int how;            /* one of the above */
    int at;             /* the number of the call, from 1; 0: none */
    int error;          /* errno of a failing call */
    int spared;         /* the process that drives all this */
    int reads;          /* whether calls count that read, instead of those that change something */
    atomic_int count;   /* calls so far */
    char name[NAMES];   /* the call at which it happened */
    char under[NAMES];  /* the folder whose files count */
    char kept[NAMES];   /* the folder where a file for each call says what made it; empty: none */
};

static struct control *control;

__attribute__((constructor)) static void attach(void) {
    const char *path = getenv("FAULTS_CONTROL");
    int file = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    if (file < 0) return;
    void *memory = mmap(NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (memory != MAP_FAILED) control = memory;
    close(file);
}

static int counts(const char *path) {
    return path && control->under[0] && strncmp(path, control->under, strlen(control->under)) == 0;
}

/* The path of an open file or folder. */
static const char *path_of(int file, char *path) {
    char link[40];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t size = readlink(link, path, PATH_MAX - 1);
    path[size < 0 ? 0 : size] = 0;
    return path;
}

/* Keep what makes a call: the program, the call, and the lines of Python at which its thread is. */
static void keep(int number, const char *call) {
    char path[NAMES + 20];
    snprintf(path, sizeof path, "%s/%d", control->kept, number);
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (file < 0) return;
    dprintf(file, "%s %s\n", program_invocation_short_name, call);
    void *(*state_of_thread)(void) = (void *(*)(void))dlsym(RTLD_DEFAULT, "PyGILState_GetThisThreadState");
    void (*write_lines)(int, void *) = (void (*)(int, void *))dlsym(RTLD_DEFAULT, "_Py_DumpTraceback");
    void *state = state_of_thread && write_lines ? state_of_thread() : NULL;
    if (state) write_lines(file, state);
    close(file);
}

/* Count a call. Returns whether it has to fail, with errno set; does not return where the process ends. */
static int fails(const char *call, const char *path) {
    if (getpid() == control->spared) return 0;
    int number = atomic_fetch_add(&control->count, 1) + 1;
    if (control->kept[0]) keep(number, call);
    if (!control->at || number < control->at || (number > control->at && control->how != FAIL_FROM_THEN_ON)) return 0;
    if (number == control->at) snprintf(control->name, NAMES, "%s %s", call, path);
    if (control->error == ENOSPC && control->how == FAIL_FROM_THEN_ON && !strchr("owml", call[0])) return 0;
    switch (control->how) {
    case END_PROCESS: kill(getpid(), SIGKILL); break;
    case END_GROUP: kill(0, SIGKILL); break;
    case INTERRUPT: kill(0, SIGINT); return 0;
    case END_HALFWAY: if (strcmp(call, "write")) kill(getpid(), SIGKILL); break;
    }
    errno = control->error;
    return 1;
}

static int at_path(const char *call, int folder, const char *name, int reads) {
    char path[2 * PATH_MAX];
    if (!control || !control->armed || !name || reads != control->reads) return 0;
    if (name[0] == '/') snprintf(path, sizeof path, "%s", name);
    else {
        if (folder != AT_FDCWD) path_of(folder, path);
        else if (!getcwd(path, PATH_MAX)) return 0;
        strncat(path, "/", sizeof path - strlen(path) - 1);
        strncat(path, name, sizeof path - strlen(path) - 1);
    }
    return counts(path) && fails(call, path);
}

static int at_file(const char *call, int file, int reads) {
    char path[PATH_MAX];
    if (!control || !control->armed || reads != control->reads) return 0;
    return counts(path_of(file, path)) && fails(call, path);
}

static int anywhere(const char *call) { return control && control->armed && !control->reads && fails(call, ""); }

#define REAL(name) \
    static __typeof__(name) *real; \
    if (!real) real = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)

#define WRITES (O_WRONLY | O_RDWR | O_CREAT | O_TRUNC | O_APPEND)

#define OPEN(name, folder, ...) \
    int mode = 0; \
    if (flags & (O_CREAT | __O_TMPFILE)) { va_list rest; va_start(rest, flags); mode = va_arg(rest, int); va_end(rest); } \
    REAL(name); \
    return at_path("open", folder, path, !(flags & WRITES)) ? -1 : real(__VA_ARGS__, mode)

int open(const char *path, int flags, ...) { OPEN(open, AT_FDCWD, path, flags); }
int open64(const char *path, int flags, ...) { OPEN(open64, AT_FDCWD, path, flags); }
int openat(int folder, const char *path, int flags, ...) { OPEN(openat, folder, folder, path, flags); }
int openat64(int folder, const char *path, int flags, ...) { OPEN(openat64, folder, folder, path, flags); }

#define STREAM(name) \
    REAL(name); \
    return at_path("open", AT_FDCWD, path, !strpbrk(mode, "wa+")) ? NULL : real(path, mode)

FILE *fopen(const char *path, const char *mode) { STREAM(fopen); }
FILE *fopen64(const char *path, const char *mode) { STREAM(fopen64); }

/* Half of it is written before the process ends. */
#define WRITE(name, halfway, ...) \
    REAL(name); \
    if (at_file("write", file, 0)) { \
        if (control->how == END_HALFWAY) { halfway; kill(getpid(), SIGKILL); } \
        return -1; \
    } \
    return real(__VA_ARGS__)

ssize_t write(int file, const void *data, size_t size) { WRITE(write, real(file, data, size / 2), file, data, size); }
ssize_t pwrite64(int file, const void *data, size_t size, off_t at) {
    WRITE(pwrite64, real(file, data, size / 2, at), file, data, size, at);
}
ssize_t writev(int file, const struct iovec *parts, int count) {
    WRITE(writev, real(file, parts, count / 2), file, parts, count);
}
ssize_t sendfile64(int file, int from, off_t *offset, size_t size) {
    WRITE(sendfile64, real(file, from, offset, size / 2), file, from, offset, size);
}
ssize_t copy_file_range(int from, off_t *start, int file, off_t *offset, size_t size, unsigned flags) {
    WRITE(copy_file_range, real(from, start, file, offset, size / 2, flags), from, start, file, offset, size, flags);
}
size_t fwrite(const void *data, size_t size, size_t count, FILE *stream) {
    REAL(fwrite);
    if (at_file("write", fileno(stream), 0)) {
        if (control->how == END_HALFWAY) { real(data, size, count / 2, stream); fflush(stream); kill(getpid(), SIGKILL); }
        return 0;
    }
    return real(data, size, count, stream);
}

#define READ(name, ...) \
    REAL(name); \
    return at_file("read", file, 1) ? -1 : real(__VA_ARGS__)

ssize_t read(int file, void *data, size_t size) { READ(read, file, data, size); }
ssize_t pread64(int file, void *data, size_t size, off_t at) { READ(pread64, file, data, size, at); }
ssize_t readv(int file, const struct iovec *parts, int count) { READ(readv, file, parts, count); }

#define SIMPLE(name, call, folder, path, parameters, ...) \
    int name parameters { REAL(name); return at_path(call, folder, path, 0) ? -1 : real(__VA_ARGS__); }

SIMPLE(mkdir, "mkdir", AT_FDCWD, path, (const char *path, mode_t mode), path, mode)
SIMPLE(mkdirat, "mkdir", folder, path, (int folder, const char *path, mode_t mode), folder, path, mode)
SIMPLE(rename, "rename", AT_FDCWD, to, (const char *path, const char *to), path, to)
SIMPLE(renameat, "rename", at, to, (int folder, const char *path, int at, const char *to), folder, path, at, to)
SIMPLE(renameat2, "rename", at, to, (int folder, const char *path, int at, const char *to, unsigned flags), folder, path,
       at, to, flags)
SIMPLE(link, "link", AT_FDCWD, to, (const char *path, const char *to), path, to)
SIMPLE(linkat, "link", at, to, (int folder, const char *path, int at, const char *to, int flags), folder, path, at, to,
       flags)
SIMPLE(symlink, "link", AT_FDCWD, to, (const char *path, const char *to), path, to)
SIMPLE(symlinkat, "link", folder, to, (const char *path, int folder, const char *to), path, folder, to)
SIMPLE(unlink, "unlink", AT_FDCWD, path, (const char *path), path)
SIMPLE(unlinkat, "unlink", folder, path, (int folder, const char *path, int flags), folder, path, flags)
SIMPLE(rmdir, "unlink", AT_FDCWD, path, (const char *path), path)
SIMPLE(truncate64, "open", AT_FDCWD, path, (const char *path, off_t size), path, size)

int ftruncate64(int file, off_t size) { WRITE(ftruncate64, (void)0, file, size); }

pid_t fork(void) { REAL(fork); return anywhere("fork") ? -1 : real(); }
pid_t vfork(void) { return fork(); }

int posix_spawn(pid_t *pid, const char *path, const posix_spawn_file_actions_t *actions, const posix_spawnattr_t *how,
                char *const words[], char *const variables[]) {
    REAL(posix_spawn);
    return anywhere("fork") ? errno : real(pid, path, actions, how, words, variables);
}

int connect(int socket, const struct sockaddr *address, socklen_t size) {
    REAL(connect);
    return address->sa_family != AF_UNIX && anywhere("connect") ? -1 : real(socket, address, size);
}
