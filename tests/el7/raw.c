/*
 * raw.c - how iniparser itself reads a file: raw FILE SECTION:KEY...
 *
 * Exit code 1: it does not load. Shows how the model of 3.1 differs from the installed one.
 */
#include <iniparser.h>

int main(int argc, char **argv)
{
	dictionary *dict = argc > 1 ? iniparser_load(argv[1]) : NULL;

	if (!dict)
		return 1;
	for (int i = 2; i < argc; i++) {
		const char *value = iniparser_getstring(dict, argv[i], NULL);

		printf("%s = %s\n", argv[i], value ? value : "(none)");
	}
	iniparser_freedict(dict);
	return 0;
}
