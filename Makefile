# SPDX-License-Identifier: BSD-2-Clause
#
# For developers; users take ./run.
#
#   make            the module, usagectl and the simulator
#   make test       everything that has to hold (what ./run test does)
#   make test-dates every test at other dates than today
#   make unit       the core's unit tests
#   make vanilla    upstream's nginx with the module, under sanitizers
#   make lint       clang-format, clang-tidy, cppcheck, shellcheck; licenses,
#                   references to documents, no circles
#   make format     clang-format, in place
#   make fuzz       the fuzzers of t/fuzz, each for FUZZ_SECONDS
#   make node       the vendor's client code, for the tests, into build/node
#   make vectors    t/unit/sign_vectors.h, by the vendor's signer
#   make bench-page  the page reader's speed beside jansson's
#   make bench-reply  the reply writer's speed beside memcpy()'s
#   make clean

BUILD     = build
NGINX_SRC ?=
JOBS      = $(shell nproc)

CC       = gcc
CFLAGS   = -std=gnu11 -O2 -g -fno-omit-frame-pointer
WARNINGS = -Wall -Wextra $(WERROR) -Wconversion -Wshadow -Wstrict-prototypes
CORE_LIBS = -ljansson -lpcre2-8 -lcrypto -lm
SIM_LIBS  = -lmicrohttpd -ljansson -lcrypto
CTL_LIBS  = -lcurl -lz $(CORE_LIBS)

# A warning stops these, and nobody's build: compilers to come have new ones.

test lint unit: WERROR ?= -Werror

SANITIZE = -fsanitize=address,undefined -fno-sanitize-recover=all

CORE       = $(wildcard src/core/*/*.c)
CORE_H     = $(wildcard src/core/*/*.h)
NGINX      = ngx_http_usage_module.c $(wildcard src/nginx/*/*.c)
MODULE     = $(NGINX) $(CORE)
MODULE_H   = $(wildcard src/nginx/*/*.h) $(CORE_H)
SIM        = $(wildcard sim/*.c)
SIM_H      = $(wildcard sim/*.h)
CTL        = $(wildcard tools/usagectl/*.c)
CTL_H      = $(wildcard tools/usagectl/*.h)
UNIT       = $(wildcard t/unit/test_*.c)
UNIT_H     = $(wildcard t/unit/*.h)
UNIT_SIM   = $(filter t/unit/test_sim_%,$(UNIT))
UNIT_CORE  = $(filter-out $(UNIT_SIM),$(UNIT))

.PHONY: all vanilla module ctl rebuild sim unit test test-dates test-vanilla lint \
    lint-format lint-scripts lint-man lint-license lint-references \
    lint-circles lint-cppcheck lint-tidy format fuzz \
    bench-page bench-reply node vectors clean
.DELETE_ON_ERROR:

all: module ctl sim

module: $(BUILD)/ngx_http_usage_module.so

ctl: $(BUILD)/usagectl

sim: $(BUILD)/usagesim

$(BUILD)/ngx_http_usage_module.so: config $(MODULE) $(MODULE_H) tools/build-module
	NGINX_SRC=$(NGINX_SRC) BUILD=$(BUILD) JOBS=$(JOBS) WERROR=$(WERROR) \
	    tools/build-module
	@echo '$(NGINX_IS)' > $(BUILD)/built-for

# Another nginx than it was built for: build it again.

NGINX_TREE = $(or $(NGINX_SRC),/usr/share/nginx/src)
NGINX_IS := $(NGINX_TREE) $(shell sed -n 's/^.define NGINX_VERSION *//p' \
                $(NGINX_TREE)/src/core/nginx.h 2> /dev/null)

ifneq ($(strip $(NGINX_IS)),$(strip $(file < $(BUILD)/built-for)))
$(BUILD)/ngx_http_usage_module.so: rebuild
endif

$(BUILD)/usagesim: $(SIM:sim/%.c=$(BUILD)/sim/%.o)
	$(CC) $(CFLAGS) $^ -o $@ $(SIM_LIBS)

$(BUILD)/sim/%.o: sim/%.c $(SIM_H)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -Wall -Wextra $(WERROR) -c $< -o $@

# (for its unit tests)

SIM_SAN_O = $(patsubst sim/%.c,$(BUILD)/sim-san/%.o,\
                $(filter-out sim/main.c,$(SIM)))

$(BUILD)/sim-san/%.o: sim/%.c $(SIM_H)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -Wall -Wextra $(WERROR) $(SANITIZE) -c $< -o $@


# The core as a library: plain, under sanitizers, and for the fuzzers.

CORE_O      = $(CORE:src/core/%.c=$(BUILD)/core/%.o)
CORE_SAN_O  = $(CORE:src/core/%.c=$(BUILD)/core-san/%.o)
CORE_FUZZ_O = $(CORE:src/core/%.c=$(BUILD)/core-fuzz/%.o)

$(BUILD)/core/%.o: src/core/%.c $(CORE_H)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(WARNINGS) -Isrc/core -c $< -o $@

$(BUILD)/core-san/%.o: src/core/%.c $(CORE_H)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(WARNINGS) $(SANITIZE) -Isrc/core -c $< -o $@

$(BUILD)/usagectl: $(CTL:tools/usagectl/%.c=$(BUILD)/ctl/%.o) \
    $(BUILD)/libusage.a
	$(CC) $(CFLAGS) $^ -o $@ $(CTL_LIBS)

$(BUILD)/ctl/%.o: tools/usagectl/%.c $(CTL_H) $(CORE_H)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(WARNINGS) -D_GNU_SOURCE -Isrc/core -c $< -o $@

# (for its tests)

$(BUILD)/usagectl-san: $(CTL) $(CTL_H) $(CORE_H) $(BUILD)/libusage-san.a
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(WARNINGS) $(SANITIZE) -D_GNU_SOURCE -Isrc/core \
	    $(CTL) $(BUILD)/libusage-san.a -o $@ $(CTL_LIBS)

$(BUILD)/libusage.a: $(CORE_O)
$(BUILD)/libusage-san.a: $(CORE_SAN_O)
$(BUILD)/libusage-fuzz.a: $(CORE_FUZZ_O)
$(BUILD)/libusagesim-san.a: $(SIM_SAN_O)

$(BUILD)/lib%.a:
	@rm -f $@
	ar rcs $@ $^


# Unit tests run under sanitizers; prove runs them like the others.

UNIT_BINS = $(UNIT:t/unit/test_%.c=$(BUILD)/unit/%.t)

$(UNIT_SIM:t/unit/test_%.c=$(BUILD)/unit/%.t): $(BUILD)/unit/%.t: \
    t/unit/test_%.c $(SIM_H) $(UNIT_H) $(BUILD)/libusagesim-san.a
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -Wall -Wextra $(WERROR) $(SANITIZE) -Isim $< \
	    $(BUILD)/libusagesim-san.a -o $@ -lcmocka $(SIM_LIBS)

$(UNIT_CORE:t/unit/test_%.c=$(BUILD)/unit/%.t): $(BUILD)/unit/%.t: \
    t/unit/test_%.c $(UNIT_H) $(BUILD)/libusage-san.a
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(WARNINGS) $(SANITIZE) -Isrc/core -It/unit $< \
	    $(BUILD)/libusage-san.a -o $@ -lcmocka $(CORE_LIBS)

unit: $(UNIT_BINS)
	CMOCKA_MESSAGE_OUTPUT=TAP prove $(UNIT_BINS)

# libFuzzer's targets, each for FUZZ_SECONDS; what they find stays in build/fuzz.

FUZZ_SECONDS = 60
FUZZ_CC      = clang
FUZZ_FLAGS   = -std=gnu11 -O1 -g -fno-omit-frame-pointer \
               -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all
FUZZ_BINS    = $(addprefix $(BUILD)/fuzz/,page request signature sign compare \
                 plan report resp shared_day)

$(BUILD)/fuzz/report: FUZZED = tools/usagectl/report_line.c
$(BUILD)/fuzz/report: FUZZED_FLAGS = -D_GNU_SOURCE -Itools/usagectl
$(BUILD)/fuzz/report: tools/usagectl/report_line.c $(CTL_H)

$(BUILD)/core-fuzz/%.o: src/core/%.c $(CORE_H)
	@mkdir -p $(@D)
	$(FUZZ_CC) $(FUZZ_FLAGS) -Isrc/core -c $< -o $@

$(BUILD)/fuzz/%: t/fuzz/fuzz_%.c $(wildcard t/fuzz/*.h) $(CORE_H) $(UNIT_H) \
    $(BUILD)/libusage-fuzz.a
	@mkdir -p $(@D)
	$(FUZZ_CC) $(FUZZ_FLAGS) $(FUZZED_FLAGS) -Isrc/core -It/unit $< $(FUZZED) \
	    $(BUILD)/libusage-fuzz.a -o $@ $(CORE_LIBS)

fuzz: $(FUZZ_BINS:$(BUILD)/fuzz/%=fuzz-%)

fuzz-%: $(BUILD)/fuzz/%
	@mkdir -p $(BUILD)/fuzz/corpus-$*
	@$< -max_total_time=$(FUZZ_SECONDS) -timeout=10 -max_len=8192 \
	    -dict=t/fuzz/$*.dict -print_final_stats=1 -verbosity=0 \
	    -artifact_prefix=$<- $(BUILD)/fuzz/corpus-$* t/fuzz/seeds-$*


# The page reader's speed beside jansson's, the reply writer's beside memcpy()'s;
# figures, not tests.

$(BUILD)/bench-%: bench/%.c $(BUILD)/libusage.a
	$(CC) $(CFLAGS) $(WARNINGS) -Isrc/core $< $(BUILD)/libusage.a -o $@ \
	    $(CORE_LIBS)

bench-page bench-reply: bench-%: $(BUILD)/bench-%
	$<


# Lint. nginx's own hand, in src/nginx and in the module's face, is nothing
# that clang-format could keep.  Each version of these tools says something else:
# where there is another than Debian 12's, it is left out, and that is said.

CLANG_FORMAT = $(firstword $(shell command -v clang-format-14) clang-format)
FORMATTED    = $(CORE) $(CORE_H) $(SIM) $(SIM_H) $(CTL) $(CTL_H) \
               $(UNIT) $(UNIT_H) \
               $(wildcard t/fuzz/*.[ch] bench/*.c)
SCRIPTS      = run tools/build-module tools/vanilla-nginx
NODE         = $(wildcard t/node/*.js)
CPPCHECK     = cppcheck -q --enable=warning,performance,portability \
               --error-exitcode=1 --inline-suppr --std=c11 -j $(JOBS)
NGINX_INCS   = $(addprefix -I$(BUILD)/nginx/,objs src/core src/event \
               src/event/modules src/event/quic src/os/unix src/http \
               src/http/modules src/http/v2 src/http/v3) -Isrc/core -Isrc/nginx

# (the unit tests not: clang does not know that cmocka's assertions end them)

TIDY_C     = $(CORE) $(SIM)
TIDY_CTL   = $(CTL)
TIDY_NGINX = $(NGINX)

lint: lint-format lint-scripts lint-man lint-license lint-references \
    lint-circles lint-cppcheck lint-tidy

# $(call with,tool,version): the tool is there in that version; or it says no.

with = { $(1) --version 2> /dev/null | grep -Eq ' $(2)([.]|$$)' || \
    { echo 'lint: no $(notdir $(1)) $(2) here, so without it' >&2; false; }; }

lint-format:
	@! $(call with,$(CLANG_FORMAT),14) \
	    || $(CLANG_FORMAT) --dry-run -Werror $(FORMATTED)

lint-scripts:
	shellcheck $(SCRIPTS) .ci/run
	@for script in $(NODE); do node --check $$script || exit 1; done
	@for script in tools/demo tools/demo-gateways tools/lint/*; do \
	    perl -c $$script 2>&1 | grep -q 'syntax OK' || { perl -c $$script; exit 1; }; \
	done

# (nroff comes with man; where it is missing, so is who reads the page)

lint-man:
	@! command -v nroff > /dev/null \
	    || ! nroff -man -ww docs/usagectl.1 2>&1 > /dev/null | grep .

# Each file says its license, where its format has comments.

lint-license:
	@! find . \( -path ./$(BUILD) -o -path ./.git -o -name 'seeds-*' \) -prune \
	    -o -type f ! -name '*.json' ! -name LICENSE -print0 \
	    | xargs -0 grep -L 'SPDX-License-Identifier: BSD-2-Clause' | grep .

# Each reference to a document leads to a heading that is there.

lint-references:
	@find . \( -path ./$(BUILD) -o -path ./.git -o -name 'seeds-*' \) -prune \
	    -o -type f ! -name '*.json' -print0 | xargs -0 tools/lint/references

# No file uses, directly or around corners, a file that uses it.

lint-circles: module sim ctl
	@tools/lint/circles $(BUILD)/nginx/objs/addon $(wildcard src/*/*/*.c)
	@tools/lint/circles $(BUILD)/sim $(SIM)
	@tools/lint/circles $(BUILD)/ctl $(CTL)

lint-cppcheck: module
	@! $(call with,cppcheck,2.10) || { \
	    $(CPPCHECK) -Isrc/core -Isim $(CORE) $(SIM) \
	    && $(CPPCHECK) -D_GNU_SOURCE -Isrc/core $(CTL) \
	    && $(CPPCHECK) $(NGINX_INCS) --suppress='*:$(BUILD)/*' $(TIDY_NGINX); }

lint-tidy: module
	@! $(call with,clang-tidy,14) || $(MAKE) -s \
	    $(TIDY_C:%=$(BUILD)/lint/%) $(TIDY_CTL:%=$(BUILD)/lint/%) \
	    $(TIDY_NGINX:%=$(BUILD)/lint/%)

TIDY = @mkdir -p $(@D); \
    tidy() { clang-tidy -quiet $< -- -std=gnu11 "$$@" > $@.log 2>&1 \
        || { cat $@.log; exit 1; }; }; tidy

$(TIDY_C:%=$(BUILD)/lint/%): $(BUILD)/lint/%: \
    % $(CORE_H) $(SIM_H) .clang-tidy
	$(TIDY) -Isrc/core -Isim
	@touch $@

$(TIDY_CTL:%=$(BUILD)/lint/%): $(BUILD)/lint/%: \
    % $(CORE_H) $(CTL_H) .clang-tidy
	$(TIDY) -D_GNU_SOURCE -Isrc/core
	@touch $@

$(TIDY_NGINX:%=$(BUILD)/lint/%): $(BUILD)/lint/%: \
    % $(MODULE_H) .clang-tidy $(BUILD)/ngx_http_usage_module.so
	$(TIDY) $(NGINX_INCS)
	@touch $@

format:
	$(CLANG_FORMAT) -i $(FORMATTED)


# The vendor's client code, which tests sign with; fetched again where other
# versions are wanted.  npm trusts whom this machine trusts.  Where its registry
# is out of reach, the tests that need it are skipped, and say so; in CI (which
# sets CI) that fails.

SYSTEM_CA = /etc/ssl/certs/ca-certificates.crt

$(BUILD)/node/fetched: t/node/package.json t/node/package-lock.json
	@mkdir -p $(@D)
	@cp $^ $(@D)
	@cd $(@D) && NODE_EXTRA_CA_CERTS=$${NODE_EXTRA_CA_CERTS:-$(SYSTEM_CA)} \
	    npm ci --ignore-scripts --no-audit --no-fund > npm.log 2>&1 \
	    && touch fetched || { cat npm.log; echo "npm can't fetch the" \
	    "vendor's SDK: the tests with it don't run. Is its registry within" \
	    "reach?"; test -z "$$CI"; } >&2

node: $(BUILD)/node/fetched

# What is in sign_vectors.h, made anew.

vectors: node
	node t/node/vectors.js > t/unit/sign_vectors.h


# nginx without the distribution's patches, which hide faults; to run a test:
# NGINX_BIN=$PWD/build/vanilla/nginx USAGE_STATIC_MODULE=1 prove -It/lib t/x.t

vanilla: $(BUILD)/vanilla/nginx


# Everything that has to hold: all tests as they are, and some under valgrind, too,
# which finds leaks (of simulator*.t, those of the simulator).

VALGRIND = valgrind -q --error-exitcode=99 --leak-check=full \
           --show-leak-kinds=definite --errors-for-leak-kinds=definite \
           --suppressions=$(CURDIR)/t/nginx.supp

# (two more than there are processors: tests mostly wait, as for timeouts)

PROVE_JOBS = $(shell expr $(JOBS) + 2)

T          = $(wildcard t/*.t)
T_VALGRIND = $(patsubst %,t/%.t,pages retention routes sign_modes simulator \
               simulator_control simulator_faults simulator_habits \
               simulator_sign simulator_tenants simulator_truth validation)

$(BUILD)/valgrind/%.t: t/%.t Makefile
	@mkdir -p $(@D)
	@printf '#!/bin/sh\n%s="%s" exec perl -It/lib %s\n' \
	    $(if $(filter simulator%,$*),USAGE_SIM_WRAPPER,USAGE_NGINX_WRAPPER) \
	    "$(VALGRIND)" $< > $@

# What is about memory and the end of calls runs on upstream's nginx under ASan,
# too: Debian's patches hide faults, and ASan sees what valgrind can't, in a
# tenth of its time.  Where the sources can't be had, that is said; in CI (which
# sets CI) it fails.

T_VANILLA = $(patsubst %,t/%.t,bounds calls client_address compare errors \
              fallback headers hostile hours known life mode outcome pages \
              reload replay retry share_days share_faults share_fetch sign \
              store_fair user wake)

$(BUILD)/vanilla/nginx: $(MODULE) $(MODULE_H) config tools/vanilla-nginx
	@BUILD=$(BUILD) JOBS=$(JOBS) tools/vanilla-nginx || test $$? = 3

test-vanilla: $(BUILD)/vanilla/nginx
	@if [ -x $< ]; then \
	    ASAN_OPTIONS=detect_leaks=0 USAGE_STATIC_MODULE=1 \
	        NGINX_BIN=$(CURDIR)/$< \
	        prove --timer -j $(PROVE_JOBS) -It/lib $(T_VANILLA); \
	else \
	    echo "Tests on upstream's nginx don't run: no sources." >&2; \
	    test -z "$$CI"; \
	fi

test: all lint node $(BUILD)/usagectl-san $(UNIT_BINS) \
    $(T_VALGRIND:t/%=$(BUILD)/valgrind/%) $(FUZZ_BINS)
	@echo 'fuzzing, 10 seconds each'
	@$(MAKE) -s -j $(JOBS) fuzz FUZZ_SECONDS=10 > $(BUILD)/fuzz.log 2>&1 \
	    || { cat $(BUILD)/fuzz.log; exit 1; }
	USAGECTL=$(BUILD)/usagectl-san CMOCKA_MESSAGE_OUTPUT=TAP \
	    prove --timer -j $(PROVE_JOBS) -It/lib \
	    $(T_VALGRIND:t/%=$(BUILD)/valgrind/%) $(T) $(UNIT_BINS)
	@$(MAKE) -s test-vanilla
	@$(MAKE) -s test-dates DATES='$(FEW_DATES)' T='$(T_DATED)'


# No test depends on today: each date is the one at which every file begins.
# Where midnight, or the hour at which yesterday is final, is near, it passes
# while a test runs.  (make test takes two of them, and few files.)

DATES     = 2026-11-23T12:00:00Z 2026-11-24T12:00:00Z 2026-11-25T12:00:00Z \
            2026-11-26T12:00:00Z 2026-11-27T12:00:00Z 2026-11-28T12:00:00Z \
            2026-11-29T12:00:00Z 2026-11-30T02:00:05Z 2026-12-31T23:59:40Z \
            2027-01-01T00:00:05Z 2027-03-31T01:59:30Z 2028-02-29T12:00:00Z \
            2028-03-01T00:30:00Z
FEW_DATES = 2026-11-28T12:00:00Z 2026-12-31T23:59:40Z
T_DATED   = $(patsubst %,t/%.t,calls ctl_check ctl_plan retention sign \
              status_counts status_load validation)

test-dates: all
	@failed=; for date in $(DATES); do \
	    echo "at $$date"; \
	    prove --timer -j $(PROVE_JOBS) -e "t/at $$date perl -It/lib" $(T) \
	        || failed="$$failed $$date"; \
	done; test -z "$$failed" || { echo "failed at$$failed"; exit 1; }

clean:
	rm -rf $(BUILD)
