// SPDX-License-Identifier: GPL-2.0
/*
 * Plugin for ip(8): makes "ip link add name a type myveth peer name b" work
 *
 * ip(8) passes the name of any kind on to the kernel, but takes words after it
 * only if it has a parser for that kind.  For a kind that it does not know it
 * opens link_<kind>.so in its plugin directory (find-plugin-dir.sh tells which
 * one that is) and looks for the symbol <kind>_link_util there.
 *
 * "peer" may be followed by every option of "ip link add", and each release of
 * ip has more of them.  Therefore nothing is parsed here.  myveth has veth's
 * netlink format, and ip has a parser for veth: the words are handed to it.
 * What is sent, what is said about a mistake and the exit status are veth's,
 * with this ip and with the next one, because veth's own code makes them.
 */
#include <stdio.h>
#include <string.h>

#include "../myveth.h"

/* ip prescribes the parameters; we have no use for some of them. */
#pragma GCC diagnostic ignored "-Wunused-parameter"

struct nlmsghdr;
struct rtattr;

/*
 * What ip wants to know about a kind.  No package ships the header that has
 * this structure, hence the copy of its members.  They have had these places
 * since iproute2 3.17 of 2014; what came and went behind them is optional, and
 * zero in the reserve means "absent" in every release.
 */
struct link_util {
	struct link_util *next;
	const char *id;
	int maxattr;
	int (*parse_opt)(struct link_util *lu, int argc, char **argv,
			 struct nlmsghdr *n);
	void (*print_opt)(struct link_util *lu, FILE *f, struct rtattr *tb[]);
	void (*print_xstats)(struct link_util *lu, FILE *f,
			     struct rtattr *xstats);
	void (*print_help)(struct link_util *lu, int argc, char **argv,
			   FILE *f);
	void *reserve[8];
};

/*
 * Provided by the ip that has opened this file.  Weak, so that one without it
 * gets an error message from us rather than a fatal one from the linker.
 */
#pragma weak get_link_kind
struct link_util *get_link_kind(const char *kind);

static const char usage[] =
	"Usage: ip link add name NAME type " MYVETH_KIND
	" [ peer [ name PEER ] [ OPTIONS ] ]\n"
	"OPTIONS are those of the device itself: 'ip link add help' has them.\n"
	"Write \"name\" before NAME and PEER: without it ip takes\n"
	"a short name for an abbreviation (a for address).\n";

/* The comparison also catches an ip whose link_util is not laid out as ours. */
static struct link_util *find_veth(void)
{
	struct link_util *veth = get_link_kind ? get_link_kind("veth") : NULL;

	if (!veth || !veth->id || strcmp(veth->id, "veth"))
		return NULL;
	return veth->parse_opt ? veth : NULL;
}

/* A result other than 0 makes ip give up with exit status 1. */
static int parse_opt(struct link_util *lu, int argc, char **argv,
		     struct nlmsghdr *n)
{
	struct link_util *veth;

	if (!strcmp(*argv, "help")) {
		fputs(usage, stdout);
		return -1;
	}

	/*
	 * For a word that it does not know, veth prints its usage to stdout,
	 * where a script takes it for the answer, and says nothing of the word.
	 * That is a fault, and the one thing that we do in another way.
	 */
	if (strcmp(*argv, "peer")) {
		fprintf(stderr, "%s: unknown argument \"%s\", not \"peer\"\n%s",
			MYVETH_KIND, *argv, usage);
		return -1;
	}

	veth = find_veth();
	if (!veth) {
		fprintf(stderr, "%s: this ip has no parser for kind veth\n",
			MYVETH_KIND);
		return -1;
	}
	return veth->parse_opt(veth, argc, argv, n);
}

static void print_help(struct link_util *lu, int argc, char **argv, FILE *f)
{
	fputs(usage, f);
}

/* Not const: ip chains the kinds that it has found through next. */
struct link_util myveth_link_util = {
	.id = MYVETH_KIND,
	.parse_opt = parse_opt,
	.print_help = print_help,
};
