/* Runs a program on a disk that is slow, hangs or fails:
 *
 *     disk RULES PROGRAM ARGUMENT...
 *
 * The kernel is asked to hand every call that has to do with files to a second process before it is carried out (seccomp
 * user notification), which lets it through, lets it wait, or answers it with an error. That reaches programs that make
 * system calls without the C library, needs no privileges, and waits as a dead network disk does: a signal that kills
 * gets through, no other.
 *
 * RULES is a file that is read anew all the time, so that a disk can become bad and good again while the program runs.
 * Each line is `OPERATIONS ACTION PATH`: operations are some of the letters o (open), r (read), l (list a folder),
 * s (ask for size and time), w (write), f (synchronise); an action is `delay=MILLISECONDS`, `hang` or `error=NUMBER`;
 * the path is that of a file, or of a folder with all below it. The first line that fits counts.
 *
 * Exits with 77 where the kernel cannot do this. With `disk --try` that is all that is found out.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CANNOT 77
#define MOST_WAITING 1024
#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif
#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#else
#define ARCHITECTURE 0
#endif

/* How a call names its file: by a descriptor, by a path, or by a path that may begin at a descriptor. */
enum naming { DESCRIPTOR, PATH, PATH_AT };

static const struct call {
    int number;
    char operation;
    enum naming naming;
} calls[] = {
    {SYS_openat, 'o', PATH_AT},    {SYS_read, 'r', DESCRIPTOR},       {SYS_pread64, 'r', DESCRIPTOR},
    {SYS_readv, 'r', DESCRIPTOR},  {SYS_preadv, 'r', DESCRIPTOR},     {SYS_getdents64, 'l', DESCRIPTOR},
    {SYS_statx, 's', PATH_AT},     {SYS_newfstatat, 's', PATH_AT},    {SYS_fstat, 's', DESCRIPTOR},
    {SYS_write, 'w', DESCRIPTOR},  {SYS_pwrite64, 'w', DESCRIPTOR},   {SYS_writev, 'w', DESCRIPTOR},
    {SYS_pwritev, 'w', DESCRIPTOR}, {SYS_ftruncate, 'w', DESCRIPTOR}, {SYS_fallocate, 'w', DESCRIPTOR},
    {SYS_fsync, 'f', DESCRIPTOR},  {SYS_fdatasync, 'f', DESCRIPTOR},  {SYS_readlinkat, 's', PATH_AT},
#ifdef SYS_open
    {SYS_open, 'o', PATH},         {SYS_stat, 's', PATH},             {SYS_lstat, 's', PATH},
    {SYS_readlink, 's', PATH},
#endif
};
#define CALLS (sizeof calls / sizeof *calls)

/* A call that waits, and since when. */
struct waiting {
    struct seccomp_notif call;
    long long since;
};

static long long milliseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

/* A listener to the calls that this process makes from now on. */
static int listen_to_calls(void) {
    struct sock_filter filter[CALLS + 6];
    unsigned length = 0;
    filter[length++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch));
    filter[length++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0);
    filter[length++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    filter[length++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
    for (unsigned at = 0; at < CALLS; at++)
        filter[length++] =
            (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)calls[at].number, CALLS - at, 0);
    filter[length++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    filter[length++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF);
    struct sock_fprog program = {(unsigned short)length, filter};
    if (ARCHITECTURE == 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return -1;
    unsigned long flags = SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;
    long listener = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
    if (listener < 0) {
        flags = SECCOMP_FILTER_FLAG_NEW_LISTENER;
        listener = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
    }
    return (int)listener;
}

static void follow(const char *link, char *path, size_t room) {
    ssize_t length = readlink(link, path, room - 1);
    path[length < 0 ? 0 : length] = 0;
}

static void of_descriptor(pid_t thread, int descriptor, char *path, size_t room) {
    char link[64];
    if (descriptor == AT_FDCWD)
        snprintf(link, sizeof link, "/proc/%d/cwd", thread);
    else
        snprintf(link, sizeof link, "/proc/%d/fd/%d", thread, descriptor);
    follow(link, path, room);
}

static void text_of(pid_t thread, uint64_t address, char *text, size_t room) {
    struct iovec here = {text, 0}, there = {(void *)(uintptr_t)address, 0};
    size_t length = 0;
    /* Up to the end of a page, as the next one may not be there. */
    while (length < room - 1) {
        size_t piece = 4096 - ((address + length) & 4095);
        if (piece > room - 1 - length) piece = room - 1 - length;
        here = (struct iovec){text + length, piece};
        there = (struct iovec){(void *)(uintptr_t)(address + length), piece};
        ssize_t count = process_vm_readv(thread, &here, 1, &there, 1, 0);
        if (count <= 0) break;
        length += (size_t)count;
        if (memchr(here.iov_base, 0, (size_t)count)) return;
    }
    text[length] = 0;
}

/* The path that a call is about; empty where there is none. */
static void path_of(const struct seccomp_notif *call, enum naming naming, char *path, size_t room) {
    pid_t thread = (pid_t)call->pid;
    char name[4096];
    const uint64_t *arguments = (const uint64_t *)call->data.args;
    if (naming == DESCRIPTOR) return of_descriptor(thread, (int)arguments[0], path, room);
    text_of(thread, arguments[naming == PATH_AT], name, sizeof name);
    if (name[0] == '/') {
        snprintf(path, room, "%s", name);
        return;
    }
    of_descriptor(thread, naming == PATH_AT ? (int)arguments[0] : AT_FDCWD, path, room);
    size_t length = strlen(path);
    if (name[0]) snprintf(path + length, room - length, "/%s", name);
}

/* What is to become of a call now: 0 lets it through, more than 0 is an error, less than 0 that it waits. */
static int judge(const char *rules, const struct waiting *waiting) {
    const struct call *known = calls;
    while (known->number != waiting->call.data.nr) known++;
    FILE *file = fopen(rules, "re");
    if (!file) return 0;
    char path[4400] = "", line[4400];
    int verdict = 0;
    while (fgets(line, sizeof line, file)) {
        char operations[16], action[32];
        int begin = 0;
        line[strcspn(line, "\n")] = 0;
        if (sscanf(line, "%15s %31s %n", operations, action, &begin) != 2 || !strchr(operations, known->operation))
            continue;
        if (!path[0]) path_of(&waiting->call, known->naming, path, sizeof path);
        size_t length = strlen(line + begin);
        if (strncmp(path, line + begin, length) != 0 || (path[length] && path[length] != '/')) continue;
        if (strncmp(action, "delay=", 6) == 0)
            verdict = milliseconds() - waiting->since < atoi(action + 6) ? -1 : 0;
        else if (strncmp(action, "error=", 6) == 0)
            verdict = atoi(action + 6);
        else
            verdict = -1;
        break;
    }
    fclose(file);
    return verdict;
}

static void answer(int listener, uint64_t id, int error) {
    struct seccomp_notif_resp response = {.id = id, .error = -error};
    if (error == 0) response.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
    /* Who was killed meanwhile needs no answer. */
    (void)ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &response);
}

/* Answers calls until nobody is left who makes any. */
static void serve(int listener, const char *rules) {
    static struct waiting waiting[MOST_WAITING];
    size_t count = 0;
    for (;;) {
        struct pollfd ready = {listener, POLLIN, 0};
        poll(&ready, 1, count ? 2 : -1);
        if (ready.revents & (POLLHUP | POLLERR)) return;
        if (ready.revents & POLLIN && count < MOST_WAITING) {
            struct waiting new = {.since = milliseconds()};
            if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &new.call) == 0) waiting[count++] = new;
        }
        for (size_t at = 0; at < count;) {
            int verdict = judge(rules, &waiting[at]);
            if (verdict < 0 && ioctl(listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &waiting[at].call.id) == 0) {
                at++;
                continue;
            }
            answer(listener, waiting[at].call.id, verdict < 0 ? EINTR : verdict);
            waiting[at] = waiting[--count];
        }
    }
}

static int send_descriptor(int socket, int descriptor) {
    char byte = 0, control[CMSG_SPACE(sizeof descriptor)] = {0};
    struct iovec piece = {&byte, 1};
    struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof descriptor);
    memcpy(CMSG_DATA(header), &descriptor, sizeof descriptor);
    return sendmsg(socket, &message, 0) == 1;
}

static int receive_descriptor(int socket) {
    char byte, control[CMSG_SPACE(sizeof(int))];
    struct iovec piece = {&byte, 1};
    struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    int descriptor = -1;
    if (recvmsg(socket, &message, 0) != 1) return -1;
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    if (header && header->cmsg_type == SCM_RIGHTS) memcpy(&descriptor, CMSG_DATA(header), sizeof descriptor);
    return descriptor;
}

int main(int count, char **arguments) {
    int trial = count == 2 && strcmp(arguments[1], "--try") == 0;
    int ends[2];
    if (!trial && count < 3) return 2;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) return CANNOT;
    pid_t server = fork();
    if (server < 0) return CANNOT;
    if (server == 0) {
        /* A grandchild, so that the program has no child that it does not know of. */
        if (fork() != 0) _exit(0);
        close(ends[0]);
        int listener = receive_descriptor(ends[1]);
        /* Its terminal is to close when the program ends, and its signals are the program's alone. */
        for (int standard = 0; standard < 3; standard++) close(standard);
        setsid();
        if (listener < 0) return CANNOT;
        pid_t own = getpid();
        ssize_t sent = send(ends[1], &own, sizeof own, 0);
        close(ends[1]);
        if (sent > 0) serve(listener, trial ? "/dev/null" : arguments[1]);
        return 0;
    }
    waitpid(server, NULL, 0);
    close(ends[1]);
    /* `sendmsg` and `recv` are not among the calls that are listened to. */
    int listener = listen_to_calls();
    pid_t own = 0;
    if (listener < 0 || !send_descriptor(ends[0], listener) || recv(ends[0], &own, sizeof own, 0) <= 0) return CANNOT;
    close(listener);
    close(ends[0]);
    /* Where programs may look into their children alone, the server needs leave to look into this one. */
    prctl(PR_SET_PTRACER, own, 0, 0, 0);
    if (trial) {
        int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
        char path[64], seen[8];
        snprintf(path, sizeof path, "/proc/self/fd/%d", null);
        return null >= 0 && readlink(path, seen, sizeof seen) > 0 ? 0 : CANNOT;
    }
    execv(arguments[2], arguments + 2);
    return 127;
}
