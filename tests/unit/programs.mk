# The test programs in this folder, each linked with the objects of src/; steps also with those of
# firstboot/, once per role:
#   make -f tests/unit/programs.mk BUILD=build unit-programs    builds them
#   make -f tests/unit/programs.mk BUILD=build unit-run         and runs them

include Makefile

MECHANISM = $(filter $(BUILD)/src/%,$(OBJECTS))
PROCEDURES = $(filter-out %/main.o,$(OBJECTS))
UNIT = $(patsubst tests/unit/%.c,%,$(filter-out tests/unit/steps.c,$(wildcard tests/unit/*.c))) \
	steps-primary steps-standby

unit-programs: $(UNIT:%=$(BUILD)/unit/%)

unit-run: $(UNIT:%=unit-run-%)

$(BUILD)/unit/%: tests/unit/%.c tests/unit/unit.h $(MECHANISM)
	@mkdir -p $(@D)
	$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $< $(MECHANISM) $(LIBS)

$(BUILD)/unit/steps-%: tests/unit/steps.c tests/unit/unit.h $(BUILD)/firstboot/%.o $(PROCEDURES)
	@mkdir -p $(@D)
	$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $< $(BUILD)/firstboot/$*.o $(PROCEDURES) $(LIBS)

# Each in an empty folder. 77: a part was skipped, for lack of root say.
$(UNIT:%=unit-run-%): unit-run-%: $(BUILD)/unit/%
	@rm -rf $<.folder
	@mkdir $<.folder
	@echo "tests/unit/$*:"; $< $<.folder || [ $$? -eq 77 ]
	@rm -rf $<.folder

.PHONY: unit-programs unit-run $(UNIT:%=unit-run-%)
