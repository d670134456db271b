/* What gdb asks of a core's configuration, in the place of the file of this name in its source, which has those of one core.  */
#ifndef XTENSA_CONFIG_H
#define XTENSA_CONFIG_H

/* The size of the file of address registers, a power of two.  */
int xtensa_num_aregs ();

#define XCHAL_HAVE_BE 0
#define XCHAL_NUM_AREGS (xtensa_num_aregs ())
#define XCHAL_HAVE_DENSITY 1
#define XCHAL_MAX_INSTRUCTION_SIZE 3
#define XCHAL_DEBUGLEVEL 6
#define XCHAL_NUM_IBREAK 2
#define XCHAL_NUM_DBREAK 2
#define XCHAL_ICACHE_LINESIZE 4
#define XCHAL_DCACHE_LINESIZE 4
#define XCHAL_DCACHE_IS_WRITEBACK 0
#define XSHAL_USE_ABSOLUTE_LITERALS 0
#define XTHAL_ABI_WINDOWED 0
#define XTHAL_ABI_CALL0 1
#define XSHAL_ABI XTHAL_ABI_WINDOWED

#endif
