// A library for LD_PRELOAD that lets one call of a program fail, or all from one on, as a host does that is out of
// space, memory, files or processes. Nothing of the program knows of it.
//
//   FAIL_CALL=read:3       the third call of read
//   FAIL_CALL=malloc:100+  the hundredth allocation and all after it
//   COUNT_CALLS=FILE       writes how many calls of each kind there were, a line each
//
// Calls are counted from when the program's own code begins. Kinds: open, read, pread, write, fsync, rename, mmap,
// fork, thread, malloc, truncate, mkdir, unlink, list.

#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdarg>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>

extern "C" {
void* __libc_malloc(size_t);
void* __libc_calloc(size_t, size_t);
void* __libc_realloc(void*, size_t);
void* __libc_memalign(size_t, size_t);
}

namespace {

struct kind_of_call {
  const char* name;
  int error;
  std::atomic<long> calls{0};
};

kind_of_call kinds[] = {{"open", EMFILE},   {"read", EIO},      {"pread", EIO},    {"write", ENOSPC},
                        {"fsync", EIO},     {"rename", EACCES}, {"mmap", ENOMEM},  {"fork", EAGAIN},
                        {"thread", EAGAIN}, {"malloc", ENOMEM}, {"truncate", EIO}, {"mkdir", EACCES},
                        {"unlink", EACCES}, {"list", EACCES}};
enum kind : int {
  of_open,
  of_read,
  of_pread,
  of_write,
  of_fsync,
  of_rename,
  of_mmap,
  of_fork,
  of_thread,
  of_malloc,
  of_truncate,
  of_mkdir,
  of_unlink,
  of_list
};

std::atomic<bool> counting{false};
int failing = -1;
long from = 0;
bool all_after = false;
pid_t owner = 0;

bool fails(kind which) {
  if (!counting.load(std::memory_order_relaxed)) return false;
  const long turn = ++kinds[which].calls;
  if (which != failing || !(turn == from || (all_after && turn > from))) return false;
  if (which != of_malloc && ::getpid() != owner) return false;
  errno = kinds[which].error;
  return true;
}

__attribute__((constructor)) void begin() {
  owner = ::getpid();
  if (const char* what = std::getenv("FAIL_CALL")) {
    const char* colon = std::strchr(what, ':');
    for (int i = 0; colon != nullptr && i < static_cast<int>(sizeof kinds / sizeof kinds[0]); ++i) {
      const auto length = static_cast<size_t>(colon - what);
      if (std::strlen(kinds[i].name) == length && std::strncmp(kinds[i].name, what, length) == 0) failing = i;
    }
    if (failing < 0) ::_exit(99);
    char* end = nullptr;
    from = std::strtol(colon + 1, &end, 10);
    all_after = *end == '+';
  }
  counting = true;
}

__attribute__((destructor)) void end() {
  counting = false;
  const char* path = std::getenv("COUNT_CALLS");
  if (path == nullptr || ::getpid() != owner) return;
  const int file = static_cast<int>(::syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_TRUNC, 0644));
  for (auto& one : kinds) {
    char line[64];
    const int length = std::snprintf(line, sizeof line, "%s %ld\n", one.name, one.calls.load());
    (void)!::syscall(SYS_write, file, line, static_cast<size_t>(length));
  }
  ::syscall(SYS_close, file);
}

template <typename Function>
Function next(const char* name) {
  return reinterpret_cast<Function>(::dlsym(RTLD_NEXT, name));
}

int open_at(int directory, const char* path, int flags, mode_t mode) {
  if (fails(of_open)) return -1;
  return static_cast<int>(::syscall(SYS_openat, directory, path, flags, mode));
}

mode_t mode_of(int flags, va_list rest) {
  return (flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE ? va_arg(rest, mode_t) : 0;
}

}  // namespace

extern "C" {

#define KNOWNGOOD_OPEN(name)                     \
  int name(const char* path, int flags, ...) {   \
    va_list rest;                                \
    va_start(rest, flags);                       \
    const mode_t mode = mode_of(flags, rest);    \
    va_end(rest);                                \
    return open_at(AT_FDCWD, path, flags, mode); \
  }
#define KNOWNGOOD_OPENAT(name)                                \
  int name(int directory, const char* path, int flags, ...) { \
    va_list rest;                                             \
    va_start(rest, flags);                                    \
    const mode_t mode = mode_of(flags, rest);                 \
    va_end(rest);                                             \
    return open_at(directory, path, flags, mode);             \
  }
KNOWNGOOD_OPEN(open)
KNOWNGOOD_OPEN(open64)
KNOWNGOOD_OPENAT(openat)
KNOWNGOOD_OPENAT(openat64)

ssize_t read(int file, void* into, size_t size) { return fails(of_read) ? -1 : ::syscall(SYS_read, file, into, size); }
ssize_t pread(int file, void* into, size_t size, off_t at) {
  return fails(of_pread) ? -1 : ::syscall(SYS_pread64, file, into, size, at);
}
ssize_t pread64(int file, void* into, size_t size, off64_t at) { return pread(file, into, size, at); }
ssize_t write(int file, const void* from_here, size_t size) {
  return fails(of_write) ? -1 : ::syscall(SYS_write, file, from_here, size);
}
int fsync(int file) { return fails(of_fsync) ? -1 : static_cast<int>(::syscall(SYS_fsync, file)); }
int rename(const char* was, const char* is) {
  return fails(of_rename) ? -1 : static_cast<int>(::syscall(SYS_renameat2, AT_FDCWD, was, AT_FDCWD, is, 0));
}
int renameat(int old_directory, const char* was, int new_directory, const char* is) noexcept {
  return fails(of_rename) ? -1 : static_cast<int>(::syscall(SYS_renameat2, old_directory, was, new_directory, is, 0));
}
int ftruncate(int file, off_t size) noexcept {
  return fails(of_truncate) ? -1 : static_cast<int>(::syscall(SYS_ftruncate, file, size));
}
int mkdir(const char* path, mode_t mode) noexcept {
  return fails(of_mkdir) ? -1 : static_cast<int>(::syscall(SYS_mkdirat, AT_FDCWD, path, mode));
}
int mkdirat(int directory, const char* path, mode_t mode) noexcept {
  return fails(of_mkdir) ? -1 : static_cast<int>(::syscall(SYS_mkdirat, directory, path, mode));
}
int unlink(const char* path) noexcept {
  return fails(of_unlink) ? -1 : static_cast<int>(::syscall(SYS_unlinkat, AT_FDCWD, path, 0));
}
int unlinkat(int directory, const char* path, int flags) noexcept {
  return fails(of_unlink) ? -1 : static_cast<int>(::syscall(SYS_unlinkat, directory, path, flags));
}
void* mmap(void* at, size_t size, int protection, int flags, int file, off_t offset) noexcept {
  if (fails(of_mmap)) return MAP_FAILED;
  return reinterpret_cast<void*>(::syscall(SYS_mmap, at, size, protection, flags, file, offset));
}
void* mmap64(void* at, size_t size, int protection, int flags, int file, off64_t offset) noexcept {
  return mmap(at, size, protection, flags, file, offset);
}
DIR* opendir(const char* path) {
  if (fails(of_list)) return nullptr;
  return next<DIR* (*)(const char*)>("opendir")(path);
}
DIR* fdopendir(int file) {
  if (fails(of_list)) return nullptr;
  return next<DIR* (*)(int)>("fdopendir")(file);
}
dirent* readdir(DIR* listed) {
  if (fails(of_list)) return nullptr;
  return next<dirent* (*)(DIR*)>("readdir")(listed);
}
dirent64* readdir64(DIR* listed) {
  if (fails(of_list)) return nullptr;
  return next<dirent64* (*)(DIR*)>("readdir64")(listed);
}
pid_t fork() noexcept {
  if (fails(of_fork)) return -1;
  return next<pid_t (*)()>("fork")();
}
int pthread_create(pthread_t* thread, const pthread_attr_t* how, void* (*work)(void*), void* with) noexcept {
  if (fails(of_thread)) return EAGAIN;
  using function = int (*)(pthread_t*, const pthread_attr_t*, void* (*)(void*), void*);
  return next<function>("pthread_create")(thread, how, work, with);
}
void* malloc(size_t size) { return fails(of_malloc) ? nullptr : __libc_malloc(size); }
void* calloc(size_t count, size_t size) { return fails(of_malloc) ? nullptr : __libc_calloc(count, size); }
void* realloc(void* old, size_t size) { return fails(of_malloc) ? nullptr : __libc_realloc(old, size); }
void* memalign(size_t alignment, size_t size) { return fails(of_malloc) ? nullptr : __libc_memalign(alignment, size); }
void* aligned_alloc(size_t alignment, size_t size) { return memalign(alignment, size); }
int posix_memalign(void** into, size_t alignment, size_t size) {
  void* got = memalign(alignment, size);
  if (got == nullptr) return ENOMEM;
  *into = got;
  return 0;
}

}  // extern "C"
