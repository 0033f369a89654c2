# The test programs of this folder, each linked with the objects of src/:
#   make -f tests/unit/programs.mk BUILD=build unit-programs

include Makefile

MECHANISM = $(filter $(BUILD)/src/%,$(OBJECTS))

unit-programs: $(patsubst tests/unit/%.c,$(BUILD)/unit/%,$(wildcard tests/unit/*.c))

$(BUILD)/unit/%: tests/unit/%.c tests/unit/unit.h $(MECHANISM)
	@mkdir -p $(@D)
	$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $< $(MECHANISM) $(LIBS)

.PHONY: unit-programs
