/* The tables of libisa as binutils reads them: include/xtensa-isa-internal.h of its source has the order of the members.
   A word is in buffer[0], the first byte lowest.  */
typedef unsigned int u32;
typedef u32 *buffer;

typedef struct { const char *name; int length; void (*encode)(buffer); int num_slots; const int *slots; } format;
typedef struct {
  const char *name, *format;
  int position;
  void (*get)(const buffer, buffer), (*set)(buffer, const buffer);
  u32 (*const *get_field)(const buffer);
  void (*const *set_field)(buffer, u32);
  int (*decode)(const buffer);
  const char *nop;
} slot;
typedef struct {
  const char *name;
  int field, register_file, num_registers;
  u32 flags; /* 1 register, 2 relative to the program counter, 4 invisible */
  int (*encode)(u32 *), (*decode)(u32 *), (*do_relocation)(u32 *, u32), (*undo_relocation)(u32 *, u32);
} operand;
typedef struct { int operand; char direction; } argument;
typedef struct {
  int num_operands;
  const argument *operands;
  int num_states;
  const argument *states;
  int num_interfaces;
  const int *interfaces;
} instruction_class;
typedef struct {
  const char *name;
  int instruction_class;
  u32 flags; /* 1 branch, 2 jump, 4 loop, 8 call */
  void (*const *encode)(buffer); /* one for each slot */
  int num_units;
  const void *units;
} opcode;
typedef struct { const char *name, *letter; int parent, bits, count; } register_file;
typedef struct { const char *name; int number, is_user; } system_register;
typedef struct {
  int is_big_endian, max_length, words_of_buffer;
  int num_formats;
  const format *formats;
  int (*decode_format)(const buffer), (*decode_length)(const unsigned char *);
  int num_slots;
  slot *slots;
  int num_fields, num_operands;
  operand *operands;
  int num_classes;
  instruction_class *classes;
  int num_opcodes;
  opcode *opcodes;
  void *opcodes_by_name; /* this one and its like are made by libisa */
  int num_register_files;
  register_file *register_files;
  int num_states;
  void *states, *states_by_name;
  int num_system_registers;
  system_register *system_registers;
  void *system_registers_by_name;
  int max_number[2];
  system_register **system_registers_by_number[2];
  int num_interfaces;
  void *interfaces, *interfaces_by_name;
  int num_units;
  void *units, *units_by_name;
} isa;

/* Numbers of values that are evenly spaced, from the first on; modulo `count` if `wraps`.  */
static inline int encode_range(u32 *v, int first, int step, int count, int wraps) {
  int offset = (int)(*v - (u32)first), index = offset / step;
  if (offset % step || index < 0 || index >= count) return 1;
  *v = (u32)(wraps ? (int)*v / step & (count - 1) : index);
  return 0;
}
static inline int decode_range(u32 *v, int first, int step, int count, int wraps) {
  int index = (int)*v;
  if (wraps) index = (index - first / step) & (count - 1);
  *v = (u32)(first + step * index);
  return 0;
}
static inline int encode_list(u32 *v, const int *list, int count) {
  for (int i = 0; i < count; i++)
    if ((u32)list[i] == *v) {
      *v = (u32)i;
      return 0;
    }
  return 1;
}

/* Formats and slots: 24 bits, and the two kinds of 16 bits by the first digit, 8 to 11 and 12 to 13.  */
enum { X24, X16A, X16B };
static void set_x24(buffer b) { b[0] = 0; }
static void set_x16a(buffer b) { b[0] = 8; }
static void set_x16b(buffer b) { b[0] = 12; }
static int decode_format(const buffer b) {
  u32 digit = b[0] & 15;
  return digit < 8 ? X24 : digit < 12 ? X16A : digit < 14 ? X16B : -1;
}
static int decode_length(const unsigned char *bytes) {
  u32 digit = bytes[0] & 15;
  return digit < 8 ? 3 : digit < 14 ? 2 : -1;
}
static void get_24(const buffer from, buffer to) { to[0] = from[0] & 0xffffff; }
static void set_24(buffer to, const buffer from) { to[0] = (to[0] & ~0xffffffu) | (from[0] & 0xffffff); }
static void get_16(const buffer from, buffer to) { to[0] = from[0] & 0xffff; }
static void set_16(buffer to, const buffer from) { to[0] = (to[0] & ~0xffffu) | (from[0] & 0xffff); }
static const int slots_x24[] = { X24 }, slots_x16a[] = { X16A }, slots_x16b[] = { X16B };
static const format formats[] = {
  { "x24", 3, set_x24, 1, slots_x24 },
  { "x16a", 2, set_x16a, 1, slots_x16a },
  { "x16b", 2, set_x16b, 1, slots_x16b },
};
