/* A disk that forgets: preloaded into a process, it loses at a kill whatever was not synced.
 *
 * Theory of operation
 * -------------------
 * There are two directories. BESEDKA_SHIM_DATA is the one the process knows; its files play the system's cache, where
 * everything that was written can be read at once. BESEDKA_SHIM_DISK plays the disk. A write goes to the cache and
 * marks its blocks; fsync and fdatasync copy the marked blocks of that file to the disk. When the process was killed,
 * whoever runs the test puts the files of the disk in place of the cache: that is what a power cut leaves.
 *
 * So nothing has to be changed about reading, sizes or locks, and threads see each other's writes as they always do.
 * The real fsync is never called: a test only ever kills a process, and the system's own cache survives that.
 *
 * What it simplifies: names are on the disk at once (creating, linking, renaming and removing a file need no fsync of
 * their directory). The shared memory of SQLite's write-ahead log (`-shm`) is memory, and is not kept at all.
 *
 * Watched are the regular files under the data directory with `.db` in their paths, and those in `tls/`. Each of them
 * must be on the disk, as it is, before the process starts (or be new). They may be written with (p)write(v) and
 * ftruncate; a writable shared mapping of one is a way past this file and ends the process.
 *
 * Beside forgetting, it makes trouble on demand:
 *   DISK/full       exists: no file grows (ENOSPC).
 *   DISK/broken     exists: a sync fails (EIO), and as under Linux what it was to write is not tried again.
 *   BESEDKA_SHIM_DIES=n    the n-th write, truncation or sync of a watched file is done by half; then the process is
 *                          killed.
 */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define BLOCK 4096
#define FILES_MAX 64

struct watched {
    dev_t device;
    ino_t inode;
    int disk;             /* The same file on the disk; -1 where this place in the table is free. */
    off_t low;            /* The smallest size since the last sync: past it the disk's content is stale. */
    unsigned char *dirty; /* One byte for each block. */
    size_t blocks;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct watched files[FILES_MAX];
static char data_directory[PATH_MAX], disk_directory[PATH_MAX];
static char full_mark[PATH_MAX + 8], broken_mark[PATH_MAX + 8];
static long dies_at, deeds;

static ssize_t (*real_write)(int, const void *, size_t);
static ssize_t (*real_pwrite)(int, const void *, size_t, off_t);
static ssize_t (*real_writev)(int, const struct iovec *, int);
static int (*real_ftruncate)(int, off_t);
static int (*real_fsync)(int);
static int (*real_rename)(const char *, const char *);
static int (*real_link)(const char *, const char *);
static int (*real_unlink)(const char *);
static void *(*real_mmap)(void *, size_t, int, int, int, off_t);

static void must(int holds, const char *why)
{
    if (!holds) {
        fprintf(stderr, "shim: %s\n", why);
        abort();
    }
}

static void *found(const char *name)
{
    void *function = dlsym(RTLD_NEXT, name);
    must(function != NULL, name);
    return function;
}

__attribute__((constructor)) static void begin(void)
{
    const char *data = getenv("BESEDKA_SHIM_DATA"), *disk = getenv("BESEDKA_SHIM_DISK");
    const char *dies = getenv("BESEDKA_SHIM_DIES");
    real_write = found("write");
    real_pwrite = found("pwrite64");
    real_writev = found("writev");
    real_ftruncate = found("ftruncate64");
    real_fsync = found("fsync");
    real_rename = found("rename");
    real_link = found("link");
    real_unlink = found("unlink");
    real_mmap = found("mmap64");
    for (int i = 0; i < FILES_MAX; i++)
        files[i].disk = -1;
    must(data != NULL && realpath(data, data_directory) != NULL, "BESEDKA_SHIM_DATA is no directory");
    must(disk != NULL && realpath(disk, disk_directory) != NULL, "BESEDKA_SHIM_DISK is no directory");
    snprintf(full_mark, sizeof full_mark, "%s/full", disk_directory);
    snprintf(broken_mark, sizeof broken_mark, "%s/broken", disk_directory);
    dies_at = dies == NULL ? 0 : atol(dies);
}

/* The part of a path below the data directory, or NULL; then `on_disk` is the path there. */
static const char *below(const char *path, char *on_disk)
{
    size_t length = strlen(data_directory);
    if (strncmp(path, data_directory, length) != 0 || path[length] != '/')
        return NULL;
    const char *name = path + length + 1;
    return snprintf(on_disk, PATH_MAX, "%s/%s", disk_directory, name) < PATH_MAX ? name : NULL;
}

/* Whether a file of this path is watched; then `on_disk` is its path there. */
static int is_watched(const char *path, char *on_disk)
{
    const char *name = below(path, on_disk), *end = path + strlen(path);
    if (name == NULL)
        return 0;
    if (end - path > 4 && strcmp(end - 4, "-shm") == 0)
        return 0;
    return strstr(name, ".db") != NULL || strncmp(name, "tls/", 4) == 0;
}

/* The folders of a file on the disk, as far as they are not there. */
static void make_folders(const char *on_disk)
{
    char folder[PATH_MAX];
    strcpy(folder, on_disk);
    for (char *end = folder + strlen(disk_directory) + 1; (end = strchr(end, '/')) != NULL; *end++ = '/') {
        *end = '\0';
        mkdir(folder, 0700);
    }
}

static struct watched *entry_of(const struct stat *seen)
{
    for (int i = 0; i < FILES_MAX; i++)
        if (files[i].disk >= 0 && files[i].device == seen->st_dev && files[i].inode == seen->st_ino)
            return &files[i];
    return NULL;
}

/* A file that has no name any more: its inode may be given to another. */
static void forget(const char *path)
{
    struct stat seen;
    struct watched *file = stat(path, &seen) == 0 ? entry_of(&seen) : NULL;
    if (file != NULL && seen.st_nlink == 1) {
        close(file->disk);
        free(file->dirty);
        *file = (struct watched){.disk = -1};
    }
}

static struct watched *begin_watching(const char *on_disk, const struct stat *seen)
{
    make_folders(on_disk);
    for (int i = 0; i < FILES_MAX; i++) {
        struct watched *file = &files[i];
        if (file->disk >= 0)
            continue;
        must(access(on_disk, F_OK) == 0 || seen->st_size == 0, "a file was there before it was put on the disk");
        file->disk = open(on_disk, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        must(file->disk >= 0, "the disk cannot be written");
        file->device = seen->st_dev;
        file->inode = seen->st_ino;
        file->low = seen->st_size;
        return file;
    }
    must(0, "too many files");
    return NULL;
}

/* The watched file that a descriptor is of, or NULL. The lock is held. */
static struct watched *watched(int fd, off_t *size)
{
    struct stat seen;
    char link[64], path[PATH_MAX], on_disk[PATH_MAX];
    if (fstat(fd, &seen) != 0 || !S_ISREG(seen.st_mode))
        return NULL;
    *size = seen.st_size;
    struct watched *file = entry_of(&seen);
    if (file != NULL || seen.st_nlink == 0)
        return file;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0)
        return NULL;
    path[length] = '\0';
    return is_watched(path, on_disk) ? begin_watching(on_disk, &seen) : NULL;
}

static int dies_now(void) { return ++deeds == dies_at; }
static void die(void)
{
    for (;;)
        kill(getpid(), SIGKILL);
}

/* Deeds; the lock is held for each. */

static void mark(struct watched *file, off_t from, off_t upto)
{
    size_t blocks = (size_t)((upto + BLOCK - 1) / BLOCK);
    if (blocks > file->blocks) {
        file->dirty = realloc(file->dirty, blocks);
        must(file->dirty != NULL, "no memory");
        memset(file->dirty + file->blocks, 0, blocks - file->blocks);
        file->blocks = blocks;
    }
    for (size_t block = (size_t)(from / BLOCK); block < blocks; block++)
        file->dirty[block] = 1;
}

static ssize_t write_at(struct watched *file, int fd, const void *bytes, size_t count, off_t at, off_t size)
{
    if (at + (off_t)count > size && access(full_mark, F_OK) == 0) {
        errno = ENOSPC;
        return -1;
    }
    mark(file, at, at + (off_t)count);
    if (dies_now()) {
        real_pwrite(fd, bytes, count / 2, at);
        die();
    }
    return real_pwrite(fd, bytes, count, at);
}

static void copy_block(struct watched *file, int fd, size_t block)
{
    char bytes[BLOCK];
    off_t at = (off_t)block * BLOCK;
    ssize_t count = pread(fd, bytes, sizeof bytes, at);
    must(count <= 0 || real_pwrite(file->disk, bytes, (size_t)count, at) == count, "the disk cannot be written");
    file->dirty[block] = 0;
}

/* A descriptor of the same file to read from. One more only where it must be: to close it ends all locks on the file. */
static int readable(int fd)
{
    char link[64];
    if ((fcntl(fd, F_GETFL) & O_ACCMODE) != O_WRONLY)
        return fd;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    int cache = open(link, O_RDONLY | O_CLOEXEC);
    must(cache >= 0, "the cache cannot be read");
    return cache;
}

static int sync_file(struct watched *file, int fd, off_t size)
{
    size_t marked = 0, copied = 0;
    int broken = access(broken_mark, F_OK) == 0, cache = readable(fd);
    must(real_ftruncate(file->disk, file->low < size ? file->low : size) == 0, "the disk cannot be written");
    for (size_t block = 0; block < file->blocks; block++)
        marked += file->dirty[block];
    int dies = dies_now();
    for (size_t block = 0; block < file->blocks && !broken; block++) {
        if (dies && copied >= marked / 2)
            die();
        if (file->dirty[block]) {
            copy_block(file, cache, block);
            copied++;
        }
    }
    if (cache != fd)
        close(cache);
    if (dies)
        die();
    if (broken) {
        memset(file->dirty, 0, file->blocks);
        errno = EIO;
        return -1;
    }
    must(real_ftruncate(file->disk, size) == 0, "the disk cannot be written");
    file->low = size;
    return 0;
}

/* What the process calls. Offsets have 64 bits here, whichever of two names is called. */

#define ALIAS(type, name, arguments, of) type name arguments __attribute__((alias(#of)))

ssize_t pwrite64(int fd, const void *bytes, size_t count, off_t at)
{
    off_t size;
    pthread_mutex_lock(&lock);
    struct watched *file = watched(fd, &size);
    ssize_t written = file ? write_at(file, fd, bytes, count, at, size) : real_pwrite(fd, bytes, count, at);
    pthread_mutex_unlock(&lock);
    return written;
}

ALIAS(ssize_t, pwrite, (int fd, const void *bytes, size_t count, off_t at), pwrite64);

/* Sockets and pipes may block, and a handler of signals may write to one whatever the thread it interrupts is doing:
 * they are known without the lock. */
static int is_regular(int fd)
{
    struct stat seen;
    return fstat(fd, &seen) == 0 && S_ISREG(seen.st_mode);
}

ssize_t write(int fd, const void *bytes, size_t count)
{
    off_t size;
    if (!is_regular(fd))
        return real_write(fd, bytes, count);
    pthread_mutex_lock(&lock);
    struct watched *file = watched(fd, &size);
    if (file == NULL) {
        pthread_mutex_unlock(&lock);
        return real_write(fd, bytes, count);
    }
    off_t at = (fcntl(fd, F_GETFL) & O_APPEND) ? size : lseek(fd, 0, SEEK_CUR);
    ssize_t written = write_at(file, fd, bytes, count, at, size);
    if (written > 0)
        lseek(fd, at + written, SEEK_SET);
    pthread_mutex_unlock(&lock);
    return written;
}

ssize_t writev(int fd, const struct iovec *parts, int count)
{
    off_t size;
    struct watched *file = NULL;
    if (is_regular(fd)) {
        pthread_mutex_lock(&lock);
        file = watched(fd, &size);
        pthread_mutex_unlock(&lock);
    }
    if (file == NULL)
        return real_writev(fd, parts, count);
    return count == 0 ? 0 : write(fd, parts[0].iov_base, parts[0].iov_len); /* A short write is allowed. */
}

ssize_t pwritev64(int fd, const struct iovec *parts, int count, off_t at)
{
    return count == 0 ? 0 : pwrite64(fd, parts[0].iov_base, parts[0].iov_len, at);
}

ALIAS(ssize_t, pwritev, (int fd, const struct iovec *parts, int count, off_t at), pwritev64);

int ftruncate64(int fd, off_t length)
{
    off_t size;
    pthread_mutex_lock(&lock);
    struct watched *file = watched(fd, &size);
    if (file != NULL) {
        if (dies_now())
            die();
        if (length < file->low)
            file->low = length;
    }
    int result = real_ftruncate(fd, length);
    pthread_mutex_unlock(&lock);
    return result;
}

ALIAS(int, ftruncate, (int fd, off_t length), ftruncate64);

int fsync(int fd)
{
    off_t size;
    pthread_mutex_lock(&lock);
    struct watched *file = watched(fd, &size);
    int result = file ? sync_file(file, fd, size) : real_fsync(fd);
    pthread_mutex_unlock(&lock);
    return result;
}

ALIAS(int, fdatasync, (int fd), fsync);

/* Another name for what is on the disk, a folder too. What is not there has never been synced. */
static void name_on_disk(int (*naming)(const char *, const char *), const char *from, const char *to)
{
    char from_disk[PATH_MAX], to_disk[PATH_MAX];
    if (below(from, from_disk) == NULL || below(to, to_disk) == NULL || access(from_disk, F_OK) != 0)
        return;
    make_folders(to_disk);
    must(naming(from_disk, to_disk) == 0, "the disk cannot be written");
}

int rename(const char *from, const char *to)
{
    char to_disk[PATH_MAX];
    pthread_mutex_lock(&lock);
    if (is_watched(to, to_disk))
        forget(to);
    int result = real_rename(from, to);
    if (result == 0)
        name_on_disk(real_rename, from, to);
    pthread_mutex_unlock(&lock);
    return result;
}

int link(const char *from, const char *to)
{
    pthread_mutex_lock(&lock);
    int result = real_link(from, to);
    if (result == 0)
        name_on_disk(real_link, from, to);
    pthread_mutex_unlock(&lock);
    return result;
}

int unlink(const char *path)
{
    char on_disk[PATH_MAX];
    pthread_mutex_lock(&lock);
    int here = is_watched(path, on_disk);
    if (here)
        forget(path);
    int result = real_unlink(path);
    if (result == 0 && here)
        real_unlink(on_disk);
    pthread_mutex_unlock(&lock);
    return result;
}

void *mmap64(void *where, size_t length, int protection, int flags, int fd, off_t offset)
{
    if (fd >= 0 && (flags & MAP_SHARED) && (protection & PROT_WRITE)) {
        off_t size;
        pthread_mutex_lock(&lock);
        must(watched(fd, &size) == NULL, "a watched file is written by way of memory");
        pthread_mutex_unlock(&lock);
    }
    return real_mmap(where, length, protection, flags, fd, offset);
}

ALIAS(void *, mmap, (void *where, size_t length, int protection, int flags, int fd, off_t offset), mmap64);
