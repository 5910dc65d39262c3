/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * One fetch for all gateways, as a model for spin. t/model.t checks it.
 *
 * N gateways have one request each. All requests are of the same credential and
 * want the same days. Redis has the days that somebody wrote, and the lock of the
 * gateway that fetches. The protocol of a gateway is:
 *
 *   1. It reads the days. If all are there, go to 6.
 *   2. It tries to take the lock (SET NX PX with a token of its own).
 *      If another has it: wait, then go to 1.
 *   3. It reads the days again, now that it has the lock: the one before may have
 *      written them between steps 1 and 2. If all are there, go to 5.
 *   4. It fetches the missing days, and writes each to Redis.
 *   5. It waits until its writes are done, and drops the lock if the lock still has
 *      its token.
 *   6. If it made no call with its caller's token yet, it makes one. It replies.
 *
 * If Redis does not answer in step 1 or 2, the gateway goes to step 4 on its own.
 *
 * What may happen at any time, unless CALM is defined:
 *
 *   - A command is lost, or Redis answers too late: the gateway takes it for lost,
 *     and Redis executes it later or never. (If all commands of a while are lost,
 *     Redis could not be reached.)
 *   - The lock expires, even if its owner renews it. (So the renewal itself is
 *     not in the model: it makes this rarer.)
 *   - Redis forgets everything.
 *   - A gateway dies, whatever it does. (Of two gateways only the first may die:
 *     both do the same, and if both are dead, nobody waits.)
 *   - An upstream call fails; then the request ends with an error.
 *
 * With TIMEOUT, usage_timeout may also end that gateway's request at any time.
 *
 * What is checked:
 *
 *   ends      Each request ends, or its gateway dies. (Without TIMEOUT: it does
 *             not take usage_timeout to end one.) It is assumed that an upstream
 *             call ends, that a lock which is not renewed expires at last, and
 *             that no process stands still forever (weak fairness).
 *   live      No request gets a reply of days without a call with the token of
 *             its own caller (the assertion at "answer").
 *   one       With CALM, no more than one gateway fetches (the assertion at
 *             "fetch").
 *
 * Each of these definitions breaks the protocol, so that a check must fail:
 *
 *   NO_EXPIRY        the lock never expires               ends
 *   TRUSTING         a follower replies without a call    live
 *   NO_SECOND_LOOK   step 3 is left out                   one
 *   HASTY            step 5 does not wait                 one
 */

#ifndef N
#define N  2
#endif

#ifndef ALL
#define ALL  3                /* the days that are wanted, a bit each: 1 or 3 */
#endif

#ifdef CALM
#define trouble  false
#else
#define trouble  true
#endif

mtype = { yes, no, lost };    /* how a command went, as its gateway sees it */
mtype = { dies, times_out };  /* how a request ends early */

/* Redis */
byte  lock;                   /* its token: 0 for none, else the owner's */
byte  days;                   /* what was written */

/* on their way to Redis, by gateway */
bool  taking[N];
byte  writing[N];

mtype early[N];
byte  ended;                  /* requests */
#ifdef CALM
byte  fetching;               /* gateways that fetched, ever */
#endif


#define token  (i + 1)


inline read()
{
    atomic {
        if
        :: mine = mine | days; reply = yes
        :: trouble -> reply = lost
        fi
    }
}


inline take()
{
    atomic {
        if
        :: lock == 0 -> lock = token; reply = yes
        :: lock != 0 -> reply = no
        :: trouble -> reply = lost
        :: trouble -> taking[i] = true; reply = lost
        fi
    }
}


inline drop()
{
    atomic {
        if
        :: lock == token -> lock = 0
        :: lock != token
        :: trouble
        fi
    }
}


/* an upstream call with the caller's own token */

inline call()
{
    if
    :: live = true; reply = yes
    :: trouble -> reply = no
    fi
}


/* it fetches the next day, and begins to write it */

inline fetch_one()
{
    atomic {
        call();
        if
        :: reply == yes ->
            day = ((mine & 1) -> 2 : 1);
            mine = mine | day;
            if
            :: writing[i] = writing[i] | day
            :: trouble
            fi
        :: else
        fi;
        day = 0
    }
}


proctype gateway(byte i)
{
    byte   mine, day;
    bool   live;
    mtype  reply;

    {
        do
        :: atomic {
                read();
                if
                :: reply == lost -> goto fetch
                :: reply == yes && mine == ALL -> goto answer
                :: else
                fi
            }

            atomic {
                take();
                if
                :: reply == lost -> goto fetch
                :: reply == no            /* it waits, and looks again */
                :: reply == yes -> break
                fi
            }
        od;

#ifndef NO_SECOND_LOOK
        read();
#endif

        if
        :: mine == ALL -> goto leave
        :: else
        fi;

fetch:
#ifdef CALM
        fetching++;
        assert(fetching == 1);
#endif

        do
        :: mine != ALL ->
            fetch_one();
            if
            :: reply == no -> goto failed
            :: else
            fi
        :: mine == ALL -> break
        od;

leave:
#ifndef HASTY
        if
        :: writing[i] == 0
        :: trouble                /* it waits no longer */
        fi;
#endif
        drop();

answer:
#ifndef TRUSTING
        if
        :: !live ->
            atomic {
                call();
                if
                :: reply == no -> goto failed
                :: else
                fi
            }
        :: live
        fi;
#endif
        assert(live);
        goto over;

failed: drop();
over:   skip

    } unless { early[i] != 0 };

    if
    :: early[i] == times_out -> drop()
    :: else
    fi;

    /* (the rest makes fewer states of what tells nothing any more) */
    atomic {
        ended++;
        early[i] = dies;
        mine = 0;
        live = false;
        reply = 0
    }
}


/* Redis executes what was on its way */

proctype way(byte i)
{
end:
    do
    :: atomic {
        taking[i] ->
        taking[i] = false;
        if
        :: lock == 0 -> lock = token
        :: else
        fi
    }
    :: atomic {
        writing[i] != 0 ->
        days = days | writing[i];
        writing[i] = 0
    }
    od
}


/*
 * What nobody may count on: the first gateway dies, or usage_timeout ends its
 * request, and Redis forgets everything, each at any time or never.
 */

proctype fate()
{
    do
    :: early[0] == 0 -> early[0] = dies
#ifdef TIMEOUT
    :: early[0] == 0 -> early[0] = times_out
#endif
    :: atomic {
        days != 0 || lock != 0 ->
        days = 0;
        lock = 0
    }
    :: break
    od
}


proctype expiry()
{
end:
    do
    :: lock != 0 -> lock = 0
    od
}


init
{
    byte  g;

    atomic {
        for (g : 0 .. N - 1) {
            run gateway(g);
            run way(g)
        }

#ifndef CALM
        run fate();
#ifndef NO_EXPIRY
        run expiry();
#endif
#endif
    }
}


ltl ends { <> (ended == N) }
