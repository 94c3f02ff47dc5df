/* What a process does to its files, told in order, and made to fail where asked. Loaded with LD_PRELOAD.
 *
 *   FAULTS_ROOT   the directory that is watched, as the kernel names it (no links, no slash at the end)
 *   FAULTS_TRACE  the file to which every change below it, and every write to standard output, is added
 *   FAULTS_FAIL   KIND:N[:sticky]: the N-th call of that kind fails, once or from then on. KIND is
 *                 enospc, eio, short (of the writes), fsync (fsync and fdatasync), range (sync_file_range), read
 *
 * An entry of the trace is "OP NUMBER LENGTH PATH\n", LENGTH bytes and "\n". PATH is relative to the root.
 *   c file created        d directory created   w NUMBER = offset, the bytes written   t NUMBER = length, cut or grown
 *   s synced              r sync_file_range     m renamed to the path in the bytes     u unlinked
 *   x directory removed   i read                f made to fail, the kind in the bytes  o bytes to standard output
 *   ? something that this shim cannot follow, its name in the bytes
 *
 * One mutex is held over the call and its entry, so the order of the trace is the order on the disk. Files are known by
 * the name that the kernel gives for their descriptor: duplicates, forks and renames need no table of ours. Calls are
 * made directly and not through the library, so nothing here calls itself. Mapped memory and calls that go round the C
 * library are not seen: compare the whole trace with the directory to know that there were none.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum kind { NONE, WRITES, SYNCS, RANGES, READS, KINDS };
#define NAME (2 * PATH_MAX)

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static const char *root;
static size_t root_length;
static int trace = -1;
static long calls[KINDS];
static enum kind fail_kind = NONE;
static char fail_name[16];
static int fail_errno;
static long fail_at;
static int fail_sticky;

static void die(const char *why) {
    static const char start[] = "faults shim: ";
    syscall(SYS_write, 2, start, sizeof start - 1);
    syscall(SYS_write, 2, why, strlen(why));
    syscall(SYS_write, 2, "\n", 1);
    abort();
}

static void enter(void) { pthread_mutex_lock(&lock); }
static void leave(void) { pthread_mutex_unlock(&lock); }

static void read_plan(const char *plan) {
    static const struct { const char *name; enum kind kind; int error; } known[] = {
        {"enospc", WRITES, ENOSPC}, {"eio", WRITES, EIO}, {"short", WRITES, 0},
        {"fsync", SYNCS, EIO}, {"range", RANGES, EIO}, {"read", READS, EIO},
    };
    char sticky[8] = "";
    if (sscanf(plan, "%15[a-z]:%ld:%7s", fail_name, &fail_at, sticky) < 2 || fail_at < 1) die("FAULTS_FAIL: KIND:N[:sticky]");
    if (sticky[0] && strcmp(sticky, "sticky")) die("FAULTS_FAIL: only `sticky` may follow the number");
    fail_sticky = sticky[0] != 0;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (strcmp(fail_name, known[i].name)) continue;
        fail_kind = known[i].kind;
        fail_errno = known[i].error;
        return;
    }
    die("FAULTS_FAIL: no such kind");
}

__attribute__((constructor)) static void start(void) {
    const char *place = getenv("FAULTS_ROOT"), *file = getenv("FAULTS_TRACE"), *plan = getenv("FAULTS_FAIL");
    if (!place) return;
    if (plan) read_plan(plan);
    if (file) {
        trace = syscall(SYS_openat, AT_FDCWD, file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
        if (trace < 0) die("FAULTS_TRACE cannot be opened");
    }
    /* A child that is forked while another thread is in a call must not find the lock taken. */
    pthread_atfork(enter, leave, leave);
    root_length = strlen(place);
    root = place;
}

/* The path below the root, or NULL. */
static const char *below(const char *path) {
    if (strncmp(path, root, root_length)) return NULL;
    if (!path[root_length]) return ".";
    return path[root_length] == '/' ? path + root_length + 1 : NULL;
}

/* Of an open file. What was unlinked has no name, and nothing of it survives anything. */
static const char *of_file(int fd, char *out) {
    static const char gone[] = " (deleted)";
    if (!root) return NULL;
    char link[40];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    int before = errno;
    ssize_t length = syscall(SYS_readlinkat, AT_FDCWD, link, out, NAME - 1);
    errno = before;
    if (length <= 0) return NULL;
    out[length] = 0;
    size_t end = sizeof gone - 1;
    if ((size_t)length > end && !strcmp(out + length - end, gone)) return NULL;
    return below(out);
}

/* Of a name that a call was given. Its last part need not exist. */
static const char *of_name(int at, const char *name, char *out) {
    if (!root || !name || !*name) return NULL;
    char full[NAME], real[PATH_MAX];
    int length;
    if (*name == '/') length = snprintf(full, sizeof full, "%s", name);
    else if (at == AT_FDCWD) length = snprintf(full, sizeof full, "./%s", name);
    else length = snprintf(full, sizeof full, "/proc/self/fd/%d/%s", at, name);
    if (length >= (int)sizeof full) return NULL;
    while (length > 1 && full[length - 1] == '/') full[--length] = 0;
    char *slash = strrchr(full, '/');
    int before = errno;
    if (slash == full) snprintf(real, sizeof real, "/");
    else {
        *slash = 0;
        char *found = realpath(full, real);
        errno = before;
        if (!found) return NULL;
    }
    snprintf(out, NAME, "%s/%s", strcmp(real, "/") ? real : "", slash + 1);
    return below(out);
}

/* With the lock held. */
static void tell(char op, long long number, const char *path, const void *bytes, size_t length) {
    if (trace < 0) return;
    char head[NAME + 64];
    int before = errno;
    int written = snprintf(head, sizeof head, "%c %lld %zu %s\n", op, number, length, path);
    struct iovec parts[3] = {{head, written}, {(void *)bytes, length}, {"\n", 1}};
    if (syscall(SYS_writev, trace, parts, 3) != (long)(written + length + 1)) die("the trace cannot be written");
    errno = before;
}

static void cannot_follow(const char *path, const char *call) {
    enter();
    tell('?', 0, path, call, strlen(call));
    leave();
}

/* With the lock held: whether this call is one that must fail. */
static int fails(enum kind kind, const char *path) {
    long n = ++calls[kind];
    if (kind != fail_kind || !(n == fail_at || (fail_sticky && n > fail_at))) return 0;
    tell('f', n, path, fail_name, strlen(fail_name));
    return 1;
}

/* All writes. `at` is -1 for those that go where the file stands. */
static ssize_t put(int fd, const struct iovec *parts, int count, off_t at) {
    char name[NAME];
    const char *path = of_file(fd, name);
    int output = root && !path && fd == 1;
    if (!path && !output)
        return at < 0 ? syscall(SYS_writev, fd, parts, count) : syscall(SYS_pwritev, fd, parts, count, at, 0L);
    size_t length = 0, filled = 0;
    for (int i = 0; i < count; i++) length += parts[i].iov_len;
    char *bytes = malloc(length ? length : 1);
    if (!bytes) die("no memory");
    for (int i = 0; i < count; i++) {
        if (parts[i].iov_len) memcpy(bytes + filled, parts[i].iov_base, parts[i].iov_len);
        filled += parts[i].iov_len;
    }
    enter();
    ssize_t done;
    if (path && fails(WRITES, path)) {
        if (fail_errno) {
            leave();
            free(bytes);
            errno = fail_errno;
            return -1;
        }
        if (length > 1) length /= 2;
    }
    done = at < 0 ? syscall(SYS_write, fd, bytes, length) : syscall(SYS_pwrite64, fd, bytes, length, at);
    if (done > 0) {
        if (output) tell('o', 0, ".", bytes, done);
        else tell('w', at < 0 ? syscall(SYS_lseek, fd, 0L, SEEK_CUR) - done : at, path, bytes, done);
    }
    leave();
    free(bytes);
    return done;
}

ssize_t write(int fd, const void *bytes, size_t length) {
    struct iovec part = {(void *)bytes, length};
    return put(fd, &part, 1, -1);
}
ssize_t writev(int fd, const struct iovec *parts, int count) { return put(fd, parts, count, -1); }
ssize_t pwrite64(int fd, const void *bytes, size_t length, off64_t at) {
    struct iovec part = {(void *)bytes, length};
    return put(fd, &part, 1, at);
}
ssize_t pwrite(int fd, const void *bytes, size_t length, off_t at) { return pwrite64(fd, bytes, length, at); }
ssize_t pwritev64(int fd, const struct iovec *parts, int count, off64_t at) { return put(fd, parts, count, at); }
ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t at) { return put(fd, parts, count, at); }

static int reading_fails(int fd) {
    char name[NAME];
    const char *path = of_file(fd, name);
    if (!path) return 0;
    enter();
    int failed = fails(READS, path);
    if (!failed) tell('i', 0, path, "", 0);
    leave();
    if (failed) errno = fail_errno;
    return failed;
}
ssize_t read(int fd, void *bytes, size_t length) {
    return reading_fails(fd) ? -1 : syscall(SYS_read, fd, bytes, length);
}
ssize_t pread64(int fd, void *bytes, size_t length, off64_t at) {
    return reading_fails(fd) ? -1 : syscall(SYS_pread64, fd, bytes, length, at);
}
ssize_t pread(int fd, void *bytes, size_t length, off_t at) { return pread64(fd, bytes, length, at); }

static int open_at(int at, const char *given, int flags, mode_t mode) {
    char name[NAME];
    int nameless = (flags & O_TMPFILE) == O_TMPFILE;
    const char *path = (nameless || (flags & (O_CREAT | O_TRUNC))) ? of_name(at, given, name) : NULL;
    if (path && nameless) cannot_follow(path, "O_TMPFILE");
    if (!path || nameless) return syscall(SYS_openat, at, given, flags, mode);
    enter();
    int before = errno;
    int existed = !syscall(SYS_faccessat, at, given, F_OK);
    errno = before;
    int fd = syscall(SYS_openat, at, given, flags, mode);
    if (fd >= 0 && !existed) tell('c', 0, path, "", 0);
    else if (fd >= 0 && (flags & O_TRUNC)) tell('t', 0, path, "", 0);
    leave();
    return fd;
}
static mode_t mode_of(int flags, va_list rest) {
    return (flags & (O_CREAT | O_TMPFILE)) ? va_arg(rest, mode_t) : 0;
}
#define OPENS(function, parameters, last, at)           \
    int function parameters {                           \
        va_list rest;                                   \
        va_start(rest, last);                           \
        mode_t mode = mode_of(last, rest);              \
        va_end(rest);                                   \
        return open_at(at, path, flags, mode);          \
    }
OPENS(open, (const char *path, int flags, ...), flags, AT_FDCWD)
OPENS(open64, (const char *path, int flags, ...), flags, AT_FDCWD)
OPENS(openat, (int at, const char *path, int flags, ...), flags, at)
OPENS(openat64, (int at, const char *path, int flags, ...), flags, at)
int creat(const char *path, mode_t mode) { return open_at(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode); }
int creat64(const char *path, mode_t mode) { return creat(path, mode); }

int ftruncate64(int fd, off64_t length) {
    char name[NAME];
    const char *path = of_file(fd, name);
    if (!path) return syscall(SYS_ftruncate, fd, length);
    enter();
    int result = syscall(SYS_ftruncate, fd, length);
    if (!result) tell('t', length, path, "", 0);
    leave();
    return result;
}
int ftruncate(int fd, off_t length) { return ftruncate64(fd, length); }

static int sync_with(long call, int fd) {
    char name[NAME];
    const char *path = of_file(fd, name);
    if (!path) return syscall(call, fd);
    enter();
    int result = fails(SYNCS, path) ? -1 : 0;
    if (result) errno = fail_errno;
    else if (!(result = syscall(call, fd))) tell('s', 0, path, "", 0);
    leave();
    return result;
}
int fsync(int fd) { return sync_with(SYS_fsync, fd); }
int fdatasync(int fd) { return sync_with(SYS_fdatasync, fd); }
int sync_file_range(int fd, off64_t at, off64_t length, unsigned int flags) {
    char name[NAME];
    const char *path = of_file(fd, name);
    if (!path) return syscall(SYS_sync_file_range, fd, at, length, flags);
    enter();
    int result = fails(RANGES, path) ? -1 : 0;
    if (result) errno = fail_errno;
    else if (!(result = syscall(SYS_sync_file_range, fd, at, length, flags))) tell('r', at, path, "", 0);
    leave();
    return result;
}

int renameat2(int at, const char *from, int to_at, const char *to, unsigned int flags) {
    char name[NAME], to_name[NAME];
    const char *path = of_name(at, from, name), *to_path = of_name(to_at, to, to_name);
    if (!path && !to_path) return syscall(SYS_renameat2, at, from, to_at, to, flags);
    if (!path || !to_path || (flags & ~1U)) cannot_follow(path ? path : to_path, "rename across the root");
    enter();
    int result = syscall(SYS_renameat2, at, from, to_at, to, flags);
    if (!result && path && to_path) tell('m', 0, path, to_path, strlen(to_path));
    leave();
    return result;
}
int rename(const char *from, const char *to) { return renameat2(AT_FDCWD, from, AT_FDCWD, to, 0); }
int renameat(int at, const char *from, int to_at, const char *to) { return renameat2(at, from, to_at, to, 0); }

int unlinkat(int at, const char *given, int flags) {
    char name[NAME];
    const char *path = of_name(at, given, name);
    if (!path) return syscall(SYS_unlinkat, at, given, flags);
    enter();
    int result = syscall(SYS_unlinkat, at, given, flags);
    if (!result) tell((flags & AT_REMOVEDIR) ? 'x' : 'u', 0, path, "", 0);
    leave();
    return result;
}
int unlink(const char *path) { return unlinkat(AT_FDCWD, path, 0); }
int rmdir(const char *path) { return unlinkat(AT_FDCWD, path, AT_REMOVEDIR); }

int mkdirat(int at, const char *given, mode_t mode) {
    char name[NAME];
    const char *path = of_name(at, given, name);
    if (!path) return syscall(SYS_mkdirat, at, given, mode);
    enter();
    int result = syscall(SYS_mkdirat, at, given, mode);
    if (!result) tell('d', 0, path, "", 0);
    leave();
    return result;
}
int mkdir(const char *path, mode_t mode) { return mkdirat(AT_FDCWD, path, mode); }

/* Copies inside the kernel: refused where they are watched, and the Rust library then reads and writes. */
ssize_t copy_file_range(int from, off64_t *from_at, int to, off64_t *to_at, size_t length, unsigned int flags) {
    char name[NAME];
    if (!of_file(to, name)) return syscall(SYS_copy_file_range, from, from_at, to, to_at, length, flags);
    errno = EXDEV;
    return -1;
}
ssize_t sendfile64(int to, int from, off64_t *at, size_t length) {
    char name[NAME];
    if (!of_file(to, name)) return syscall(SYS_sendfile, to, from, at, length);
    errno = EINVAL;
    return -1;
}
ssize_t splice(int from, off64_t *from_at, int to, off64_t *to_at, size_t length, unsigned int flags) {
    char name[NAME];
    if (!of_file(to, name)) return syscall(SYS_splice, from, from_at, to, to_at, length, flags);
    errno = EINVAL;
    return -1;
}

/* What a store has no need of, told so that no image is built from half a story. */
int linkat(int at, const char *from, int to_at, const char *to, int flags) {
    char name[NAME];
    const char *path = of_name(to_at, to, name);
    if (path) cannot_follow(path, "link");
    return syscall(SYS_linkat, at, from, to_at, to, flags);
}
int link(const char *from, const char *to) { return linkat(AT_FDCWD, from, AT_FDCWD, to, 0); }
int symlink(const char *target, const char *given) {
    char name[NAME];
    const char *path = of_name(AT_FDCWD, given, name);
    if (path) cannot_follow(path, "symlink");
    return syscall(SYS_symlinkat, target, AT_FDCWD, given);
}
int truncate64(const char *given, off64_t length) {
    char name[NAME];
    const char *path = of_name(AT_FDCWD, given, name);
    if (path) cannot_follow(path, "truncate");
    return syscall(SYS_truncate, given, length);
}
int truncate(const char *given, off_t length) { return truncate64(given, length); }
int fallocate64(int fd, int mode, off64_t at, off64_t length) {
    char name[NAME];
    const char *path = of_file(fd, name);
    if (path) cannot_follow(path, "fallocate");
    return syscall(SYS_fallocate, fd, mode, at, length);
}
int fallocate(int fd, int mode, off_t at, off_t length) { return fallocate64(fd, mode, at, length); }
int posix_fallocate64(int fd, off64_t at, off64_t length) { return fallocate64(fd, 0, at, length) ? errno : 0; }
int posix_fallocate(int fd, off_t at, off_t length) { return posix_fallocate64(fd, at, length); }
