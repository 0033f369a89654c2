# pgrepl: "make" builds the two programs in build/; README.md lists the other targets.

PGMAJOR ?= 12
EL ?= 7
BUILD ?= build
VERSION := $(shell sed -n 's/^Version:[[:space:]]*//p' SPECS/pgrepl.spec)

prefix ?= /usr
sbindir ?= $(prefix)/sbin
mandir ?= $(prefix)/share/man
sysconfdir ?= /etc
localstatedir ?= /var
unitdir ?= $(prefix)/lib/systemd/system
presetdir ?= $(prefix)/lib/systemd/system-preset

CC ?= gcc
CFLAGS ?= -O2 -g
WARNINGS = -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wformat=2 -Werror=format -Wno-missing-field-initializers
ifdef WERROR
WARNINGS += -Werror
endif
# PGDG's, or else the system's. Its --ldflags are not used: PGDG's contain an rpath.
PG_CONFIG ?= $(firstword $(wildcard /usr/pgsql-$(PGMAJOR)/bin/pg_config) pg_config)
PQ_INCLUDE := $(shell $(PG_CONFIG) --includedir)
PQ_LIBDIR := $(shell $(PG_CONFIG) --libdir)
ALL_CPPFLAGS = -D_GNU_SOURCE -DPGMAJOR=$(PGMAJOR) -DVERSION='"$(VERSION)"' -Isrc -Ifirstboot \
	-isystem $(PQ_INCLUDE) -isystem /usr/include/iniparser $(CPPFLAGS)
ALL_CFLAGS = -std=gnu99 $(WARNINGS) $(CFLAGS)
# All functions are found at the start: finding one at its first call saves the registers to the
# stack, and with them what a copy of a password has left there.
ALL_LDFLAGS = -Wl,-z,relro,-z,now $(LDFLAGS)
LIBS = -L$(PQ_LIBDIR) -lpq -liniparser -lsystemd

OBJECTS = $(patsubst %.c,$(BUILD)/%.o,$(wildcard src/*/*.c) \
	$(filter-out firstboot/primary.c firstboot/standby.c,$(wildcard firstboot/*.c)))
PROGRAMS = $(BUILD)/pgrepl-primary $(BUILD)/pgrepl-standby

all: $(PROGRAMS)

# Both programs are linked from the same objects, except for one file per role.
$(BUILD)/pgrepl-%: $(BUILD)/firstboot/%.o $(OBJECTS)
	$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(LIBS)

$(BUILD)/%.o: %.c Makefile SPECS/pgrepl.spec | $(BUILD)/flags-$(PGMAJOR)
	@mkdir -p $(@D)
	$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

# Rebuild the objects when the major version changes.
$(BUILD)/flags-$(PGMAJOR):
	@rm -rf $(BUILD)/src $(BUILD)/firstboot $(BUILD)/flags-*
	@mkdir -p $(BUILD)
	@touch $@

.SECONDARY:
-include $(wildcard $(BUILD)/firstboot/*.d $(BUILD)/src/*/*.d)

# The texts in SOURCES are written for PostgreSQL 12 on EL 7.
FOR_MAJOR = sed 's,\(pgsql-\|postgresql-\|pgsql/\|PostgreSQL \|pgdg\)12,\1$(PGMAJOR),g; s,/12/redhat/,/$(PGMAJOR)/redhat/,'
FOR_EL = sed $(if $(filter 7,$(EL)),-e '',-f SOURCES/user-data-el8.sed -e 's/@EL@/$(EL)/g')
TEXTS = $(unitdir)/pgrepl-primary.service $(unitdir)/pgrepl-standby.service \
	$(presetdir)/50-pgrepl-primary.preset $(presetdir)/50-pgrepl-standby.preset \
	$(mandir)/man8/pgrepl-primary.8 $(mandir)/man8/pgrepl-standby.8 $(mandir)/man5/pgrepl.ini.5 \
	$(sysconfdir)/pgrepl.ini

# The documentation in the packages.
doc:
	@mkdir -p $(BUILD)
	@set -e; for text in user-data-primary.yaml user-data-standby.yaml; do \
		$(FOR_EL) "SOURCES/$$text" | $(FOR_MAJOR) > "$(BUILD)/$$text"; \
	done

install: all
	install -d $(DESTDIR)$(sbindir) $(DESTDIR)$(localstatedir)/lib/pgrepl
	install -m 0755 $(PROGRAMS) $(DESTDIR)$(sbindir)
	@set -e; for text in $(TEXTS); do \
		install -d "$(DESTDIR)$${text%/*}"; \
		$(FOR_MAJOR) "SOURCES/$${text##*/}" > "$(DESTDIR)$$text"; \
		chmod 0644 "$(DESTDIR)$$text"; \
	done
	chmod 0600 $(DESTDIR)$(sysconfdir)/pgrepl.ini

rpm srpm repo release:
	PGMAJOR=$(PGMAJOR) scripts/build-rpm $@

demo:
	KEEP=$(KEEP) PGMAJOR=$(PGMAJOR) scripts/demo

check:
	scripts/check

check-slow:
	scripts/check-slow

check-%:
	scripts/check $*

lint:
	scripts/lint

bench:
	scripts/bench

deps:
	scripts/install-deps build rpm

# The flags that objects are compiled with, for scripts/lint.
print-cflags:
	@echo $(ALL_CPPFLAGS) $(ALL_CFLAGS)

clean:
	rm -rf $(BUILD)

.PHONY: all doc install rpm srpm repo release demo check check-slow lint bench deps print-cflags clean
