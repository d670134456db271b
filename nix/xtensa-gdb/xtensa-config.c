/* The registers of a core for gdb, in the place of the file of this name in its source, which has those of one core.

   A debug stub sends registers without their names, so their order and sizes have to be those that the stub has:
   - esp32: that of OpenOCD (its target/xtensa-core-esp32.cfg) and of Espressif's tools;
   - de233_fpu: that of stock QEMU's core of that name.
   XTENSA_GNU_CONFIG, which names the plug-in with the core's instructions, says which.  */

#define XTENSA_CONFIG_VERSION 0x60

#include "xtensa-config.h"
#include "xtensa-tdep.h"

namespace
{

/* Numbers of registers in gdb's protocol: the kind, and the number in the instruction set.  */
constexpr unsigned A = 0x000, PC = 0x020, F = 0x030, AR = 0x100, SR = 0x200, UR = 0x300, MASKED = 0x2000;

constexpr int READ = XTENSA_REGISTER_FLAGS_READABLE;
constexpr int USER = READ | XTENSA_REGISTER_FLAGS_WRITABLE;
constexpr int PRIVILEGED = USER | XTENSA_REGISTER_FLAGS_PRIVILEGED;

/* So many registers in a row: NAME with a number behind it where COUNT is not 1.  */
struct registers
{
  const char *name;
  unsigned number;
  int flags = USER;
  int first = 0;
  int count = 1;
  int bytes = 4;
};

constexpr registers esp32[] = {
  { "pc", PC },
  { "ar", AR, USER, 0, 64 },
  { "lbeg", SR + 0 }, { "lend", SR + 1 }, { "lcount", SR + 2 }, { "sar", SR + 3 },
  { "windowbase", SR + 72 }, { "windowstart", SR + 73 },
  { "configid0", SR + 176, READ }, { "configid1", SR + 208, READ },
  { "ps", SR + 230 },
  { "threadptr", UR + 231 },
  { "br", SR + 4 },
  { "scompare1", SR + 12 },
  { "acclo", SR + 16 }, { "acchi", SR + 17 }, { "m", SR + 32, USER, 0, 4 },
  { "expstate", UR + 230 },
  { "f64r_lo", UR + 234 }, { "f64r_hi", UR + 235 }, { "f64s", UR + 236 },
  { "f", F, USER, 0, 16 },
  { "fcr", UR + 232 }, { "fsr", UR + 233 },
  /* OpenOCD's "contiguous" registers end here.  */
  { "mmid", SR + 89, PRIVILEGED },
  { "ibreakenable", SR + 96, PRIVILEGED },
  { "memctl", SR + 97, PRIVILEGED },
  { "atomctl", SR + 99, PRIVILEGED },
  { "ddr", SR + 104, PRIVILEGED },
  { "ibreaka", SR + 128, PRIVILEGED, 0, 2 }, { "dbreaka", SR + 144, PRIVILEGED, 0, 2 }, { "dbreakc", SR + 160, PRIVILEGED, 0, 2 },
  { "epc", SR + 177, PRIVILEGED, 1, 7 },
  { "depc", SR + 192, PRIVILEGED },
  { "eps", SR + 194, PRIVILEGED, 2, 6 },
  { "excsave", SR + 209, PRIVILEGED, 1, 7 },
  { "cpenable", SR + 224, PRIVILEGED },
  { "interrupt", SR + 226, PRIVILEGED }, { "intset", SR + 226, PRIVILEGED }, { "intclear", SR + 227, PRIVILEGED },
  { "intenable", SR + 228, PRIVILEGED },
  { "vecbase", SR + 231, PRIVILEGED },
  { "exccause", SR + 232, PRIVILEGED },
  { "debugcause", SR + 233, PRIVILEGED },
  { "ccount", SR + 234, PRIVILEGED },
  { "prid", SR + 235, PRIVILEGED },
  { "icount", SR + 236, PRIVILEGED }, { "icountlevel", SR + 237, PRIVILEGED },
  { "excvaddr", SR + 238, PRIVILEGED },
  { "ccompare", SR + 240, PRIVILEGED, 0, 3 },
  { "misc", SR + 244, PRIVILEGED, 0, 4 },
  { "a", A, USER, 0, 16 },
};

constexpr registers de233_fpu[] = {
  { "pc", PC },
  { "ar", AR, USER, 0, 32 },
  { "lbeg", SR + 0 }, { "lend", SR + 1 }, { "lcount", SR + 2 }, { "sar", SR + 3 },
  { "windowbase", SR + 72 }, { "windowstart", SR + 73 },
  { "configid0", SR + 176, READ }, { "configid1", SR + 208, READ },
  { "ps", SR + 230 },
  { "threadptr", UR + 231 },
  { "br", SR + 4 },
  { "scompare1", SR + 12 },
  { "acclo", SR + 16 }, { "acchi", SR + 17 }, { "m", SR + 32, USER, 0, 4 },
  { "expstate", UR + 230 },
  { "f", F, USER, 0, 16, 8 },
  { "fcr", UR + 232 }, { "fsr", UR + 233 },
  { "ptevaddr", SR + 83, PRIVILEGED },
  { "mmid", SR + 89, PRIVILEGED },
  { "rasid", SR + 90, PRIVILEGED },
  { "itlbcfg", SR + 91, PRIVILEGED }, { "dtlbcfg", SR + 92, PRIVILEGED },
  { "eraccess", SR + 95, PRIVILEGED },
  { "ibreakenable", SR + 96, PRIVILEGED },
  { "atomctl", SR + 99, PRIVILEGED },
  { "ddr", SR + 104, PRIVILEGED },
  { "ibreaka", SR + 128, PRIVILEGED, 0, 2 }, { "dbreaka", SR + 144, PRIVILEGED, 0, 2 }, { "dbreakc", SR + 160, PRIVILEGED, 0, 2 },
  { "epc", SR + 177, PRIVILEGED, 1, 7 },
  { "depc", SR + 192, PRIVILEGED },
  { "eps", SR + 194, PRIVILEGED, 2, 6 },
  { "excsave", SR + 209, PRIVILEGED, 1, 7 },
  { "cpenable", SR + 224, PRIVILEGED },
  { "interrupt", SR + 226, PRIVILEGED }, { "intset", SR + 226, PRIVILEGED }, { "intclear", SR + 227, PRIVILEGED },
  { "intenable", SR + 228, PRIVILEGED },
  { "vecbase", SR + 231, PRIVILEGED },
  { "exccause", SR + 232, PRIVILEGED },
  { "debugcause", SR + 233, PRIVILEGED },
  { "ccount", SR + 234, PRIVILEGED },
  { "prid", SR + 235, PRIVILEGED },
  { "icount", SR + 236, PRIVILEGED }, { "icountlevel", SR + 237, PRIVILEGED },
  { "excvaddr", SR + 238, PRIVILEGED },
  { "ccompare", SR + 240, PRIVILEGED, 0, 3 },
  { "misc", SR + 244, PRIVILEGED, 0, 2 },
  { "a", A, USER, 0, 16 },
};

/* Whether the plug-in that XTENSA_GNU_CONFIG names is that of the core NAME, or of one like it: NAME.so, NAME-soft.so.  */
bool
core_is (const char *name)
{
  const char *plugin = getenv ("XTENSA_GNU_CONFIG");
  if (plugin == nullptr)
    return false;
  const char *slash = strrchr (plugin, '/');
  return startswith (slash != nullptr ? slash + 1 : plugin, name);
}

bool
is_de233_fpu ()
{
  static const bool is = core_is ("de233_fpu");
  return is;
}

struct kind
{
  xtensa_register_type_t type;
  int group;
  int coprocessor;
};

kind
kind_of (unsigned number)
{
  if (number == PC)
    return { xtRegisterTypeVirtual, xtRegisterGroupGeneral, -2 };
  if (number >= MASKED)
    return { xtRegisterTypeMapped, xtRegisterGroupSystem | xtRegisterGroupState, -2 };
  if (number >= UR)
    return { xtRegisterTypeUserReg, xtRegisterGroupGeneral | xtRegisterGroupState, -2 };
  if (number >= SR)
    return { xtRegisterTypeSpecialReg, xtRegisterGroupSystem, -2 };
  if (number >= AR)
    return { xtRegisterTypeArRegfile, xtRegisterGroupAddrReg, -2 };
  if (number >= F)
    return { xtRegisterTypeTieRegfile, xtRegisterGroupFloat | xtRegisterGroupRegFile, 0 };
  return { xtRegisterTypeWindow, xtRegisterGroupGeneral, -2 };
}

/* What gdb knows as fields of PS: name, first bit, number of bits.  */
struct field
{
  const char *name;
  int first, bits;
};
constexpr field ps_fields[] = {
  { "psintlevel", 0, 4 }, { "psexcm", 4, 1 }, { "psum", 5, 1 }, { "psring", 6, 2 }, { "psowb", 8, 4 }, { "pscallinc", 16, 2 }, { "pswoe", 18, 1 },
};
xtensa_reg_mask_t ps_masks[ARRAY_SIZE (ps_fields)];
xtensa_mask_t ps_mask_lists[ARRAY_SIZE (ps_fields)];

} /* namespace */

int
xtensa_num_aregs ()
{
  return is_de233_fpu () ? 32 : 64;
}

/* gdb looks at it when it first sees a program for Xtensa.  */
extern xtensa_register_t xtensa_rmap[];
xtensa_register_t xtensa_rmap[256];

namespace
{

int
fill ()
{
  int n = 0, offset = 0, ps = 0;
  auto add = [&] (const char *name, unsigned number, int flags, int bits, int bytes, const xtensa_mask_t *mask)
    {
      kind k = kind_of (number);
      gdb_assert (n + 1 < (int) ARRAY_SIZE (xtensa_rmap));
      xtensa_rmap[n++] = { name, offset, k.type,
			   (xtensa_register_group_t) (k.group | ((xtRegisterGroupNCP >> 2) << (k.coprocessor + 2))),
			   nullptr, bits, bytes, bytes, number, flags, k.coprocessor, mask, nullptr, nullptr };
      offset += bytes;
    };
  auto add_all = [&] (const registers *row, const registers *end)
    {
      for (; row != end; ++row)
	for (int i = 0; i < row->count; i++)
	  {
	    if (row->number == SR + 230)
	      ps = n;
	    const char *name = row->count == 1 ? row->name : xstrprintf ("%s%d", row->name, row->first + i).release ();
	    add (name, row->number + i, row->flags, 8 * row->bytes, row->bytes, nullptr);
	  }
    };
  if (is_de233_fpu ())
    add_all (de233_fpu, de233_fpu + ARRAY_SIZE (de233_fpu));
  else
    add_all (esp32, esp32 + ARRAY_SIZE (esp32));
  /* A stub has none of these: with the first one, gdb's registers end, and its views of them begin.  */
  for (int i = 0; i < (int) ARRAY_SIZE (ps_fields); i++)
    {
      ps_masks[i] = { ps, ps_fields[i].first, ps_fields[i].bits };
      ps_mask_lists[i] = { 1, &ps_masks[i] };
      add (ps_fields[i].name, MASKED + i, USER, ps_fields[i].bits, 4, &ps_mask_lists[i]);
    }
  xtensa_rmap[n].target_number = (unsigned) -1;
  return n;
}

[[maybe_unused]] const int filled = fill ();

} /* namespace */
