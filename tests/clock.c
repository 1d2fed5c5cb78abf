/* Bends the wall clock of a process, by the seconds that a file holds, whenever they change.
 *
 * Loaded before the C library. libfaketime does not shift back the deadlines that C11's
 * cnd_timedwait is given, on which the Kafka client waits: under it every wait would last as long
 * as the clock is ahead. A machine whose clock is wrong has no such waits.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>
#include <threads.h>
#include <time.h>

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
#define IS_WALL_TIME(ts) ((ts)->tv_sec > 1000000000) /* nothing else counts from 1970 */

static time_t shift(void)
{
    static __thread time_t known, read_at = -1;
    struct timespec now;
    REAL(clock_gettime)(CLOCK_MONOTONIC_COARSE, &now);
    time_t tenth = now.tv_sec * 10 + now.tv_nsec / 100000000;
    if (tenth != read_at) {
        FILE *file = fopen(getenv("CLOCK_SHIFT_FILE"), "r");
        long seconds;
        if (file != NULL && fscanf(file, "%ld", &seconds) == 1)
            known = seconds;
        if (file != NULL)
            fclose(file);
        read_at = tenth;
    }
    return known;
}

int clock_gettime(clockid_t clock, struct timespec *ts)
{
    int failed = REAL(clock_gettime)(clock, ts);
    if (!failed && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
        ts->tv_sec += shift();
    return failed;
}

int gettimeofday(struct timeval *tv, void *zone)
{
    int failed = REAL(gettimeofday)(tv, zone);
    if (!failed)
        tv->tv_sec += shift();
    return failed;
}

time_t time(time_t *told)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (told != NULL)
        *told = now.tv_sec;
    return now.tv_sec;
}

int timespec_get(struct timespec *ts, int base)
{
    return clock_gettime(CLOCK_REALTIME, ts) ? 0 : base;
}

int cnd_timedwait(cnd_t *cond, mtx_t *mutex, const struct timespec *until)
{
    struct timespec real = *until;
    real.tv_sec -= shift();
    return REAL(cnd_timedwait)(cond, mutex, &real);
}

int pthread_cond_timedwait(pthread_cond_t *cond, pthread_mutex_t *mutex, const struct timespec *until)
{
    struct timespec real = *until;
    if (IS_WALL_TIME(until))
        real.tv_sec -= shift();
    return REAL(pthread_cond_timedwait)(cond, mutex, &real);
}

int sem_timedwait(void *sem, const struct timespec *until)
{
    static int (*waits)(void *, const struct timespec *);
    struct timespec real = *until;
    real.tv_sec -= shift();
    if (waits == NULL)
        waits = dlsym(RTLD_NEXT, "sem_timedwait");
    return waits(sem, &real);
}
