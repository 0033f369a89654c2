# The programs that tests/el7/ini.bats runs on ini files, linked with the objects of BUILD:
#   make -f tests/el7/readers.mk BUILD=build TO=FOLDER readers
#
# check-config-ROLE is the role's program plus many.c, which calls its main() for many files.

include Makefile

TO ?= $(BUILD)
ONE_OF_MANY = -Dmain=one_main -Wno-missing-prototypes

readers: $(addprefix $(TO)/,answers check-config-primary check-config-standby raw raws)

$(TO)/many.o: tests/el7/many.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) -c -o $@ $<

$(TO)/answers.o: tests/el7/answers.c $(OBJECTS)
	@mkdir -p $(@D)
	$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) $(ONE_OF_MANY) -c -o $@ $<

$(TO)/answers: $(TO)/answers.o $(TO)/many.o $(filter $(BUILD)/src/%,$(OBJECTS))
	$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)

$(TO)/main.o: $(BUILD)/firstboot/main.o
	@mkdir -p $(@D)
	objcopy --redefine-sym main=one_main $< $@

$(TO)/check-config-%: $(TO)/main.o $(TO)/many.o $(BUILD)/firstboot/%.o $(filter-out %/main.o,$(OBJECTS))
	$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)

# iniparser itself, for one file and for many
$(TO)/raw: tests/el7/raw.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $< $(LIBS)

$(TO)/raws: tests/el7/raw.c $(TO)/many.o
	$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) $(ONE_OF_MANY) $(LDFLAGS) -o $@ $^ $(LIBS)

.PHONY: readers
